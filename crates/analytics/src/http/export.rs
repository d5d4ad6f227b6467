//! `/plans/{batch_id}.csv` and `.json`: a plan as a file, a part at a time.
//!
//! Texts are written as they are. A spreadsheet may take a cell that begins with = for a formula; to
//! mark such cells would change the data for every program that reads the file, so that is left to the
//! spreadsheet's import.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use proto::BatchId;
use proto::logistics::v1::{
    Certificate, PlanHeader, PlanPart, Reason, Side, StreetName, Unassigned,
};
use proto::reason::sentence;
use serde_json::{Value, json};

use super::problem::{problem, said};
use super::{Segment, nothing_here};
use crate::queries::Rows;
use crate::store::{PlanFacts, Store, StoredPlan};
use crate::wire::points;
use crate::{Analytics, Error};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
}

impl Format {
    fn content_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Json => "application/json",
        }
    }
}

pub(super) async fn plan(
    State(analytics): State<Arc<Analytics>>,
    file: Segment,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let Ok(Path(file)) = file else { return nothing_here(uri, headers).await };
    let (name, format) = match file.rsplit_once('.') {
        Some((name, "csv")) => (name, Format::Csv),
        Some((name, "json")) => (name, Format::Json),
        _ => {
            let detail = "a plan is at /plans/{batch_id}.csv or /plans/{batch_id}.json";
            return problem(StatusCode::NOT_FOUND, detail);
        }
    };
    let Ok(batch_id) = name.parse::<BatchId>() else {
        let detail =
            format!("{:?} is not a batch id, which is a UUID in its text form", said(name));
        return problem(StatusCode::BAD_REQUEST, detail);
    };
    match analytics.plan(batch_id).await {
        Ok(plan) => {
            let file = Export::new(Arc::clone(&analytics.store), plan, format);
            let disposition = format!("attachment; filename=\"{batch_id}.{}\"", file.extension());
            let headers = [
                (header::CONTENT_TYPE, format.content_type().to_owned()),
                (header::CONTENT_DISPOSITION, disposition),
            ];
            // A failure in the middle cuts the connection: the reader sees that the file is not whole.
            let chunks = stream::unfold(file, |mut file| async {
                let chunk = file.next().await?;
                Some((chunk, file))
            });
            (headers, Body::from_stream(chunks)).into_response()
        }
        Err(Error::NoSuchPlan(_)) => {
            problem(StatusCode::NOT_FOUND, format!("no plan of batch {batch_id} is recorded"))
        }
        Err(error) => {
            tracing::warn!(%error, "plan could not be read");
            problem(StatusCode::SERVICE_UNAVAILABLE, "the store is not available, try again")
        }
    }
}

/// A plan on its way out. The rows are read twice, pairs first, so that none of them is kept.
struct Export {
    store: Arc<dyn Store>,
    plan: StoredPlan,
    format: Format,
    state: Next,
    rows: Rows,
    /// The proof and the rule, as the first part says them.
    header: Option<PlanHeader>,
    /// Whether a row was written in this list.
    begun: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Head,
    Pairs,
    Unassigned,
    Nothing,
}

impl Export {
    fn new(store: Arc<dyn Store>, plan: StoredPlan, format: Format) -> Export {
        let rows = Rows::of(Arc::clone(&store), &plan);
        Export { store, plan, format, state: Next::Head, rows, header: None, begun: false }
    }

    fn extension(&self) -> &'static str {
        match self.format {
            Format::Csv => "csv",
            Format::Json => "json",
        }
    }

    async fn next(&mut self) -> Option<Result<String, Error>> {
        let mut text = String::new();
        match self.state {
            Next::Head => {
                self.head(&mut text);
                self.state = Next::Pairs;
            }
            Next::Pairs => match self.rows.next().await {
                Some(Ok(part)) => self.pairs(part, &mut text),
                Some(Err(error)) => return Some(Err(error)),
                None => {
                    self.between(&mut text);
                    self.rows = Rows::of(Arc::clone(&self.store), &self.plan);
                    (self.state, self.begun) = (Next::Unassigned, false);
                }
            },
            Next::Unassigned => match self.rows.next().await {
                Some(Ok(part)) => self.unassigned(part, &mut text),
                Some(Err(error)) => return Some(Err(error)),
                None => {
                    self.foot(&mut text);
                    self.state = Next::Nothing;
                }
            },
            Next::Nothing => return None,
        }
        Some(Ok(text))
    }

    fn head(&self, text: &mut String) {
        match self.format {
            Format::Csv => text.push_str("shipment_line,shipment,driver_line,driver,score\r\n"),
            Format::Json => {
                let total = json!(points(self.plan.facts.total_quarters));
                let greedy = json!(points(self.plan.facts.greedy_quarters));
                text.push_str(&format!(
                    "{{\"total\": {total}, \"greedy_total\": {greedy}, \"pairs\": ["
                ));
            }
        }
    }

    fn between(&self, text: &mut String) {
        if self.format == Format::Json {
            text.push_str("],\n\"unassigned\": [");
        }
    }

    fn foot(&self, text: &mut String) {
        if self.format == Format::Json {
            let header = self.header.as_ref();
            let rule = header.map(PlanHeader::street_name).unwrap_or_default();
            let certificate = header.and_then(|header| header.certificate.as_ref());
            let PlanFacts { shipments, drivers, .. } = self.plan.facts;
            text.push_str(&format!("],\n\"shipments\": {shipments}, \"drivers\": {drivers},\n"));
            text.push_str(&format!("\"street_name\": \"{}\",\n", street_name(rule)));
            text.push_str(&format!("\"certificate\": {}}}\n", proof(certificate)));
        }
    }

    fn pairs(&mut self, part: PlanPart, text: &mut String) {
        if part.header.is_some() {
            self.header = part.header;
        }
        for pair in part.assignments {
            let shipment = pair.shipment.unwrap_or_default();
            let driver = pair.driver.unwrap_or_default();
            match self.format {
                Format::Csv => {
                    record(text, Some((shipment.line, &shipment.address)));
                    record(text, Some((driver.line, &driver.name)));
                    text.push_str(&format!("{}\r\n", pair.score));
                }
                Format::Json => {
                    self.item(text);
                    text.push_str(&format!(
                        "{{\"shipment_line\": {}, \"shipment\": {}{}, \"driver_line\": {}, \
                         \"driver\": {}{}, \"score\": {}}}",
                        line(shipment.line),
                        json!(shipment.address),
                        id("shipment_id", &shipment.id),
                        line(driver.line),
                        json!(driver.name),
                        id("driver_id", &driver.id),
                        json!(pair.score),
                    ));
                }
            }
        }
    }

    fn unassigned(&mut self, part: PlanPart, text: &mut String) {
        for left in part.unassigned {
            match self.format {
                Format::Csv => {
                    let this = Some((left.line, left.text.as_str()));
                    let (shipment, driver) = match left.side() {
                        Side::Driver => (None, this),
                        Side::Shipment | Side::Unspecified => (this, None),
                    };
                    record(text, shipment);
                    record(text, driver);
                    text.push_str("\r\n");
                }
                Format::Json => {
                    self.item(text);
                    text.push_str(&format!(
                        "{{\"side\": \"{}\", \"line\": {}, \"text\": {}, \"reason\": \"{}\"{}{}}}",
                        side(left.side()),
                        line(left.line),
                        json!(left.text),
                        sentence(left.side(), left.reason()),
                        price(&left),
                        id("id", &left.id),
                    ));
                }
            }
        }
    }

    /// Begins an item of a JSON list, each on a line of its own.
    fn item(&mut self, text: &mut String) {
        text.push_str(if self.begun { ",\n" } else { "\n" });
        self.begun = true;
    }
}

/// Two fields of a row, with a comma behind each.
fn record(text: &mut String, record: Option<(u32, &str)>) {
    if let Some((number, words)) = record {
        if number > 0 {
            text.push_str(&number.to_string());
        }
        text.push(',');
        field(text, words);
        text.push(',');
    } else {
        text.push_str(",,");
    }
}

/// A field of RFC 4180.
fn field(text: &mut String, words: &str) {
    if words.contains(['"', ',', '\r', '\n']) {
        text.push('"');
        text.push_str(&words.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(words);
    }
}

/// A line of the source; 0 is one that nobody said.
fn line(number: u32) -> String {
    if number == 0 { "null".into() } else { number.to_string() }
}

/// The caller's own id as one more key, where there is one.
fn id(key: &str, id: &str) -> String {
    if id.is_empty() { String::new() } else { format!(", \"{key}\": {}", json!(id)) }
}

/// The rule, in the words of `waybill assign`.
fn street_name(rule: StreetName) -> &'static str {
    match rule {
        StreetName::FullLine => "full-line",
        StreetName::Address | StreetName::Unspecified => "address",
    }
}

/// The dual prices, in points: all that `waybill verify` needs beside the rows.
fn proof(certificate: Option<&Certificate>) -> Value {
    let Some(certificate) = certificate else { return Value::Null };
    let shipments = certificate
        .shipments
        .iter()
        .map(|of| json!({"length": of.length, "price": points(of.quarters)}));
    let drivers = certificate.drivers.iter().map(|of| {
        json!({
            "length": of.length,
            "vowels": of.vowels,
            "consonants": of.consonants,
            "price": points(of.quarters),
        })
    });
    json!({"shipments": shipments.collect::<Value>(), "drivers": drivers.collect::<Value>()})
}

fn side(side: Side) -> &'static str {
    match side {
        Side::Driver => "driver",
        Side::Shipment | Side::Unspecified => "shipment",
    }
}

/// By how much its best score would have to rise to win it a place, where there is one to win.
fn price(left: &Unassigned) -> String {
    match left.reason() {
        Reason::NonePermitted => String::new(),
        _ => format!(", \"price\": {}", json!(left.price)),
    }
}
