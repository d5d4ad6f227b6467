//! Servers that die, and the ones that take over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use analytics::Error;
use analytics::store::{Outcome, PlanQuery, Postgres, PostgresUrl, Store};
use proto::analytics::v1::record_plans_response::Event;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::common::planned::Planned;
use crate::common::postgres::{Cluster, open};
use crate::common::running::Running;
use crate::common::{all, batch, noon, plan};

/// Records batch after batch until `stop`; one that is refused comes again, as the fleet sends it. The
/// sequences that were answered, by batch.
async fn record_until(
    store: Arc<Postgres>,
    numbers: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
) -> BTreeMap<u64, u64> {
    let mut answered = BTreeMap::new();
    while !stop.load(Ordering::SeqCst) {
        let first = numbers.fetch_add(5, Ordering::SeqCst);
        let group: Vec<_> = (first..first + 5).map(plan).collect();
        let outcomes = loop {
            match store.record(noon(), group.clone()).await {
                Ok(outcomes) => break outcomes,
                Err(error) => assert!(matches!(error, Error::DatabaseAway { .. }), "{error:?}"),
            }
        };
        for (number, outcome) in (first..).zip(outcomes) {
            match outcome {
                Outcome::Recorded { sequence, .. } | Outcome::Duplicate { sequence, .. } => {
                    answered.insert(number, sequence);
                }
                Outcome::Conflict { .. } => panic!("{number}: the same content is no conflict"),
            }
        }
    }
    answered
}

/// That the store has what was answered, once, and nothing else.
async fn has_all_of(store: &Postgres, answered: &BTreeMap<u64, u64>) {
    let plans = store.plans(PlanQuery { limit: u32::MAX, ..all() }).await.unwrap();
    assert_eq!(plans.len(), answered.len());
    assert!(plans.iter().map(|plan| plan.sequence).eq(1..=plans.len() as u64), "no gap");
    for (number, sequence) in answered {
        let plan = &plans[*sequence as usize - 1];
        assert_eq!(plan.facts.batch_id, batch(*number));
    }
    let sequences = plans.iter().map(|plan| plan.sequence).collect();
    assert_eq!(store.parts(sequences, 0, usize::MAX).await.unwrap().len(), plans.len());
    assert_eq!(store.totals(None, None).await.unwrap().plans, plans.len() as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_killed_loses_nothing_that_was_answered_and_doubles_nothing() {
    let Some(mut cluster) = Cluster::own("") else { return };
    let url = cluster.database("killed").await;
    let (numbers, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let mut replicas = Vec::new();
    for _ in 0..2 {
        let store = Arc::new(open(&url).await);
        replicas.push(tokio::spawn(record_until(store, numbers.clone(), stop.clone())));
    }
    // A watcher goes on over all of it.
    let watching = open(&url).await;
    let stopped = Arc::clone(&stop);
    let watcher = tokio::spawn(async move {
        let (mut committed, mut cursor) = (watching.committed(), 0);
        while !stopped.load(Ordering::SeqCst) {
            let newest = *committed.borrow_and_update();
            let query = PlanQuery { sequences: cursor + 1..newest + 1, ..all() };
            if let Ok(plans) = watching.plans(query).await {
                for plan in plans {
                    assert_eq!(plan.sequence, cursor + 1);
                    cursor += 1;
                }
            }
            let _ = timeout(Duration::from_millis(100), committed.changed()).await;
        }
        (watching, cursor)
    });
    let mut reached = 0;
    for _ in 0..3 {
        // Each time after some more work.
        while numbers.load(Ordering::SeqCst) < reached + 100 {
            sleep(Duration::from_millis(1)).await;
        }
        cluster.kill();
        reached = numbers.load(Ordering::SeqCst);
        cluster.start();
    }
    while numbers.load(Ordering::SeqCst) < reached + 100 {
        sleep(Duration::from_millis(1)).await;
    }
    stop.store(true, Ordering::SeqCst);
    let mut answered = BTreeMap::new();
    for replica in replicas {
        answered.extend(replica.await.unwrap());
    }
    let (watching, cursor) = watcher.await.unwrap();
    assert!(cursor > 0);
    has_all_of(&watching, &answered).await;
}

/// Passes bytes on between the store and the server. Once `cut` is set, the answer to a commit is taken
/// off the wire and both connections end.
async fn proxy(listener: TcpListener, port: u16, cut: Arc<AtomicBool>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        tokio::spawn(pass(client, server, Arc::clone(&cut)));
    }
}

async fn pass(mut client: TcpStream, mut server: TcpStream, cut: Arc<AtomicBool>) {
    let (mut from_client, mut from_server) = (vec![0; 65536], vec![0; 65536]);
    loop {
        tokio::select! {
            read = client.read(&mut from_client) => match read {
                Ok(0) | Err(_) => return,
                Ok(read) => server.write_all(&from_client[..read]).await.unwrap(),
            },
            read = server.read(&mut from_server) => match read {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    let said = &from_server[..read];
                    let committed = said.windows(7).any(|window| window == b"COMMIT\0");
                    if committed && cut.swap(false, Ordering::SeqCst) {
                        return;
                    }
                    client.write_all(said).await.unwrap();
                }
            },
        }
    }
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_found_and_not_doubled() {
    let Some(cluster) = Cluster::shared() else { return };
    cluster.database("lost_answer").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().port();
    let cut = Arc::new(AtomicBool::new(false));
    tokio::spawn(proxy(listener, cluster.port(), Arc::clone(&cut)));
    let url = format!("postgres://postgres@127.0.0.1:{at}/lost_answer?sslmode=disable");
    let store = open(&PostgresUrl::parse(&url).unwrap()).await;
    store.record(noon(), vec![plan(1)]).await.unwrap();
    for number in 2..12 {
        cut.store(true, Ordering::SeqCst);
        let outcomes = store.record(noon(), vec![plan(number)]).await.unwrap();
        assert!(!cut.load(Ordering::SeqCst), "its first answer was lost");
        let recorded = Outcome::Recorded { sequence: number, record_time: noon() };
        assert_eq!(outcomes, [recorded], "it is this store's own, and not a duplicate");
    }
    assert_eq!(store.totals(None, None).await.unwrap().plans, 11);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_standby_takes_over_with_all_that_was_answered() {
    let Some(mut primary) = Cluster::own("") else { return };
    let mut standby = primary.standby();
    let admin = primary.admin("postgres").await;
    // An ack waits for the standby's disk from here on.
    admin.batch_execute("ALTER SYSTEM SET synchronous_standby_names = '*'").await.unwrap();
    admin.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    primary.database("failover").await;
    let [one, other] = [&standby, &primary].map(|cluster| format!("127.0.0.1:{}", cluster.port()));
    let url = PostgresUrl::parse(&format!("postgres://postgres@{one},{other}/failover")).unwrap();
    let store = Arc::new(open(&url).await);
    let (numbers, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let recording = tokio::spawn(record_until(store.clone(), numbers.clone(), stop.clone()));
    while numbers.load(Ordering::SeqCst) < 100 {
        sleep(Duration::from_millis(1)).await;
    }
    primary.kill();
    let before = numbers.load(Ordering::SeqCst);
    standby.promote();
    while numbers.load(Ordering::SeqCst) < before + 50 {
        sleep(Duration::from_millis(1)).await;
    }
    stop.store(true, Ordering::SeqCst);
    has_all_of(&store, &recording.await.unwrap()).await;
    standby.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_service_is_not_ready_while_the_database_is_away_and_takes_plans_when_it_is_back() {
    let Some(mut cluster) = Cluster::own("") else { return };
    let store = open(&cluster.database("readiness").await).await;
    let running = Running::on(Arc::new(store), TempDir::new().unwrap());
    let (analytics, health) = (Arc::clone(&running.analytics), running.health.clone());
    let keeping = tokio::spawn(async move { analytics.keep_health(&health).await });
    let becomes = async |ready| {
        while running.health.is_ready() != ready {
            sleep(Duration::from_millis(10)).await;
        }
    };
    becomes(true).await;
    running.record([Planned::small(1)]).await;
    cluster.kill();
    // Nothing needs to be written for that.
    timeout(Duration::from_secs(30), becomes(false)).await.unwrap();
    let mut ingest = running.ingest().await;
    let answer = ingest.record(Planned::small(2).parts()).await;
    let Event::Rejected(rejected) = answer else { panic!("{answer:?}") };
    assert_eq!(rejected.status.unwrap().code, tonic::Code::Unavailable as i32);
    cluster.start();
    timeout(Duration::from_secs(30), becomes(true)).await.unwrap();
    running.record([Planned::small(2), Planned::small(3)]).await;
    assert_eq!(running.store.totals(None, None).await.unwrap().plans, 3);
    keeping.abort();
}
