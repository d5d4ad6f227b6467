//! Every metric that a part has stands in docs/metrics.md, with its kind and its labels, and the other way round.

mod support {
    pub(crate) mod system;
    pub(crate) mod tool;
}

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    process::{Command, Stdio},
};

use proto::{
    analytics::v1::{
        RecordPlansRequest, ingest_service_client::IngestServiceClient, record_plans_request,
    },
    columns::PlanColumns,
    producer::v1::{StartRunRequest, Synthetic, start_run_request::Source},
};
use support::{
    system::{Part, System},
    tool::find,
};

/// Name, kind and labels of a metric.
type Metrics = BTreeMap<String, (String, BTreeSet<String>)>;

const PARTS: [Part; 3] = [Part::Producer, Part::Fleet, Part::Analytics];

/// Those of a part, by the table.
fn documented(part: Part) -> Metrics {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/metrics.md");
    let table = std::fs::read_to_string(path).expect("it is there");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `waybill_"));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [name, kind, labels, parts, ..] = cells[..] else { panic!("{row}") };
        let here = parts == "all" || parts.split(", ").any(|name| name == part.name());
        let labels = labels.split(", ").map(|label| label.trim_matches('`').to_owned());
        let labels = labels.filter(|label| !label.is_empty()).collect();
        let name = format!("waybill_{}", name.trim_end_matches('`'));
        here.then(|| (name, (kind.to_owned(), labels)))
    })
    .collect()
}

/// Those in an exposition in the OpenMetrics format.
fn exposed(text: &str) -> Metrics {
    let mut metrics = Metrics::new();
    for line in text.lines() {
        if let Some((name, kind)) = line.strip_prefix("# TYPE ").and_then(|it| it.split_once(' ')) {
            metrics.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
        } else if let Some((sample, rest)) = line.split_once('{')
            && !line.starts_with('#')
        {
            let labels = rest.split_once('}').expect("labels end").0;
            let labels = labels.split("\",").filter_map(|label| label.split_once('='));
            let of = metrics.iter_mut().filter(|(name, _)| sample.starts_with(name.as_str()));
            let (_, (_, known)) = of.max_by_key(|(name, _)| name.len()).expect("it has a type");
            known.extend(labels.map(|(label, _)| label.to_owned()).filter(|label| label != "le"));
        }
    }
    metrics
}

fn run(batches: u64, timeout: Option<i32>) -> StartRunRequest {
    StartRunRequest {
        source: Some(Source::Synthetic(Synthetic { shipments: 32, drivers: 30, seed: 7 })),
        batch_limit: batches,
        batch_timeout: timeout.map(|nanos| prost_types::Duration { seconds: 0, nanos }),
        ..StartRunRequest::default()
    }
}

#[tokio::test]
async fn the_table_of_metrics_is_what_a_scrape_says() {
    let mut system = System::start();
    system.ready().await;
    // Some are there only when something went wrong: a peer that was killed, a batch that is too late, a
    // plan that is none.
    for part in [Part::Fleet, Part::Analytics] {
        system.kill(part);
        system.launch(part);
        system.ready().await;
    }
    for request in [run(20, None), run(1, Some(1))] {
        let started = system.start_run(&request).await;
        system.finished(&started.run_id).await;
    }
    nonsense(&system).await;

    for part in PARTS {
        let text = system.metrics(part, "application/openmetrics-text");
        assert_eq!(exposed(&text), documented(part), "{part:?}: exposed, documented\n{text}");
        assert!(text.ends_with("# EOF\n"));
    }

    let Some(promtool) = find("promtool", "--version", "the exposition is not checked by it")
    else {
        return;
    };
    for part in PARTS {
        let checked = Command::new(&promtool)
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut checked = checked.expect("it runs");
        let text = system.metrics(part, "");
        let mut stdin = checked.stdin.take().expect("it is piped");
        stdin.write_all(text.as_bytes()).expect("it reads");
        drop(stdin);
        let said = checked.wait_with_output().expect("it ends");
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&said.stdout),
            String::from_utf8_lossy(&said.stderr)
        );
        assert!(said.trim().is_empty(), "{part:?}: {said}");
    }
}

/// Sends analytics a plan without a batch id, which it rejects.
async fn nonsense(system: &System) {
    let mut ingest = IngestServiceClient::new(system.channel(Part::Analytics));
    let plan = PlanColumns::read(Vec::new().into()).expect("nothing is a message");
    let message = RecordPlansRequest { event: Some(record_plans_request::Event::Plan(plan)) };
    let answers = ingest.record_plans(tokio_stream::iter([message])).await;
    let mut answers = answers.expect("it answers").into_inner();
    while answers.message().await.expect("a good end").is_some() {}
}
