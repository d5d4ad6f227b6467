//! A plan from the parts in which it travels.

use domain::{DriverTraits, RecordError, Records, Score, StreetLength};
use proto::logistics::v1::{self as wire, PlanPart};

use crate::plan::{Certificate, Pair, Plan, Side, Unassigned};

/// Why parts are no plan.
#[derive(Debug, thiserror::Error)]
pub(super) enum Broken {
    #[error("part {found} came where part {expected} was due")]
    Part { expected: u32, found: u32 },
    #[error("part 0 has no header")]
    NoHeader,
    #[error("a row without its {0}")]
    Row(&'static str),
    #[error("{0} is not a multiple of 0.25")]
    Score(f64),
    #[error("street name rule {0} is not known")]
    Rule(i32),
    #[error("{0}")]
    Record(#[from] RecordError),
}

/// Puts parts together, in order.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    plan: Option<Plan>,
    parts: u32,
}

impl Assembly {
    /// Takes the next part.
    pub(super) fn push(&mut self, part: PlanPart) -> Result<(), Broken> {
        if part.part != self.parts {
            return Err(Broken::Part { expected: self.parts, found: part.part });
        }
        self.parts += 1;
        if self.plan.is_none() {
            self.plan = Some(begin(part.header.ok_or(Broken::NoHeader)?)?);
        }
        let plan = self.plan.as_mut().ok_or(Broken::NoHeader)?;
        part.assignments.into_iter().try_for_each(|row| assign(plan, row))?;
        part.unassigned.iter().try_for_each(|row| leave(plan, row))
    }

    /// The plan.
    pub(super) fn finish(self) -> Result<Plan, Broken> {
        self.plan.ok_or(Broken::NoHeader)
    }
}

fn begin(header: wire::PlanHeader) -> Result<Plan, Broken> {
    let rule = header.street_name;
    let street_name = proto::records::street_name(rule).ok_or(Broken::Rule(rule))?;
    let certificate = header.certificate.unwrap_or_default();
    let quarters =
        |quarters: u64| Score::from_quarters(i64::try_from(quarters).unwrap_or(i64::MAX));
    let shipments = certificate.shipments.iter();
    let drivers = certificate.drivers.iter();
    let traits = |price: &wire::DriverPrice| DriverTraits {
        length: price.length,
        vowels: price.vowels,
        consonants: price.consonants,
    };
    Ok(Plan {
        street_name,
        shipments: Records::new(),
        drivers: Records::new(),
        pairs: Vec::with_capacity(header.assigned as usize),
        unassigned: Vec::new(),
        total: score(header.total)?,
        greedy_total: score(header.greedy_total)?,
        certificate: Certificate {
            shipments: shipments.map(|p| (StreetLength(p.length), quarters(p.quarters))).collect(),
            drivers: drivers.map(|p| (traits(p), quarters(p.quarters))).collect(),
        },
    })
}

fn assign(plan: &mut Plan, row: wire::Assignment) -> Result<(), Broken> {
    let shipment = row.shipment.ok_or(Broken::Row("shipment"))?;
    let driver = row.driver.ok_or(Broken::Row("driver"))?;
    let pair = Pair {
        shipment: push(&mut plan.shipments, &shipment.id, shipment.line, &shipment.address)?,
        driver: push(&mut plan.drivers, &driver.id, driver.line, &driver.name)?,
        score: score(row.score)?,
    };
    plan.pairs.push(pair);
    Ok(())
}

fn leave(plan: &mut Plan, row: &wire::Unassigned) -> Result<(), Broken> {
    let (side, records) = match row.side() {
        wire::Side::Shipment => (Side::Shipment, &mut plan.shipments),
        wire::Side::Driver => (Side::Driver, &mut plan.drivers),
        wire::Side::Unspecified => return Err(Broken::Row("side")),
    };
    let reason = row.reason();
    let price = match reason {
        wire::Reason::NoneLeft | wire::Reason::ScoresNothing => Some(score(row.price)?),
        wire::Reason::NonePermitted => None,
        wire::Reason::Unspecified => return Err(Broken::Row("reason")),
    };
    let record = push(records, &row.id, row.line, &row.text)?;
    plan.unassigned.push(Unassigned { side, record, reason, price });
    Ok(())
}

/// Adds a record, and gives its place.
fn push(records: &mut Records, id: &str, line: u32, text: &str) -> Result<u32, Broken> {
    records.push(id, line, text)?;
    // Texts of one column have less than 2^32 bytes together, so there are fewer records too.
    Ok(records.len() as u32 - 1)
}

fn score(points: f64) -> Result<Score, Broken> {
    let quarters = points * 4.0;
    let exact = quarters.fract() == 0.0 && quarters.abs() <= (1_u64 << 53) as f64;
    if exact { Ok(Score::from_quarters(quarters as i64)) } else { Err(Broken::Score(points)) }
}
