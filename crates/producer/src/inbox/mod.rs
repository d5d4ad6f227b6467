//! The watched folder: each new pair of `NAME.shipments.txt|csv` and `NAME.drivers.txt|csv` is a batch.
//!
//! ```text
//! both rest ─▶ records and number in the store ─▶ sent ─▶ answer in the store ─▶ moved to done/
//!     │                                                                     └─▶ moved to rejected/
//!     └─ unfit ─▶ moved to rejected/, with NAME.error.txt
//! ```
//!
//! Each arrow can be the last before a crash: a pair in the store is not taken again, and an answered
//! one is moved when the producer is back.

mod files;
mod scan;

use std::{
    collections::HashSet,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use prost::Message;
use proto::{
    RunId, Violations,
    producer::v1::{Folder, StartRunRequest, start_run_request::Source},
};
use runtime::workers::Workers;
use tokio::time::sleep;

use crate::{
    error::Error,
    request::Spec,
    run::{live::LiveRun, machine::Phase},
    runs::Runs,
    source::columns,
    store::{Content, KeptPair, NewPair, Store, StoreError},
};
use files::{Listing, Unfit};
use scan::{Found, Scan, Seen};

const SHIPMENT_COLUMNS: [&str; 2] = ["address", "shipment"];
const DRIVER_COLUMNS: [&str; 2] = ["name", "driver"];

/// A folder to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbox {
    /// The folder.
    pub folder: PathBuf,
    /// Time between looks at it.
    pub every: Duration,
}

/// The folder of a run of files.
pub(crate) fn path_of(request: &StartRunRequest) -> Option<&str> {
    match &request.source {
        Some(Source::Folder(Folder { path })) => Some(path),
        _ => None,
    }
}

/// Keeps other producers away from an inbox. Blocks for a moment.
///
/// # Errors
/// `InboxInUse`, `Inbox`.
pub(crate) fn lock(inbox: &Inbox) -> Result<Option<File>, Error> {
    files::lock(&inbox.folder).map_err(|source| {
        let folder = inbox.folder.clone();
        match source.kind() {
            io::ErrorKind::WouldBlock => Error::InboxInUse { folder },
            _ => Error::Inbox { folder, source },
        }
    })
}

/// Watches the inbox, with the run that did so before or a new one. Runs of other folders take no more.
pub(crate) async fn start(
    runs: &Arc<Runs>,
    store: &Arc<Store>,
    workers: &Workers,
    inbox: Option<Inbox>,
    resumed: Vec<Arc<LiveRun>>,
) -> Result<(), Error> {
    let path = inbox.as_ref().map(|inbox| inbox.folder.display().to_string());
    let (mut same, others): (Vec<_>, Vec<_>) =
        resumed.into_iter().partition(|run| path_of(run.request()) == path.as_deref());
    for run in others {
        run.stop();
    }
    let (Some(inbox), Some(path)) = (inbox, path) else { return Ok(()) };
    let running = same.pop().filter(|run| run.standing().saved.phase == Phase::Running);
    let run = match running {
        Some(run) => run,
        None => {
            let source = Some(Source::Folder(Folder { path }));
            let request = StartRunRequest { source, ..StartRunRequest::default() };
            let spec = Spec::read(&request, &mut Violations::new());
            runs.start_folder(request, spec.unwrap_or_else(|| unreachable!("it is sound"))).await?
        }
    };
    let number = run.standing().saved.reserved;
    let worker = Worker { store: Arc::clone(store), run, folder: inbox.folder, number };
    runs.spawn(watch(worker, inbox.every, workers.clone(), runs.draining().clone()));
    Ok(())
}

async fn watch(
    mut worker: Worker,
    every: Duration,
    workers: Workers,
    draining: tokio_util::sync::CancellationToken,
) {
    let mut scan = Scan::default();
    let mut trouble = None;
    let watching = async {
        loop {
            let looked = workers.run(move || {
                let looked = worker.look(&mut scan);
                (worker, scan, looked)
            });
            let looked = match looked.await {
                Ok((back, remembered, looked)) => {
                    (worker, scan) = (back, remembered);
                    looked
                }
                Err(error) => {
                    tracing::error!(%error, "the inbox is not watched any more");
                    return;
                }
            };
            let now = looked.err().map(|error| error.to_string());
            if let Some(error) = now.as_ref().filter(|_| now != trouble) {
                tracing::warn!(error, "the inbox waits");
            }
            trouble = now;
            sleep(every).await;
        }
    };
    draining.run_until_cancelled(watching).await;
}

/// Why the inbox waits.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("inbox {}: {source}", folder.display())]
    Folder { folder: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks after the folder, on a thread that may block.
struct Worker {
    store: Arc<Store>,
    run: Arc<LiveRun>,
    folder: PathBuf,
    /// The number of the next pair.
    number: u64,
}

impl Worker {
    fn look(&mut self, scan: &mut Scan) -> Result<(), Trouble> {
        let taken = self.clear_away()?;
        if self.run.standing().saved.phase != Phase::Running {
            return Ok(());
        }
        let Listing { mut files, unnameable } =
            files::list(&self.folder).map_err(|source| self.trouble(source))?;
        for file in scan.first_seen(unnameable) {
            tracing::warn!(file, "a file is not taken, its name is not UTF-8");
        }
        files.retain(|seen| !taken.contains(&seen.name));
        for found in scan.look(files) {
            match found {
                Found::Alone { file } => tracing::info!(file, "a file waits for its partner"),
                Found::Twice { name, files } => {
                    let names: Vec<&str> = files.iter().map(|seen| seen.name.as_str()).collect();
                    let why = format!("{}: more than one file for a side", names.join(", "));
                    self.reject(&name, &files, &why)?;
                }
                Found::Pair { name, shipments, drivers } => {
                    self.take(&name, &[shipments, drivers])?;
                }
            }
        }
        Ok(())
    }

    fn trouble(&self, source: std::io::Error) -> Trouble {
        Trouble::Folder { folder: self.folder.clone(), source }
    }

    /// Moves the files of answered pairs; says which files belong to pairs that are not.
    fn clear_away(&self) -> Result<HashSet<String>, Trouble> {
        let mut taken = HashSet::new();
        for pair in self.store.pairs()? {
            let files: Vec<Seen> = serde_json::from_slice(&pair.files).unwrap_or_default();
            match &pair.outcome {
                Some(outcome) => self.move_away(&pair, &files, outcome)?,
                None if self.is_forgotten(pair.run_id)? => {}
                None => {
                    taken.extend(files.into_iter().map(|seen| seen.name));
                    continue;
                }
            }
            self.store.remove_pair(pair.run_id, pair.number)?;
        }
        Ok(taken)
    }

    /// Whether the run has ended, so that what it did not send is to be taken anew.
    fn is_forgotten(&self, run: RunId) -> Result<bool, Trouble> {
        let kept = self.store.find_run(run)?;
        Ok(kept.is_none_or(|kept| matches!(kept.saved.phase, Phase::Ended(..))))
    }

    fn move_away(&self, pair: &KeptPair, files: &[Seen], outcome: &[u8]) -> Result<(), Trouble> {
        let path = Path::new(&pair.name);
        let folder = path.parent().unwrap_or(&self.folder);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let moved = if outcome.is_empty() {
            files::move_to(folder, "done", files)
        } else {
            let status = tonic_types::pb::Status::decode(outcome).unwrap_or_default();
            files::reject(folder, &name, files, &status.message)
        };
        moved.map_err(|source| Trouble::Folder { folder: folder.to_owned(), source })
    }

    fn reject(&self, name: &str, files: &[Seen], why: &str) -> Result<(), Trouble> {
        tracing::warn!(name, why, "a pair of files is rejected");
        files::reject(&self.folder, name, files, why).map_err(|source| self.trouble(source))
    }

    /// Takes a pair: it counts once the store has it.
    fn take(&mut self, name: &str, files: &[Seen; 2]) -> Result<(), Trouble> {
        let content = match self.read(files) {
            Ok(content) => content,
            Err(unfit) => return self.reject(name, files, &unfit.to_string()),
        };
        let unchanged = files
            .iter()
            .all(|seen| files::look_at(&self.folder, &seen.name).as_ref() == Some(seen));
        if !unchanged {
            return Ok(());
        }
        let encoded = serde_json::to_vec(files).unwrap_or_default();
        let pair = NewPair {
            number: self.number,
            name: self.folder.join(name).display().to_string(),
            files: encoded,
            content,
        };
        self.store.insert_pair(self.run.id(), &pair)?;
        self.number += 1;
        self.run.stocked(self.number);
        tracing::info!(name, number = pair.number, "a pair of files is taken");
        Ok(())
    }

    fn read(&self, [shipments, drivers]: &[Seen; 2]) -> Result<Content, Unfit> {
        let shipments = files::read(&self.folder, shipments, &SHIPMENT_COLUMNS)?;
        let drivers = files::read(&self.folder, drivers, &DRIVER_COLUMNS)?;
        Ok(Content {
            shipments: columns::to_bytes(&shipments),
            drivers: columns::to_bytes(&drivers),
        })
    }
}
