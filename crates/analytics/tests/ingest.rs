//! RecordPlans: what is recorded, what is refused, and what happens when the store fails.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use analytics::Error;
use analytics::store::{Before, Doing, NewPlan, Outcome, Sqlite, Store, Through};
use common::planned::Planned;
use common::running::Running;
use jiff::Timestamp;
use proto::analytics::v1::record_plans_response::Event;
use proto::from_rpc_status;
use proto::logistics::v1::{PlanPart, Rejected};
use runtime::workers::Workers;
use tempfile::TempDir;
use tonic::{Code, Status};
use tonic_types::StatusExt;

fn refused(answer: Event) -> (String, Status) {
    let Event::Rejected(Rejected { batch_id, status }) = answer else {
        panic!("not refused: {answer:?}")
    };
    (batch_id, from_rpc_status(&status.unwrap()))
}

#[tokio::test]
async fn a_plan_is_answered_when_it_is_in_the_store() {
    let running = Running::start();
    let mut ingest = running.ingest().await;
    let Event::Recorded(first) = ingest.record(Planned::small(1).parts()).await else { panic!() };
    assert_eq!((first.sequence, first.duplicate), (1, false));
    assert_eq!(first.batch_id, common::batch(1).to_string());
    assert!(running.store.plan(common::batch(1)).await.unwrap().is_some());

    let Event::Recorded(again) = ingest.record(Planned::small(1).parts()).await else { panic!() };
    assert_eq!((again.sequence, again.duplicate), (1, true));
    assert_eq!(again.record_time, first.record_time);

    let mut other = Planned::small(1).parts();
    other[0].header.as_mut().unwrap().digest = vec![8; 32];
    let (batch_id, status) = refused(ingest.record(other).await);
    assert_eq!((batch_id, status.code()), (first.batch_id, Code::AlreadyExists));

    ingest.half_close();
    assert!(ingest.answer().await.unwrap_err().is_none());
    drop(ingest);
    running.stop().await;
}

#[tokio::test]
async fn parts_of_plans_may_be_interleaved() {
    let running = Running::start();
    let mut ingest = running.ingest().await;
    let parts = |number| Planned::small(number).in_parts_of(1).parts();
    let (one, two) = (parts(1), parts(2));
    assert_eq!(one.len(), 3);
    for (a, b) in one.into_iter().zip(two) {
        ingest.send(a).await;
        ingest.send(b).await;
    }
    for _ in 0..2 {
        assert!(matches!(ingest.answer().await, Ok(Event::Recorded(_))));
    }
    let bodies = running.store.parts(vec![1, 2], 0, usize::MAX).await.unwrap();
    assert_eq!(bodies.len(), 6);
}

#[tokio::test]
async fn an_empty_batch_is_a_plan_too() {
    let running = Running::start();
    let mut ingest = running.ingest().await;
    for (number, shipments, drivers) in
        [(1, vec![], vec![]), (2, vec!["1 Elm"], vec![]), (3, vec![], vec!["Ann"])]
    {
        let answer = ingest.record(Planned::of(number, &shipments, &drivers).parts()).await;
        assert!(matches!(answer, Event::Recorded(_)), "{answer:?}");
    }
}

#[tokio::test]
async fn a_plan_that_its_prices_do_not_prove_is_refused_by_name() {
    type Break = fn(&mut PlanPart);
    fn certificate(part: &mut PlanPart) -> &mut proto::logistics::v1::Certificate {
        part.header.as_mut().unwrap().certificate.as_mut().unwrap()
    }
    let cases: [(&str, &str, Break); 14] = [
        ("plan.header", "missing in part 0", |p| p.header = None),
        ("plan.header.digest", "32 bytes", |p| p.header.as_mut().unwrap().digest = vec![7; 31]),
        ("plan.header.run_id", "UUID", |p| p.header.as_mut().unwrap().run_id = "r".into()),
        ("plan.header.total", "multiple of 0.25", |p| p.header.as_mut().unwrap().total = 0.1),
        ("plan.header.street_name", "not known", |p| p.header.as_mut().unwrap().street_name = 9),
        ("header.total", "but the rows have", |p| p.header.as_mut().unwrap().total += 0.25),
        ("header.greedy_total", "more than", |p| p.header.as_mut().unwrap().greedy_total = 1e6),
        ("header.shipments", "is 9, but the rows have 2", |p| {
            p.header.as_mut().unwrap().shipments = 9;
        }),
        ("plan.assignments[1].score", "but the pair's score is", |p| p.assignments[1].score += 1.0),
        ("plan.assignments[0].driver", "missing", |p| p.assignments[0].driver = None),
        ("plan.assignments[0].shipment", "has no price", |p| {
            p.assignments[0].shipment.as_mut().unwrap().address = "A very long road indeed".into();
        }),
        ("plan.unassigned[0].side", "neither", |p| p.unassigned[0].side = 0),
        ("header.certificate", "does not prove the plan", |p| {
            // Two drivers change places, and shipments alone pay for it: pairs add up, but each
            // shipment would do better with the other driver.
            let rule = domain::StreetName::Address;
            let other = p.assignments[1].driver.clone();
            p.assignments[1].driver = std::mem::replace(&mut p.assignments[0].driver, other);
            let mut total = 0.0;
            for i in 0..2 {
                let pair = &mut p.assignments[i];
                let length = domain::street_length(&pair.shipment.as_ref().unwrap().address, rule);
                let traits = domain::driver_traits(&pair.driver.as_ref().unwrap().name);
                let score = domain::score(length, traits);
                pair.score = score.as_f64();
                total += pair.score;
                let header = p.header.as_mut().unwrap();
                let prices = &mut header.certificate.as_mut().unwrap().shipments;
                let price = prices.iter_mut().find(|price| price.length == length.0).unwrap();
                price.quarters = score.quarters() as u64;
            }
            certificate(p).drivers.iter_mut().for_each(|price| price.quarters = 0);
            let header = p.header.as_mut().unwrap();
            (header.total, header.greedy_total) = (total, 0.0);
        }),
        ("header.certificate.shipments", "not ascending", |p| certificate(p).shipments.reverse()),
    ];
    let running = Running::start();
    let mut ingest = running.ingest().await;
    for (field, problem, broken) in cases {
        let mut parts = Planned::small(1).parts();
        broken(&mut parts[0]);
        let (_, status) = refused(ingest.record(parts).await);
        assert_eq!(status.code(), Code::InvalidArgument, "{field}: {status}");
        let said = status.get_details_bad_request().unwrap().field_violations;
        assert!(
            said.iter().any(|v| v.field == field && v.description.contains(problem)),
            "{field}, {problem}: {said:?}"
        );
    }
    // The stream goes on, and the batch may still come right.
    assert!(matches!(ingest.record(Planned::small(1).parts()).await, Event::Recorded(_)));
}

#[tokio::test]
async fn a_batch_id_that_is_none_ends_nothing() {
    let running = Running::start();
    let mut ingest = running.ingest().await;
    let mut parts = Planned::small(1).parts();
    parts[0].batch_id = "seven".into();
    let (batch_id, status) = refused(ingest.record(parts).await);
    assert_eq!((batch_id.as_str(), status.code()), ("seven", Code::InvalidArgument));
    assert!(matches!(ingest.record(Planned::small(2).parts()).await, Event::Recorded(_)));
}

#[tokio::test]
async fn a_drain_is_said_in_band_and_the_last_plan_is_still_answered() {
    let running = Running::start();
    let mut ingest = running.ingest().await;
    running.shutdown.begin();
    assert!(matches!(ingest.answer().await, Ok(Event::Drain(_))));
    assert!(matches!(ingest.record(Planned::small(1).parts()).await, Event::Recorded(_)));
    ingest.half_close();
    assert!(ingest.answer().await.unwrap_err().is_none());
}

/// A disk on which nothing can be written while this is set.
struct Full(Arc<AtomicBool>);

impl Before for Full {
    fn record<'a>(
        &'a self,
        store: &'a dyn Store,
        now: Timestamp,
        group: Vec<NewPlan>,
    ) -> Doing<'a, Vec<Outcome>> {
        if self.0.load(Ordering::SeqCst) {
            let reason = "database or disk is full".into();
            return Box::pin(async { Err(Error::Unavailable { path: "a.db".into(), reason }) });
        }
        store.record(now, group)
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_written_sends_plans_back_until_it_can() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("analytics.db");
    let store = Sqlite::open(&path, Workers::in_place(), Workers::in_place()).unwrap();
    let full = Arc::new(AtomicBool::new(true));
    let store = Through::new(Full(Arc::clone(&full)), Arc::new(store));
    let running = Running::on(Arc::new(store), folder);
    let (analytics, health) = (Arc::clone(&running.analytics), running.health.clone());
    let keeping = tokio::spawn(async move { analytics.keep_health(&health).await });

    let mut ingest = running.ingest().await;
    let (_, status) = refused(ingest.record(Planned::small(1).parts()).await);
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.get_details_retry_info().unwrap().retry_delay.is_some());
    // Waiting for a condition: time is paused, so it passes only while all tasks wait.
    let becomes = async |ready| {
        while running.health.is_ready() != ready {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    becomes(false).await;
    // Room again: found out without a plan that tries.
    full.store(false, Ordering::SeqCst);
    becomes(true).await;
    assert!(matches!(ingest.record(Planned::small(1).parts()).await, Event::Recorded(_)));
    keeping.abort();
}
