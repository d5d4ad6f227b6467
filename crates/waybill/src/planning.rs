//! Records to a plan.

use assignment::{Classes, Explanation, Problem, Table, UNASSIGNED};
use domain::{Score, StreetName};

use crate::{
    input::{Drivers, Shipments},
    plan::{Certificate, Pair, Plan, Reason, Side, Unassigned},
};

/// The best plan for these records.
pub(crate) fn plan(
    shipments: Shipments,
    drivers: Drivers,
    street_name: StreetName,
) -> Result<Plan, assignment::Error> {
    let (lengths, traits) = (&shipments.classes.lengths, &drivers.classes.traits);
    let table = Table::from_fn(lengths.len(), traits.len(), |row, column| {
        Some(domain::score(lengths[row], traits[column]).quarters())
    })?;
    let problem = Problem::Classes(Classes {
        row_class: &shipments.classes.class,
        column_class: &drivers.classes.class,
        table: &table,
    });
    let solution = assignment::solve(&problem)?;

    let pairs = solution.columns.iter().zip(0..).filter(|&(&driver, _)| driver != UNASSIGNED);
    let pairs = pairs.map(|(&driver, shipment)| {
        let length = lengths[shipments.classes.class[shipment as usize] as usize];
        let traits = traits[drivers.classes.class[driver as usize] as usize];
        Pair { shipment, driver, score: domain::score(length, traits) }
    });
    let explanation = Explanation::new(&problem, &solution);
    let left = |side| move |(record, why)| unassigned(side, record, why);
    let unassigned = explanation
        .rows()
        .map(left(Side::Shipment))
        .chain(explanation.columns().map(left(Side::Driver)));
    let quarters =
        |prices: &[i64]| prices.iter().map(|&q| Score::from_quarters(q)).collect::<Vec<_>>();
    let certificate = Certificate {
        shipments: lengths
            .iter()
            .copied()
            .zip(quarters(&solution.certificate.row_prices))
            .collect(),
        drivers: traits
            .iter()
            .copied()
            .zip(quarters(&solution.certificate.column_prices))
            .collect(),
    };
    Ok(Plan {
        street_name,
        pairs: pairs.collect(),
        unassigned: unassigned.collect(),
        total: Score::from_quarters(solution.total),
        greedy_total: Score::from_quarters(assignment::first_come(&problem)),
        certificate,
        shipments: shipments.records,
        drivers: drivers.records,
    })
}

fn unassigned(side: Side, record: u32, why: assignment::Unassigned) -> Unassigned {
    let reason = match why.reason {
        assignment::Reason::NoneLeft => Reason::NoneLeft,
        // No score is negative, so nothing is ever left out for lack of gain.
        assignment::Reason::NothingGained | assignment::Reason::NothingPermitted => {
            Reason::NonePermitted
        }
    };
    Unassigned { side, record, reason, price: why.price_to_enter.map(Score::from_quarters) }
}
