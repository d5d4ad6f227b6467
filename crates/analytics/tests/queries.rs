//! What is asked of recorded plans: watched, listed, got, summed up.
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use common::planned::Planned;
use common::running::Running;
use proto::analytics::v1::{
    DriverFilter, GetPlanRequest, GetSummaryRequest, ListDriversRequest, ListPlansRequest,
    ListPlansResponse, Plan, PlanFilter, WatchPlansRequest, WatchPlansResponse, get_plan_response,
    watch_plans_response::Item,
};
use tonic::{Code, Streaming};
use tonic_types::StatusExt;

fn sequences(plans: &[Plan]) -> Vec<u64> {
    plans.iter().map(|plan| plan.sequence).collect()
}

async fn next_plan(stream: &mut Streaming<WatchPlansResponse>) -> Plan {
    loop {
        match stream.message().await.unwrap().unwrap().item.unwrap() {
            Item::Plan(plan) => return plan,
            Item::Heartbeat(_) => {}
        }
    }
}

#[tokio::test]
async fn watchers_see_every_plan_once_and_in_order_while_plans_are_committed() {
    let running = Running::start();
    running.record((0..20).map(Planned::small)).await;
    let mut watchers = Vec::new();
    for (after, last, first) in [(0, 0, 1), (7, 0, 8), (0, 5, 16), (18, 5, 19)] {
        let request = WatchPlansRequest { after_sequence: after, last };
        let stream = running.client().watch_plans(request).await.unwrap().into_inner();
        watchers.push(tokio::spawn(async move {
            let mut stream = stream;
            for sequence in first..=60 {
                assert_eq!(next_plan(&mut stream).await.sequence, sequence);
            }
        }));
    }
    tokio::join!(
        running.record((20..40).map(Planned::small)),
        running.record((40..60).map(Planned::small)),
    );
    for watcher in watchers {
        watcher.await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_says_that_everything_was_sent_and_when_the_next_is_due() {
    let running = Running::start();
    running.record([Planned::small(1)]).await;
    let request = WatchPlansRequest::default();
    let mut stream = running.client().watch_plans(request).await.unwrap().into_inner();
    assert_eq!(next_plan(&mut stream).await.sequence, 1);
    let begun = tokio::time::Instant::now();
    for _ in 0..2 {
        let item = stream.message().await.unwrap().unwrap().item.unwrap();
        let Item::Heartbeat(beat) = item else { panic!("{item:?}") };
        assert_eq!((beat.sequence, beat.interval.unwrap().seconds), (1, 2));
    }
    assert_eq!(begun.elapsed().as_secs(), 4);
    running.shutdown.begin();
    assert_eq!(stream.message().await.unwrap_err().code(), Code::Unavailable);
}

async fn pages(running: &Running, request: ListPlansRequest) -> (Vec<u64>, usize) {
    let (mut all, mut pages, mut page_token) = (Vec::new(), 0, String::new());
    loop {
        let request = ListPlansRequest { page_token, ..request.clone() };
        let ListPlansResponse { plans, next_page_token } =
            running.client().list_plans(request).await.unwrap().into_inner();
        all.extend(sequences(&plans));
        pages += 1;
        if next_page_token.is_empty() {
            return (all, pages);
        }
        page_token = next_page_token;
    }
}

#[tokio::test]
async fn pages_have_every_plan_once_in_both_orders() {
    let running = Running::start();
    running.record((0..7).map(Planned::small)).await;
    let by = |order: &str, page_size| ListPlansRequest {
        page_size,
        order_by: order.into(),
        ..ListPlansRequest::default()
    };
    assert_eq!(pages(&running, by("", 3)).await, (vec![7, 6, 5, 4, 3, 2, 1], 3));
    assert_eq!(pages(&running, by("sequence", 7)).await, (vec![1, 2, 3, 4, 5, 6, 7], 1));
    assert_eq!(pages(&running, by("sequence", 1)).await, (vec![1, 2, 3, 4, 5, 6, 7], 7));
}

#[tokio::test]
async fn plans_are_found_by_what_is_in_their_rows() {
    let running = Running::start();
    let oak = |number| Planned::of(number, &["1 Oak Street", "2 Élysée Road"], &["Ann Lee"]);
    let elm = |number| Planned::of(number, &["5 Elm"], &["Bob Stone", "Cy"]);
    running
        .record([
            oak(1).in_parts_of(1),
            elm(2).run(1),
            oak(3).run(1),
            elm(4).in_parts_of(1),
            Planned::of(5, &["9 Oak"], &["Bob Stone"]),
        ])
        .await;
    let with = |filter: PlanFilter, page_size| ListPlansRequest {
        filter: Some(filter),
        page_size,
        ..ListPlansRequest::default()
    };
    let text = |text: &str| PlanFilter { text: text.into(), ..PlanFilter::default() };
    let driver = |driver: &str| PlanFilter { driver: driver.into(), ..PlanFilter::default() };
    for page_size in [1, 2, 50] {
        let of = async |filter| pages(&running, with(filter, page_size)).await.0;
        assert_eq!(of(text("OAK")).await, [5, 3, 1]);
        assert_eq!(of(text("éLYSÉE")).await, [3, 1], "what stayed behind is found too");
        assert_eq!(of(text("nowhere")).await, [0u64; 0]);
        assert_eq!(of(driver("stone")).await, [5, 4, 2]);
        assert_eq!(of(driver("cy")).await, [0u64; 0], "only drivers that got a shipment");
        let both = PlanFilter { driver: "bob".into(), ..text("oak") };
        assert_eq!(of(both).await, [5]);
        let of_run = PlanFilter { run: common::run(1).to_string(), ..text("oak") };
        assert_eq!(of(of_run).await, [3]);
        let today = PlanFilter { day: "2026-11-20".into(), ..PlanFilter::default() };
        assert_eq!(of(today).await, [5, 4, 3, 2, 1]);
        let tomorrow = PlanFilter { day: "2026-11-21".into(), ..text("oak") };
        assert_eq!(of(tomorrow).await, [0u64; 0]);
    }
}

#[tokio::test]
async fn a_plan_is_found_by_its_number_its_batch_or_the_end_of_that() {
    let running = Running::start();
    let plan = |number| {
        Planned::of(number, &["1 Oak Street"], &["Ann Lee"]).run(u8::from(number % 2 == 1))
    };
    // More than are looked at together, and committed in groups.
    let mut ingest = running.ingest().await;
    for part in (1..=300).flat_map(|number| plan(number).parts()) {
        ingest.send(part).await;
    }
    for _ in 0..300 {
        ingest.answer().await.unwrap();
    }
    let id = common::batch(7).to_string();
    // Recorded in this order, so that a plan's number is its batch's.
    let ending = |end: &str, order_by: &str| {
        let ends = |number: &u64| common::batch(*number).to_string().ends_with(end);
        let mut found: Vec<u64> = (1..=300).filter(ends).collect();
        if order_by.is_empty() {
            found.reverse();
        }
        found
    };
    for order_by in ["", "sequence"] {
        let of = async |plan: &str, rest: PlanFilter| {
            let filter = PlanFilter { plan: plan.to_owned(), ..rest };
            let (filter, order_by) = (Some(filter), order_by.to_owned());
            let request = ListPlansRequest { filter, order_by, page_size: 2, ..Default::default() };
            pages(&running, request).await.0
        };
        let any = PlanFilter::default;
        // Batches of one run may share it, and then all of them are meant.
        let end = &id[24..];
        let alike = ending(end, order_by);
        assert!(alike.len() > 1 && alike.contains(&7), "{alike:?}");
        let text = |text: &str| PlanFilter { text: text.to_owned(), ..any() };
        assert_eq!(of("7", any()).await, [7]);
        assert_eq!(of(&id, any()).await, [7]);
        assert_eq!(of(&end.to_uppercase(), any()).await, alike);
        assert_eq!(of(&id, text("oak")).await, [7]);
        assert_eq!(of(end, text("oak")).await, alike);
        assert_eq!(of(end, text("elm")).await, [0u64; 0]);
        let of_run = |run| PlanFilter { run: common::run(run).to_string(), ..any() };
        assert_eq!(of(&id, of_run(1)).await, [7]);
        assert_eq!(of(&id, of_run(0)).await, [0u64; 0]);
        for none in ["301", "99999999999", "abcdefabcdef", &common::batch(999).to_string()] {
            assert_eq!(of(none, any()).await, [0u64; 0], "{none}");
        }
        assert_eq!(of(&id[24..34], any()).await, [0u64; 0], "the end, and not the middle");
    }
}

#[tokio::test]
async fn a_bad_question_names_every_field_that_is_wrong() {
    let running = Running::start();
    running.record((0..2).map(Planned::small)).await;
    let first = ListPlansRequest { page_size: 1, ..ListPlansRequest::default() };
    let token = running.client().list_plans(first).await.unwrap().into_inner().next_page_token;
    let bad = ListPlansRequest {
        page_size: 1001,
        page_token: token.clone(),
        filter: Some(PlanFilter {
            run: "r".into(),
            day: "2026-02-30".into(),
            text: "x".repeat(4097),
            plan: "oak".into(),
            ..PlanFilter::default()
        }),
        order_by: "total".into(),
    };
    let status = running.client().list_plans(bad).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let said = status.get_details_bad_request().unwrap().field_violations;
    let fields: Vec<_> = said.iter().map(|violation| violation.field.as_str()).collect();
    let all = [
        "page_size",
        "filter.run",
        "filter.day",
        "filter.text",
        "filter.plan",
        "order_by",
        "page_token",
    ];
    assert_eq!(fields, all);

    let other = ListDriversRequest { page_token: token, ..ListDriversRequest::default() };
    let status = running.client().list_drivers(other).await.unwrap_err();
    assert!(status.message().contains("another question"), "{status}");
    let negative = prost_types::Duration { seconds: -1, nanos: 0 };
    let window = GetSummaryRequest { window: Some(negative), ..GetSummaryRequest::default() };
    assert_eq!(
        running.client().get_summary(window).await.unwrap_err().code(),
        Code::InvalidArgument
    );
    let bad = GetPlanRequest { batch_id: "seven".into() };
    assert_eq!(running.client().get_plan(bad).await.unwrap_err().code(), Code::InvalidArgument);
    let none = GetPlanRequest { batch_id: common::batch(99).to_string() };
    assert_eq!(running.client().get_plan(none).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn a_plan_comes_back_in_the_parts_it_came_in() {
    let running = Running::start();
    let planned = Planned::small(1).run(3).in_parts_of(1);
    let sent = planned.parts();
    running.record([planned]).await;
    let request = GetPlanRequest { batch_id: common::batch(1).to_string() };
    let mut stream = running.client().get_plan(request).await.unwrap().into_inner();
    let Some(get_plan_response::Item::Plan(plan)) = stream.message().await.unwrap().unwrap().item
    else {
        panic!("the summary comes first")
    };
    let header = sent[0].header.as_ref().unwrap();
    assert_eq!((plan.total, plan.greedy_total), (header.total, header.greedy_total));
    assert_eq!((plan.shipments, plan.drivers, plan.assigned), (2, 3, 2));
    assert_eq!(plan.run_id, common::run(3).to_string());
    assert_eq!(plan.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
    assert!(plan.certified && plan.commit.is_some());
    let mut parts = Vec::new();
    while let Some(message) = stream.message().await.unwrap() {
        let Some(get_plan_response::Item::Part(part)) = message.item else { panic!() };
        parts.push(part);
    }
    assert_eq!(parts, sent);
}

#[tokio::test]
async fn drivers_and_totals_are_of_all_plans() {
    let running = Running::start();
    running.record((0..3).map(Planned::small)).await;
    let request = ListDriversRequest { page_size: 2, ..ListDriversRequest::default() };
    let first = running.client().list_drivers(request.clone()).await.unwrap().into_inner();
    let request = ListDriversRequest { page_token: first.next_page_token, ..request };
    let second = running.client().list_drivers(request).await.unwrap().into_inner();
    let drivers: Vec<_> = first.drivers.iter().chain(&second.drivers).collect();
    assert_eq!((drivers.len(), second.next_page_token.as_str()), (3, ""));
    assert!(drivers.is_sorted_by(|a, b| a.total >= b.total));
    assert!(drivers.iter().all(|driver| driver.assigned + driver.unassigned == 3));
    let filter = DriverFilter { driver: "LEE".into(), ..DriverFilter::default() };
    let ann = ListDriversRequest { filter: Some(filter), ..ListDriversRequest::default() };
    let ann = running.client().list_drivers(ann).await.unwrap().into_inner().drivers;
    assert_eq!((ann.len(), ann[0].name.as_str()), (1, "Ann Lee"));

    let summary =
        running.client().get_summary(GetSummaryRequest::default()).await.unwrap().into_inner();
    assert_eq!((summary.plans, summary.shipments, summary.drivers), (3, 6, 9));
    assert_eq!((summary.assigned, summary.last_sequence), (6, 3));
    assert_eq!(drivers.iter().map(|driver| driver.total).sum::<f64>(), summary.total);
    assert!(summary.commit.is_some() && summary.start_time.is_some());
}
