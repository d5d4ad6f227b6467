//! What is larger, or odder, than a statement, an index or a text of PostgreSQL takes.

use analytics::store::{DriverOrder, DriverPlace, DriverQuery, Outcome, Store};
use bytes::Bytes;

use crate::common::postgres::{Cluster, open};
use crate::common::{batch, noon, plan, share};

#[tokio::test]
async fn a_plan_larger_than_a_statement_is_recorded_whole_or_not_at_all() {
    let Some(cluster) = Cluster::shared() else { return };
    let store = open(&cluster.database("large").await).await;
    let mut large = plan(1);
    large.parts = (0..40).map(|part| Bytes::from(vec![part; 1 << 20])).collect();
    store.record(noon(), vec![plan(2), large.clone(), plan(3)]).await.unwrap();
    let parts = store.parts(vec![2], 0, usize::MAX).await.unwrap();
    assert!(parts.iter().map(|part| &part.body).eq(&large.parts), "{} parts", parts.len());
    // A reader that takes them one at a time.
    for number in [0, 17, 39] {
        let parts = store.parts(vec![2], number, 1).await.unwrap();
        assert_eq!((parts.len(), parts[0].part), (1, number));
    }

    // A total that is too large once it is added up: the server refuses it after the rows went in.
    let mut too_much = large;
    too_much.facts.batch_id = batch(4);
    too_much.facts.total_quarters = i64::MAX as u64;
    store.record(noon(), vec![too_much]).await.unwrap_err();
    assert_eq!(store.plan(batch(4)).await.unwrap(), None);
    let next = store.record(noon(), vec![plan(4)]).await.unwrap();
    assert_eq!(next, [Outcome::Recorded { sequence: 4, record_time: noon() }]);
}

#[tokio::test]
async fn names_that_an_index_or_a_text_cannot_hold_are_drivers_all_the_same() {
    let Some(cluster) = Cluster::shared() else { return };
    let store = open(&cluster.database("names").await).await;
    // Random enough that it cannot be compressed into an index.
    let long = |seed: &[u8]| -> String {
        let mut bytes = vec![0; 2048];
        blake3::Hasher::new().update(seed).finalize_xof().fill(&mut bytes);
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let (one, other) = (long(b"one"), long(b"other"));
    let mut new = plan(1);
    new.shares = vec![share(&one, Some(3)), share(&other, Some(2)), share("nul\0l", Some(1))];
    let mut again = plan(2);
    again.shares = vec![share(&one, Some(3))];
    store.record(noon(), vec![new]).await.unwrap();
    store.record(noon(), vec![again]).await.unwrap();
    let mut query = DriverQuery {
        run: None,
        day: None,
        contains: None,
        order: DriverOrder::Name,
        descending: false,
        after: None,
        limit: 1,
    };
    let mut told = Vec::new();
    while let Some(driver) = store.drivers(query.clone()).await.unwrap().pop() {
        query.after = Some(DriverPlace::Name(driver.name.clone(), driver.key));
        told.push((driver.name, driver.total_quarters));
    }
    let mut expected = vec![(one.clone(), 6), (other, 2), ("nul\u{2400}l".to_owned(), 1)];
    expected.sort();
    assert_eq!(told, expected);
    let contains = Some(one[1000..].to_uppercase());
    let found = store.drivers(DriverQuery { contains, after: None, ..query }).await.unwrap();
    assert_eq!(found[0].key.text, one);
}
