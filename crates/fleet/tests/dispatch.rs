//! The Dispatch stream, from a client on loopback to a store on loopback.

mod support;

use std::time::Duration;

use fleet::Capacity;
use prost::Message;
use proto::{
    fleet::v1::{BatchPart, Settled, dispatch_response::Event},
    from_rpc_status,
    logistics::v1::{Assignment, PlanDetail, Rejected},
};
use runtime::acked::Credit;
use support::{Behaviour, Client, Store, batch, free_port, serve_fleet, serve_store};
use tonic::{Code, Status};
use tonic_types::StatusExt;

fn settled(event: Option<Result<Event, Status>>) -> Settled {
    match event {
        Some(Ok(Event::Settled(settled))) => settled,
        other => panic!("expected a settled batch, heard {other:?}"),
    }
}

fn rejected(event: Option<Result<Event, Status>>) -> (String, Status) {
    match event {
        Some(Ok(Event::Rejected(Rejected { batch_id, status: Some(status) }))) => {
            (batch_id, from_rpc_status(&status))
        }
        other => panic!("expected a rejected batch, heard {other:?}"),
    }
}

fn fields(status: &Status) -> Vec<String> {
    let bad = status.get_details_bad_request().expect("field violations");
    bad.field_violations.into_iter().map(|violation| violation.field).collect()
}

fn published() -> BatchPart {
    let lines = |name: &str| {
        let path = format!("{}/../../data/published-10x10/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).expect("the data set is in the tree")
    };
    let (shipments, drivers) = (lines("shipments.txt"), lines("drivers.txt"));
    batch(&shipments.lines().collect::<Vec<_>>(), &drivers.lines().collect::<Vec<_>>())
}

#[tokio::test]
async fn one_message_with_one_batch_is_enough() {
    let store = Store::new(Behaviour::Record);
    let served = serve_store(&store, free_port()).await;
    let fleet = serve_fleet(served.address, Capacity::default()).await;
    let mut client = Client::open(&fleet).await;

    let batch = published();
    client.send(batch.clone()).await;
    client.half_close();

    let Some(Ok(Event::Plan(plan))) = client.hear().await else { panic!("expected the plan") };
    assert_eq!((plan.batch_id.as_str(), plan.assignments.len()), (batch.batch_id.as_str(), 10));
    let line = |row: &Assignment| row.shipment.as_ref().map(|shipment| shipment.line);
    let lines: Vec<_> = plan.assignments.iter().filter_map(line).collect();
    assert_eq!(lines, (1..=10).collect::<Vec<_>>(), "every row says its line");
    let sum: f64 = plan.assignments.iter().map(|row| row.score).sum();
    assert_eq!(sum, 98.75);
    let settled = settled(client.hear().await);
    assert_eq!((settled.total, settled.greedy_total, settled.assigned), (98.75, 97.0, 10));
    assert!(client.hear().await.is_none(), "the stream ends when everything is answered");

    let recorded = store.parts(&batch.batch_id);
    assert_eq!(recorded[0].assignments, plan.assignments, "the caller gets what is recorded");
    assert!(
        recorded[0].encoded_len() as u64 + 64 <= recorded[0].plan_bytes,
        "it says how large it is"
    );
}

#[tokio::test]
async fn a_batch_in_parts_is_one_plan_and_its_rows_come_back_in_parts() {
    let store = Store::new(Behaviour::Record);
    let served = serve_store(&store, free_port()).await;
    let fleet = serve_fleet(served.address, Capacity::default()).await;
    let mut client = Client::open(&fleet).await;

    let address = format!("12 {} Street", "Long".repeat(100));
    let (addresses, names): (Vec<_>, Vec<_>) =
        (0..4000).map(|n| (format!("{address}{n}"), format!("Driver Number {n}"))).unzip();
    let whole = batch(
        &addresses.iter().map(String::as_str).collect::<Vec<_>>(),
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let chunks = whole.shipments.chunks(1000).zip(whole.drivers.chunks(1000));
    for (index, (shipments, drivers)) in chunks.enumerate() {
        let part = BatchPart {
            batch_id: whole.batch_id.clone(),
            part: index as u32,
            more: index < 3,
            shipments: shipments.to_vec(),
            drivers: drivers.to_vec(),
            batch_bytes: 4 << 20,
            ..BatchPart::default()
        };
        client.send(part).await;
    }

    let (mut rows, mut parts) = (0, 0);
    let settled = loop {
        match client.hear().await {
            Some(Ok(Event::Plan(part))) => {
                assert_eq!(part.part, parts, "in order");
                parts += 1;
                rows += part.assignments.len();
            }
            other => break settled(other),
        }
    };
    assert!(parts > 1, "more than 1 MiB of rows");
    assert_eq!((rows, settled.assigned), (4000, 4000));
    let recorded = store.parts(&whole.batch_id);
    let sizes: Vec<usize> = recorded.iter().map(Message::encoded_len).collect();
    assert!(
        sizes.iter().all(|size| *size <= 1 << 20),
        "no message is larger than 1 MiB: {sizes:?}"
    );
    let sum = sizes.iter().sum::<usize>() as u64;
    assert!(sum <= recorded[0].plan_bytes, "{sum} bytes came, {} declared", recorded[0].plan_bytes);
    assert_eq!(store.parts(&whole.batch_id).len() as u32, parts);
}

#[tokio::test]
async fn a_bad_batch_is_rejected_by_field_and_the_others_go_on() {
    let store = Store::new(Behaviour::Record);
    let served = serve_store(&store, free_port()).await;
    let fleet = serve_fleet(served.address, Capacity::default()).await;
    let mut client = Client::open(&fleet).await;
    client.hello(PlanDetail::Totals).await;

    client.send(batch(&[], &[])).await;
    assert_eq!(fields(&rejected(client.hear().await).1), ["shipments", "drivers"]);

    client.send(batch(&["1 Oak", " "], &["Ann"])).await;
    assert_eq!(fields(&rejected(client.hear().await).1), ["shipments[1].address"]);

    client.send(BatchPart { batch_id: "seven".into(), ..batch(&["1 Oak"], &["Ann"]) }).await;
    let (id, status) = rejected(client.hear().await);
    assert_eq!((id.as_str(), fields(&status)), ("seven", vec!["batch_id".to_owned()]));

    let mut twins = batch(&["1 Oak", "2 Elm"], &["Ann"]);
    twins.shipments.iter_mut().for_each(|shipment| shipment.id = "S1".into());
    client.send(twins).await;
    assert_eq!(fields(&rejected(client.hear().await).1), ["shipments.id"]);

    let mut twins = batch(&["1 Oak", "2 Elm"], &["Ann", "Bob"]);
    twins.drivers.iter_mut().for_each(|driver| driver.line = 7);
    client.send(twins).await;
    assert_eq!(fields(&rejected(client.hear().await).1), ["drivers.line"]);

    let bad = BatchPart {
        run_id: "x".into(),
        street_name: 9,
        timeout: Some(prost_types::Duration { seconds: -1, nanos: 0 }),
        ..batch(&["1 Oak"], &["Ann"])
    };
    client.send(bad).await;
    assert_eq!(
        fields(&rejected(client.hear().await).1),
        ["run_id", "street_name", "timeout"],
        "all problems at once"
    );

    client.send(batch(&["1 Oak"], &["Ann"])).await;
    settled(client.hear().await);
    assert_eq!(store.plans(), 1);
}

#[tokio::test]
async fn a_message_over_the_limit_is_rejected_and_the_others_go_on() {
    let store = Store::new(Behaviour::Record);
    let served = serve_store(&store, free_port()).await;
    let fleet = serve_fleet(served.address, Capacity::default()).await;
    let mut client = Client::open(&fleet).await;
    client.hello(PlanDetail::Totals).await;

    let long = "x".repeat(4000);
    let heavy = batch(&vec![long.as_str(); 300], &["Ann"]);
    client.send(heavy).await;
    let status = rejected(client.hear().await).1;
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("send the batch in parts"), "{}", status.message());

    client.send(batch(&vec![long.as_str(); 200], &["Ann"])).await;
    settled(client.hear().await);
}

#[tokio::test]
async fn a_batch_whose_time_is_over_is_not_solved() {
    let store = Store::new(Behaviour::Record);
    let served = serve_store(&store, free_port()).await;
    let fleet = serve_fleet(served.address, Capacity::default()).await;
    let mut client = Client::open(&fleet).await;
    let late = BatchPart {
        timeout: Some(prost_types::Duration::default()),
        ..batch(&["1 Oak"], &["Ann"])
    };
    client.send(late).await;
    assert_eq!(rejected(client.hear().await).1.code(), Code::DeadlineExceeded);
    assert_eq!(store.plans(), 0);
}

#[tokio::test]
async fn memory_is_admitted_before_it_is_taken() {
    let store = Store::new(Behaviour::Hold);
    let served = serve_store(&store, free_port()).await;
    let capacity = Capacity { admitted_bytes: 4096, ..Capacity::default() };
    let fleet = serve_fleet(served.address, capacity).await;
    let mut client = Client::open(&fleet).await;
    client.hello(PlanDetail::Totals).await;

    let announced = |bytes| BatchPart { batch_bytes: bytes, ..batch(&["1 Oak"], &["Ann"]) };
    client.send(announced(3000)).await;
    client.send(announced(3000)).await;
    let status = rejected(client.hear().await).1;
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.get_details_retry_info().is_some(), "it says when to come back");
}

#[tokio::test]
async fn one_id_is_one_content() {
    let store = Store::new(Behaviour::Hold);
    let served = serve_store(&store, free_port()).await;
    let fleet = serve_fleet(served.address, Capacity::default()).await;
    let mut first = Client::open(&fleet).await;
    let mut second = Client::open(&fleet).await;
    first.hello(PlanDetail::Totals).await;
    second.hello(PlanDetail::Totals).await;

    let original = batch(&["1 Oak"], &["Ann"]);
    first.send(original.clone()).await;
    store.whole.subscribe().wait_for(|whole| *whole == 1).await.expect("it came");

    let other = BatchPart { batch_id: original.batch_id.clone(), ..batch(&["2 Elm"], &["Ann"]) };
    second.send(other).await;
    assert_eq!(rejected(second.hear().await).1.code(), Code::AlreadyExists);
    assert!(fleet.counts("fleet_batches_total{outcome=\"rejected\"} 1"));
    assert!(fleet.counts("fleet_batches_total{outcome=\"settled\"} 0"));
    assert!(fleet.counts("fleet_batches_in_flight 1"));
    assert!(fleet.counts("stream_unanswered_batches{stream=\"record_plans\"} 1"));
    assert!(fleet.counts("fleet_analytics_connected 1"));

    // The same content joins the wait: one plan, two answers.
    second.send(original.clone()).await;
    store.behaviour.send_replace(Behaviour::Record);
    let _restarted = served.restart(&store).await;
    assert_eq!(settled(first.hear().await).batch_id, original.batch_id);
    assert_eq!(settled(second.hear().await).batch_id, original.batch_id);
}

#[tokio::test]
async fn what_the_store_refuses_is_refused_with_its_reason() {
    let store = Store::new(Behaviour::Refuse);
    let served = serve_store(&store, free_port()).await;
    let fleet = serve_fleet(served.address, Capacity::default()).await;
    let mut client = Client::open(&fleet).await;
    client.send(batch(&["1 Oak"], &["Ann"])).await;
    let status = rejected(client.hear().await).1;
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "the disk is full"));
}

#[tokio::test]
async fn sending_beyond_the_credit_ends_the_stream() {
    let store = Store::new(Behaviour::Hold);
    let served = serve_store(&store, free_port()).await;
    let credit = Credit { items: 2, bytes: 1 << 20 };
    let fleet = serve_fleet(served.address, Capacity { credit, ..Capacity::default() }).await;
    let mut client = Client::open(&fleet).await;
    for _ in 0..3 {
        client.send(batch(&["1 Oak"], &["Ann"])).await;
    }
    match client.hear().await {
        Some(Err(status)) => assert_eq!(status.code(), Code::ResourceExhausted),
        other => panic!("expected the end, heard {other:?}"),
    }
}

#[tokio::test]
async fn a_drain_is_said_in_band_and_what_is_in_flight_is_answered() {
    let store = Store::new(Behaviour::Hold);
    let served = serve_store(&store, free_port()).await;
    let fleet = serve_fleet(served.address, Capacity::default()).await;
    let mut client = Client::open(&fleet).await;
    client.hello(PlanDetail::Totals).await;
    client.send(batch(&["1 Oak"], &["Ann"])).await;
    store.whole.subscribe().wait_for(|whole| *whole == 1).await.expect("it came");

    fleet.shutdown.begin();
    assert!(matches!(client.hear().await, Some(Ok(Event::Drain(_)))));
    store.behaviour.send_replace(Behaviour::Record);
    let _restarted = served.restart(&store).await;
    settled(client.hear().await);
    client.half_close();
    assert!(client.hear().await.is_none());
    tokio::time::timeout(Duration::from_secs(5), fleet.served)
        .await
        .expect("it ends within the drain")
        .expect("without a panic");
}
