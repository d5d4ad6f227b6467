//! Records to a plan, by the same function as in the fleet service.

use domain::StreetName;
use fleet::planning::{self, Behind, Scored};
use proto::logistics::v1::Reason;

use crate::{
    error::Error,
    input::{Drivers, Shipments},
    plan::{Certificate, Pair, Plan, Side, Unassigned},
};

/// The best plan for these records, proven.
pub(crate) fn plan(
    shipments: Shipments,
    drivers: Drivers,
    street_name: StreetName,
) -> Result<Plan, Error> {
    let plan = Scored::new(shipments.classes, drivers.classes)?.solve()?;
    plan.certify().map_err(Error::Unproven)?;
    // The solver has seen to it that places are within a u32.
    let pairs = plan.pairs().map(|pair| Pair {
        shipment: pair.shipment as u32,
        driver: pair.driver as u32,
        score: pair.score,
    });
    let (shipments_left, drivers_left) = plan.behind();
    let of = |side| move |behind: &Behind| unassigned(side, behind);
    let unassigned = (shipments_left.iter().map(of(Side::Shipment)))
        .chain(drivers_left.iter().map(of(Side::Driver)));
    Ok(Plan {
        street_name,
        pairs: pairs.collect(),
        unassigned: unassigned.collect(),
        total: plan.total(),
        greedy_total: plan.greedy_total(),
        certificate: Certificate {
            shipments: plan.shipment_prices().collect(),
            drivers: plan.driver_prices().collect(),
        },
        shipments: shipments.records,
        drivers: drivers.records,
    })
}

fn unassigned(side: Side, behind: &Behind) -> Unassigned {
    let (reason, price) = match behind.reason {
        planning::Reason::NoneLeft => (Reason::NoneLeft, Some(behind.price)),
        planning::Reason::ScoresNothing => (Reason::ScoresNothing, Some(behind.price)),
        planning::Reason::NonePermitted => (Reason::NonePermitted, None),
    };
    Unassigned { side, record: behind.index as u32, reason, price }
}
