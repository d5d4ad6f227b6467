//! Checks a plan against its certificate, row by row as its parts arrive, before it is recorded.
//!
//! Prices u of shipments and v of drivers prove a plan optimal when u + v is the score of each pair, 0
//! for whatever stayed behind, and never below the score of any pair there could be: then no
//! assignment's total exceeds the sum of all prices, and the plan's total is that sum. Shipments of one
//! length, and drivers of the same traits, have one price, so the last condition is checked once for
//! each pair of classes.

use domain::{DriverTraits, Score, StreetLength, StreetName, driver_traits, score, street_length};
use proto::Violations;
use proto::columns::PairRow;
use proto::logistics::v1::{Certificate, PlanHeader, Side, Unassigned};

/// What a header says of the rows.
pub(crate) struct Said {
    assigned: u32,
    shipments: u32,
    drivers: u32,
    total: f64,
    greedy_total: f64,
}

impl Said {
    pub(crate) fn of(header: &PlanHeader) -> Said {
        let PlanHeader { assigned, shipments, drivers, total, greedy_total, .. } = *header;
        Said { assigned, shipments, drivers, total, greedy_total }
    }
}

/// Dual prices and what was checked against them.
pub(crate) struct Proof {
    rule: StreetName,
    /// Ascending.
    shipments: Vec<(StreetLength, i64)>,
    /// Ascending.
    drivers: Vec<(DriverTraits, i64)>,
    assigned: u64,
    quarters: i64,
    /// Shipments and drivers that stayed behind.
    behind: [u64; 2],
}

impl Proof {
    /// The prices of a header, of which it is checked that each class has one.
    pub(crate) fn new(
        rule: StreetName,
        certificate: Option<&Certificate>,
        violations: &mut Violations,
    ) -> Proof {
        // Without one there are no prices, and whatever has rows fails for that.
        let (shipments, drivers) = certificate
            .map_or((&[][..], &[][..]), |prices| (&prices.shipments[..], &prices.drivers[..]));
        let shipments: Vec<_> = shipments
            .iter()
            .map(|price| (StreetLength(price.length), signed(price.quarters)))
            .collect();
        let drivers: Vec<_> = drivers
            .iter()
            .map(|price| {
                let (length, vowels, consonants) = (price.length, price.vowels, price.consonants);
                (DriverTraits { length, vowels, consonants }, signed(price.quarters))
            })
            .collect();
        if !shipments.is_sorted_by(|a, b| a.0 < b.0) {
            violations.add("header.certificate.shipments", "is not ascending by length");
        }
        if !drivers.is_sorted_by(|a, b| a.0 < b.0) {
            violations.add("header.certificate.drivers", "is not ascending by traits");
        }
        Proof { rule, shipments, drivers, assigned: 0, quarters: 0, behind: [0; 2] }
    }

    /// Checks a pair. Its score in quarter points.
    pub(crate) fn pair(&mut self, pair: PairRow<'_>) -> Result<i64, Flaw> {
        let shipment = pair.shipment.ok_or_else(|| ("shipment", "is missing".to_owned()))?;
        let driver = pair.driver.ok_or_else(|| ("driver", "is missing".to_owned()))?;
        let (length, u) = self.shipment(shipment.text).map_err(in_field("shipment"))?;
        let (traits, v) = self.driver(driver.text).map_err(in_field("driver"))?;
        let real = score(length, traits);
        let claimed = quarters(pair.score).map_err(in_field("score"))?;
        if claimed != real.quarters() {
            let said = Score::from_quarters(claimed);
            return Err(("score", format!("is {said}, but the pair's score is {real}")));
        }
        if u + v != claimed {
            let sum = Score::from_quarters(u + v);
            return Err((
                "score",
                format!("is {real}, but the prices of the pair add up to {sum}"),
            ));
        }
        self.assigned += 1;
        self.quarters += claimed;
        Ok(claimed)
    }

    /// Checks a record that stayed behind. Its side.
    pub(crate) fn left(&mut self, left: &Unassigned) -> Result<Side, Flaw> {
        let (price, side) = match left.side() {
            Side::Shipment => (self.shipment(&left.text).map_err(in_field("text"))?.1, 0),
            Side::Driver => (self.driver(&left.text).map_err(in_field("text"))?.1, 1),
            Side::Unspecified => return Err(("side", "is neither shipment nor driver".into())),
        };
        if price != 0 {
            let price = Score::from_quarters(price);
            return Err(("text", format!("stayed behind, but its price is {price} and not 0")));
        }
        self.behind[side] += 1;
        Ok(left.side())
    }

    /// Checks what can be said only of the whole plan.
    pub(crate) fn finish(&self, header: &Said, violations: &mut Violations) {
        let mut count = |field: &str, said: u32, rows: u64| {
            if u64::from(said) != rows {
                violations.add(field, format!("is {said}, but the rows have {rows}"));
            }
        };
        count("header.assigned", header.assigned, self.assigned);
        count("header.shipments", header.shipments, self.assigned + self.behind[0]);
        count("header.drivers", header.drivers, self.assigned + self.behind[1]);
        if quarters(header.total) != Ok(self.quarters) {
            let sum = Score::from_quarters(self.quarters);
            violations.add("header.total", format!("is {}, but the rows have {sum}", header.total));
        }
        if quarters(header.greedy_total).is_ok_and(|greedy| greedy > self.quarters) {
            violations.add("header.greedy_total", "is more than the total");
        }
        self.feasible(violations);
    }

    /// No pair that there could be scores more than its prices.
    fn feasible(&self, violations: &mut Violations) {
        for (length, u) in &self.shipments {
            for (traits, v) in &self.drivers {
                let best = score(*length, *traits);
                if u + v < best.quarters() {
                    let sum = Score::from_quarters(u + v);
                    let DriverTraits { length: name, vowels, consonants } = traits;
                    violations.add(
                        "header.certificate",
                        format!(
                            "does not prove the plan: street names of {} and names of {name} with \
                             {vowels} vowels and {consonants} consonants score {best}, their \
                             prices add up to {sum}",
                            length.0
                        ),
                    );
                }
            }
        }
    }

    fn shipment(&self, address: &str) -> Result<(StreetLength, i64), String> {
        let length = street_length(address, self.rule);
        match self.shipments.binary_search_by_key(&length, |price| price.0) {
            Ok(found) => Ok(self.shipments[found]),
            Err(_) => Err(format!("has a street name of {}, which has no price", length.0)),
        }
    }

    fn driver(&self, name: &str) -> Result<(DriverTraits, i64), String> {
        let traits = driver_traits(name);
        match self.drivers.binary_search_by_key(&traits, |price| price.0) {
            Ok(found) => Ok(self.drivers[found]),
            Err(_) => Err("has a name whose traits have no price".into()),
        }
    }
}

/// What is wrong with a row: the field, and what.
pub(crate) type Flaw = (&'static str, String);

fn in_field(field: &'static str) -> impl Fn(String) -> Flaw {
    move |problem| (field, problem)
}

/// Points as quarter points.
pub(crate) fn quarters(points: f64) -> Result<i64, String> {
    // Up to here a double holds every whole number.
    const EXACT: f64 = (1_u64 << 53) as f64;
    let quarters = points * 4.0;
    if (0.0..=EXACT).contains(&quarters) && quarters.fract() == 0.0 {
        Ok(quarters as i64)
    } else {
        Err(format!("is {points}, not a multiple of 0.25 from 0"))
    }
}

/// A price; those that no score can reach are cut, and fail as what they then are.
fn signed(quarters: u64) -> i64 {
    i64::try_from(quarters).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}
