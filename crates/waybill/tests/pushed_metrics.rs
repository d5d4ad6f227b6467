//! Metrics as a collector gets them, from three real processes: what a scrape says, by the same names.

mod support {
    pub(crate) mod receiver;
    pub(crate) mod system;
}

use std::time::Duration;

use proto::producer::v1::{StartRunRequest, Synthetic, start_run_request::Source};
use support::{
    receiver::{Receiver, Samples, scraped},
    system::{Part, System},
};
use tokio::time::{Instant, sleep};

/// Nothing here takes longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const BATCHES: u64 = 20;
const PARTS: [Part; 3] = [Part::Producer, Part::Fleet, Part::Analytics];

fn run() -> StartRunRequest {
    StartRunRequest {
        source: Some(Source::Synthetic(Synthetic { shipments: 32, drivers: 30, seed: 7 })),
        interval: Some(prost_types::Duration { seconds: 0, nanos: 5_000_000 }),
        batch_limit: BATCHES,
        ..StartRunRequest::default()
    }
}

fn variables(endpoint: &str, interval_ms: &str) -> Vec<(&'static str, String)> {
    vec![
        ("OTEL_METRICS_EXPORTER", "otlp,prometheus".to_owned()),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", endpoint.to_owned()),
        ("OTEL_METRIC_EXPORT_INTERVAL", interval_ms.to_owned()),
    ]
}

fn service(part: Part) -> String {
    format!("waybill-{}", part.name())
}

/// What goes on when no batch does: the process, and the exports themselves.
fn never_rests(sample: &str) -> bool {
    ["waybill_process_", "waybill_runtime_", "waybill_metric_exports_total"]
        .iter()
        .any(|name| sample.starts_with(name))
}

// The receiver answers while a test waits for a process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_is_told_what_a_scrape_of_the_same_time_says() {
    let receiver = Receiver::start().await;
    let mut variables = variables(&receiver.endpoint, "100");
    // Sampled, so that there are examples; their spans go nowhere.
    variables.push(("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", receiver.endpoint.clone()));
    let system = System::start_with(&variables);
    system.ready().await;
    let started = system.start_run(&run()).await;
    system.finished(&started.run_id).await;

    for part in PARTS {
        let begun = Instant::now();
        let (told, scraped) = loop {
            let before = scraped(&system.metrics(part, ""));
            let seen = receiver.of(&service(part)).len();
            // The one after the next was read when the scrape was over.
            while receiver.of(&service(part)).len() < seen + 2 {
                assert!(begun.elapsed() < PATIENCE, "{part:?} sends nothing");
                sleep(Duration::from_millis(10)).await;
            }
            let told = receiver.of(&service(part))[seen + 1].clone();
            let after = scraped(&system.metrics(part, ""));
            let rests = |samples: &Samples| -> Samples {
                samples.clone().into_iter().filter(|(name, _)| !never_rests(name)).collect()
            };
            if rests(&before) == rests(&after) {
                assert_eq!(rests(&told.samples), rests(&after), "{part:?}: told, scraped");
                break (told, after);
            }
            assert!(begun.elapsed() < PATIENCE, "{part:?} comes to no rest");
        };
        let names = |samples: &Samples| samples.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&told.samples), names(&scraped), "{part:?}: told, scraped");
        let exported = told.samples["waybill_metric_exports_total{outcome=exported}"];
        assert!(exported >= 1.0 && exported <= receiver.of(&service(part)).len() as f64);
        // The producer times what it has settled, fleet its steps, analytics its commits.
        assert!(told.examples.iter().any(|trace| trace.len() == 16), "{part:?} has no example");
    }
    let settled = "waybill_producer_batches_total{outcome=settled}";
    let last = receiver.of(&service(Part::Producer)).pop().expect("it was told");
    assert_eq!(last.samples[settled], BATCHES as f64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_counted_since_the_last_interval_is_told_at_the_end() {
    let receiver = Receiver::start().await;
    let mut system = System::start_with(&variables(&receiver.endpoint, "3600000"));
    system.ready().await;
    let started = system.start_run(&run()).await;
    system.finished(&started.run_id).await;
    for (part, counter) in [
        (Part::Producer, "waybill_producer_batches_total{outcome=settled}"),
        (Part::Fleet, "waybill_fleet_batches_total{outcome=settled}"),
        (Part::Analytics, "waybill_analytics_plans_total{outcome=recorded}"),
    ] {
        assert_eq!(system.terminate(part), Some(0), "{part:?}");
        let told = receiver.of(&service(part));
        let [last] = &told[..] else { panic!("{part:?} told {} times", told.len()) };
        assert_eq!(last.samples[counter], BATCHES as f64, "{part:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_never_answers_costs_exports_which_are_counted_and_no_batch_and_no_time() {
    // Connections are made, and nobody reads from them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", silent.local_addr().expect("it is bound"));
    let mut variables = variables(&endpoint, "20");
    variables.push(("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "100".to_owned()));
    let system = System::start_with(&variables);
    system.ready().await;
    let started = system.start_run(&run()).await;
    assert_eq!(system.finished(&started.run_id).await.batches_settled, BATCHES);

    let exports = |outcome: &str| {
        let samples = scraped(&system.metrics(Part::Fleet, ""));
        samples[&format!("waybill_metric_exports_total{{outcome={outcome}}}")]
    };
    let begun = Instant::now();
    while exports("failed") < 2.0 || exports("skipped") < 2.0 {
        assert!(begun.elapsed() < PATIENCE, "nothing was counted");
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(exports("exported"), 0.0);
    let log = system.log(Part::Fleet);
    let lines = log.lines().filter(|line| line.contains("metrics are not exported")).count();
    assert_eq!(lines, 1, "one line until they are exported again: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_never_answers_delays_no_end_past_its_deadline() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let endpoint = format!("http://{}", silent.local_addr().expect("it is bound"));
    let mut variables = variables(&endpoint, "20");
    // An export may take a minute, and one is on its way when the end comes.
    variables.push(("OTEL_EXPORTER_OTLP_METRICS_TIMEOUT", "60000".to_owned()));
    variables.push(("OTEL_METRIC_EXPORT_TIMEOUT", "60000".to_owned()));
    let mut system = System::start_with(&variables);
    system.ready().await;
    let begun = Instant::now();
    assert_eq!(system.terminate(Part::Producer), Some(0));
    // Two seconds for the last of telemetry.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let log = system.log(Part::Producer);
    assert!(log.contains("the last metrics were not exported"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_word_nothing_is_sent_and_a_word_that_is_none_is_named() {
    let receiver = Receiver::start().await;
    for (words, warned) in [("prometheus", false), ("console", true), ("none", false)] {
        let mut variables = variables(&receiver.endpoint, "20");
        variables[0].1 = words.to_owned();
        let mut system = System::start_with(&variables);
        system.ready().await;
        let log = system.log(Part::Fleet);
        let warning = "OTEL_METRICS_EXPORTER [\\\"console\\\"] is not known here";
        assert_eq!(log.contains(warning), warned, "{words}: {log}");
        assert_eq!(system.terminate(Part::Fleet), Some(0));
        assert!(receiver.of(&service(Part::Fleet)).is_empty(), "{words}");
    }
}
