//! What every store must do, as functions over the trait; each store's own test file runs them all.

use std::collections::BTreeSet;

use analytics::store::{
    DriverKey, DriverOrder, DriverPlace, DriverQuery, DriverTotals, NewPlan, Outcome, PlanQuery,
    Store, StoredPlan, Totals,
};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::{all, batch, noon, plan, recorded, run, share, share_by_id};

async fn record(store: &dyn Store, group: Vec<NewPlan>) -> Vec<Outcome> {
    store.record(noon(), group).await.unwrap()
}

fn sequences(plans: &[StoredPlan]) -> Vec<u64> {
    plans.iter().map(|plan| plan.sequence).collect()
}

pub async fn a_plan_reads_back_as_it_was_given(store: &dyn Store) {
    let mut new = plan(1);
    new.facts.run_id = Some(run(1));
    new.facts.trace_id = Some([3; 16]);
    new.parts =
        vec![Bytes::from_static(b"first"), Bytes::from_static(b""), Bytes::from_static(b"x")];
    let outcomes = record(store, vec![new.clone()]).await;
    assert_eq!(outcomes, [Outcome::Recorded { sequence: 1, record_time: noon() }]);

    let kept = store.plan(batch(1)).await.unwrap().unwrap();
    assert!(kept.facts.steps.commit.is_some());
    new.facts.steps.commit = kept.facts.steps.commit;
    assert_eq!(kept, StoredPlan { sequence: 1, record_time: noon(), facts: new.facts });
    let parts = store.parts(vec![1], 0, usize::MAX).await.unwrap();
    let read: Vec<_> = parts.iter().map(|p| (p.sequence, p.part, &p.body[..])).collect();
    assert_eq!(read, [(1, 0, &b"first"[..]), (1, 1, b""), (1, 2, b"x")]);
    assert_eq!(store.plan(batch(2)).await.unwrap(), None);
    assert_eq!(*store.committed().borrow(), 1);
}

pub async fn the_same_plan_again_is_answered_as_before(store: &dyn Store) {
    record(store, vec![plan(1)]).await;
    let later = noon() + SignedDuration::from_secs(60);
    let again = store.record(later, vec![plan(1), plan(2)]).await.unwrap();
    assert_eq!(
        again,
        [
            Outcome::Duplicate { sequence: 1, record_time: noon() },
            Outcome::Recorded { sequence: 2, record_time: later },
        ]
    );
    let totals = store.totals(None, None).await.unwrap();
    assert_eq!((totals.plans, totals.last_sequence), (2, 2));
}

pub async fn other_content_under_a_known_id_is_a_conflict(store: &dyn Store) {
    record(store, vec![plan(1)]).await;
    let mut other = plan(1);
    other.facts.digest = [8; 32];
    assert_eq!(record(store, vec![other]).await, [Outcome::Conflict { sequence: 1 }]);
    assert_eq!(store.totals(None, None).await.unwrap().plans, 1);
}

pub async fn a_batch_twice_in_one_group_is_recorded_once(store: &dyn Store) {
    let mut other = plan(1);
    other.facts.digest = [8; 32];
    let outcomes = record(store, vec![plan(1), plan(1), other, plan(2)]).await;
    assert_eq!(
        outcomes,
        [
            Outcome::Recorded { sequence: 1, record_time: noon() },
            Outcome::Duplicate { sequence: 1, record_time: noon() },
            Outcome::Conflict { sequence: 1 },
            Outcome::Recorded { sequence: 2, record_time: noon() },
        ]
    );
    let ann = &drivers(store, everyone()).await[0];
    assert_eq!((ann.name.as_str(), ann.assigned), ("Ann", 2));
}

pub async fn sequences_have_no_gaps_and_times_never_fall(store: &dyn Store) {
    let mut number = 0;
    for (group, seconds) in [(3, 0), (1, 10), (4, -20)] {
        let plans = (0..group).map(|i| plan(number + i)).collect();
        number += group;
        let now = noon() + SignedDuration::from_secs(seconds);
        store.record(now, plans).await.unwrap();
        // Nothing new: no place in the order is taken.
        store.record(now, vec![plan(0)]).await.unwrap();
        store.record(now, vec![]).await.unwrap();
    }
    let plans = store.plans(all()).await.unwrap();
    assert_eq!(sequences(&plans), (1..=8).collect::<Vec<_>>());
    assert!(plans.is_sorted_by_key(|plan| plan.record_time));
    assert_eq!(plans[7].record_time, noon() + SignedDuration::from_secs(10));
}

pub async fn plans_are_found_by_run_day_and_sequence(store: &dyn Store) {
    let day = SignedDuration::from_hours(24);
    for number in 0..6u64 {
        let mut new = plan(number);
        new.facts.run_id = [None, Some(run(1)), Some(run(2))][number as usize % 3];
        let now = noon() + if number < 3 { SignedDuration::ZERO } else { day };
        store.record(now, vec![new]).await.unwrap();
    }
    let of = async |query| sequences(&store.plans(query).await.unwrap());
    assert_eq!(of(PlanQuery { run: Some(run(1)), ..all() }).await, [2, 5]);
    assert_eq!(of(PlanQuery { run: Some(run(9)), ..all() }).await, [0u64; 0]);
    let midnight: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    let first_day = Some(midnight - day..midnight);
    assert_eq!(of(PlanQuery { recorded: first_day.clone(), ..all() }).await, [1, 2, 3]);
    assert_eq!(
        of(PlanQuery { recorded: Some(midnight..midnight + day), ..all() }).await,
        [4, 5, 6]
    );
    assert_eq!(
        of(PlanQuery { recorded: Some(midnight + day..Timestamp::MAX), ..all() }).await,
        [0u64; 0]
    );
    assert_eq!(of(PlanQuery { recorded: first_day, run: Some(run(2)), ..all() }).await, [3]);
    let newest = PlanQuery { sequences: 2..5, newest_first: true, limit: 2, ..all() };
    assert_eq!(of(newest).await, [4, 3]);
}

pub async fn parts_come_in_the_order_asked_for_and_within_the_bytes(store: &dyn Store) {
    let parted = |number| {
        let mut new = plan(number);
        new.parts = vec![Bytes::from_static(b"0123456789"); 3];
        new
    };
    record(store, vec![parted(1), parted(2)]).await;
    let of = async |sequences, from, bytes| {
        let parts = store.parts(sequences, from, bytes).await.unwrap();
        parts.iter().map(|part| (part.sequence, part.part)).collect::<Vec<_>>()
    };
    assert_eq!(of(vec![2, 1], 1, usize::MAX).await, [(2, 1), (2, 2), (1, 0), (1, 1), (1, 2)]);
    assert_eq!(of(vec![1, 2], 0, 1).await, [(1, 0)]);
    assert_eq!(of(vec![1, 2], 0, 40).await, [(1, 0), (1, 1), (1, 2), (2, 0)]);
    assert_eq!(of(vec![3], 0, 40).await, []);
}

fn everyone() -> DriverQuery {
    DriverQuery {
        run: None,
        day: None,
        contains: None,
        order: DriverOrder::Total,
        descending: true,
        after: None,
        limit: 1000,
    }
}

async fn drivers(store: &dyn Store, query: DriverQuery) -> Vec<DriverTotals> {
    store.drivers(query).await.unwrap()
}

fn names(drivers: &[DriverTotals]) -> Vec<&str> {
    drivers.iter().map(|driver| driver.name.as_str()).collect()
}

pub async fn tallies_add_up_over_plans_days_and_runs(store: &dyn Store) {
    let day = SignedDuration::from_hours(24);
    let with = |number, of_run, shares: Vec<_>| {
        let mut new = plan(number);
        new.facts.run_id = of_run;
        new.shares = shares;
        new
    };
    record(
        store,
        vec![
            with(1, Some(run(1)), vec![share("Ann", Some(10)), share("Bob", None)]),
            with(2, Some(run(1)), vec![share("Ann", Some(5)), share("Bob", Some(20))]),
            with(3, None, vec![share("Ann", None)]),
        ],
    )
    .await;
    store
        .record(noon() + day, vec![with(4, Some(run(1)), vec![share("Ann", Some(1))])])
        .await
        .unwrap();

    let ann = |assigned, unassigned, total_quarters, last_sequence| DriverTotals {
        key: DriverKey { by_id: false, text: "Ann".into() },
        name: "Ann".into(),
        assigned,
        unassigned,
        total_quarters,
        last_sequence,
    };
    let all = drivers(store, everyone()).await;
    assert_eq!(names(&all), ["Bob", "Ann"]);
    assert_eq!(all[1], ann(3, 1, 16, 4));
    let of_run = DriverQuery { run: Some(run(1)), ..everyone() };
    assert_eq!(drivers(store, of_run.clone()).await[1], ann(3, 0, 16, 4));
    let today = analytics::store::day_of(noon());
    let first_day = DriverQuery { day: Some(today), ..of_run };
    assert_eq!(drivers(store, first_day).await[1], ann(2, 0, 15, 2));
    let second_day = DriverQuery { day: Some(today + 1), ..everyone() };
    assert_eq!(drivers(store, second_day).await, [ann(1, 0, 1, 4)]);
}

pub async fn a_driver_with_an_id_is_one_driver_under_any_name(store: &dyn Store) {
    let mut first = plan(1);
    first.shares = vec![share_by_id("7", "Ann Old", Some(4)), share("7", Some(1))];
    let mut second = plan(2);
    second.shares = vec![share_by_id("7", "Ann New", Some(4))];
    record(store, vec![first]).await;
    record(store, vec![second]).await;
    let found = drivers(store, everyone()).await;
    let told: Vec<_> =
        found.iter().map(|d| (d.key.by_id, d.name.as_str(), d.total_quarters)).collect();
    assert_eq!(told, [(true, "Ann New", 8), (false, "7", 1)]);
}

pub async fn drivers_come_in_every_order_in_pages(store: &dyn Store) {
    let mut new = plan(1);
    new.shares = [("a", 3), ("b", 9), ("c", 3), ("É", 1), ("d", 7)]
        .map(|(name, quarters)| share(name, Some(quarters)))
        .into();
    new.shares.push(share("d", None));
    new.shares.push(share("d", Some(0)));
    record(store, vec![new]).await;
    for (order, descending, expected) in [
        (DriverOrder::Total, true, ["b", "d", "a", "c", "É"]),
        (DriverOrder::Total, false, ["É", "a", "c", "d", "b"]),
        (DriverOrder::Assigned, true, ["d", "a", "b", "c", "É"]),
        (DriverOrder::Name, false, ["a", "b", "c", "d", "É"]),
        (DriverOrder::Name, true, ["É", "d", "c", "b", "a"]),
    ] {
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let page = DriverQuery { order, descending, after, limit: 2, ..everyone() };
            let page = drivers(store, page).await;
            let Some(last) = page.last() else { break };
            after = Some(match order {
                DriverOrder::Total => DriverPlace::Number(last.total_quarters, last.key.clone()),
                DriverOrder::Assigned => DriverPlace::Number(last.assigned, last.key.clone()),
                DriverOrder::Name => DriverPlace::Name(last.name.clone(), last.key.clone()),
            });
            paged.extend(page);
        }
        assert_eq!(names(&paged), expected, "{order:?} {descending}");
    }
    let e = DriverQuery { contains: Some("é".into()), ..everyone() };
    assert_eq!(names(&drivers(store, e).await), ["É"]);
}

pub async fn totals_of_a_window_are_those_of_its_plans(store: &dyn Store) {
    let at = |minutes| noon() + SignedDuration::from_mins(minutes);
    for (minutes, of_run) in [(0, 1), (1, 2), (1, 1), (5, 1), (9, 2)] {
        let mut new = plan(minutes as u64 * 10 + of_run);
        new.facts.run_id = Some(run(of_run as u8));
        new.facts.total_quarters = minutes as u64 + 1;
        store.record(at(minutes), vec![new]).await.unwrap();
    }
    let totals = async |of_run: Option<u8>, since: Option<i64>| {
        let totals = store.totals(of_run.map(run), since.map(at)).await.unwrap();
        assert_eq!(totals.last_sequence, 5);
        let steps = store.steps(of_run.map(run), since.map(at), 10_000).await.unwrap();
        assert_eq!(steps.len() as u64, totals.plans);
        (totals.plans, totals.total_quarters)
    };
    assert_eq!(totals(None, None).await, (5, 21));
    assert_eq!(totals(None, Some(1)).await, (4, 20));
    assert_eq!(totals(None, Some(2)).await, (2, 16));
    assert_eq!(totals(None, Some(10)).await, (0, 0));
    assert_eq!(totals(Some(1), None).await, (3, 9));
    assert_eq!(totals(Some(1), Some(1)).await, (2, 8));
    assert_eq!(totals(Some(2), Some(2)).await, (1, 10));
    assert_eq!(totals(Some(3), None).await, (0, 0));
    assert_eq!(store.totals(Some(run(2)), None).await.unwrap().first_time, Some(at(1)));
    assert_eq!(store.steps(None, None, 2).await.unwrap().len(), 2);
}

pub async fn an_empty_store_has_nothing_and_says_so(store: &dyn Store) {
    assert_eq!(store.totals(None, None).await.unwrap(), Totals::default());
    assert_eq!(store.totals(None, Some(noon())).await.unwrap(), Totals::default());
    assert_eq!(store.plans(all()).await.unwrap(), []);
    assert_eq!(drivers(store, everyone()).await, []);
    assert_eq!(*store.committed().borrow(), 0);
}

pub async fn a_watcher_is_woken_by_each_commit_with_something_new(store: &dyn Store) {
    let mut committed = store.committed();
    let mut seen = BTreeSet::new();
    for number in 1..=3 {
        record(store, vec![plan(number)]).await;
        committed.changed().await.unwrap();
        seen.insert(*committed.borrow_and_update());
        record(store, vec![plan(number)]).await;
        assert!(!committed.has_changed().unwrap());
    }
    assert_eq!(seen, BTreeSet::from([1, 2, 3]));
    assert_eq!(recorded(record(store, vec![plan(4)]).await[0]), 4);
}
