//! Days: partitions and retention.

use std::time::Duration;

use analytics::Error;
use analytics::store::{
    DriverOrder, DriverQuery, Outcome, Postgres, PostgresOptions, Store, day_of,
};
use jiff::{SignedDuration, Timestamp};

use crate::common::postgres::{Cluster, open};
use crate::common::{all, batch, plan, recorded, run, share};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The days that have partitions of plans, as PostgreSQL knows them.
async fn partitions(cluster: &Cluster, database: &str) -> Vec<String> {
    let admin = cluster.admin(database).await;
    let sql = "SELECT inhrelid::regclass::text FROM pg_inherits
        WHERE inhparent = 'waybill.plans'::regclass ORDER BY 1";
    admin.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn days_beyond_the_retention_are_dropped_with_all_that_is_derived_from_them() {
    let Some(cluster) = Cluster::shared() else { return };
    let url = cluster.database("retention").await;
    let retention = Some(Duration::from_secs(3 * 24 * 60 * 60));
    let store =
        Postgres::open(&url, PostgresOptions { retention, ..Default::default() }).await.unwrap();
    // The middle of a day, so that a day more or less is one.
    let today =
        Timestamp::from_second(i64::from(day_of(Timestamp::now())) * 86_400 - 43_200).unwrap();
    // Run 1 ends five days ago, run 2 goes on until today.
    for (days_ago, of_run) in [(6, 1), (5, 1), (5, 2), (2, 2), (0, 2)] {
        let mut new = plan(days_ago * 10 + of_run);
        new.facts.run_id = Some(run(of_run as u8));
        new.shares = vec![share("Ann", Some(days_ago)), share(&format!("Day {days_ago}"), None)];
        store.record(today - DAY * days_ago as i32, vec![new]).await.unwrap();
    }
    let totals = async |of_run: Option<u8>| {
        let totals = store.totals(of_run.map(run), None).await.unwrap();
        (totals.plans, totals.total_quarters, totals.first_time, totals.last_sequence)
    };
    let days_ago = |days: i32| Some(today - DAY * days);
    assert_eq!(totals(None).await, (5, 50, days_ago(6), 5));
    assert_eq!(totals(Some(2)).await, (3, 30, days_ago(5), 5));

    // A clock of the future drops nothing that is young by the server's.
    store.keep_days(Timestamp::now() + DAY * 400).await.unwrap();
    let left = partitions(cluster, "retention").await;
    let held = |days: i32| {
        let name = format!("waybill.plans_{}", (today - DAY * days).strftime("%Y%m%d"));
        left.contains(&name)
    };
    assert_eq!([0, 2, 5, 6].map(held), [true, true, false, false], "{left:?}");

    store.keep_days(Timestamp::now()).await.unwrap();
    let kept = store.plans(all()).await.unwrap();
    assert_eq!(kept.iter().map(|plan| plan.sequence).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(totals(None).await, (2, 20, days_ago(2), 5));
    assert_eq!(totals(Some(1)).await, (0, 0, None, 5));
    assert_eq!(totals(Some(2)).await, (2, 20, days_ago(2), 5));
    let since = store.totals(Some(run(2)), days_ago(1)).await.unwrap();
    assert_eq!(since.plans, 1);
    let query = DriverQuery {
        run: None,
        day: None,
        contains: None,
        order: DriverOrder::Name,
        descending: false,
        after: None,
        limit: 10,
    };
    let drivers = store.drivers(query).await.unwrap();
    let told: Vec<_> =
        drivers.iter().map(|d| (d.name.as_str(), d.assigned, d.total_quarters)).collect();
    assert_eq!(told, [("Ann", 2, 2), ("Day 0", 0, 0), ("Day 2", 0, 0)]);
    assert_eq!(store.parts(vec![1, 4], 0, usize::MAX).await.unwrap().len(), 1);
    assert_eq!(store.plan(batch(61)).await.unwrap(), None);

    // Sequences go on. A batch that is kept is known; one that was dropped is not.
    let again = store.record(Timestamp::now(), vec![plan(22), plan(61)]).await.unwrap();
    assert!(matches!(again[0], Outcome::Duplicate { sequence: 4, .. }), "{again:?}");
    assert_eq!(recorded(again[1]), 6);
}

#[tokio::test]
async fn partitions_are_there_before_their_day() {
    let Some(cluster) = Cluster::shared() else { return };
    let url = cluster.database("ahead").await;
    let stores = [open(&url).await, open(&url).await];
    let ahead = partitions(cluster, "ahead").await;
    let name = |moment: Timestamp| format!("waybill.plans_{}", moment.strftime("%Y%m%d"));
    let now = Timestamp::now();
    for day in 1..=2 {
        assert!(ahead.contains(&name(now + DAY * day)), "{ahead:?}");
    }
    // Any other day is made when it is needed, by whoever needs it first.
    let far = now + DAY * 30;
    let [one, other] = &stores;
    let (one, other) =
        tokio::join!(one.record(far, vec![plan(1)]), other.record(far, vec![plan(2)]));
    let mut sequences = [recorded(one.unwrap()[0]), recorded(other.unwrap()[0])];
    sequences.sort_unstable();
    assert_eq!(sequences, [1, 2]);
    assert!(partitions(cluster, "ahead").await.contains(&name(far)));
}

#[tokio::test]
async fn a_day_that_is_read_is_dropped_later_and_nothing_waits() {
    let Some(cluster) = Cluster::shared() else { return };
    let url = cluster.database("read").await;
    let retention = Some(Duration::from_secs(24 * 60 * 60));
    let store =
        Postgres::open(&url, PostgresOptions { retention, ..Default::default() }).await.unwrap();
    let long_ago = Timestamp::now() - DAY * 10;
    store.record(long_ago, vec![plan(1)]).await.unwrap();
    let mut admin = cluster.admin("read").await;
    let reading = admin.transaction().await.unwrap();
    reading.query("SELECT * FROM waybill.plans", &[]).await.unwrap();
    let held_up = store.keep_days(Timestamp::now()).await.unwrap_err();
    assert!(matches!(held_up, Error::DatabaseAway { .. }), "{held_up}");
    assert_eq!(store.plans(all()).await.unwrap().len(), 1);
    assert_eq!(recorded(store.record(Timestamp::now(), vec![plan(2)]).await.unwrap()[0]), 2);
    reading.commit().await.unwrap();
    store.keep_days(Timestamp::now()).await.unwrap();
    let kept = store.plans(all()).await.unwrap();
    assert_eq!(kept.iter().map(|plan| plan.sequence).collect::<Vec<_>>(), [2]);
}
