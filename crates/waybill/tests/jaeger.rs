//! Traces in a real Jaeger, where there is one: its query API returns the tree of each batch.

mod support {
    pub(crate) mod system;
    pub(crate) mod tool;
}

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

use proto::producer::v1::{StartRunRequest, Synthetic, start_run_request::Source};
use serde_json::Value;
use support::{system::System, tool::find};
use tempfile::TempDir;
use testing::Port;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep},
};

const BATCHES: u64 = 20;
/// Nothing here takes longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);

/// A Jaeger that keeps traces in memory, and ends with the test.
struct Jaeger {
    process: Child,
    ports: Ports,
    _folder: TempDir,
}

struct Ports {
    query: Port,
    grpc: Port,
    otlp: Port,
}

impl Drop for Jaeger {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Jaeger {
    fn start() -> Option<Self> {
        let program = find("jaeger", "version", "traces are not looked up in a real one")?;
        let folder = TempDir::new().expect("a folder");
        let ports = Ports { query: Port::take(), grpc: Port::take(), otlp: Port::take() };
        let config = serde_json::json!({
            "service": {
                "extensions": ["jaeger_storage", "jaeger_query"],
                "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["jaeger_storage_exporter"]}},
                "telemetry": {"metrics": {"level": "none"}},
            },
            "extensions": {
                "jaeger_storage": {"backends": {"kept": {"memory": {"max_traces": 1000}}}},
                "jaeger_query": {
                    "storage": {"traces": "kept"},
                    "http": {"endpoint": ports.query.address().to_string()},
                    "grpc": {"endpoint": ports.grpc.address().to_string()},
                },
            },
            "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": ports.otlp.address().to_string()}}}},
            "exporters": {"jaeger_storage_exporter": {"trace_storage": "kept"}},
        });
        // JSON is YAML.
        let path = folder.path().join("jaeger.yaml");
        std::fs::write(&path, config.to_string()).expect("it is written");
        let mut command = Command::new(program);
        command.arg("--config").arg(&path).stdin(Stdio::null());
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = process.expect("it starts");
        Some(Self { process, ports, _folder: folder })
    }

    /// What the query API answers, once it answers.
    async fn get(&self, path: &str) -> Value {
        let begun = Instant::now();
        loop {
            if let Ok(answer) = get(self.ports.query.address(), path).await {
                return answer;
            }
            assert!(begun.elapsed() < PATIENCE, "jaeger does not answer {path}");
            sleep(LOOK).await;
        }
    }

    /// The spans of the first trace of an answer that is like this.
    async fn spans(&self, path: &str, whole: impl Fn(&[Span]) -> bool) -> Vec<Span> {
        let begun = Instant::now();
        loop {
            let answer = self.get(path).await;
            let spans = spans(&answer["data"][0]);
            if whole(&spans) {
                return spans;
            }
            assert!(begun.elapsed() < PATIENCE, "{path}: {answer}");
            sleep(LOOK).await;
        }
    }
}

/// A GET by HTTP/1.0, whose answer is a JSON text until the end.
async fn get(address: SocketAddr, path: &str) -> Result<Value, Box<dyn std::error::Error>> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(format!("GET {path} HTTP/1.0\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("no body")?;
    Ok(serde_json::from_str(body)?)
}

/// A span as Jaeger has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    service: String,
    name: String,
    parent: Option<String>,
}

fn spans(trace: &Value) -> Vec<Span> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = trace["spans"].as_array().cloned().unwrap_or_default();
    let parent = |span: &Value| {
        let references = span["references"].as_array()?;
        let parent = references.iter().find(|it| it["refType"] == "CHILD_OF")?;
        let found = all.iter().find(|other| other["spanID"] == parent["spanID"]);
        Some(found.map_or("nobody".to_owned(), |parent| text(&parent["operationName"])))
    };
    let span = |span: &Value| Span {
        service: text(&trace["processes"][text(&span["processID"])]["serviceName"]),
        name: text(&span["operationName"]),
        parent: parent(span),
    };
    all.iter().map(span).collect()
}

fn batch() -> BTreeSet<Span> {
    let tree = [
        ("producer", "send batch", None),
        ("fleet", "plan batch", Some("send batch")),
        ("fleet", "score", Some("plan batch")),
        ("fleet", "solve", Some("plan batch")),
        ("fleet", "certify", Some("plan batch")),
        ("analytics", "record plan", Some("plan batch")),
    ];
    let span = |(service, name, parent): (&str, &str, Option<&str>)| Span {
        service: format!("waybill-{service}"),
        name: name.to_owned(),
        parent: parent.map(str::to_owned),
    };
    tree.map(span).into()
}

#[tokio::test]
async fn a_real_jaeger_finds_the_tree_of_a_batch_by_its_trace_and_by_its_id() {
    let Some(jaeger) = Jaeger::start() else { return };
    jaeger.get("/api/services").await;
    let system = System::start_with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{}", jaeger.ports.otlp.address())),
        ("OTEL_BSP_SCHEDULE_DELAY", "50".to_owned()),
    ]);
    system.ready().await;
    let request = StartRunRequest {
        source: Some(Source::Synthetic(Synthetic { shipments: 32, drivers: 30, seed: 7 })),
        interval: Some(prost_types::Duration { seconds: 0, nanos: 5_000_000 }),
        batch_limit: BATCHES,
        ..StartRunRequest::default()
    };
    let started = system.start_run(&request).await;
    system.finished(&started.run_id).await;
    let plans = system.plans(&started.run_id).await;
    assert_eq!(plans.len() as u64, BATCHES);

    // A commit is in the trace of one of its plans.
    let is_commit = |span: &Span| span.name == "commit";
    let whole = |spans: &[Span]| spans.iter().filter(|span| !is_commit(span)).count() == 6;
    for plan in &plans {
        let by_trace = jaeger.spans(&format!("/api/traces/{}", plan.trace_id), whole).await;
        let tree: BTreeSet<Span> =
            by_trace.iter().filter(|span| !is_commit(span)).cloned().collect();
        assert_eq!(tree, batch(), "{}", plan.batch_id);
        let tag = format!("%7B%22waybill.batch_id%22:%22{}%22%7D", plan.batch_id);
        let search =
            format!("/api/traces?service=waybill-producer&limit=20&lookback=1h&tags={tag}");
        let mut by_id = jaeger.spans(&search, whole).await;
        let mut by_trace = by_trace;
        by_id.sort();
        by_trace.sort();
        assert_eq!(by_id, by_trace, "{}", plan.batch_id);
    }
}
