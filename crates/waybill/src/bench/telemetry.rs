//! What traces cost: batches through three processes without telemetry, beside the same with a collector that
//! takes a share of them, or that is away, slow or silent.
//!
//! Each way has three processes of its own, and all take turns, so that what else the machine does meets each
//! alike. The collector is in this process. CPU time is the processes' own; batches a second share the machine
//! with the collector.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
    trace_service_server::{TraceService, TraceServiceServer},
};
use tokio::{net::TcpListener, task::JoinSet, time::sleep};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

use super::{children::System, pipeline};
use crate::error::Error;

/// Longer than what an exporter waits before it sends more.
const SLOW: Duration = Duration::from_secs(1);

/// What an exporter waits before it sends what is no full load (`OTEL_BSP_SCHEDULE_DELAY`), what [`SLOW`]
/// adds, and a second to be on the safe side.
const ALL_EXPORTED: Duration = Duration::from_secs(7);

/// What a collector does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Collector {
    /// Nobody asked for one.
    Off,
    Takes,
    /// Nobody listens there.
    Away,
    /// Answers after [`SLOW`].
    Slow,
    /// Takes connections, and no more.
    Silent,
}

/// What is compared; the first is what the others are compared with.
const WAYS: [(&str, Collector, &str); 7] = [
    ("off", Collector::Off, ""),
    ("none_sampled", Collector::Takes, "0"),
    ("one_percent", Collector::Takes, "0.01"),
    ("all_sampled", Collector::Takes, "1"),
    ("one_percent_collector_away", Collector::Away, "0.01"),
    ("one_percent_collector_slow", Collector::Slow, "0.01"),
    ("one_percent_collector_silent", Collector::Silent, "0.01"),
];

/// What one way costs, as ratios to none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cost {
    pub(super) way: &'static str,
    /// CPU time of a batch in all three processes.
    pub(super) cpu: f64,
    /// Batches a second.
    pub(super) rate: f64,
    /// Spans that came, of each batch.
    pub(super) spans: f64,
}

struct Way {
    name: &'static str,
    system: System,
    received: Arc<AtomicU64>,
    /// All, those that warm up too.
    batches: u64,
    /// Of each round: CPU seconds of a batch, and batches a second.
    rounds: Vec<(f64, f64)>,
}

/// Measures each way so often for this time, and the median of its ratios.
pub(super) async fn measure(dir: &Path, rounds: usize, time: Duration) -> Result<Vec<Cost>, Error> {
    // End with this.
    let mut collectors = JoinSet::new();
    let mut ways = Vec::with_capacity(WAYS.len());
    for (name, collector, share) in WAYS {
        let received = Arc::new(AtomicU64::new(0));
        let endpoint = listen(collector, &received, &mut collectors).await?;
        let variables = match collector {
            Collector::Off => Vec::new(),
            _ => vec![
                ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
                ("OTEL_TRACES_SAMPLER", "traceidratio".to_owned()),
                ("OTEL_TRACES_SAMPLER_ARG", share.to_owned()),
            ],
        };
        let system = System::start_with(dir, &variables).await?;
        ways.push(Way { name, system, received, batches: 0, rounds: Vec::new() });
    }
    for _ in 0..rounds {
        for way in &mut ways {
            let pipeline = pipeline::measure(&way.system, time).await?;
            let cpu = pipeline.cpu.whole().as_secs_f64() / pipeline.batches.max(1) as f64;
            way.rounds.push((cpu, pipeline.batches_per_second));
            way.batches += pipeline.batches + pipeline.warm_up;
        }
    }
    sleep(ALL_EXPORTED).await;
    let Some(off) = ways.first().map(|off| off.rounds.clone()) else { return Ok(Vec::new()) };
    Ok(ways.iter().map(|way| way.cost(&off)).collect())
}

impl Way {
    fn cost(&self, off: &[(f64, f64)]) -> Cost {
        let pairs = || self.rounds.iter().zip(off);
        Cost {
            way: self.name,
            cpu: median(pairs().map(|((cpu, _), (off, _))| cpu / off).collect()),
            rate: median(pairs().map(|((_, rate), (_, off))| rate / off).collect()),
            spans: self.received.load(Ordering::Relaxed) as f64 / self.batches.max(1) as f64,
        }
    }
}

fn median(mut ratios: Vec<f64>) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Where such a collector is.
async fn listen(
    collector: Collector,
    received: &Arc<AtomicU64>,
    collectors: &mut JoinSet<()>,
) -> Result<String, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(Error::Runtime)?;
    let endpoint = format!("http://{}", listener.local_addr().map_err(Error::Runtime)?);
    match collector {
        Collector::Off | Collector::Away => {}
        Collector::Silent => {
            collectors.spawn(async move {
                let mut connections = Vec::new();
                while let Ok((connection, _)) = listener.accept().await {
                    connections.push(connection);
                }
            });
        }
        Collector::Takes | Collector::Slow => {
            let delay = if collector == Collector::Slow { SLOW } else { Duration::ZERO };
            let service = Received { spans: Arc::clone(received), delay };
            let incoming = TcpListenerStream::new(listener);
            let server = Server::builder().add_service(TraceServiceServer::new(service));
            // It ends with the bench, or not at all.
            collectors.spawn(async { _ = server.serve_with_incoming(incoming).await });
        }
    }
    Ok(endpoint)
}

/// Counts spans.
struct Received {
    spans: Arc<AtomicU64>,
    delay: Duration,
}

#[tonic::async_trait]
impl TraceService for Received {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        sleep(self.delay).await;
        let resources = request.into_inner().resource_spans;
        let scopes = resources.iter().flat_map(|resource| &resource.scope_spans);
        let spans: usize = scopes.map(|scope| scope.spans.len()).sum();
        self.spans.fetch_add(spans as u64, Ordering::Relaxed);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_ratio_in_the_middle_is_the_one_that_is_told() {
        assert_eq!(super::median(vec![1.5, 1.0, 1.1]), 1.1);
        assert!(super::median(Vec::new()).is_nan());
    }
}
