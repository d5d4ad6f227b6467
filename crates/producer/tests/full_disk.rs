//! A data folder without room. Needs a small file system of its own, and skips where it may not mount one.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test")]

mod support;

use std::{
    fs::{self, File},
    io::Write,
    path::Path,
    process::Command,
};

use proto::{
    logistics::v1::{Driver, Shipment},
    producer::v1::{Records, RunState, StartRunRequest, start_run_request::Source},
};
use support::{Behaviour, Fleet, Producer, batches};
use tonic::Code;

/// A tmpfs, unmounted when dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"])
            .arg(folder.path())
            .output();
        mounted.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).output();
    }
}

fn fill(folder: &Path) {
    let mut file = File::create(folder.join("filler")).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
}

/// A run whose records need room.
fn with_records() -> StartRunRequest {
    let shipment =
        |i| Shipment { address: format!("{i} {}", "Elm ".repeat(500)), ..Default::default() };
    let driver = Driver { name: "Everardo Welch".into(), ..Driver::default() };
    let records = Records {
        shipments: (0..200).map(shipment).collect(),
        drivers: vec![driver],
        ..Records::default()
    };
    StartRunRequest { source: Some(Source::Records(records)), batch_limit: 1, ..Default::default() }
}

#[tokio::test]
async fn a_full_disk_is_said_and_stops_no_run() {
    let Some(small) = Small::mount() else {
        eprintln!("skipped: no small file system can be mounted here");
        return;
    };
    let fleet = Fleet::new(Behaviour::Hold);
    let served = fleet.serve().await;
    let producer = Producer::start(small.path(), &served).await;
    let run = producer.run(batches(1_000)).await;
    fleet.saw(1).await;
    fill(small.path());

    let refusal = producer.client.clone().start_run(with_records()).await.unwrap_err();
    assert_eq!(refusal.code(), Code::ResourceExhausted);
    let expected = format!("data folder {}: the disk is full", small.path().display());
    assert_eq!(refusal.message(), expected);

    fleet.behaviour.send_replace(Behaviour::Settle);
    let end = producer.end_of(&run).await;
    assert_eq!((end.state(), end.batches_settled), (RunState::Finished, 1_000));

    fs::remove_file(small.path().join("filler")).unwrap();
    producer.drain().await;
    let producer = Producer::start(small.path(), &served).await;
    assert_eq!(producer.get(&run).await, end);
    let run = producer.run(with_records()).await;
    assert_eq!(producer.end_of(&run).await.shipments, 200);
}
