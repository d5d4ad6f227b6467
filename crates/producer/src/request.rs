//! From a `StartRunRequest` to what it means. All that is wrong with it is said at once.

use std::{collections::HashMap, time::Duration};

use domain::{MAX_RECORD_BYTES, RecordError, Records};
use prost::Message;
use proto::{
    RunId, Violations,
    logistics::v1::{Driver, Shipment, StreetName},
    producer::v1::{self as pb, StartRunRequest, start_run_request::Source},
};

use crate::error::Error;

/// Shipments or drivers of one batch, at most.
pub const MAX_SIDE: u32 = 10_000_000;
/// Time between batches, at most: 366 days.
pub const MAX_INTERVAL: Duration = Duration::from_secs(366 * 86_400);
/// Bytes of an id, at most.
const MAX_ID_BYTES: usize = 256;
/// Characters of a roster's name, at most.
const MAX_NAME: usize = 63;
/// Characters of a run's description, at most.
const MAX_DESCRIPTION: usize = 200;

/// How a run is to go, without its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spec {
    /// Where batches come from.
    pub source: SourceSpec,
    /// Time between batches; zero: as fast as they settle.
    pub interval: Duration,
    /// Batches at most.
    pub limit: Option<u64>,
    /// Time after which no more are made.
    pub run_for: Option<Duration>,
    /// How shipment lines are read.
    pub street_name: StreetName,
    /// Time that a batch may take until it is solved.
    pub batch_timeout: Option<Duration>,
}

/// Where batches come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSpec {
    /// Made up.
    Synthetic {
        /// Shipments in each batch.
        shipments: u32,
        /// Drivers.
        drivers: u32,
        /// Where the data begins.
        seed: u64,
    },
    /// Made up, for a kept roster.
    Roster {
        /// Its name.
        name: String,
        /// Shipments in each batch.
        shipments: u32,
        /// Where the data begins.
        seed: u64,
    },
    /// Given with the call.
    Records {
        /// The kept roster whose drivers are taken, if those are not given too.
        roster: Option<String>,
    },
    /// Read from the watched folder.
    Folder,
}

/// A run that was asked for.
#[derive(Debug, PartialEq)]
pub struct Order {
    /// The id that the caller gave.
    pub run_id: Option<RunId>,
    /// How it is to go.
    pub spec: Spec,
    /// Shipments and drivers that came with the call.
    pub records: Option<(Records, Records)>,
    /// The request without its records, to be kept and shown.
    pub request: StartRunRequest,
    /// BLAKE3 of the whole request but for the run's id.
    pub digest: [u8; 32],
}

impl SourceSpec {
    /// The kept roster that it needs.
    pub fn roster(&self) -> Option<&str> {
        match self {
            Self::Roster { name, .. } => Some(name),
            Self::Records { roster } => roster.as_deref(),
            Self::Synthetic { .. } | Self::Folder => None,
        }
    }
}

impl Order {
    /// What a caller's request means.
    ///
    /// # Errors
    /// `Invalid`, with every bad field.
    pub fn read(mut request: StartRunRequest) -> Result<Self, Error> {
        let mut violations = Violations::new();
        let given_id = std::mem::take(&mut request.run_id);
        let run_id = (!given_id.is_empty())
            .then(|| given_id.parse().map_err(|e| violations.add("run_id", format!("{e}"))))
            .and_then(Result::ok);
        let digest = *blake3::hash(&request.encode_to_vec()).as_bytes();
        let spec = Spec::read(&request, &mut violations);
        check_description("description", &request.description, &mut violations);
        let records = match &mut request.source {
            Some(Source::Records(records)) => Some(take_records(records, &mut violations)),
            Some(Source::Folder(_)) => {
                violations.add("folder", "is the producer's own; start it with --inbox");
                None
            }
            _ => None,
        };
        match spec {
            Some(spec) if violations.is_empty() => {
                request.run_id = run_id.map(|id: RunId| id.to_string()).unwrap_or_default();
                Ok(Self { run_id, spec, records, request, digest })
            }
            _ => Err(Error::Invalid(violations)),
        }
    }
}

impl Spec {
    /// What a request means but for its records; none if it makes no sense.
    pub fn read(request: &StartRunRequest, violations: &mut Violations) -> Option<Self> {
        let zero = Duration::ZERO;
        let interval = read_duration("interval", request.interval, zero..=MAX_INTERVAL, violations);
        let least = Duration::from_nanos(1);
        let run_for = read_duration("run_for", request.run_for, least..=Duration::MAX, violations);
        let batch_timeout =
            read_duration("batch_timeout", request.batch_timeout, least..=MAX_INTERVAL, violations);
        let street_name = StreetName::try_from(request.street_name).map_err(|_| {
            violations.add("street_name", format!("no such value: {}", request.street_name));
        });
        let source = read_source(request.source.as_ref(), violations);
        Some(Self {
            source: source?,
            interval: interval.unwrap_or_default(),
            limit: (request.batch_limit > 0).then_some(request.batch_limit),
            run_for,
            street_name: street_name.ok()?,
            batch_timeout,
        })
    }
}

fn read_source(source: Option<&Source>, violations: &mut Violations) -> Option<SourceSpec> {
    match source {
        None => {
            violations.add(
                "source",
                "is missing: one of synthetic, roster, records; a folder is watched by --inbox",
            );
            None
        }
        Some(Source::Synthetic(pb::Synthetic { shipments, drivers, seed })) => {
            check_side("synthetic.shipments", *shipments, violations);
            check_side("synthetic.drivers", *drivers, violations);
            let (shipments, drivers, seed) = (*shipments, *drivers, *seed);
            Some(SourceSpec::Synthetic { shipments, drivers, seed })
        }
        Some(Source::Roster(pb::RosterSource { name, shipments, seed })) => {
            check_name("roster.name", name, violations);
            check_side("roster.shipments", *shipments, violations);
            Some(SourceSpec::Roster { name: name.clone(), shipments: *shipments, seed: *seed })
        }
        Some(Source::Records(pb::Records { roster, .. })) => {
            if !roster.is_empty() {
                check_name("records.roster", roster, violations);
            }
            let roster = (!roster.is_empty()).then(|| roster.clone());
            Some(SourceSpec::Records { roster })
        }
        Some(Source::Folder(_)) => Some(SourceSpec::Folder),
    }
}

/// That a side of a batch has a sensible size.
pub(crate) fn check_side(field: &str, count: u32, violations: &mut Violations) {
    if count == 0 {
        violations.add(field, "must be at least 1");
    } else if count > MAX_SIDE {
        violations.add(field, format!("is {count}, more than {MAX_SIDE}"));
    }
}

/// Whether a text can be the name of a roster.
pub(crate) fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// That a roster's name has its form.
pub(crate) fn check_name(field: &str, name: &str, violations: &mut Violations) {
    if !is_name(name) {
        let form = "must be 1 to 63 characters out of a-z, 0-9 and -, not starting with -";
        violations.add(field, form);
    }
}

/// That it is one line, and not longer than one.
fn check_description(field: &str, text: &str, violations: &mut Violations) {
    let chars = text.chars().count();
    if chars > MAX_DESCRIPTION {
        violations.add(field, format!("has {chars} characters, more than {MAX_DESCRIPTION}"));
    }
    if text.contains(char::is_control) {
        violations.add(field, "has a line break or another control character");
    }
}

fn read_duration(
    field: &str,
    duration: Option<prost_types::Duration>,
    range: std::ops::RangeInclusive<Duration>,
    violations: &mut Violations,
) -> Option<Duration> {
    let said = duration?;
    if said.seconds < 0 || said.nanos < 0 {
        violations.add(field, "is negative");
        return None;
    }
    if said.nanos > 999_999_999 {
        violations.add(field, format!("has {} nanoseconds, more than 999999999", said.nanos));
        return None;
    }
    // Both are within range after the checks above.
    let read = Duration::new(said.seconds.unsigned_abs(), said.nanos.unsigned_abs());
    if read < *range.start() {
        violations.add(field, "must be more than 0");
    } else if read > *range.end() {
        violations.add(field, format!("is {read:?}, more than {:?}", range.end()));
    }
    Some(read)
}

fn take_records(records: &mut pb::Records, violations: &mut Violations) -> (Records, Records) {
    let shipments = std::mem::take(&mut records.shipments);
    let drivers = std::mem::take(&mut records.drivers);
    match (drivers.is_empty(), records.roster.is_empty()) {
        (false, false) => violations.add("records.drivers", "not together with records.roster"),
        (true, true) => violations.add("records.drivers", "is empty, and records.roster too"),
        _ => {}
    }
    if shipments.is_empty() {
        violations.add("records.shipments", "is empty");
    }
    (
        read_shipments("records.shipments", &shipments, violations),
        read_drivers("records.drivers", &drivers, violations),
    )
}

fn read_shipments(field: &str, shipments: &[Shipment], violations: &mut Violations) -> Records {
    let rows = shipments.iter().map(|s| (s.id.as_str(), s.line, s.address.as_str()));
    read_side(field, "address", rows, violations)
}

/// A list of drivers.
pub(crate) fn read_drivers(
    field: &str,
    drivers: &[Driver],
    violations: &mut Violations,
) -> Records {
    let rows = drivers.iter().map(|d| (d.id.as_str(), d.line, d.name.as_str()));
    read_side(field, "name", rows, violations)
}

fn read_side<'a>(
    field: &str,
    text_field: &str,
    rows: impl ExactSizeIterator<Item = (&'a str, u32, &'a str)>,
    violations: &mut Violations,
) -> Records {
    let mut records = Records::new();
    if rows.len() > MAX_SIDE as usize {
        violations.add(field, format!("has {}, more than {MAX_SIDE}", rows.len()));
        return records;
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (i, (id, line, text)) in rows.enumerate() {
        let at = |name: &str| format!("{field}[{i}].{name}");
        if id.len() > MAX_ID_BYTES {
            violations.add(at("id"), format!("has {} bytes, more than {MAX_ID_BYTES}", id.len()));
            continue;
        }
        let id = id.trim();
        if let Some(first) = (!id.is_empty()).then(|| seen.insert(id, i)).flatten() {
            violations.add(at("id"), format!("is {id} again, as in {field}[{first}]"));
        }
        if text.contains(['\n', '\r']) {
            violations.add(at(text_field), "has a line break");
            continue;
        }
        match records.push(id, line, text) {
            Ok(()) => {}
            Err(RecordError::Empty { .. }) => violations.add(at(text_field), "is empty"),
            Err(RecordError::TooLong { bytes, .. }) => violations
                .add(at(text_field), format!("has {bytes} bytes, more than {MAX_RECORD_BYTES}")),
            Err(error) => {
                violations.add(field, error.to_string());
                break;
            }
        }
    }
    if let Err(error) = records.check_lines() {
        violations.add(format!("{field}.line"), error.to_string());
    }
    records
}

#[cfg(test)]
mod tests;
