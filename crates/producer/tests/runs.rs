//! Runs against a fleet service that settles, refuses, holds and breaks off.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::time::Duration;

use proto::producer::v1::{
    CreateRosterRequest, GetRosterRequest, ListRostersRequest, ListRunsRequest, RosterSource,
    RunState, StartRunRequest, StopRunRequest, SyntheticDrivers, WatchRunRequest,
    start_run_request::Source,
};
use support::{Behaviour, Fleet, Producer, batches, within};
use tokio_stream::StreamExt;
use tonic::Code;

#[tokio::test]
async fn a_run_settles_every_batch() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let run = producer.run(batches(1_000)).await;
    assert_eq!(run.state(), RunState::Running);
    let end = producer.end_of(&run).await;
    assert_eq!(end.state(), RunState::Finished);
    assert_eq!((end.batches_sent, end.batches_settled, end.batches_rejected), (1_000, 1_000, 0));
    assert_eq!((end.shipments, end.assigned), (8_000, 6_000));
    assert_eq!((end.total, end.greedy_total), (2_250.0, 1_500.0));
    assert_eq!((fleet.different(), *fleet.whole.borrow()), (1_000, 1_000));
    assert_eq!(fleet.last().run_id, run.run_id);
    assert!(proto::trace_id(&fleet.last().traceparent).is_some());
}

#[tokio::test]
async fn broken_streams_lose_and_repeat_nothing_in_the_count() {
    let fleet = Fleet::new(Behaviour::BreakEvery(37));
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let run = producer.run(batches(300)).await;
    let end = producer.end_of(&run).await;
    assert_eq!((end.batches_sent, end.batches_settled), (300, 300));
    assert_eq!(fleet.different(), 300);
    assert!(*fleet.whole.borrow() > 300, "batches were sent again");
}

#[tokio::test]
async fn a_run_goes_on_after_the_producer_was_killed() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let mut producer = Producer::start(folder.path(), &served).await;
    let run = producer.run(batches(3_000)).await;
    for seen in [100, 900, 1_700] {
        fleet.saw(seen).await;
        producer.kill().await;
        producer = Producer::start(folder.path(), &served).await;
    }
    let end = producer.end_of(&run).await;
    assert_eq!(end.state(), RunState::Finished);
    assert_eq!((end.batches_sent, end.batches_settled), (3_000, 3_000));
    assert_eq!((end.shipments, end.total), (24_000, 6_750.0));
    assert_eq!(fleet.different(), 3_000);
}

#[tokio::test]
async fn a_producer_that_dies_while_nothing_is_answered_sends_it_all_again() {
    let fleet = Fleet::new(Behaviour::Hold);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let run = producer.run(batches(40)).await;
    fleet.saw(40).await;
    producer.kill().await;
    fleet.behaviour.send_replace(Behaviour::Settle);
    let producer = Producer::start(folder.path(), &served).await;
    let end = producer.end_of(&run).await;
    assert_eq!((end.batches_sent, end.batches_settled), (40, 40));
    assert_eq!((fleet.different(), *fleet.whole.borrow()), (40, 80));
}

#[tokio::test]
async fn a_drained_producer_leaves_its_runs_to_the_next() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let run = producer.run(batches(2_000)).await;
    fleet.saw(200).await;
    producer.drain().await;
    let sent = *fleet.whole.borrow();
    let producer = Producer::start(folder.path(), &served).await;
    let end = producer.end_of(&run).await;
    assert_eq!(end.state(), RunState::Finished);
    assert_eq!((end.batches_sent, end.batches_settled), (2_000, 2_000));
    let whole = *fleet.whole.borrow();
    assert_eq!(whole, 2_000, "after a drain nothing is sent again; it had sent {sent}");
}

#[tokio::test]
async fn refused_batches_are_counted_and_the_run_goes_on() {
    let fleet = Fleet::new(Behaviour::Reject(Code::InvalidArgument, "no good"));
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let run = producer.run(batches(5)).await;
    let end = producer.end_of(&run).await;
    assert_eq!(end.state(), RunState::Finished);
    assert_eq!((end.batches_settled, end.batches_rejected), (0, 5));
    let error = end.error.unwrap();
    assert_eq!((error.code, error.message.as_str()), (Code::InvalidArgument as i32, "no good"));
}

#[tokio::test]
async fn batches_that_are_refused_for_now_come_again() {
    let fleet = Fleet::new(Behaviour::RefuseOnce);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let run = producer.run(batches(20)).await;
    let end = producer.end_of(&run).await;
    assert_eq!((end.batches_sent, end.batches_settled, end.batches_rejected), (20, 20, 0));
    assert_eq!(*fleet.whole.borrow(), 40);
}

#[tokio::test]
async fn a_stopped_run_drains() {
    let fleet = Fleet::new(Behaviour::Hold);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let interval = Duration::from_secs(3_600).try_into().ok();
    let run = producer.run(StartRunRequest { interval, ..batches(0) }).await;
    fleet.saw(1).await;
    let stop = StopRunRequest { run_id: run.run_id.clone() };
    let stopped = producer.client.clone().stop_run(stop.clone()).await.unwrap().into_inner();
    assert_eq!(stopped.state(), RunState::Draining);
    // The answer comes with the next producer.
    producer.kill().await;
    fleet.behaviour.send_replace(Behaviour::Settle);
    let producer = Producer::start(folder.path(), &served).await;
    let end = producer.end_of(&run).await;
    assert_eq!((end.state(), end.batches_sent), (RunState::Stopped, 1));
    let again = producer.client.clone().stop_run(stop).await.unwrap().into_inner();
    assert_eq!(again, end);
}

#[tokio::test]
async fn a_large_batch_travels_in_parts() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let mut request = batches(2);
    if let Some(Source::Synthetic(synthetic)) = &mut request.source {
        (synthetic.shipments, synthetic.drivers) = (50_000, 40_000);
    }
    let run = producer.run(request).await;
    let end = producer.end_of(&run).await;
    assert_eq!(end.batches_settled, 2);
    assert_eq!(fleet.shipments().len(), 100_000);
    assert!(fleet.last().part > 0);
}

#[tokio::test]
async fn a_repeated_start_starts_nothing_twice() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let run_id = "0193e1a2-8a8c-7def-8000-0123456789ab".to_owned();
    let request = StartRunRequest { run_id: run_id.clone(), ..batches(3) };
    let run = producer.run(request.clone()).await;
    assert_eq!(run.run_id, run_id);
    producer.end_of(&run).await;
    let again = producer.run(request).await;
    assert_eq!((again.batches_settled, again.state()), (3, RunState::Finished));
    let other = StartRunRequest { run_id, ..batches(4) };
    let refusal = producer.client.clone().start_run(other).await.unwrap_err();
    assert_eq!(refusal.code(), Code::AlreadyExists);
    assert_eq!(fleet.different(), 3);
}

#[tokio::test]
async fn a_run_of_a_roster_has_its_drivers() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let mut client = producer.client.clone();
    let source = |name: &str| {
        Some(Source::Roster(RosterSource { name: name.into(), shipments: 5, seed: 2 }))
    };
    let unknown = StartRunRequest { source: source("night"), ..batches(1) };
    let refusal = client.start_run(unknown.clone()).await.unwrap_err();
    assert_eq!((refusal.code(), refusal.message()), (Code::NotFound, "roster night: not found"));

    let synthetic = |drivers| Some(SyntheticDrivers { drivers, seed: 9 });
    let create = |drivers| CreateRosterRequest {
        name: "night".into(),
        synthetic: synthetic(drivers),
        ..CreateRosterRequest::default()
    };
    let roster = client.create_roster(create(2_500)).await.unwrap().into_inner();
    assert_eq!(roster.drivers, 2_500);
    assert_eq!(client.create_roster(create(2_500)).await.unwrap().into_inner(), roster);
    let refusal = client.create_roster(create(3)).await.unwrap_err();
    assert_eq!(refusal.code(), Code::AlreadyExists);

    let (mut names, mut page_token) = (Vec::new(), String::new());
    loop {
        let get = GetRosterRequest { name: "night".into(), page_size: 0, page_token };
        let page = client.get_roster(get).await.unwrap().into_inner();
        names.extend(page.drivers.into_iter().map(|driver| driver.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names.len(), 2_500);
    let listed = client.list_rosters(ListRostersRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.rosters, [roster]);
    let made_up = ListRostersRequest { page_token: "Night?".into(), page_size: 0 };
    let refusal = client.list_rosters(made_up).await.unwrap_err();
    assert_eq!(refusal.code(), Code::InvalidArgument);

    let run = producer.run(unknown).await;
    producer.end_of(&run).await;
    let sent: Vec<String> = fleet.last().drivers.into_iter().map(|driver| driver.name).collect();
    assert_eq!(sent, names);
}

#[tokio::test]
async fn no_more_runs_at_once_than_allowed() {
    let fleet = Fleet::new(Behaviour::Hold);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start_with(folder.path(), &served, |o| o.max_runs = 2).await;
    let (one, _two) = (producer.run(batches(1)).await, producer.run(batches(1)).await);
    let refusal = producer.client.clone().start_run(batches(1)).await.unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted);
    let list = |page_size, page_token: String| {
        let mut client = producer.client.clone();
        async move {
            let request = ListRunsRequest { page_size, page_token };
            client.list_runs(request).await.unwrap().into_inner()
        }
    };
    let first = list(1, String::new()).await;
    let second = list(1, first.next_page_token.clone()).await;
    assert_eq!((first.runs.len(), second.runs.len()), (1, 1));
    assert_ne!(first.runs[0].run_id, second.runs[0].run_id);
    assert_eq!(second.next_page_token, "");
    assert!([&first, &second].iter().any(|page| page.runs[0].run_id == one.run_id));
}

#[tokio::test]
async fn an_unknown_run_is_named_and_a_bad_id_too() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let id = "0193e1a2-8a8c-7def-8000-0123456789ab";
    for (run_id, code) in [(id, Code::NotFound), ("7", Code::InvalidArgument)] {
        let request = WatchRunRequest { run_id: run_id.into() };
        let refusal = producer.client.clone().watch_run(request).await.unwrap_err();
        assert_eq!(refusal.code(), code);
        let request = StopRunRequest { run_id: run_id.into() };
        let refusal = producer.client.clone().stop_run(request).await.unwrap_err();
        assert_eq!(refusal.code(), code);
    }
}

#[tokio::test]
async fn a_watch_ends_with_the_run_and_is_not_told_everything() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let producer = Producer::start(folder.path(), &served).await;
    let began = std::time::Instant::now();
    let run = producer.run(batches(2_000)).await;
    let request = WatchRunRequest { run_id: run.run_id };
    let mut watched =
        producer.client.clone().watch_run(request.clone()).await.unwrap().into_inner();
    let mut seen = Vec::new();
    while let Some(run) = within(watched.next()).await {
        seen.push(run.unwrap());
    }
    assert_eq!(seen.last().unwrap().state(), RunState::Finished);
    assert!(seen.is_sorted_by_key(|run| run.batches_settled));
    assert!(seen.len() as u128 <= 2 + began.elapsed().as_millis() / 100, "{}", seen.len());
    let late: Vec<_> =
        producer.client.clone().watch_run(request).await.unwrap().into_inner().collect().await;
    assert_eq!(late.len(), 1);
}

#[tokio::test]
async fn a_run_that_is_held_up_says_how_far_it_is_behind() {
    let fleet = Fleet::new(Behaviour::Hold);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let tight = |options: &mut producer::Options| options.unacked.items = 2;
    let producer = Producer::start_with(folder.path(), &served, tight).await;
    let interval = Duration::from_millis(1).try_into().ok();
    let run = producer.run(StartRunRequest { interval, ..batches(0) }).await;
    let late = producer.wait(&run, |run| run.batches_behind > 50).await;
    assert_eq!(late.state(), RunState::Running);
    let behind: Duration = late.behind.unwrap().try_into().unwrap();
    assert!(behind >= Duration::from_millis(50), "{behind:?}");
}
