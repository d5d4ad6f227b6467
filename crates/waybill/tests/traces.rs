//! Traces as a collector gets them, from three real processes: one complete tree a batch.

mod support {
    pub(crate) mod collector;
    pub(crate) mod system;
}

use std::collections::BTreeMap;

use proto::producer::v1::{
    Run, StartRunRequest, Synthetic, producer_service_client::ProducerServiceClient,
    start_run_request::Source,
};
use support::{
    collector::{Collector, Told},
    system::{Part, System},
};

const BATCHES: u64 = 50;

fn run(batches: u64, timeout: Option<i32>) -> StartRunRequest {
    StartRunRequest {
        source: Some(Source::Synthetic(Synthetic { shipments: 32, drivers: 30, seed: 7 })),
        interval: Some(prost_types::Duration { seconds: 0, nanos: 5_000_000 }),
        batch_limit: batches,
        batch_timeout: timeout.map(|nanos| prost_types::Duration { seconds: 0, nanos }),
        ..StartRunRequest::default()
    }
}

/// The names of a trace's spans under their parents', the root first; panics where one has no parent.
fn tree(spans: &[Told]) -> BTreeMap<(String, Option<String>), usize> {
    let mut tree = BTreeMap::new();
    for span in spans {
        let parent = span.parent.as_ref().map(|id| {
            let parent = spans.iter().find(|other| other.id == *id);
            parent.unwrap_or_else(|| panic!("{span:?} is an orphan of {spans:?}")).name.clone()
        });
        *tree.entry((span.name.clone(), parent)).or_default() += 1;
    }
    tree
}

fn edges(edges: &[(&str, Option<&str>)]) -> BTreeMap<(String, Option<String>), usize> {
    edges.iter().map(|(name, parent)| ((name.to_string(), parent.map(str::to_owned)), 1)).collect()
}

#[tokio::test]
async fn every_batch_that_is_sampled_is_one_tree_over_three_services() {
    let collector = Collector::start().await;
    let mut system = System::start_with(&collector.variables("always_on", ""));
    system.ready().await;
    let started = system.start_run(&run(BATCHES, None)).await;
    system.finished(&started.run_id).await;
    let plans = system.plans(&started.run_id).await;
    assert_eq!(plans.len() as u64, BATCHES);

    let whole = edges(&[
        ("send batch", None),
        ("plan batch", Some("send batch")),
        ("score", Some("plan batch")),
        ("solve", Some("plan batch")),
        ("certify", Some("plan batch")),
        ("record plan", Some("plan batch")),
    ]);
    for plan in &plans {
        let spans = collector
            .trace(&plan.trace_id, |spans| {
                spans.iter().filter(|it| it.name != "commit").count() == 6
            })
            .await;
        // A group has one commit, in the trace of one of its plans and linked to the others'.
        let without: Vec<Told> = spans.iter().filter(|it| it.name != "commit").cloned().collect();
        assert_eq!(tree(&without), whole, "{}", plan.batch_id);
        tree(&spans);
        let services: Vec<&str> = spans.iter().map(|span| &*span.service).collect();
        for service in ["waybill-producer", "waybill-fleet", "waybill-analytics"] {
            assert!(services.contains(&service), "{service} in {services:?}");
        }
    }
    let commits = collector.named("commit").await;
    let told: usize = commits.iter().map(|commit| 1 + commit.links.len()).sum();
    assert_eq!(told as u64, BATCHES, "each plan is in a commit, or linked to one");

    // A stream ends with its client, and is told then.
    for (client, batch, stream) in [
        (Part::Producer, "plan batch", "waybill.fleet.v1.FleetService/Dispatch"),
        (Part::Fleet, "record plan", "waybill.analytics.v1.IngestService/RecordPlans"),
    ] {
        system.kill(client);
        let stream = collector.first(|span| span.name == stream).await;
        for span in collector.named(batch).await {
            assert_eq!(span.links, std::slice::from_ref(&stream.id), "{batch}");
        }
    }
}

#[tokio::test]
async fn of_batches_that_are_not_sampled_the_slow_and_the_rejected_are_told_afterwards() {
    let collector = Collector::start().await;
    let system = System::start_with(&collector.variables("traceidratio", "0"));
    system.ready().await;
    let quick = system.start_run(&run(BATCHES, None)).await;
    system.finished(&quick.run_id).await;

    // Batches fall due while the fleet service hangs for longer than the one second that is slow.
    let slow = system.start_run(&run(BATCHES, None)).await;
    system.run_until(&slow.run_id, |run| run.batches_settled > 5).await;
    let hangs = system.freeze(Part::Fleet);
    tokio::time::sleep(std::time::Duration::from_millis(1_300)).await;
    drop(hangs);
    system.finished(&slow.run_id).await;
    let late = system.start_run(&run(1, Some(1))).await;
    system.finished(&late.run_id).await;

    let rejected = collector.first(|span| span.failed && span.name == "send batch").await;
    assert_eq!(tree(&collector.spans_of(&rejected.trace)), edges(&[("send batch", None)]));
    let plans = system.plans(&slow.run_id).await;
    let told: Vec<_> =
        plans.iter().filter(|plan| !collector.spans_of(&plan.trace_id).is_empty()).collect();
    assert!(!told.is_empty() && told.len() < plans.len(), "{} of {}", told.len(), plans.len());
    let steps = ["queue", "score", "solve", "certify", "record plan"];
    let steps = steps.map(|step| (step, Some("send batch")));
    for plan in told {
        let spans = collector.spans_of(&plan.trace_id);
        assert_eq!(tree(&spans), edges(&[&[("send batch", None)], &steps[..]].concat()));
        assert!(spans.iter().all(|span| span.service == "waybill-producer"));
    }
    for plan in system.plans(&quick.run_id).await {
        assert!(collector.spans_of(&plan.trace_id).is_empty(), "it was quick");
    }
}

/// The id of a trace that a caller is in, and of its span there.
const CALLER: (&str, [u8; 8]) =
    ("4bf92f3577b34da6a3ce929d0e0e4736", 0x00f0_67aa_0ba9_02b7_u64.to_be_bytes());

/// A run that is started, or refused, through analytics as from the page, by a caller who is in a trace.
async fn start_through_analytics(system: &System, batches: u64, flags: &str) -> Option<Run> {
    let mut request = tonic::Request::new(run(batches, None));
    if batches == 0 {
        request.get_mut().source = None;
    }
    let parent = format!("00-{}-00f067aa0ba902b7-{flags}", CALLER.0);
    request.metadata_mut().insert("traceparent", parent.parse().expect("ASCII"));
    let mut producer = ProducerServiceClient::new(system.channel(Part::Analytics));
    producer.start_run(request).await.ok().map(tonic::Response::into_inner)
}

#[tokio::test]
async fn a_call_of_somebody_who_is_in_a_trace_joins_it() {
    const START: &str = "waybill.producer.v1.ProducerService/StartRun";
    let collector = Collector::start().await;
    let system = System::start_with(&collector.variables("traceidratio", "0.0001"));
    system.ready().await;
    start_through_analytics(&system, 1, "00").await.expect("it is started");
    start_through_analytics(&system, 1, "01").await.expect("it is started");
    assert_eq!(start_through_analytics(&system, 0, "01").await, None, "it has no source");
    let spans = collector.trace(CALLER.0, |spans| spans.len() >= 2).await;
    for span in &spans {
        assert_eq!((&*span.name, &*span.service), (START, "waybill-producer"));
        assert_eq!(span.parent.as_deref(), Some(&CALLER.1[..]));
        assert!(!span.failed, "what is refused is the caller's fault");
    }
    assert_eq!(spans.len(), 2, "one that is not sampled has no span");
}

#[tokio::test]
async fn what_is_handed_on_and_under_which_name_is_as_the_variables_say() {
    let collector = Collector::start().await;
    let mut variables = collector.variables("always_on", "").to_vec();
    variables.push(("OTEL_PROPAGATORS", "none".to_owned()));
    variables.push(("OTEL_SERVICE_NAME", "orders".to_owned()));
    variables.push(("OTEL_EXPORTER_OTLP_TIMEOUT", "soon".to_owned()));
    let system = System::start_with(&variables);
    system.ready().await;
    let started = system.start_run(&run(1, None)).await;
    system.finished(&started.run_id).await;
    let plans = system.plans(&started.run_id).await;
    assert_eq!(plans[0].trace_id, "", "nobody was told of a trace");
    let root = collector.first(|span| span.name == "send batch").await;
    assert_eq!(root.service, "orders");
    assert_eq!(tree(&collector.spans_of(&root.trace)), edges(&[("send batch", None)]));
    assert!(collector.named("plan batch").await.is_empty());
    for part in [Part::Producer, Part::Fleet, Part::Analytics] {
        let log = system.log(part);
        assert!(log.contains("OTEL_EXPORTER_OTLP_TIMEOUT \\\"soon\\\" is not a whole"), "{log}");
    }
}

#[tokio::test]
async fn a_collector_that_never_answers_costs_spans_which_are_counted_and_no_batch() {
    // Connections are made, and nobody reads from them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", silent.local_addr().expect("it is bound"));
    let system = System::start_with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "200".to_owned()),
        ("OTEL_BSP_SCHEDULE_DELAY", "50".to_owned()),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "16".to_owned()),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8".to_owned()),
    ]);
    system.ready().await;
    let started = system.start_run(&run(BATCHES, None)).await;
    let run = system.finished(&started.run_id).await;
    assert_eq!(run.batches_settled, BATCHES);

    let spans = |outcome: &str| -> u64 {
        let text = system.metrics(Part::Fleet, "");
        let sample = format!("waybill_trace_spans_total{{outcome=\"{outcome}\"}} ");
        let value = text.lines().find_map(|line| line.strip_prefix(&sample));
        value.unwrap_or_else(|| panic!("no {outcome} in {text}")).parse().expect("a number")
    };
    let begun = tokio::time::Instant::now();
    while spans("failed") == 0 {
        assert!(begun.elapsed() < std::time::Duration::from_secs(60), "no export failed");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // Four spans of each batch, of which the queue and the export under way hold some.
    let dropped = spans("dropped");
    assert!(dropped > 0 && dropped < 4 * BATCHES, "{dropped}");
    assert_eq!(spans("exported"), 0);
}
