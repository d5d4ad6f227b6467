//! The producer on its ports, from settings to drained.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::{collections::BTreeMap, net::TcpListener, path::Path, time::Duration};

use producer::{Config, Error, StoreError};
use proto::producer::v1::producer_service_client::ProducerServiceClient;
use runtime::{connect, lifecycle::Shutdown, settings::Settings};
use support::{Behaviour, Fleet, Served, batches, within};

const BUDGET: Duration = Duration::from_secs(10);

fn settings(said: &[(&str, &str)]) -> Settings {
    let flags: BTreeMap<String, String> =
        said.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Settings::new("producer", flags, [], None)
}

fn config(data: &Path, fleet: &Served) -> Config {
    let (data, fleet) = (data.display().to_string(), format!("http://{}", fleet.address));
    let mut settings = settings(&[
        ("listen", "127.0.0.1:0"),
        ("ops-listen", "127.0.0.1:0"),
        ("data", &data),
        ("fleet", &fleet),
    ]);
    let config = Config::read(&mut settings);
    settings.finish().unwrap();
    config
}

#[tokio::test]
async fn it_drains_and_leaves_the_run_to_the_next() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let shutdown = Shutdown::new(BUDGET);
    let service = config(folder.path(), &served).build(shutdown.clone()).await.unwrap();
    let uri = format!("http://{}", service.address()).parse().unwrap();
    let running = tokio::spawn(service.run());
    let mut client = ProducerServiceClient::new(connect::channel(&uri));
    let run = client.start_run(batches(0)).await.unwrap().into_inner();
    fleet.saw(100).await;
    shutdown.begin();
    within(running).await.unwrap().unwrap();
    assert!(!shutdown.remaining().is_zero(), "it did not wait for the end of the budget");
    let sent = *fleet.whole.borrow();

    let shutdown = Shutdown::new(BUDGET);
    let service = config(folder.path(), &served).build(shutdown.clone()).await.unwrap();
    let running = tokio::spawn(service.run());
    fleet.saw(sent + 100).await;
    assert_eq!(fleet.last().run_id, run.run_id);
    shutdown.begin();
    within(running).await.unwrap().unwrap();
    assert_eq!(fleet.different(), *fleet.whole.borrow(), "nothing was sent twice");
}

#[tokio::test]
async fn a_port_in_use_and_a_folder_in_use_are_named() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let listen = Config { listen: address, ..config(folder.path(), &served) };
    let error = listen.build(Shutdown::new(BUDGET)).await.err().unwrap();
    assert!(matches!(&error, Error::Bind(_)));
    assert!(error.to_string().contains(&address.to_string()), "{error}");

    let _first = config(folder.path(), &served).build(Shutdown::new(BUDGET)).await.unwrap();
    let error = config(folder.path(), &served).build(Shutdown::new(BUDGET)).await.err().unwrap();
    assert!(matches!(&error, Error::Store(StoreError::InUse { .. })));
    assert!(error.to_string().contains(&folder.path().display().to_string()), "{error}");
}

#[test]
fn bad_settings_are_named_together() {
    let mut settings = settings(&[
        ("listen", "here"),
        ("fleet", "ftp://fleet"),
        ("inbox", "Cargo.toml"),
        ("max-runs", "0"),
    ]);
    let config = Config::read(&mut settings);
    assert_eq!(config.data, Path::new("waybill-data/producer"));
    let problems = settings.finish().unwrap_err().to_string();
    for flag in ["--listen", "--fleet", "--inbox", "--max-runs"] {
        assert!(problems.contains(flag), "{problems}");
    }
}
