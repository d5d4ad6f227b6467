use std::fs;

use proto::RunId;

use super::*;
use crate::{
    moment::Moment,
    run::{
        machine::{Ending, Phase, Saved},
        progress::{Outcome, Totals},
    },
};

fn new_run(start: u64) -> NewRun {
    NewRun {
        run_id: RunId::now(),
        start: Moment::from_unix_ms(start),
        request: vec![1, 2, 3],
        digest: [7; 32],
        content: Some(Content { shipments: vec![1], drivers: vec![2] }),
    }
}

fn half_way() -> Saved {
    let mut saved = Saved::new();
    (saved.sent, saved.reserved, saved.missed) = (9, u64::MAX, 2);
    saved.progress.answer(3, &Outcome::Rejected(vec![9]));
    let totals = Totals { shipments: 1, assigned: 2, quarters: 3, greedy_quarters: 4 };
    saved.progress.answer(8, &Outcome::Settled(totals));
    saved
}

#[test]
fn what_was_written_is_there_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let run = new_run(5);
    let store = Store::open(folder.path()).unwrap();
    assert_eq!(store.insert_run(&run), Ok(Inserted::New));
    store.save_run(run.run_id, &half_way(), &[]).unwrap();
    drop(store);

    let store = Store::open(folder.path()).unwrap();
    let kept = store.unfinished_runs().unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].run_id, kept[0].start), (run.run_id, run.start));
    assert_eq!(kept[0].saved, half_way());
    assert_eq!(store.run_content(run.run_id).unwrap(), run.content);
    assert_eq!(store.insert_run(&run), Ok(Inserted::Existing(Box::new(kept[0].clone()))));
}

#[test]
fn a_store_that_was_killed_opens_without_a_shared_memory_file() {
    let folder = tempfile::tempdir().unwrap();
    let run = new_run(5);
    let store = Store::open(folder.path()).unwrap();
    store.insert_run(&run).unwrap();
    // What is on disk at this moment, as a process that is killed leaves it.
    let left = tempfile::tempdir().unwrap();
    for file in ["producer.db", "producer.db-wal"] {
        fs::copy(folder.path().join(file), left.path().join(file)).unwrap();
    }
    // Where a full disk has no room for the file, a folder in its place does not let it be made either.
    fs::create_dir(left.path().join("producer.db-shm")).unwrap();
    let store = Store::open(left.path()).unwrap();
    assert_eq!(store.unfinished_runs().unwrap()[0].run_id, run.run_id);
}

#[test]
fn an_ended_run_is_kept_without_its_records() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let run = new_run(5);
    store.insert_run(&run).unwrap();
    let end = Phase::Ended(Ending::Failed(vec![4]), Moment::from_unix_ms(77));
    let saved = Saved { phase: end, ..half_way() };
    store.save_run(run.run_id, &saved, &[]).unwrap();
    assert_eq!(store.unfinished_runs().unwrap(), []);
    assert_eq!(store.find_run(run.run_id).unwrap().unwrap().saved, saved);
    assert_eq!(store.run_content(run.run_id).unwrap(), None);
}

#[test]
fn runs_are_listed_the_newest_first_and_in_pages() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let runs: Vec<NewRun> = [30, 10, 20, 20].map(new_run).to_vec();
    for run in &runs {
        store.insert_run(run).unwrap();
    }
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let page = store.list_runs(after, 3).unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.start, last.run_id));
        listed.extend(page.iter().map(|run| run.run_id));
    }
    let expected = [&runs[0], &runs[3], &runs[2], &runs[1]].map(|run| run.run_id);
    assert_eq!(listed, expected);
}

#[test]
fn a_roster_is_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let roster = KeptRoster {
        name: "night".into(),
        drivers: 3,
        create: Moment::from_unix_ms(1),
        origin: Origin::Seed(u64::MAX),
    };
    assert_eq!(store.insert_roster(&roster), Ok(Some(roster.clone())));
    let later = KeptRoster { create: Moment::from_unix_ms(2), ..roster.clone() };
    assert_eq!(store.insert_roster(&later), Ok(Some(roster.clone())));
    let other = KeptRoster { origin: Origin::Given(vec![1]), ..roster.clone() };
    assert_eq!(store.insert_roster(&other), Ok(None));
    assert_eq!(store.find_roster("night"), Ok(Some(roster)));
    assert_eq!(store.list_rosters("", 9).unwrap().len(), 1);
    assert_eq!(store.list_rosters("night", 9).unwrap().len(), 0);
}

#[test]
fn two_producers_never_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let _first = Store::open(folder.path()).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert_eq!(error, StoreError::InUse { folder: folder.path().to_owned() });
}

#[test]
fn a_store_from_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let connection = rusqlite::Connection::open(folder.path().join("producer.db")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = Store::open(folder.path()).unwrap_err();
    assert_eq!(error, StoreError::Newer { folder: folder.path().to_owned(), found: 99, known: 1 });
}

#[test]
fn a_file_that_is_no_store_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("producer.db"), "a letter to a friend, long enough to be one")
        .unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert_eq!(error, StoreError::Foreign { folder: folder.path().to_owned() });
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::open(file.join("data")).unwrap_err();
    assert!(matches!(&error, StoreError::NotWritable { folder, .. } if folder.starts_with(&file)));
    assert!(error.to_string().contains("file/data: cannot be written"), "{error}");
}
