//! Plans of 32 shipments and 32 drivers a second, each on disk (synchronous=FULL) when it is answered:
//! into the store alone, and through the RecordPlans stream with its proof checked. And how long the
//! questions of the page take after that.

#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use analytics::store::{NewPlan, Sqlite, Store};
use analytics::{Analytics, Options};
use bytes::Bytes;
use common::planned::Planned;
use jiff::Timestamp;
use prost::Message;
use proto::analytics::v1::ingest_service_client::IngestServiceClient;
use proto::analytics::v1::{
    GetSummaryRequest, ListDriversRequest, ListPlansRequest, PlanFilter, RecordPlansRequest,
    analytics_service_client::AnalyticsServiceClient, record_plans_request, record_plans_response,
};
use proto::logistics::v1::PlanPart;
use runtime::lifecycle::Shutdown;
use runtime::workers::Workers;
use tempfile::TempDir;

const PLANS: u64 = 100_000;
const SIDE: usize = 32;
const GROUP: u64 = 256;

fn data(name: &str) -> Vec<String> {
    let path = format!("{}/../../data/us-3850/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// A few hundred different plans; each is sent under many batch ids.
fn plans() -> Vec<PlanPart> {
    let (shipments, drivers) = (data("shipments"), data("drivers"));
    let plan = |number: usize| {
        let mut planned = Planned::small(number as u64).run(1);
        let from = number * 7 % (shipments.len() - SIDE);
        planned.shipments = shipments[from..from + SIDE].to_vec();
        planned.drivers = drivers[..SIDE].to_vec();
        planned.parts().remove(0)
    };
    (0..500).map(plan).collect()
}

fn new_plan(number: u64, part: &PlanPart) -> NewPlan {
    let mut new = common::plan(number);
    new.facts.run_id = Some(common::run(1));
    new.parts = vec![Bytes::from(part.encode_to_vec())];
    new.shares = part
        .assignments
        .iter()
        .map(|pair| {
            let quarters = (pair.score * 4.0) as u64;
            common::share(&pair.driver.as_ref().unwrap().name, Some(quarters))
        })
        .collect();
    new
}

fn sqlite(folder: &TempDir, name: &str) -> Arc<dyn Store> {
    let path = folder.path().join(name);
    let (writing, reading) = (Workers::threads("writer", 1, 1), Workers::threads("reader", 2, 64));
    Arc::new(Sqlite::open(&path, writing, reading).unwrap())
}

fn said(what: &str, count: u64, took: Duration) -> f64 {
    let rate = count as f64 / took.as_secs_f64();
    println!("{what:<44} {rate:>9.0} /s");
    rate
}

/// Records groups of 256 into a store, the plans from `first` on. How long the store took for them.
async fn groups(store: &dyn Store, parts: &[PlanPart], first: u64, plans: u64) -> Duration {
    let mut took = Duration::ZERO;
    for first in (first..first + plans).step_by(GROUP as usize) {
        let group = (first..first + GROUP)
            .map(|number| new_plan(number, &parts[number as usize % parts.len()]))
            .collect();
        let begun = Instant::now();
        store.record(Timestamp::now(), group).await.unwrap();
        took += begun.elapsed();
    }
    took
}

/// The same on PostgreSQL (fsync and synchronous_commit on, over its unix socket): one replica, then
/// two and four that write at once, to the same drivers.
#[cfg(unix)]
async fn on_postgres(parts: &[PlanPart], sqlite: f64) {
    use common::postgres::{Cluster, open};
    use std::sync::atomic::{AtomicU64, Ordering};

    let Some(cluster) = Cluster::own("max_wal_size = 4GB") else { return };
    let url = cluster.database("bench").await;
    let store = open(&url).await;
    let plans = PLANS / 2 / GROUP * GROUP;
    let took = groups(&store, parts, 0, plans).await;
    let rate = said("PostgreSQL, groups of 256", plans, took);
    println!("{:<44} {:>9.2} of SQLite's", "", rate / sqlite);
    let singles = 2_000;
    let begun = Instant::now();
    for number in plans..plans + singles {
        store.record(Timestamp::now(), vec![new_plan(number, &parts[0])]).await.unwrap();
    }
    said("PostgreSQL, one by one", singles, begun.elapsed());
    let next = Arc::new(AtomicU64::new(PLANS));
    let parts: Arc<[PlanPart]> = parts.into();
    for replicas in [2, 4] {
        let each = plans / replicas / GROUP * GROUP;
        let mut writing = Vec::new();
        for _ in 0..replicas {
            let store = open(&url).await;
            let (parts, next) = (Arc::clone(&parts), Arc::clone(&next));
            writing.push(async move {
                let first = next.fetch_add(each, Ordering::Relaxed);
                groups(&store, &parts, first, each).await;
                store.close().await.unwrap();
            });
        }
        let begun = Instant::now();
        let writing: Vec<_> = writing.into_iter().map(tokio::spawn).collect();
        for replica in writing {
            replica.await.unwrap();
        }
        // The time to make the plans is in it too, so less is not a loss of the store's.
        said(&format!("PostgreSQL, {replicas} replicas at once"), each * replicas, begun.elapsed());
    }
    let admin = cluster.admin("bench").await;
    let size = "SELECT pg_database_size('bench')";
    let bytes: i64 = admin.query_one(size, &[]).await.unwrap().get(0);
    let all = store.totals(None, None).await.unwrap().plans;
    println!("{:<44} {:>9} bytes", "a plan in PostgreSQL", bytes as u64 / all);
    store.close().await.unwrap();
}

async fn store_alone(folder: &TempDir, parts: &[PlanPart]) -> f64 {
    let store = sqlite(folder, "alone.db");
    let plans = PLANS / GROUP * GROUP;
    let took = groups(&*store, parts, 0, plans).await;
    let rate = said("store, groups of 256", plans, took);
    let singles = 2_000;
    let begun = Instant::now();
    for number in PLANS..PLANS + singles {
        let plan = new_plan(number, &parts[0]);
        store.record(Timestamp::now(), vec![plan]).await.unwrap();
    }
    said("store, one by one", singles, begun.elapsed());
    store.close().await.unwrap();
    rate
}

async fn through_the_stream(folder: &TempDir, parts: Vec<PlanPart>) {
    let store = sqlite(folder, "stream.db");
    let (analytics, writer) = Analytics::start(
        Arc::clone(&store),
        Workers::threads("search", 1, 64),
        Options::default(),
        Shutdown::new(Duration::from_secs(5)),
    );
    let writer = tokio::spawn(writer);
    let router = analytics.routes(&Analytics::health());
    let (requests, inbound) = tokio::sync::mpsc::channel(1024);
    let inbound = tokio_stream::wrappers::ReceiverStream::new(inbound);
    let mut client = IngestServiceClient::new(router.clone());
    let mut answers = client.record_plans(inbound).await.unwrap().into_inner();
    let window = Arc::new(tokio::sync::Semaphore::new(4096));
    let credit = Arc::clone(&window);
    let begun = Instant::now();
    tokio::spawn(async move {
        for number in 0..PLANS {
            let mut part = parts[number as usize % parts.len()].clone();
            part.batch_id = common::batch(number).to_string();
            credit.acquire().await.unwrap().forget();
            let event = Some(record_plans_request::Event::Plan(part.into()));
            requests.send(RecordPlansRequest { event }).await.unwrap();
        }
    });
    let mut recorded = 0;
    while let Some(message) = answers.message().await.unwrap() {
        match message.event.unwrap() {
            record_plans_response::Event::Recorded(_) => recorded += 1,
            record_plans_response::Event::Welcome(_) => continue,
            other => panic!("{other:?}"),
        }
        window.add_permits(1);
    }
    assert_eq!(recorded, PLANS);
    said("stream, proven, 4,096 in flight", PLANS, begun.elapsed());

    drop(client);
    let mut client = AnalyticsServiceClient::new(router.clone());
    let ms = |begun: Instant| begun.elapsed().as_secs_f64() * 1e3;
    let begun = Instant::now();
    client.list_plans(ListPlansRequest { page_size: 1000, ..Default::default() }).await.unwrap();
    println!("{:<44} {:>9.1} ms", "a page of 1,000 plans", ms(begun));
    let filter = PlanFilter { text: "no such street".into(), ..Default::default() };
    let begun = Instant::now();
    client
        .list_plans(ListPlansRequest { filter: Some(filter), ..Default::default() })
        .await
        .unwrap();
    println!("{:<44} {:>9.1} ms", "a page of a search that finds nothing", ms(begun));
    let begun = Instant::now();
    client.list_drivers(ListDriversRequest::default()).await.unwrap();
    println!("{:<44} {:>9.1} ms", "a page of drivers", ms(begun));
    let window = Some(prost_types::Duration { seconds: 1, nanos: 0 });
    for (what, window) in [("a summary of all", None), ("a summary of a second", window)] {
        let begun = Instant::now();
        client.get_summary(GetSummaryRequest { window, ..Default::default() }).await.unwrap();
        println!("{what:<44} {:>9.1} ms", ms(begun));
    }
    drop((client, router, analytics, answers));
    writer.await.unwrap();
    store.close().await.unwrap();
}

fn main() {
    let folder = TempDir::new().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let parts = plans();
    println!("plans of {SIDE} × {SIDE}, {} bytes each", parts[0].encoded_len());
    let rate = runtime.block_on(store_alone(&folder, &parts));
    #[cfg(unix)]
    runtime.block_on(on_postgres(&parts, rate));
    runtime.block_on(through_the_stream(&folder, parts));
    let size = |name: &str| std::fs::metadata(folder.path().join(name)).unwrap().len();
    println!("{:<44} {:>9} bytes", "a plan in the store", size("stream.db") / PLANS);
}
