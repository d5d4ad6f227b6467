use std::sync::Mutex;

use opentelemetry_proto::tonic::{
    collector::metrics::v1::{
        ExportMetricsPartialSuccess, ExportMetricsServiceResponse,
        metrics_service_server::{MetricsService, MetricsServiceServer},
    },
    common::v1::any_value::Value,
    metrics::v1::{metric::Data, number_data_point},
};
use prometheus_client::metrics::counter::Counter;
use tokio::net::TcpListener;
use tonic::{Response, Status, metadata::MetadataMap, service::Routes};

use super::*;
use crate::{
    server::Limits,
    testing::{self, LIMIT, Running},
};

/// Longer than any test.
const NEVER: Duration = Duration::from_secs(3_600);
const SOON: Duration = Duration::from_millis(20);

/// What came, with its headers.
type Came = Arc<Mutex<Vec<(MetadataMap, ExportMetricsServiceRequest)>>>;

struct Collector {
    came: Came,
    rejects: i64,
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let (headers, _, request) = request.into_parts();
        self.came.lock().unwrap().push((headers, request));
        let error_message = "too many labels".to_owned();
        let partial =
            ExportMetricsPartialSuccess { rejected_data_points: self.rejects, error_message };
        Ok(Response::new(ExportMetricsServiceResponse { partial_success: Some(partial) }))
    }
}

async fn collector(rejects: i64) -> (Running, Came) {
    let came = Came::default();
    let service = MetricsServiceServer::new(Collector { came: Arc::clone(&came), rejects })
        .accept_compressed(CompressionEncoding::Gzip);
    let routes = Routes::new(service).into_axum_router();
    (Running::start(routes, Limits::default(), LIMIT).await, came)
}

/// Exports to there.
fn pushing(to: std::net::SocketAddr, every: Duration, within: Duration) -> Push {
    let mut headers = MetadataMap::new();
    headers.insert("api-key", "seven".parse().unwrap());
    let endpoint = format!("http://{to}").parse().unwrap();
    let export = MetricsExport { endpoint, headers, gzip: true, every, within };
    Push::new(export, Handle::current(), Box::leak(Box::new(Outcomes::new("skipped"))))
}

fn batches() -> (Counter, Arc<Registry>) {
    let (counter, mut registry) = (Counter::default(), Registry::with_prefix("waybill"));
    registry.register("batches", "Batches that were answered", counter.clone());
    (counter, Arc::new(registry))
}

/// The one number in a request.
fn number(request: &ExportMetricsServiceRequest) -> f64 {
    let metric = &request.resource_metrics[0].scope_metrics[0].metrics[0];
    let Some(Data::Sum(sum)) = &metric.data else { panic!("{metric:?}") };
    match sum.data_points[0].value {
        Some(number_data_point::Value::AsDouble(value)) => value,
        ref other => panic!("{other:?}"),
    }
}

async fn until(wanted: impl Fn() -> bool) {
    let wait = async {
        while !wanted() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(LIMIT, wait).await.unwrap();
}

#[tokio::test]
async fn the_last_count_reaches_the_collector_under_the_name_of_its_part() {
    let (running, came) = collector(0).await;
    let push = pushing(running.address, NEVER, LIMIT);
    let (counter, registry) = batches();
    push.begin("fleet", registry);
    counter.inc_by(7);
    assert!(push.end(LIMIT).await);

    let came = came.lock().unwrap();
    let [(headers, request)] = &came[..] else { panic!("{came:?}") };
    assert_eq!(headers.get("api-key").unwrap(), "seven");
    assert_eq!(headers.get("grpc-encoding").unwrap(), "gzip");
    assert_eq!(number(request), 7.0);
    let attributes = &request.resource_metrics[0].resource.as_ref().unwrap().attributes;
    let said = |name: &str| {
        let found = attributes.iter().find(|attribute| attribute.key == name);
        match found.and_then(|it| it.value.clone()).and_then(|it| it.value) {
            Some(Value::StringValue(text)) => text,
            other => panic!("{name}: {other:?}"),
        }
    };
    assert_eq!(said("service.name"), "waybill-fleet");
    assert_eq!(said("service.version"), VERSION);
    assert!(said("service.instance.id").ends_with("-fleet"));
    assert_eq!(push.counts.read(), [("exported", 1), ("failed", 0), ("skipped", 0)]);
}

#[tokio::test]
async fn each_interval_has_an_export_with_all_that_was_counted_since_the_beginning() {
    let (running, came) = collector(0).await;
    let push = pushing(running.address, SOON, LIMIT);
    let (counter, registry) = batches();
    push.begin("fleet", registry);
    for counted in 1_u8..=3 {
        counter.inc();
        until(|| {
            came.lock().unwrap().last().is_some_and(|(_, it)| number(it) == f64::from(counted))
        })
        .await;
    }
    assert!(push.end(LIMIT).await);
    let mut last = 0;
    for (_, request) in &*came.lock().unwrap() {
        let metric = &request.resource_metrics[0].scope_metrics[0].metrics[0];
        let Some(Data::Sum(sum)) = &metric.data else { panic!("{metric:?}") };
        let point = &sum.data_points[0];
        assert!(last < point.time_unix_nano, "one after the other");
        assert!(point.start_time_unix_nano <= point.time_unix_nano);
        last = point.time_unix_nano;
    }
}

#[tokio::test]
async fn points_that_a_collector_rejects_are_a_failed_export() {
    let (running, _came) = collector(3).await;
    let push = pushing(running.address, NEVER, LIMIT);
    push.begin("fleet", batches().1);
    assert!(push.end(LIMIT).await);
    assert_eq!(push.counts.read(), [("exported", 0), ("failed", 1), ("skipped", 0)]);
}

#[tokio::test]
async fn a_silent_collector_costs_exports_that_are_counted_and_the_end_no_more_than_its_time() {
    // Connections are made, and nobody reads from them.
    let silent = TcpListener::bind(testing::any_port()).await.unwrap();
    let push = pushing(silent.local_addr().unwrap(), SOON, SOON * 5);
    push.begin("fleet", batches().1);
    let count = |at: usize| push.counts.read()[at].1;
    until(|| count(1) >= 2 && count(2) >= 4).await;
    assert_eq!(count(0), 0);

    let push = pushing(silent.local_addr().unwrap(), SOON, NEVER);
    push.begin("fleet", batches().1);
    let began = Instant::now();
    assert!(!push.end(SOON).await);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_collector_that_comes_late_is_told_all_and_one_that_is_away_is_counted() {
    let away = TcpListener::bind(testing::any_port()).await.unwrap();
    let address = away.local_addr().unwrap();
    drop(away);
    let push = pushing(address, SOON, LIMIT);
    let (counter, registry) = batches();
    push.begin("fleet", registry);
    counter.inc_by(5);
    until(|| push.counts.read()[1].1 > 0).await;

    let came = Came::default();
    let service = MetricsServiceServer::new(Collector { came: Arc::clone(&came), rejects: 0 })
        .accept_compressed(CompressionEncoding::Gzip);
    let incoming =
        tokio_stream::wrappers::TcpListenerStream::new(TcpListener::bind(address).await.unwrap());
    let server = tonic::transport::Server::builder().add_service(service);
    let serving = tokio::spawn(server.serve_with_incoming(incoming));
    until(|| came.lock().unwrap().iter().any(|(_, request)| number(request) == 5.0)).await;
    assert!(push.end(LIMIT).await);
    serving.abort();
}
