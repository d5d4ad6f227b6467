//! The watched folder.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::{fs, path::Path, time::Duration};

use producer::{Clock, Core, Error, Inbox, Options, Store};
use proto::producer::v1::{ListRunsRequest, Run, RunState, StopRunRequest};
use runtime::workers::Workers;
use support::{Behaviour, Fleet, Producer, Served, within};
use tonic::Code;

async fn start(data: &Path, inbox: &Path, fleet: &Served) -> Producer {
    let every = Duration::from_millis(5);
    let watched = Inbox { folder: inbox.to_owned(), every };
    Producer::start_with(data, fleet, |options: &mut Options| options.inbox = Some(watched)).await
}

async fn folder_run(producer: &Producer) -> Run {
    let list = producer.client.clone().list_runs(ListRunsRequest::default()).await;
    list.unwrap().into_inner().runs.remove(0)
}

/// Puts a file there in one piece, so that a slow test is not taken for a file at rest.
fn write(inbox: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let part = inbox.join(format!("{name}.part"));
    fs::write(&part, bytes).unwrap();
    fs::rename(part, inbox.join(name)).unwrap();
}

fn put(inbox: &Path, name: &str, shipments: &str, drivers: impl AsRef<[u8]>) {
    write(inbox, &format!("{name}.shipments.txt"), shipments);
    write(inbox, &format!("{name}.drivers.txt"), drivers);
}

async fn there(path: impl AsRef<Path>) {
    within(async {
        while !path.as_ref().exists() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_pair_of_files_is_planned_and_moved() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let (data, inbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let producer = start(data.path(), inbox.path(), &served).await;
    put(
        inbox.path(),
        "monday",
        "215 Osinski Manors\n\n9856 Marvin Stravenue\n",
        "Everardo Welch\n",
    );
    there(inbox.path().join("done/monday.drivers.txt")).await;
    there(inbox.path().join("done/monday.shipments.txt")).await;
    assert_eq!(fleet.shipments(), ["215 Osinski Manors", "9856 Marvin Stravenue"]);
    let lines: Vec<u32> = fleet.last().shipments.iter().map(|s| s.line).collect();
    assert_eq!(lines, [0, 3], "a line is told where it is not the place");

    let csv = "id,address\nS1,7127 Kathlyn Ferry\n";
    write(inbox.path(), "tuesday.shipments.csv", csv);
    write(inbox.path(), "tuesday.drivers.csv", "id,name\nD1,Orval Mayert\n");
    there(inbox.path().join("done/tuesday.drivers.csv")).await;
    assert_eq!(
        (fleet.last().shipments[0].id.as_str(), fleet.last().drivers[0].id.as_str()),
        ("S1", "D1")
    );
    let run = folder_run(&producer).await;
    assert_eq!((run.batches_sent, run.batches_settled, run.state()), (2, 2, RunState::Running));

    // The same name again is a new pair.
    put(inbox.path(), "monday", "987 Champlin Lake\n", "Everardo Welch\n");
    there(inbox.path().join("done/2-monday.drivers.txt")).await;
    assert_eq!(fleet.different(), 3);
}

#[tokio::test]
async fn bad_files_are_rejected_and_stop_nothing() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let (data, inbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _producer = start(data.path(), inbox.path(), &served).await;
    put(inbox.path(), "empty", "", "Everardo Welch\n");
    put(inbox.path(), "long", &"x".repeat(1 << 20), "Everardo Welch\n");
    put(inbox.path(), "latin", "1 Elm\n", b"Everardo Welch\nRen\xe9 Descartes\n");
    fs::create_dir(inbox.path().join("folder.shipments.txt")).unwrap();
    write(inbox.path(), "folder.drivers.txt", "Everardo Welch\n");
    write(inbox.path(), "twins.shipments.csv", "id,address\nS1,1 Elm\nS1,2 Elm\n");
    write(inbox.path(), "twins.drivers.txt", "Everardo Welch\n");
    write(inbox.path(), "alone.shipments.txt", "1 Elm\n");
    let rejected = inbox.path().join("rejected");
    let table = [
        ("empty", "empty.shipments.txt: has no records\n"),
        ("long", "long.shipments.txt: line 1: 1048576 bytes, more than the 4096 of a record\n"),
        ("latin", "latin.drivers.txt: line 2: not UTF-8 at byte 4\n"),
        ("folder", "folder.shipments.txt: is no file\n"),
        ("twins", "twins.shipments.csv: line 3: id S1 again, first on line 2\n"),
    ];
    for (name, why) in table {
        there(rejected.join(format!("{name}.drivers.txt"))).await;
        assert_eq!(fs::read_to_string(rejected.join(format!("{name}.error.txt"))).unwrap(), why);
    }
    put(inbox.path(), "good", "1 Elm\n", "Everardo Welch\n");
    there(inbox.path().join("done/good.drivers.txt")).await;
    assert_eq!(fleet.different(), 1);
    assert_eq!(files(inbox.path()), ["alone.shipments.txt", "done", "rejected"]);
    write(inbox.path(), "alone.drivers.txt", "Everardo Welch\n");
    there(inbox.path().join("done/alone.drivers.txt")).await;

    // What was said of the first pair of a name stays beside what is said of the second.
    put(inbox.path(), "empty", "1 Elm\n", "");
    there(rejected.join("2-empty.drivers.txt")).await;
    let said = |name| fs::read_to_string(rejected.join(name)).unwrap();
    assert_eq!(said("empty.error.txt"), "empty.shipments.txt: has no records\n");
    assert_eq!(said("2-empty.error.txt"), "empty.drivers.txt: has no records\n");
}

#[tokio::test]
async fn one_producer_at_a_time_has_the_inbox() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let (data, inbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = start(data.path(), inbox.path(), &served).await;

    let other = tempfile::tempdir().unwrap();
    let mut options = Options::new(Clock::system());
    let watched = Inbox { folder: inbox.path().to_owned(), every: Duration::from_millis(5) };
    options.inbox = Some(watched);
    let store = Store::open(other.path()).unwrap();
    let second = Core::start(store, served.peers(), Workers::in_place(), options).await;
    assert!(matches!(second, Err(Error::InboxInUse { .. })));

    first.kill().await;
    start(other.path(), inbox.path(), &served).await;
}

#[tokio::test]
#[cfg(unix)]
async fn files_that_are_older_than_the_epoch_are_a_pair() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let (data, inbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    put(inbox.path(), "old", "1 Main Street", "Everardo Welch");
    let old = std::time::SystemTime::UNIX_EPOCH - Duration::from_secs(1000);
    let file = fs::File::options().write(true).open(inbox.path().join("old.drivers.txt")).unwrap();
    file.set_modified(old).unwrap();
    let _producer = start(data.path(), inbox.path(), &served).await;
    there(inbox.path().join("done/old.drivers.txt")).await;
}

#[tokio::test]
async fn a_refused_pair_is_rejected_with_its_reason() {
    let fleet = Fleet::new(Behaviour::Reject(Code::InvalidArgument, "no good"));
    let served = fleet.serve().await;
    let (data, inbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let producer = start(data.path(), inbox.path(), &served).await;
    put(inbox.path(), "monday", "1 Elm\n", "Everardo Welch\n");
    there(inbox.path().join("rejected/monday.drivers.txt")).await;
    let error = fs::read_to_string(inbox.path().join("rejected/monday.error.txt")).unwrap();
    assert_eq!(error, "no good\n");
    assert_eq!(folder_run(&producer).await.batches_rejected, 1);
}

#[tokio::test]
async fn a_crash_plans_no_pair_twice_and_loses_none() {
    let fleet = Fleet::new(Behaviour::Hold);
    let served = fleet.serve().await;
    let (data, inbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let producer = start(data.path(), inbox.path(), &served).await;
    put(inbox.path(), "monday", "1 Elm\n", "Everardo Welch\n");
    fleet.saw(1).await;
    let run = folder_run(&producer).await;
    producer.kill().await;
    put(inbox.path(), "tuesday", "2 Elm\n", "Everardo Welch\n");
    fleet.behaviour.send_replace(Behaviour::Settle);
    let producer = start(data.path(), inbox.path(), &served).await;
    there(inbox.path().join("done/monday.drivers.txt")).await;
    there(inbox.path().join("done/tuesday.drivers.txt")).await;
    let after = folder_run(&producer).await;
    assert_eq!(after.run_id, run.run_id);
    assert_eq!((after.batches_sent, after.batches_settled), (2, 2));
    assert_eq!(fleet.different(), 2);
}

#[tokio::test]
async fn files_that_are_written_over_after_they_were_taken_are_a_new_pair() {
    let fleet = Fleet::new(Behaviour::Hold);
    let served = fleet.serve().await;
    let (data, inbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let producer = start(data.path(), inbox.path(), &served).await;
    put(inbox.path(), "monday", "1 Elm\n", "Everardo Welch\n");
    fleet.saw(1).await;
    producer.kill().await;
    put(inbox.path(), "monday", "22 Elm Street\n", "Everardo Welch the Younger\n");
    fleet.behaviour.send_replace(Behaviour::Settle);
    let _producer = start(data.path(), inbox.path(), &served).await;
    there(inbox.path().join("done/monday.drivers.txt")).await;
    let mut shipments = fleet.shipments();
    shipments.sort();
    shipments.dedup();
    assert_eq!(shipments, ["1 Elm", "22 Elm Street"]);
}

#[tokio::test]
async fn a_stopped_folder_leaves_what_comes_later_to_the_next_run() {
    let fleet = Fleet::new(Behaviour::Settle);
    let served = fleet.serve().await;
    let (data, inbox) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let producer = start(data.path(), inbox.path(), &served).await;
    let run = folder_run(&producer).await;
    let stop = StopRunRequest { run_id: run.run_id.clone() };
    producer.client.clone().stop_run(stop).await.unwrap();
    assert_eq!(producer.end_of(&run).await.state(), RunState::Stopped);
    put(inbox.path(), "monday", "1 Elm\n", "Everardo Welch\n");
    producer.kill().await;
    assert_eq!(fleet.different(), 0);
    let producer = start(data.path(), inbox.path(), &served).await;
    there(inbox.path().join("done/monday.drivers.txt")).await;
    assert_ne!(folder_run(&producer).await.run_id, run.run_id);
}
