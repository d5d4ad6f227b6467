//! A batch whose parts come in. Scoring starts with the first part.

use std::time::Duration;

use domain::{DriverColumn, RecordError, Records, StreetColumn, StreetName};
use proto::{
    RunId, Violations,
    columns::{BatchColumns, RecordRows},
    fleet::v1::BatchPart,
    logistics::v1::PlanDetail,
    records,
};
use runtime::trace::TraceContext;
use tokio::time::Instant;

use crate::{
    admission::{Admission, Admitted},
    digest::Digest,
    error::BatchError,
};

/// Records of one side of a batch at most.
pub(crate) const MAX_RECORDS: usize = 10_000_000;

/// What the solver does not need of a batch, but its plan does.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) run_id: Option<RunId>,
    pub(crate) street_name: StreetName,
    pub(crate) deadline: Option<Instant>,
    pub(crate) trace: TraceContext,
    pub(crate) attempt: u32,
    pub(crate) received: Instant,
    /// Given back with the batch.
    pub(crate) _admitted: Admitted,
}

/// A batch that is not whole yet.
#[derive(Debug)]
pub(crate) struct Arriving {
    envelope: Envelope,
    detail: PlanDetail,
    shipments: Records,
    drivers: Records,
    streets: StreetColumn,
    traits: DriverColumn,
    digest: Digest,
    has_ids: bool,
    score_time: Duration,
}

/// A whole batch, measured and ready to be solved.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) envelope: Envelope,
    pub(crate) shipments: Records,
    pub(crate) drivers: Records,
    pub(crate) streets: StreetColumn,
    pub(crate) traits: DriverColumn,
    pub(crate) digest: [u8; 32],
    pub(crate) score_time: Duration,
}

impl Arriving {
    /// Reads the envelope in part 0 and admits the memory of the whole batch.
    pub(crate) fn begin(
        part: &BatchPart,
        bytes: u64,
        detail: PlanDetail,
        admission: &Admission,
    ) -> Result<Self, BatchError> {
        let mut violations = Violations::new();
        let run_id = match part.run_id.as_str() {
            "" => None,
            text => {
                text.parse().map_err(|e| violations.add("run_id", format!("{text:?} {e}"))).ok()
            }
        };
        let street_name = records::street_name(part.street_name);
        if street_name.is_none() {
            violations.add("street_name", format!("{} is not a known rule", part.street_name));
        }
        let timeout = part.timeout.map(Duration::try_from).transpose();
        if timeout.is_err() {
            violations.add("timeout", "is negative");
        }
        let (Some(street_name), Ok(timeout), true) = (street_name, timeout, violations.is_empty())
        else {
            return Err(BatchError::Invalid(violations));
        };
        let Some(admitted) = admission.admit(bytes) else {
            return Err(BatchError::NoRoom { bytes });
        };
        let received = Instant::now();
        let envelope = Envelope {
            run_id,
            street_name,
            deadline: timeout.and_then(|timeout| received.checked_add(timeout)),
            trace: TraceContext::parse(&part.traceparent, &part.tracestate)
                .with_baggage(&part.baggage),
            attempt: part.attempt.max(1),
            received,
            _admitted: admitted,
        };
        Ok(Self {
            envelope,
            detail,
            shipments: Records::new(),
            drivers: Records::new(),
            streets: StreetColumn::new(street_name),
            traits: DriverColumn::new(),
            digest: Digest::default(),
            has_ids: false,
            score_time: Duration::ZERO,
        })
    }

    /// Takes the records of a part and measures them.
    pub(crate) fn extend(&mut self, part: &BatchColumns) -> Result<(), BatchError> {
        let begun = Instant::now();
        let (shipments, drivers) = (self.shipments.len(), self.drivers.len());
        limit("shipments", shipments + part.shipments.len())?;
        limit("drivers", drivers + part.drivers.len())?;
        // Mostly the batch is this part.
        if shipments == 0 {
            self.shipments = room_for(&part.shipments);
        }
        if drivers == 0 {
            self.drivers = room_for(&part.drivers);
        }
        for (place, row) in part.shipments.iter().enumerate() {
            records::push_row(&mut self.shipments, row)
                .map_err(|error| bad_record("shipments", "address", shipments + place, &error))?;
            self.streets.push(row.text);
            self.has_ids |= !row.id.is_empty();
        }
        for (place, row) in part.drivers.iter().enumerate() {
            records::push_row(&mut self.drivers, row)
                .map_err(|error| bad_record("drivers", "name", drivers + place, &error))?;
            self.traits.push(row.text);
            self.has_ids |= !row.id.is_empty();
        }
        self.digest.shipments.extend(part.shipments.wire().clone());
        self.digest.drivers.extend(part.drivers.wire().clone());
        self.score_time += begun.elapsed();
        Ok(())
    }

    /// The whole batch, and how much of its plan the caller wants back.
    pub(crate) fn finish(self) -> Result<(Batch, PlanDetail), BatchError> {
        let mut violations = Violations::new();
        for (field, records) in [("shipments", &self.shipments), ("drivers", &self.drivers)] {
            if records.is_empty() {
                violations.add(field, "is empty, a batch needs at least one");
            }
            if self.has_ids
                && let Err(error) = records.check_ids()
            {
                violations.add(format!("{field}.id"), error.to_string());
            }
            if let Err(error) = records.check_lines() {
                violations.add(format!("{field}.line"), error.to_string());
            }
        }
        if !violations.is_empty() {
            return Err(BatchError::Invalid(violations));
        }
        let batch = Batch {
            digest: self.digest.finish(self.envelope.street_name),
            envelope: self.envelope,
            shipments: self.shipments,
            drivers: self.drivers,
            streets: self.streets,
            traits: self.traits,
            score_time: self.score_time,
        };
        Ok((batch, self.detail))
    }
}

fn limit(field: &str, records: usize) -> Result<(), BatchError> {
    if records <= MAX_RECORDS {
        return Ok(());
    }
    Err(BatchError::invalid(field, format!("has more than {MAX_RECORDS} records")))
}

fn bad_record(side: &str, text: &str, place: usize, error: &RecordError) -> BatchError {
    BatchError::invalid(format!("{side}[{place}].{text}"), error.to_string())
}

/// No records, and room for those of a message.
fn room_for(rows: &RecordRows) -> Records {
    Records::with_capacity(rows.len(), rows.wire().len())
}
