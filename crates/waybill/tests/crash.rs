//! Each service is killed with SIGKILL in the middle of a run, and every batch is accounted for.

mod support {
    pub(crate) mod system;
}

use std::collections::HashSet;

use proto::{
    analytics::v1::Plan,
    producer::v1::{Run, StartRunRequest, Synthetic, start_run_request::Source},
};
use support::system::{Part, System};

const BATCHES: u64 = 1000;

fn a_run_of_1000() -> StartRunRequest {
    StartRunRequest {
        source: Some(Source::Synthetic(Synthetic { shipments: 32, drivers: 30, seed: 7 })),
        interval: Some(prost_types::Duration { seconds: 0, nanos: 2_000_000 }),
        batch_limit: BATCHES,
        ..StartRunRequest::default()
    }
}

/// Every batch is settled exactly once, at the producer and in the store.
fn account(run: &Run, plans: &[Plan]) {
    assert_eq!(
        (run.batches_sent, run.batches_settled, run.batches_rejected, run.batches_missed),
        (BATCHES, BATCHES, 0, 0)
    );
    let ids: HashSet<&str> = plans.iter().map(|plan| plan.batch_id.as_str()).collect();
    assert_eq!((plans.len() as u64, ids.len() as u64), (BATCHES, BATCHES));
    let sequences: Vec<u64> = plans.iter().map(|plan| plan.sequence).collect();
    assert_eq!(sequences, (1..=BATCHES).collect::<Vec<_>>(), "without gap or repeat");
    let total: f64 = plans.iter().map(|plan| plan.total).sum();
    assert_eq!((run.shipments, run.assigned, run.total), (32 * BATCHES, 30 * BATCHES, total));
    assert!(plans.iter().all(|plan| plan.certified && plan.total >= plan.greedy_total));
}

async fn killed_in_the_middle(victims: &[Part]) {
    let mut system = System::start();
    let run = system.start_run(&a_run_of_1000()).await;
    for (kills, victim) in victims.iter().enumerate() {
        let settled = BATCHES * (kills as u64 + 1) / (victims.len() as u64 + 1);
        system.run_until(&run.run_id, |run| run.batches_settled >= settled).await;
        system.kill(*victim);
        system.launch(*victim);
    }
    let run = system.finished(&run.run_id).await;
    account(&run, &system.plans(&run.run_id).await);
}

#[tokio::test]
async fn a_killed_producer_loses_no_batch() {
    killed_in_the_middle(&[Part::Producer]).await;
}

#[tokio::test]
async fn a_killed_fleet_loses_no_batch() {
    killed_in_the_middle(&[Part::Fleet]).await;
}

#[tokio::test]
async fn a_killed_analytics_loses_no_plan() {
    killed_in_the_middle(&[Part::Analytics]).await;
}

#[tokio::test]
async fn all_three_killed_again_and_again_lose_nothing() {
    let round = [Part::Analytics, Part::Producer, Part::Fleet];
    killed_in_the_middle(&round.repeat(3)).await;
}
