//! The service on real ports: start, serve, drain, and what keeps it from starting.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use analytics::store::StoreUrl;
use analytics::{Config, Error};
use common::planned::Planned;
use proto::analytics::v1::analytics_service_client::AnalyticsServiceClient;
use proto::analytics::v1::ingest_service_client::IngestServiceClient;
use proto::analytics::v1::{
    ListPlansRequest, RecordPlansRequest, WatchPlansRequest, record_plans_request,
    record_plans_response::Event,
};
use runtime::lifecycle::Shutdown;
use runtime::settings::Settings;
use tempfile::TempDir;
use tonic::Code;
use tonic::transport::Channel;

fn config(folder: &Path) -> Config {
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let store = StoreUrl::Sqlite(folder.join("data/analytics.db"));
    Config { listen: any, ops_listen: any, store, ..Config::default() }
}

fn to(address: SocketAddr) -> Channel {
    Channel::from_shared(format!("http://{address}")).unwrap().connect_lazy()
}

#[tokio::test]
async fn it_serves_until_it_is_drained_and_has_everything_when_it_starts_again() {
    let folder = TempDir::new().unwrap();
    for already in [0, 1] {
        let shutdown = Shutdown::new(Duration::from_secs(20));
        let service = config(folder.path()).build(shutdown.clone()).await.unwrap();
        let channel = to(service.address());
        let serving = tokio::spawn(service.run());

        let mut plans = AnalyticsServiceClient::new(channel.clone());
        let listed = plans.list_plans(ListPlansRequest::default()).await.unwrap().into_inner();
        assert_eq!(listed.plans.len(), already);
        let mut watch = plans.watch_plans(WatchPlansRequest::default()).await.unwrap().into_inner();

        let (requests, inbound) = tokio::sync::mpsc::channel(8);
        let inbound = tokio_stream::wrappers::ReceiverStream::new(inbound);
        let mut ingest = IngestServiceClient::new(channel);
        let mut answers = ingest.record_plans(inbound).await.unwrap().into_inner();
        for part in Planned::small(already as u64).parts() {
            let event = Some(record_plans_request::Event::Plan(part.into()));
            requests.send(RecordPlansRequest { event }).await.unwrap();
        }
        let mut next = async || answers.message().await.unwrap().unwrap().event.unwrap();
        assert!(matches!(next().await, Event::Welcome(_)));
        assert!(matches!(next().await, Event::Recorded(_)));

        shutdown.begin();
        assert!(matches!(next().await, Event::Drain(_)));
        drop(requests);
        assert!(answers.message().await.unwrap().is_none());
        let ended = loop {
            match watch.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("a watch ends with a reason"),
                Err(status) => break status,
            }
        };
        assert_eq!(ended.code(), Code::Unavailable);
        serving.await.unwrap().unwrap();
        assert!(!shutdown.remaining().is_zero(), "the drain needs no time when nothing is left");
        assert!(!folder.path().join("data/analytics.db-wal").exists(), "the store was closed");
    }
}

#[tokio::test]
async fn a_port_in_use_and_a_store_in_use_are_named() {
    let folder = TempDir::new().unwrap();
    let first = config(folder.path()).build(Shutdown::new(Duration::ZERO)).await.unwrap();
    let same_port = Config { listen: first.address(), ..config(folder.path()) };
    let error = same_port.build(Shutdown::new(Duration::ZERO)).await.err().unwrap();
    assert!(error.to_string().contains(&first.address().to_string()), "{error}");
    let error = config(folder.path()).build(Shutdown::new(Duration::ZERO)).await.err().unwrap();
    assert!(matches!(error, Error::InUse { .. }), "{error}");
}

#[test]
fn all_bad_settings_are_reported_together() {
    let flags = [
        ("listen", "here"),
        ("store", "postgres://me:secret@db:x/waybill"),
        ("retention", "1h"),
        ("max-plans-in-flight", "0"),
        ("producer", "not a url"),
    ];
    let flags: BTreeMap<String, String> =
        flags.iter().map(|(name, text)| ((*name).into(), (*text).into())).collect();
    let mut settings = Settings::new("analytics", flags, [], None);
    Config::read(&mut settings);
    let said = settings.finish().unwrap_err().to_string();
    for name in ["--listen", "--store", "--max-plans-in-flight", "--producer", "--retention"] {
        assert!(said.contains(name), "{name}: {said}");
    }
    assert!(said.contains("--store: is not a URL of PostgreSQL"), "{said}");
    assert!(!said.contains("secret"), "{said}");

    let mut settings = Settings::new("analytics", BTreeMap::new(), [], None);
    let config = Config::read(&mut settings);
    settings.finish().unwrap();
    assert_eq!(config.listen.port(), 8080);
    assert_eq!(config.store, StoreUrl::Sqlite("./waybill-data/analytics.db".into()));
}
