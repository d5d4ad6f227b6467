//! Plans in a PostgreSQL database that any number of replicas share.
//!
//! Each replica has one connection that writes, one that listens, and a few that read. How groups of
//! several replicas come to one order without gaps is in [`write`]; how long plans are kept, in [`days`].

mod database;
mod days;
mod drivers;
mod group;
mod listen;
mod password;
mod read;
mod schema;
mod statements;
mod tls;
mod trouble;
mod url;
mod write;

use std::future::Future;
use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use proto::{BatchId, RunId};
use runtime::acked::backoff::Backoff;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use self::database::Database;
use self::trouble::{Remedy, Trouble};
use self::write::{NewestCommit, Writer};
use super::{
    Doing, DriverQuery, DriverTotals, NewPlan, Outcome, PlanQuery, Steps, Store, StoredPart,
    StoredPlan, Totals,
};
use crate::Error;

pub use self::schema::POSTGRES_SCHEMA_VERSION;
pub use self::url::PostgresUrl;

/// Where the tables are, in whichever database.
const SCHEMA: &str = "waybill";

/// Where replicas tell each other of a commit.
const CHANNEL: &str = "waybill_committed";

/// The first key of our advisory locks: "Wayb".
const ADVISORY: i32 = i32::from_be_bytes(*b"Wayb");

/// The columns of totals, wherever they are.
const TOTALS: [&str; 6] =
    ["plans", "shipments", "drivers", "assigned", "total_quarters", "greedy_quarters"];

/// How long a call goes on over lost connections before it is an error: what a restart of the database
/// takes that nobody shall notice.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same when the store is opened: a database that starts together with us.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// Time between two tries to connect.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// What may be set.
#[derive(Clone, Copy, Debug)]
pub struct PostgresOptions {
    /// Connections that read, at most. Default: 4.
    pub readers: usize,
    /// How long plans are kept, to the day. Default: for ever.
    pub retention: Option<Duration>,
}

impl Default for PostgresOptions {
    fn default() -> PostgresOptions {
        PostgresOptions { readers: 4, retention: None }
    }
}

/// Plans in a PostgreSQL database.
pub struct Postgres {
    shared: Arc<Shared>,
    retention: Option<Duration>,
    /// The connection that writes. `None` after a failure: what that leaves behind in a connection is
    /// nothing to build on.
    writer: Mutex<Option<Writer>>,
    /// Connections that read and are idle; as many as ever read at once, so at most `reading`.
    idle: StdMutex<Vec<Client>>,
    reading: Semaphore,
    tasks: [Task; 2],
}

/// What the tasks have too.
struct Shared {
    database: Database,
    committed: watch::Sender<u64>,
    /// How long this replica's newest commit took. On disk with its next one.
    newest_commit: StdMutex<Option<NewestCommit>>,
}

/// A task that ends with its owner.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Postgres {
    /// Connects, and brings the tables to this version. A database that is away is waited for, 30 s.
    ///
    /// # Errors
    /// What is wrong with the database, or the way to it: `DatabaseAway`, `DatabaseRefuses`,
    /// `DatabaseUnfit`, `NewerDatabase`, `NotOurSchema`.
    pub async fn open(url: &PostgresUrl, options: PostgresOptions) -> Result<Postgres, Error> {
        let database = Database::new(url)?;
        let mut tries = Tries::new(START_PATIENCE);
        let (last, writer) = loop {
            match prepare(&database).await {
                Ok(prepared) => break prepared,
                Err(trouble) => tries.again(trouble, &database).await?,
            }
        };
        let shared = Arc::new(Shared {
            database,
            committed: watch::Sender::new(last),
            newest_commit: StdMutex::new(None),
        });
        let tasks = [
            Task(tokio::spawn(listen::listen(Arc::clone(&shared)))),
            Task(tokio::spawn(days::keep_on(Arc::clone(&shared), options.retention))),
        ];
        Ok(Postgres {
            shared,
            retention: options.retention,
            writer: Mutex::new(Some(writer)),
            idle: StdMutex::new(Vec::new()),
            reading: Semaphore::new(options.readers.max(1)),
            tasks,
        })
    }

    /// Makes the partitions of the days to come and drops the days that are older than the retention, as
    /// happens by itself every hour.
    ///
    /// # Errors
    /// The database is away, or readers did not let go of what is dropped.
    pub async fn keep_days(&self, now: Timestamp) -> Result<(), Error> {
        self.shared.keep_days(now, self.retention).await
    }

    async fn read<T, F>(&self, read: impl Fn(Arc<Client>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        let mut tries = Tries::new(PATIENCE);
        loop {
            match self.try_read(&read).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => tries.again(trouble, &self.shared.database).await?,
            }
        }
    }

    async fn try_read<T, F>(&self, read: impl Fn(Arc<Client>) -> F) -> Result<T, Trouble>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        let _place = self.reading.acquire().await.map_err(|_| Error::Stopping)?;
        let idle = lock(&self.idle).pop().filter(|client| !client.is_closed());
        let client = match idle {
            Some(client) => client,
            None => self.shared.database.connect().await?,
        };
        let client = Arc::new(client);
        let answer = read(Arc::clone(&client)).await?;
        // Only after success: a connection that failed is closed.
        if let Some(client) = Arc::into_inner(client) {
            lock(&self.idle).push(client);
        }
        Ok(answer)
    }

    async fn record(&self, now: Timestamp, group: &[NewPlan]) -> Result<Vec<Outcome>, Error> {
        let database = &self.shared.database;
        let mut place = self.writer.lock().await;
        let mut tries = Tries::new(PATIENCE);
        let mut ours = Vec::new();
        loop {
            let trouble = match self.try_record(&mut place, now, group, &mut ours).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(trouble) => trouble,
            };
            match trouble.violated() {
                // Another replica has one of these batches, or was first on the next day, or dropped the
                // day: what there is now is asked for anew.
                Some("batches_pkey" | "commits_day" | "") if tries.are_left() => {}
                _ => tries.again(trouble, database).await?,
            }
        }
    }

    async fn try_record(
        &self,
        place: &mut Option<Writer>,
        now: Timestamp,
        group: &[NewPlan],
        ours: &mut Vec<i64>,
    ) -> Result<Vec<Outcome>, Trouble> {
        let mut writer = match place.take() {
            Some(writer) => writer,
            None => Writer::connect(&self.shared.database).await?,
        };
        if group.is_empty() {
            writer.probe().await?;
            *place = Some(writer);
            return Ok(Vec::new());
        }
        let newest = self.shared.newest();
        match writer.record(now, group, newest, ours).await {
            Ok(done) => {
                *place = Some(writer);
                if let Some(commit) = done.commit {
                    *lock(&self.shared.newest_commit) = Some(commit);
                    self.shared.heard_of(commit.last_sequence);
                }
                Ok(done.outcomes)
            }
            Err(trouble) => {
                if trouble.violated().is_some() {
                    writer.forget_day();
                    *place = Some(writer);
                }
                Err(trouble)
            }
        }
    }

    async fn close(&self) -> Result<(), Error> {
        for task in &self.tasks {
            task.0.abort();
        }
        self.reading.close();
        lock(&self.idle).clear();
        let Some(writer) = self.writer.lock().await.take() else { return Ok(()) };
        let newest = lock(&self.shared.newest_commit).take();
        let kept = writer.keep_commit_time(newest).await;
        kept.map_err(|trouble| trouble.told(&self.shared.database.name))
    }
}

/// Makes a database one with the tables of this version and the partitions of these days: its last
/// sequence, and a connection to write to it.
async fn prepare(database: &Database) -> Result<(u64, Writer), Trouble> {
    let client = database.connect().await?;
    schema::migrate(&client, &database.name).await?;
    days::make_ahead(&client, Timestamp::now()).await?;
    let last = read::last_sequence(&client).await?;
    Ok((last, Writer::connect(database).await?))
}

impl Shared {
    fn newest(&self) -> Option<NewestCommit> {
        *lock(&self.newest_commit)
    }

    /// That everything up to this sequence is committed, by whichever replica.
    fn heard_of(&self, sequence: u64) {
        self.committed.send_if_modified(|last| {
            let rises = sequence > *last;
            if rises {
                *last = sequence;
            }
            rises
        });
    }

    async fn keep_days(&self, now: Timestamp, retention: Option<Duration>) -> Result<(), Error> {
        let keep = async {
            let client = self.database.connect().await?;
            days::make_ahead(&client, now).await?;
            match retention {
                Some(kept) => days::drop_old(&client, now, kept).await,
                None => Ok(()),
            }
        };
        keep.await.map_err(|trouble| trouble.told(&self.database.name))
    }
}

impl Store for Postgres {
    fn record(&self, now: Timestamp, group: Vec<NewPlan>) -> Doing<'_, Vec<Outcome>> {
        Box::pin(async move { self.record(now, &group).await })
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn committed(&self) -> watch::Receiver<u64> {
        self.shared.committed.subscribe()
    }

    fn plans(&self, query: PlanQuery) -> Doing<'_, Vec<StoredPlan>> {
        Box::pin(async move {
            let query = &query;
            let newest = || self.shared.newest();
            self.read(|client| async move { read::plans(&client, query, newest()).await }).await
        })
    }

    fn plan(&self, batch_id: BatchId) -> Doing<'_, Option<StoredPlan>> {
        Box::pin(async move {
            let newest = || self.shared.newest();
            self.read(|client| async move { read::plan(&client, batch_id, newest()).await }).await
        })
    }

    fn parts(
        &self,
        sequences: Vec<u64>,
        from_part: u32,
        max_bytes: usize,
    ) -> Doing<'_, Vec<StoredPart>> {
        Box::pin(async move {
            let sequences = &sequences[..];
            let read = |client: Arc<Client>| async move {
                read::parts(&client, sequences, from_part, max_bytes).await
            };
            self.read(read).await
        })
    }

    fn drivers(&self, query: DriverQuery) -> Doing<'_, Vec<DriverTotals>> {
        Box::pin(async move {
            let query = &query;
            self.read(|client| async move { drivers::drivers(&client, query).await }).await
        })
    }

    fn totals(&self, run: Option<RunId>, since: Option<Timestamp>) -> Doing<'_, Totals> {
        Box::pin(self.read(move |client| async move { read::totals(&client, run, since).await }))
    }

    fn steps(
        &self,
        run: Option<RunId>,
        since: Option<Timestamp>,
        limit: u32,
    ) -> Doing<'_, Vec<Steps>> {
        let recorded = since.map(|since| since..Timestamp::MAX);
        let query = PlanQuery { sequences: 1..u64::MAX, run, recorded, newest_first: true, limit };
        Box::pin(async move {
            let plans = Store::plans(self, query).await?;
            Ok(plans.into_iter().map(|plan| plan.facts.steps).collect())
        })
    }

    fn close(&self) -> Doing<'_, ()> {
        Box::pin(self.close())
    }
}

/// The tries of one call.
struct Tries {
    until: Instant,
    backoff: Backoff,
    told: bool,
}

impl Tries {
    fn new(patience: Duration) -> Tries {
        let backoff = Backoff::new(RETRY.0, RETRY.1, u64::from(std::process::id()));
        Tries { until: Instant::now() + patience, backoff, told: false }
    }

    fn are_left(&self) -> bool {
        Instant::now() < self.until
    }

    /// Waits until it may be tried again; the error, if it may not.
    async fn again(&mut self, trouble: Trouble, database: &Database) -> Result<(), Error> {
        let remedy = trouble.remedy();
        let error = trouble.told(&database.name);
        if remedy == Remedy::Tell || !self.are_left() {
            return Err(error);
        }
        if remedy == Remedy::Reconnect {
            if !self.told {
                tracing::warn!(%error, "store away, connecting again");
                self.told = true;
            }
            sleep(self.backoff.next_delay()).await;
        }
        Ok(())
    }
}

/// What is guarded is replaced whole, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &StdMutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
