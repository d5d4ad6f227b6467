//! The HTTP route, for callers that have no gRPC:
//! `POST /service/run/process/{n}/{second|minute|hour|day}` starts a run with a batch every n units.

use std::{collections::BTreeMap, str::FromStr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::post,
};
use proto::producer::v1::{StartRunRequest, Synthetic, start_run_request::Source};
use serde_json::{Value, json};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::{
    request::{MAX_INTERVAL, MAX_SIDE, Order},
    runs::Runs,
};

/// What a run has whose caller does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// Shipments in each batch.
    pub shipments: u32,
    /// Drivers.
    pub drivers: u32,
    /// Where the data begins.
    pub seed: u64,
    /// Batches after which it ends; 0: until stopped.
    pub batches: u64,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { shipments: 32, drivers: 32, seed: 0, batches: 0 }
    }
}

#[derive(Clone)]
struct Front {
    runs: Arc<Runs>,
    defaults: Defaults,
}

/// The route.
pub(crate) fn routes(runs: Arc<Runs>, defaults: Defaults) -> Router {
    Router::new()
        .route("/service/run/process/{n}/{unit}", post(process))
        .with_state(Front { runs, defaults })
}

async fn process(
    State(front): State<Front>,
    Path((n, unit)): Path<(String, String)>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let request = match read(&n, &unit, &query, &front.defaults) {
        Ok(request) => request,
        Err(bad) => return bad.into_response(),
    };
    let started = match Order::read(request) {
        Ok(order) => front.runs.start(order).await,
        Err(error) => Err(error),
    };
    match started {
        Ok(run) => json_line(StatusCode::CREATED, &proto::to_json(&run)),
        Err(error) => refused(&Status::from(error)),
    }
}

/// What is wrong with a call, and with which part of it.
#[derive(Debug, PartialEq, Eq)]
struct Bad {
    field: String,
    message: String,
}

impl IntoResponse for Bad {
    fn into_response(self) -> Response {
        answer(StatusCode::BAD_REQUEST, &self.field, &self.message)
    }
}

fn answer(code: StatusCode, field: &str, message: &str) -> Response {
    let error = if field.is_empty() {
        json!({ "message": message })
    } else {
        json!({ "field": field, "message": message })
    };
    json_line(code, &json!({ "error": error }))
}

/// A line of its own: behind it stands the prompt of whoever asked by hand.
fn json_line(code: StatusCode, value: &Value) -> Response {
    (code, [(CONTENT_TYPE, "application/json")], format!("{value}\n")).into_response()
}

fn refused(status: &Status) -> Response {
    let code = match status.code() {
        Code::InvalidArgument => StatusCode::BAD_REQUEST,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let violations = status.get_details_bad_request().map(|bad| bad.field_violations);
    match violations.as_ref().and_then(|violations| violations.first()) {
        // The names of the request are those of the query behind their source's.
        Some(v) => answer(code, v.field.trim_start_matches("synthetic."), &v.description),
        None => answer(code, "", status.message()),
    }
}

fn read(
    n: &str,
    unit: &str,
    query: &BTreeMap<String, String>,
    defaults: &Defaults,
) -> Result<StartRunRequest, Bad> {
    let bad = |field: &str, message: String| Err(Bad { field: field.to_owned(), message });
    let seconds: u64 = match unit {
        "second" => 1,
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return bad("unit", format!("is {unit:?}, not one of second, minute, hour, day")),
    };
    let Ok(count) = n.parse::<u64>() else {
        return bad("n", format!("is {n:?}, not a whole number of 1 or more"));
    };
    let most = MAX_INTERVAL.as_secs() / seconds;
    if count == 0 || count > most {
        return bad("n", format!("is {count}, not 1 to {most} with the unit {unit}"));
    }
    const KNOWN: [&str; 4] = ["shipments", "drivers", "seed", "batches"];
    if let Some(unknown) = query.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return bad(unknown, "is no parameter; there are shipments, drivers, seed, batches".into());
    }
    let synthetic = Synthetic {
        shipments: side(query, "shipments", defaults.shipments)?,
        drivers: side(query, "drivers", defaults.drivers)?,
        seed: number(query, "seed", defaults.seed)?,
    };
    Ok(StartRunRequest {
        source: Some(Source::Synthetic(synthetic)),
        interval: Duration::from_secs(count * seconds).try_into().ok(),
        batch_limit: number(query, "batches", defaults.batches)?,
        ..StartRunRequest::default()
    })
}

fn side(query: &BTreeMap<String, String>, name: &str, default: u32) -> Result<u32, Bad> {
    let count = number(query, name, default)?;
    if (1..=MAX_SIDE).contains(&count) {
        return Ok(count);
    }
    Err(Bad { field: name.to_owned(), message: format!("is {count}, not 1 to {MAX_SIDE}") })
}

fn number<T: FromStr>(query: &BTreeMap<String, String>, name: &str, default: T) -> Result<T, Bad> {
    let Some(text) = query.get(name) else { return Ok(default) };
    let bad = |_| Bad {
        field: name.to_owned(),
        message: format!("is {text:?}, not a whole number of 0 or more"),
    };
    text.parse().map_err(bad)
}
