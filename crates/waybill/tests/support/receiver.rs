//! A collector that keeps the metrics it is sent, and reads them as a scrape has them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use opentelemetry_proto::tonic::{
    collector::metrics::v1::{
        ExportMetricsServiceRequest, ExportMetricsServiceResponse,
        metrics_service_server::{MetricsService, MetricsServiceServer},
    },
    common::v1::{KeyValue, any_value::Value},
    metrics::v1::{Metric, metric::Data, number_data_point},
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

/// Values by name and labels, as in `name_total{label="value"}`.
pub(crate) type Samples = BTreeMap<String, f64>;

/// Trace ids of examples.
type Examples = Vec<Vec<u8>>;

/// What a service said in one export.
#[derive(Debug, Clone, Default)]
pub(crate) struct Export {
    pub(crate) samples: Samples,
    pub(crate) examples: Examples,
}

#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<BTreeMap<String, Vec<Export>>>>);

/// It ends with its runtime.
pub(crate) struct Receiver {
    pub(crate) endpoint: String,
    kept: Kept,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let kept = Kept::default();
        let service = MetricsServiceServer::new(kept.clone());
        let incoming = TcpListenerStream::new(listener);
        tokio::spawn(Server::builder().add_service(service).serve_with_incoming(incoming));
        Self { endpoint, kept }
    }

    /// All exports of a service, in the order in which they came.
    pub(crate) fn of(&self, service: &str) -> Vec<Export> {
        self.kept.0.lock().expect("no panic").get(service).cloned().unwrap_or_default()
    }
}

#[tonic::async_trait]
impl MetricsService for Kept {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        for of_resource in request.into_inner().resource_metrics {
            let attributes = of_resource.resource.unwrap_or_default().attributes;
            let service = value(&attributes, "service.name").expect("a service has a name");
            value(&attributes, "service.instance.id").expect("a process is told from others");
            let mut export = Export::default();
            for metric in of_resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics) {
                read(metric, &mut export);
            }
            self.0.lock().expect("no panic").entry(service).or_default().push(export);
        }
        Ok(Response::new(ExportMetricsServiceResponse::default()))
    }
}

fn value(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        other => panic!("{key} is {other:?}"),
    }
}

/// What a scrape would say of it.
fn read(metric: Metric, export: &mut Export) {
    let name = metric.name;
    match metric.data {
        Some(Data::Sum(sum)) => {
            assert!(sum.is_monotonic && sum.aggregation_temporality == 2, "{name}: {sum:?}");
            for point in sum.data_points {
                assert!(point.start_time_unix_nano > 0, "{name} began at no time");
                let value = number(&name, point.value);
                export.samples.insert(sample(&name, &point.attributes, None), value);
            }
        }
        Some(Data::Gauge(gauge)) => {
            for point in gauge.data_points {
                let value = number(&name, point.value);
                export.samples.insert(sample(&name, &point.attributes, None), value);
            }
        }
        Some(Data::Histogram(histogram)) => {
            assert_eq!(histogram.aggregation_temporality, 2, "{name}");
            for point in histogram.data_points {
                let bounds = point.explicit_bounds.iter().copied().chain([f64::INFINITY]);
                assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1, "{name}");
                let mut below = 0;
                for (bound, count) in bounds.zip(&point.bucket_counts) {
                    below += count;
                    let bucket = sample(&format!("{name}_bucket"), &point.attributes, Some(bound));
                    export.samples.insert(bucket, below as f64);
                }
                let of =
                    |suffix: &str| sample(&format!("{name}_{suffix}"), &point.attributes, None);
                export.samples.insert(of("count"), point.count as f64);
                export.samples.insert(of("sum"), point.sum.expect("it has a sum"));
                export.examples.extend(point.exemplars.into_iter().map(|it| it.trace_id));
            }
        }
        other => panic!("{name} is {other:?}"),
    }
}

fn number(name: &str, value: Option<number_data_point::Value>) -> f64 {
    match value {
        Some(number_data_point::Value::AsDouble(value)) => value,
        other => panic!("{name} is {other:?}"),
    }
}

fn sample(name: &str, attributes: &[KeyValue], bound: Option<f64>) -> String {
    let mut labels: BTreeMap<String, String> = attributes
        .iter()
        .map(|it| (it.key.clone(), value(attributes, &it.key).expect("it is there")))
        .collect();
    labels.extend(bound.map(|bound| ("le".to_owned(), bound.to_string())));
    named(name, labels)
}

fn named(name: &str, labels: BTreeMap<String, String>) -> String {
    let labels: Vec<String> =
        labels.into_iter().map(|(label, value)| format!("{label}={value}")).collect();
    format!("{name}{{{}}}", labels.join(","))
}

/// What a scrape says, in the text format of Prometheus.
pub(crate) fn scraped(text: &str) -> Samples {
    let mut samples = Samples::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (sample, value) = line.rsplit_once(' ').expect("a sample has a value");
        let (name, labels) = sample.split_once('{').unwrap_or((sample, "}"));
        let labels = labels.trim_end_matches('}').split("\",").filter(|label| !label.is_empty());
        let labels = labels.map(|label| {
            let (label, value) = label.split_once("=\"").expect("a label has a value");
            let value = value.trim_end_matches('"');
            // Bounds are numbers, which can be written in more than one way.
            let value = match value.parse::<f64>() {
                Ok(bound) if label == "le" => bound.to_string(),
                _ => value.to_owned(),
            };
            (label.to_owned(), value)
        });
        samples.insert(named(name, labels.collect()), value.parse().expect("a number"));
    }
    samples
}
