//! Where the records of a batch come from: a function of the source and the batch's number.

pub(crate) mod columns;
pub mod synthetic;
pub(crate) mod words;

use std::sync::Arc;

use domain::Records;
use proto::RunId;
use runtime::workers::Workers;

use crate::{
    error::Error,
    request::SourceSpec,
    store::{Content, KeptRoster, Origin, Store},
};

/// Shipments that are made where they are asked for; more go to a worker. 4,096 take about 0.3 ms.
const INLINE: u32 = 4_096;

/// Bytes of a made-up shipment in memory, about.
const MADE_UP_BYTES: u64 = 40;
/// Bytes of a pair of files, about, before it is read.
const STORED_BYTES: u64 = 16 << 20;

/// The records of one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// In order of arrival.
    pub shipments: Arc<Records>,
    /// In the order given.
    pub drivers: Arc<Records>,
}

impl Batch {
    /// The records of stored content.
    fn of(run: RunId, number: u64, content: &Content) -> Result<Self, Error> {
        let side = |bytes: &[u8]| {
            let records = columns::from_bytes(bytes);
            records.map(Arc::new).map_err(|source| Error::Content { run, number, source })
        };
        Ok(Self { shipments: side(&content.shipments)?, drivers: side(&content.drivers)? })
    }
}

/// Makes the batches of one run.
#[derive(Debug)]
pub(crate) struct Source {
    kind: Kind,
    workers: Workers,
}

#[derive(Debug)]
enum Kind {
    /// New shipments for the same drivers.
    MadeUp { shipments: u32, seed: u64, drivers: Arc<Records> },
    /// Every batch has all.
    Same(Batch),
    /// Each batch stands in the store.
    Stored { run: RunId, store: Arc<Store> },
    /// There are none.
    Broken { run: RunId },
}

impl Source {
    /// The source of a run that is kept.
    ///
    /// # Errors
    /// `NoRoster`, `NoContent`, `Content`, `Store`, `Worker`.
    pub(crate) async fn open(
        spec: &SourceSpec,
        run: RunId,
        store: &Arc<Store>,
        workers: &Workers,
    ) -> Result<Self, Error> {
        let (spec, store) = (spec.clone(), Arc::clone(store));
        let kind = workers.run(move || open(spec, run, store)).await??;
        Ok(Self { kind, workers: workers.clone() })
    }

    /// The source of a run whose own cannot be opened: there are no batches.
    pub(crate) fn broken(run: RunId, workers: &Workers) -> Self {
        Self { kind: Kind::Broken { run }, workers: workers.clone() }
    }

    /// Bytes that making a batch takes, about; drivers that batches share are not among them.
    pub(crate) fn bytes(&self) -> u64 {
        match &self.kind {
            Kind::MadeUp { shipments, .. } => u64::from(*shipments) * MADE_UP_BYTES,
            Kind::Same(_) | Kind::Broken { .. } => 0,
            Kind::Stored { .. } => STORED_BYTES,
        }
    }

    /// The records of a batch.
    ///
    /// # Errors
    /// `NoContent`, `Content`, `Store`, `Worker`.
    pub(crate) async fn make(&self, number: u64) -> Result<Batch, Error> {
        match &self.kind {
            Kind::Same(batch) => Ok(batch.clone()),
            Kind::MadeUp { shipments, seed, drivers } => {
                let (count, seed) = (*shipments, *seed);
                let make = move || synthetic::shipments(seed, number, count);
                let shipments =
                    if count <= INLINE { make() } else { self.workers.run(make).await? };
                Ok(Batch { shipments: Arc::new(shipments), drivers: Arc::clone(drivers) })
            }
            Kind::Broken { run } => Err(Error::NoContent { run: *run, number }),
            Kind::Stored { run, store } => {
                let (run, store) = (*run, Arc::clone(store));
                let read = move || {
                    let content = store.batch_content(run, number)?;
                    Batch::of(run, number, &content.ok_or(Error::NoContent { run, number })?)
                };
                self.workers.run(read).await?
            }
        }
    }
}

fn open(spec: SourceSpec, run: RunId, store: Arc<Store>) -> Result<Kind, Error> {
    match spec {
        SourceSpec::Synthetic { shipments, drivers, seed } => {
            let drivers = Arc::new(synthetic::drivers(seed, 0, drivers));
            Ok(Kind::MadeUp { shipments, seed, drivers })
        }
        SourceSpec::Roster { name, shipments, seed } => {
            Ok(Kind::MadeUp { shipments, seed, drivers: Arc::new(roster(&store, &name)?) })
        }
        SourceSpec::Records { roster: name } => {
            let content = store.run_content(run)?.ok_or(Error::NoContent { run, number: 0 })?;
            let mut batch = Batch::of(run, 0, &content)?;
            if let Some(name) = name {
                batch.drivers = Arc::new(roster(&store, &name)?);
            }
            Ok(Kind::Same(batch))
        }
        SourceSpec::Folder => Ok(Kind::Stored { run, store }),
    }
}

/// The drivers of a kept roster.
fn roster(store: &Store, name: &str) -> Result<Records, Error> {
    let roster = store.find_roster(name)?.ok_or_else(|| Error::NoRoster(name.to_owned()))?;
    roster_page(&roster, store, 0, roster.drivers)
}

/// `count` drivers of a roster from the one at `first` on, or as many as there are.
///
/// # Errors
/// `Store`: what is kept makes no sense.
pub(crate) fn roster_page(
    roster: &KeptRoster,
    store: &Store,
    first: u32,
    count: u32,
) -> Result<Records, Error> {
    let count = count.min(roster.drivers.saturating_sub(first));
    match &roster.origin {
        Origin::Seed(seed) => Ok(synthetic::drivers(*seed, first, count)),
        Origin::Given(content) => {
            let damaged = |_| store.damaged(format!("roster {}", roster.name));
            let all = columns::from_bytes(content).map_err(damaged)?;
            if first == 0 && count as usize == all.len() {
                return Ok(all);
            }
            let mut page = Records::new();
            for record in all.iter().skip(first as usize).take(count as usize) {
                let id = record.id.unwrap_or_default();
                page.push(id, record.line, record.text)
                    .map_err(|_| store.damaged(format!("roster {}", roster.name)))?;
            }
            Ok(page)
        }
    }
}
