//! The suite of all stores on PostgreSQL, and what only several replicas and a server can do wrong.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests fail by panicking, and say what they skip"
)]

#[path = "../common/mod.rs"]
mod common;
mod days;
mod limits;
mod login;
mod replicas;
mod server;

use analytics::store::Store;
use common::postgres::{Cluster, open};
use common::suite;

macro_rules! suite {
    ($($name:ident)*) => { $(
        #[tokio::test]
        async fn $name() {
            let Some(cluster) = Cluster::shared() else { return };
            let store = open(&cluster.database(stringify!($name)).await).await;
            suite::$name(&store).await;
            store.close().await.unwrap();
        }
    )* };
}

suite! {
    a_plan_reads_back_as_it_was_given
    the_same_plan_again_is_answered_as_before
    other_content_under_a_known_id_is_a_conflict
    a_batch_twice_in_one_group_is_recorded_once
    sequences_have_no_gaps_and_times_never_fall
    plans_are_found_by_run_day_and_sequence
    parts_come_in_the_order_asked_for_and_within_the_bytes
    tallies_add_up_over_plans_days_and_runs
    a_driver_with_an_id_is_one_driver_under_any_name
    drivers_come_in_every_order_in_pages
    totals_of_a_window_are_those_of_its_plans
    an_empty_store_has_nothing_and_says_so
    a_watcher_is_woken_by_each_commit_with_something_new
}
