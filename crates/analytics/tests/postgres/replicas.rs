//! Several replicas on one database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use analytics::store::{DriverOrder, DriverQuery, NewPlan, Outcome, PlanQuery, Postgres, Store};
use jiff::SignedDuration;
use proto::BatchId;

use crate::common::postgres::{Cluster, open};
use crate::common::{all, batch, noon, plan, recorded, run};

/// The batches of these numbers in an order that `seed` decides.
fn shuffled(numbers: u64, seed: u64) -> Vec<u64> {
    let mut numbers: Vec<u64> = (0..numbers).collect();
    numbers.sort_by_key(|number| {
        (number + 1).wrapping_mul(seed | 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    numbers
}

/// Records all of these, in groups.
async fn record_all(store: &Postgres, numbers: &[u64]) -> Vec<(BatchId, Outcome)> {
    let mut outcomes = Vec::new();
    for group in numbers.chunks(17) {
        let plans: Vec<NewPlan> = group.iter().map(|number| of_a_run(*number)).collect();
        let answers = store.record(noon(), plans).await.unwrap();
        outcomes.extend(group.iter().map(|number| batch(*number)).zip(answers));
    }
    outcomes
}

fn of_a_run(number: u64) -> NewPlan {
    let mut new = plan(number);
    new.facts.run_id = Some(run(1 + (number % 3) as u8));
    new
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_in_common_are_recorded_once_over_all_replicas() {
    const BATCHES: u64 = 400;
    let Some(cluster) = Cluster::shared() else { return };
    let url = cluster.database("in_common").await;
    let mut replicas = Vec::new();
    for seed in [3, 5, 7] {
        let store = Arc::new(open(&url).await);
        let numbers = shuffled(BATCHES, seed);
        let recording = Arc::clone(&store);
        replicas.push((store, tokio::spawn(async move { record_all(&recording, &numbers).await })));
    }
    let mut sequences: BTreeMap<BatchId, Vec<u64>> = BTreeMap::new();
    let mut new = 0;
    let mut stores = Vec::new();
    for (store, recording) in replicas {
        for (id, outcome) in recording.await.unwrap() {
            let sequence = match outcome {
                Outcome::Recorded { sequence, .. } => {
                    new += 1;
                    sequence
                }
                Outcome::Duplicate { sequence, .. } => sequence,
                Outcome::Conflict { .. } => panic!("{id}: the same content is no conflict"),
            };
            sequences.entry(id).or_default().push(sequence);
        }
        stores.push(store);
    }
    assert_eq!(new, BATCHES, "each batch was new to exactly one");
    assert!(sequences.values().all(|seen| seen.len() == 3 && seen.iter().all(|s| *s == seen[0])));
    for store in &stores {
        let plans = store.plans(all()).await.unwrap();
        assert!(plans.iter().map(|plan| plan.sequence).eq(1..=BATCHES), "no gap and no repeat");
        for plan in &plans {
            assert_eq!(sequences[&plan.facts.batch_id][0], plan.sequence);
        }
        assert_eq!(store.totals(None, None).await.unwrap().plans, BATCHES);
        let of_run = store.totals(Some(run(1)), None).await.unwrap();
        assert_eq!(of_run.plans, BATCHES.div_ceil(3));
        let query = DriverQuery {
            run: None,
            day: None,
            contains: Some("ann".into()),
            order: DriverOrder::Total,
            descending: true,
            after: None,
            limit: 10,
        };
        let drivers = store.drivers(query).await.unwrap();
        assert_eq!((drivers[0].assigned, drivers[0].last_sequence), (BATCHES, BATCHES));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_watcher_sees_every_plan_in_order_while_replicas_commit() {
    const BATCHES: u64 = 300;
    let Some(cluster) = Cluster::shared() else { return };
    let url = cluster.database("watcher").await;
    let watching = open(&url).await;
    let mut writers = Vec::new();
    for replica in 0..2 {
        let store = open(&url).await;
        writers.push(tokio::spawn(async move {
            for number in (replica..BATCHES).step_by(2) {
                // Clocks differ: by a second, the one ahead and the other behind.
                let now =
                    noon() + SignedDuration::from_millis((number * 10 + replica * 1000) as i64);
                store.record(now, vec![plan(number)]).await.unwrap();
            }
        }));
    }
    let mut committed = watching.committed();
    let (mut cursor, mut time) = (0, noon());
    while cursor < BATCHES {
        let newest = *committed.borrow_and_update();
        let query = PlanQuery { sequences: cursor + 1..newest + 1, ..all() };
        let plans = watching.plans(query).await.unwrap();
        assert!(
            plans.iter().map(|plan| plan.sequence).eq(cursor + 1..=newest),
            "{cursor}..={newest}"
        );
        for plan in plans {
            assert!(plan.record_time >= time, "times never fall");
            time = plan.record_time;
        }
        cursor = newest;
        if cursor < BATCHES {
            committed.changed().await.unwrap();
        }
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn a_commit_of_one_replica_wakes_the_watchers_of_another() {
    let Some(cluster) = Cluster::shared() else { return };
    let url = cluster.database("wakes").await;
    let (one, other) = (open(&url).await, open(&url).await);
    let mut committed = other.committed();
    let begun = Instant::now();
    for number in 1..=10 {
        one.record(noon(), vec![plan(number)]).await.unwrap();
        committed.wait_for(|last| *last == number).await.unwrap();
    }
    // By the look every two seconds alone it would take twenty.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

/// Waits until so many sessions wait for a lock in this database.
async fn waiting(cluster: &Cluster, database: &str, sessions: i64) {
    let admin = cluster.admin("postgres").await;
    let sql = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = $1 AND wait_event_type = 'Lock'";
    let wait = async {
        while admin.query_one(sql, &[&database]).await.unwrap().get::<_, i64>(0) < sessions {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect("sessions that wait");
}

#[tokio::test]
async fn a_batch_that_two_replicas_have_at_once_is_the_first_ones() {
    let Some(cluster) = Cluster::shared() else { return };
    let url = cluster.database("at_once").await;
    let (one, other) = (Arc::new(open(&url).await), Arc::new(open(&url).await));
    let mut admin = cluster.admin("at_once").await;
    // Nobody gets to the end of the order: both are asked whether they know the batch, and neither does.
    let held = admin.transaction().await.unwrap();
    held.execute("SELECT FROM waybill.head FOR UPDATE", &[]).await.unwrap();
    let recording = [one, other].map(|store| {
        tokio::spawn(async move { store.record(noon(), vec![plan(1), plan(2)]).await.unwrap() })
    });
    waiting(cluster, "at_once", 2).await;
    held.commit().await.unwrap();
    let mut new = Vec::new();
    for recording in recording {
        let outcomes = recording.await.unwrap();
        let sequences = outcomes.iter().map(|outcome| match outcome {
            Outcome::Recorded { sequence, .. } | Outcome::Duplicate { sequence, .. } => *sequence,
            Outcome::Conflict { .. } => 0,
        });
        assert!(sequences.eq([1, 2]), "{outcomes:?}");
        new.push(matches!(outcomes[..], [Outcome::Recorded { .. }, Outcome::Recorded { .. }]));
    }
    new.sort_unstable();
    assert_eq!(new, [false, true]);
}

#[tokio::test]
async fn a_group_that_waits_over_midnight_is_of_the_next_day() {
    let Some(cluster) = Cluster::shared() else { return };
    let url = cluster.database("midnight").await;
    let store = Arc::new(open(&url).await);
    let midnight = "2026-11-21T00:00:00Z".parse().unwrap();
    store.record(noon(), vec![plan(1)]).await.unwrap();
    let mut admin = cluster.admin("midnight").await;
    let held = admin.transaction().await.unwrap();
    held.execute("SELECT FROM waybill.head FOR UPDATE", &[]).await.unwrap();
    let late = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.record(noon(), vec![plan(2)]).await.unwrap() })
    };
    waiting(cluster, "midnight", 1).await;
    // Another replica, whose clock is past midnight, was first.
    let micros = jiff::Timestamp::as_microsecond(midnight);
    held.execute("UPDATE waybill.head SET record_time_us = $1", &[&micros]).await.unwrap();
    held.commit().await.unwrap();
    let outcome = late.await.unwrap()[0];
    assert_eq!(outcome, Outcome::Recorded { sequence: 2, record_time: midnight });
    let next_day = Some(midnight..midnight + SignedDuration::from_hours(24));
    let plans = store.plans(PlanQuery { recorded: next_day, ..all() }).await.unwrap();
    assert_eq!(plans.iter().map(|plan| plan.sequence).collect::<Vec<_>>(), [2]);
    assert_eq!(recorded(store.record(noon(), vec![plan(3)]).await.unwrap()[0]), 3);
}
