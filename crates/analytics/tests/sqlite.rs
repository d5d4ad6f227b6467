//! The suite of all stores on SQLite, and what only a file can do wrong.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests fail by panicking, and say what they skip"
)]

mod common;

use std::path::Path;
use std::process::Command;

use analytics::Error;
use analytics::store::{Outcome, SCHEMA_VERSION, Sqlite, Store};
use common::{all, noon, plan, recorded, suite};
use runtime::workers::Workers;
use rusqlite::Connection;
use tempfile::TempDir;

fn open(path: &Path) -> Result<Sqlite, Error> {
    Sqlite::open(path, Workers::in_place(), Workers::in_place())
}

macro_rules! suite {
    ($($name:ident)*) => { $(
        #[tokio::test]
        async fn $name() {
            let folder = TempDir::new().unwrap();
            let store = open(&folder.path().join("analytics.db")).unwrap();
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

#[tokio::test]
async fn a_store_opened_again_has_everything() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a/b/analytics.db");
    let store = open(&path).unwrap();
    store.record(noon(), vec![plan(1), plan(2)]).await.unwrap();
    let before = store.plans(all()).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let store = open(&path).unwrap();
    assert_eq!(*store.committed().borrow(), 2);
    assert_eq!(store.plans(all()).await.unwrap(), before);
    assert!(before.iter().all(|plan| plan.facts.steps.commit.is_some()));
}

#[tokio::test]
async fn a_process_that_dies_leaves_what_was_answered() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("analytics.db");
    let store = open(&path).unwrap();
    store.record(noon(), vec![plan(1)]).await.unwrap();
    // What is on disk at this moment, log and all, as a process that is killed leaves it.
    let copy = folder.path().join("copy.db");
    for suffix in ["", "-wal"] {
        let of = |path: &Path| format!("{}{suffix}", path.display());
        std::fs::copy(of(&path), of(&copy)).unwrap();
    }
    let copy = open(&copy).unwrap();
    let plans = copy.plans(all()).await.unwrap();
    assert_eq!((plans.len(), plans[0].facts.steps.commit), (1, None));
}

#[test]
fn one_process_at_a_time_has_the_store() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("analytics.db");
    let first = open(&path).unwrap();
    assert!(matches!(open(&path), Err(Error::InUse { .. })));
    drop(first);
    open(&path).unwrap();
}

#[test]
#[cfg(unix)]
fn a_store_has_one_lock_under_all_its_names() {
    let folder = TempDir::new().unwrap();
    let (path, link) = (folder.path().join("analytics.db"), folder.path().join("link.db"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for (first, second) in [(&link, &path), (&path, &link)] {
        let _first = open(first).unwrap();
        assert!(matches!(open(second), Err(Error::InUse { .. })), "{}", second.display());
    }
}

#[test]
fn a_store_of_a_newer_version_says_which_versions() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("analytics.db");
    drop(open(&path).unwrap());
    let newer = SCHEMA_VERSION + 1;
    Connection::open(&path).unwrap().pragma_update(None, "user_version", newer as i64).unwrap();
    let said = open(&path).err().unwrap().to_string();
    let (has, knows) = (format!("has version {newer}"), format!("versions up to {SCHEMA_VERSION}"));
    assert!(said.contains(&has) && said.contains(&knows), "{said}");
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let folder = TempDir::new().unwrap();
    let text = folder.path().join("text.db");
    std::fs::write(&text, "dear diary").unwrap();
    assert!(matches!(open(&text), Err(Error::NotAStore { .. })));
    assert_eq!(std::fs::read(&text).unwrap(), b"dear diary");

    let foreign = folder.path().join("foreign.db");
    Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE songs (name TEXT)").unwrap();
    assert!(matches!(open(&foreign), Err(Error::NotAStore { .. })));
}

#[test]
fn a_bad_place_is_named() {
    let folder = TempDir::new().unwrap();
    let said = |path: &Path| open(path).err().unwrap().to_string();
    assert!(said(folder.path()).contains("is a folder, not a file"));
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let inside = said(&file.join("analytics.db"));
    assert!(inside.contains(&format!("{}", file.display())), "{inside}");
    let nowhere = said(Path::new("/proc/waybill/analytics.db"));
    assert!(nowhere.contains("/proc/waybill"), "{nowhere}");
}

/// A file system of a few megabytes, unmounted at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<SmallDisk> {
        let folder = TempDir::new().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "waybill-test"])
            .arg(folder.path())
            .output();
        match mount {
            Ok(output) if output.status.success() => Some(SmallDisk(folder)),
            _ => None,
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_room_heals_it() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("skipped: a small tmpfs cannot be mounted here");
        return;
    };
    let ballast = disk.0.path().join("ballast");
    std::fs::write(&ballast, vec![1; 2 * 1024 * 1024]).unwrap();
    let path = disk.0.path().join("analytics.db");
    let store = open(&path).unwrap();
    let large = |number| {
        let mut new = plan(number);
        new.parts = vec![vec![7; 100_000].into()];
        new
    };
    let mut kept = 0;
    let full = loop {
        match store.record(noon(), vec![large(kept + 1)]).await {
            Ok(outcomes) => kept = recorded(outcomes[0]),
            Err(error) => break error,
        }
    };
    assert!(matches!(full, Error::Unavailable { .. }), "{full}");
    assert!(kept >= 3);
    // Still full, and still able to read.
    assert!(store.record(noon(), vec![large(kept + 1)]).await.is_err());
    assert_eq!(store.plans(all()).await.unwrap().len() as u64, kept);
    assert_eq!(*store.committed().borrow(), kept);

    std::fs::remove_file(&ballast).unwrap();
    let outcomes = store.record(noon(), vec![large(1), large(kept + 1)]).await.unwrap();
    assert!(matches!(outcomes[0], Outcome::Duplicate { sequence: 1, .. }));
    assert_eq!(recorded(outcomes[1]), kept + 1);
    store.close().await.unwrap();
    let integrity: String = Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(integrity, "ok");
}
