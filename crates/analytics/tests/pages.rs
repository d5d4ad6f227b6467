//! What a browser is given.

mod common;

use common::planned::Planned;
use common::running::Running;
use http::StatusCode;
use proto::producer::v1::{ListRunsRequest, producer_service_client::ProducerServiceClient};
use serde_json::Value;
use testing::Port;
use tonic::Code;

fn nasty() -> Planned {
    Planned::of(
        1,
        &["12 Oak Street, Springfield", "7 \"Elm\" Avenue", "=1+1 Road"],
        &["Ann Lee", "Bob \"Bo\" Stone"],
    )
    .in_parts_of(1)
}

#[tokio::test]
async fn a_plan_as_csv_is_rfc_4180() {
    let running = Running::start();
    running.record([nasty()]).await;
    let (status, headers, text) = running.get(&format!("/plans/{}.csv", common::batch(1))).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(
        text,
        "shipment_line,shipment,driver_line,driver,score\r\n\
         1,\"12 Oak Street, Springfield\",1,Ann Lee,4.5\r\n\
         2,\"7 \"\"Elm\"\" Avenue\",2,\"Bob \"\"Bo\"\" Stone\",9\r\n\
         3,=1+1 Road,,,\r\n"
    );
}

#[tokio::test]
async fn a_plan_as_json_reads_back() {
    let running = Running::start();
    running.record([nasty(), Planned::of(2, &[], &[])]).await;
    let (status, headers, text) = running.get(&format!("/plans/{}.json", common::batch(1))).await;
    assert_eq!(
        (status, headers["content-type"].as_bytes()),
        (StatusCode::OK, &b"application/json"[..])
    );
    let mut plan: Value = serde_json::from_str(&text).unwrap();
    let certificate = plan.as_object_mut().unwrap().remove("certificate").unwrap();
    let lengths: Vec<_> =
        certificate["shipments"].as_array().unwrap().iter().map(|of| &of["length"]).collect();
    assert_eq!(lengths, [9, 10, 12], "a price for each length of street name");
    assert!(certificate["drivers"].as_array().unwrap().iter().all(|of| of["price"].is_f64()));
    assert_eq!(
        plan,
        serde_json::json!({
            "total": 13.5, "greedy_total": 13.5,
            "pairs": [
                {"shipment_line": 1, "shipment": "12 Oak Street, Springfield",
                 "driver_line": 1, "driver": "Ann Lee", "score": 4.5},
                {"shipment_line": 2, "shipment": "7 \"Elm\" Avenue",
                 "driver_line": 2, "driver": "Bob \"Bo\" Stone", "score": 9.0},
            ],
            "unassigned": [{"side": "shipment", "line": 3, "text": "=1+1 Road",
                "reason": "every driver is worth as much or more elsewhere",
                "price": 0.75}],
            "shipments": 3, "drivers": 2, "street_name": "address",
        })
    );
    let (_, _, empty) = running.get(&format!("/plans/{}.json", common::batch(2))).await;
    assert_eq!(
        empty,
        "{\"total\": 0.0, \"greedy_total\": 0.0, \"pairs\": [],\n\"unassigned\": [],\n\
         \"shipments\": 0, \"drivers\": 0,\n\"street_name\": \"address\",\n\"certificate\": {\"drivers\":[],\"shipments\":[]}}\n"
    );
}

#[tokio::test]
async fn what_is_not_there_is_said_in_a_sentence() {
    let running = Running::start();
    let id = common::batch(1);
    for (path, expected, sentence) in [
        (
            format!("/plans/{id}.csv"),
            StatusCode::NOT_FOUND,
            format!("no plan of batch {id} is recorded"),
        ),
        ("/plans/seven.csv".into(), StatusCode::BAD_REQUEST, "\"seven\" is not a batch id".into()),
        (format!("/plans/{id}.xlsx"), StatusCode::NOT_FOUND, "a plan is at /plans/".into()),
        ("/nowhere".into(), StatusCode::NOT_FOUND, "there is nothing at /nowhere".into()),
        ("/plan/seven".into(), StatusCode::NOT_FOUND, "there is nothing at /plan/seven".into()),
        ("/run/seven".into(), StatusCode::NOT_FOUND, "there is nothing at /run/seven".into()),
        (
            "/plans/%ff.csv".into(),
            StatusCode::NOT_FOUND,
            "there is nothing at /plans/%ff.csv".into(),
        ),
        ("/plan/%ff".into(), StatusCode::NOT_FOUND, "there is nothing at /plan/%ff".into()),
        ("/assets/%ff".into(), StatusCode::NOT_FOUND, "there is nothing at /assets/".into()),
        (
            format!("/{}", "x".repeat(500)),
            StatusCode::NOT_FOUND,
            format!("there is nothing at /{}…", "x".repeat(99)),
        ),
        (
            format!("/plans/{}.csv", "x".repeat(500)),
            StatusCode::BAD_REQUEST,
            format!("\"{}…\" is not", "x".repeat(100)),
        ),
        ("/assets/../x".into(), StatusCode::NOT_FOUND, "there is nothing at".into()),
    ] {
        let (status, headers, text) = running.get(&path).await;
        assert_eq!(
            (status, headers["content-type"].as_bytes()),
            (expected, &b"application/problem+json"[..])
        );
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(&sentence), "{path}: {text}");
    }
}

#[tokio::test]
async fn a_browser_is_shown_the_page_where_nothing_is_and_a_program_told_in_json() {
    let running = Running::start();
    let (_, _, page) = running.get("/").await;
    let browser =
        http::Request::get("/nowhere").header("accept", "text/html,application/xml;q=0.9");
    let (status, headers, text) = running.ask(browser).await;
    assert_eq!((status, &text), (StatusCode::NOT_FOUND, &page));
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert!(headers.contains_key("content-security-policy"));
    let program = http::Request::get("/nowhere").header("accept", "*/*");
    let (status, headers, _) = running.ask(program).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert_eq!(headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn the_page_is_strict_about_what_it_may_do() {
    let running = Running::start();
    for path in ["/", "/profile", "/profile.json", "/nowhere"] {
        let (_, headers, _) = running.get(path).await;
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{path}");
        assert!(!policy.contains("unsafe"));
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
    }
    let (status, _, text) = running.get("/").await;
    assert_eq!(status, StatusCode::OK);
    assert!(text.contains("make page") || text.contains("/assets/"), "{text}");
}

#[tokio::test]
async fn every_view_has_an_address_and_the_same_page_reads_it() {
    let running = Running::start();
    let (_, _, first) = running.get("/").await;
    let (plan, run) = (format!("/plan/{}", common::batch(1)), format!("/run/{}", common::batch(2)));
    for path in [&plan, "/drivers?day=2026-01-01", "/driver?name=Ann", "/runs", &run, "/profile"] {
        let (status, headers, text) = running.get(path).await;
        assert_eq!((status, &text), (StatusCode::OK, &first), "{path}");
        assert_eq!(headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(headers["cache-control"], "no-cache");
    }
    let (status, headers, _) = running.get("/about").await;
    assert_eq!(
        (status, headers["location"].as_bytes()),
        (StatusCode::PERMANENT_REDIRECT, &b"/profile"[..])
    );
}

#[tokio::test]
async fn runs_are_asked_for_here_only_where_there_is_a_producer_to_ask() {
    async fn code(running: &Running) -> Code {
        let mut client = ProducerServiceClient::new(running.router.clone());
        client.list_runs(ListRunsRequest::default()).await.unwrap_err().code()
    }
    assert_eq!(code(&Running::start()).await, Code::Unimplemented);

    let port = Port::take();
    let away = runtime::connect::channel(&format!("http://{}", port.address()).parse().unwrap());
    let folder = tempfile::TempDir::new().unwrap();
    let store = Running::store(&folder);
    assert_eq!(code(&Running::beside(Some(away), store, folder)).await, Code::Unavailable);
}
