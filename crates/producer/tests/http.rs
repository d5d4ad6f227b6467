//! The HTTP route of the replaced system, and the calls next to it.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use axum::{
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode},
};
use producer::{Core, Options};
use proto::producer::v1::StartRunRequest;
use serde_json::{Value, json};
use support::{Behaviour, Fleet, Producer};
use tonic::Code;
use tonic_types::StatusExt;
use tower::ServiceExt;

async fn call(routes: &axum::Router, method: Method, path: &str) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = routes.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let is_json = response.headers().get("content-type").is_some_and(|it| it == "application/json");
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    if is_json {
        assert!(body.ends_with(b"}\n"), "{path}: {body:?}");
    }
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn a_call_starts_a_run_with_a_batch_every_n_units() {
    let fleet = Fleet::new(Behaviour::Hold);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let routes = producer.core.routes(&Core::health());
    let table = [
        ("15/second", "15s", 32, 32, "0"),
        ("2/minute?shipments=10", "120s", 10, 32, "0"),
        ("1/hour?drivers=7&seed=5", "3600s", 32, 7, "5"),
        ("366/day?batches=3", "31622400s", 32, 32, "0"),
    ];
    for (path, interval, shipments, drivers, seed) in table {
        let path = format!("/service/run/process/{path}");
        let (status, run) = call(&routes, Method::POST, &path).await;
        assert_eq!(status, StatusCode::CREATED, "{path}: {run}");
        assert_eq!(run["state"], "RUN_STATE_RUNNING");
        assert_eq!(run["request"]["interval"], interval, "{path}");
        let synthetic = &run["request"]["synthetic"];
        assert_eq!(synthetic["shipments"], shipments);
        assert_eq!(synthetic["drivers"], drivers);
        assert_eq!(synthetic.get("seed").unwrap_or(&json!("0")), seed);
        assert_eq!(run["runId"].as_str().unwrap().len(), 36);
    }
}

#[tokio::test]
async fn a_bad_call_names_what_is_bad() {
    let fleet = Fleet::new(Behaviour::Hold);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let routes = producer.core.routes(&Core::health());
    let whole = "not a whole number of 1 or more";
    let table = [
        ("0/second", "n", "is 0, not 1 to 31622400 with the unit second".to_owned()),
        (
            "1000000000000/second",
            "n",
            "is 1000000000000, not 1 to 31622400 with the unit second".to_owned(),
        ),
        ("367/day", "n", "is 367, not 1 to 366 with the unit day".to_owned()),
        ("-1/minute", "n", format!("is \"-1\", {whole}")),
        ("1.5/minute", "n", format!("is \"1.5\", {whole}")),
        ("ten/hour", "n", format!("is \"ten\", {whole}")),
        ("1/week", "unit", "is \"week\", not one of second, minute, hour, day".to_owned()),
        ("1/day?shipments=0", "shipments", "is 0, not 1 to 10000000".to_owned()),
        ("1/day?drivers=10000001", "drivers", "is 10000001, not 1 to 10000000".to_owned()),
        ("1/day?seed=x", "seed", "is \"x\", not a whole number of 0 or more".to_owned()),
        (
            "1/day?color=red",
            "color",
            "is no parameter; there are shipments, drivers, seed, batches".to_owned(),
        ),
    ];
    for (path, field, message) in table {
        let path = format!("/service/run/process/{path}");
        let (status, body) = call(&routes, Method::POST, &path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path}");
        assert_eq!(body, json!({"error": {"field": field, "message": message}}), "{path}");
    }
    let (status, _) = call(&routes, Method::GET, "/service/run/process/1/day").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(producer.core.runs().alive().is_empty(), "nothing was started");
}

#[tokio::test]
async fn one_run_too_many_is_429() {
    let fleet = Fleet::new(Behaviour::Hold);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let one = |options: &mut Options| options.max_runs = 1;
    let producer = Producer::start_with(folder.path(), &served, one).await;
    let routes = producer.core.routes(&Core::health());
    let path = "/service/run/process/1/day";
    assert_eq!(call(&routes, Method::POST, path).await.0, StatusCode::CREATED);
    let (status, body) = call(&routes, Method::POST, path).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let message = "1 runs are active, and no more are allowed at once; stop one first";
    assert_eq!(body, json!({"error": {"message": message}}));
}

#[tokio::test]
async fn a_path_that_is_not_there_is_not_taken_for_done() {
    let fleet = Fleet::new(Behaviour::Hold);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let routes = producer.core.routes(&Core::health());
    for path in ["/service/run/process/1/second/now", "/service/run/process/1/", "/"] {
        assert_eq!(call(&routes, Method::POST, path).await.0, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(producer.core.runs().list(None, 1).await.unwrap().is_empty(), "nothing was started");
}

#[tokio::test]
async fn a_bad_request_names_all_bad_fields_in_its_details() {
    let fleet = Fleet::new(Behaviour::Hold);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let interval = Some(prost_types::Duration { seconds: -1, nanos: 0 });
    let request = StartRunRequest { interval, street_name: 77, ..StartRunRequest::default() };
    let refusal = producer.client.clone().start_run(request).await.unwrap_err();
    assert_eq!(refusal.code(), Code::InvalidArgument);
    let bad = refusal.get_details_bad_request().unwrap();
    let fields: Vec<&str> = bad.field_violations.iter().map(|v| v.field.as_str()).collect();
    assert_eq!(fields, ["interval", "street_name", "source"]);
}
