//! The streams that a server has at the moment.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use super::{Credit, Gauge, Load};
use crate::process::Process;

/// Time for which a stream that broke off is told of.
const TOLD: Duration = Duration::from_secs(60 * 60);
/// Streams that broke off and are told of, at most: the last ones.
const MOST_TOLD: usize = 32;

/// Streams that are being served, to be looked at from anywhere. Each stands here from its first moment to
/// its last, and one that breaks off for some time longer, or until its client is back.
#[derive(Debug, Default)]
pub struct Served {
    streams: Mutex<Streams>,
}

#[derive(Debug, Default)]
struct Streams {
    next: u64,
    now: BTreeMap<u64, Arc<Shown>>,
    /// The last one last.
    lost: VecDeque<LostStream>,
}

/// What a stream shows.
#[derive(Debug)]
struct Shown {
    credit: Credit,
    process: Mutex<Option<Process>>,
    in_flight: Gauge,
}

/// A stream as it was when it was looked at.
#[derive(Debug, Clone)]
pub struct ServedStream {
    /// Who the client said that it is.
    pub process: Option<Process>,
    /// What it may have in flight.
    pub credit: Credit,
    /// What it has.
    pub in_flight: Load,
}

/// A stream that broke off.
#[derive(Debug, Clone)]
pub struct LostStream {
    /// Who the client said that it is.
    pub process: Process,
    /// What it might have in flight.
    pub credit: Credit,
    /// When it ended.
    pub ended: SystemTime,
}

impl Served {
    /// All of them, the oldest first.
    pub fn look(&self) -> Vec<ServedStream> {
        let streams: Vec<Arc<Shown>> = lock(&self.streams).now.values().cloned().collect();
        let look = |shown: Arc<Shown>| ServedStream {
            process: lock(&shown.process).clone(),
            credit: shown.credit,
            in_flight: shown.in_flight.read(),
        };
        streams.into_iter().map(look).collect()
    }

    /// Those that broke off within the last hour and whose client has not come back, the last one last. A
    /// stream that ended in order is not missed.
    pub fn lost(&self) -> Vec<LostStream> {
        // A clock that was set back says nothing of how long ago it was.
        let told = |lost: &&LostStream| lost.ended.elapsed().is_ok_and(|since| since < TOLD);
        lock(&self.streams).lost.iter().filter(told).cloned().collect()
    }

    /// Streams that began so far.
    pub fn opened(&self) -> u64 {
        lock(&self.streams).next
    }

    /// A stream begins.
    pub(super) fn enter(self: &Arc<Self>, credit: Credit) -> Entry {
        let shown =
            Arc::new(Shown { credit, process: Mutex::default(), in_flight: Gauge::default() });
        let mut streams = lock(&self.streams);
        let number = streams.next;
        streams.next += 1;
        streams.now.insert(number, Arc::clone(&shown));
        Entry { served: Arc::clone(self), number, shown, finished: false }
    }
}

/// The place of a stream among those that are served; dropped, it is gone.
#[derive(Debug)]
pub(super) struct Entry {
    served: Arc<Served>,
    number: u64,
    shown: Arc<Shown>,
    finished: bool,
}

impl Entry {
    /// It ends in order.
    pub(super) fn finished(&mut self) {
        self.finished = true;
    }

    /// The client said who it is.
    pub(super) fn said(&self, process: Process) {
        lock(&self.served.streams).lost.retain(|lost| lost.process.name != process.name);
        *lock(&self.shown.process) = Some(process);
    }

    /// So much is in flight now.
    pub(super) fn set(&self, in_flight: Load) {
        self.shown.in_flight.set(in_flight);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let process = lock(&self.shown.process).take().filter(|it| !it.name.is_empty());
        let mut streams = lock(&self.served.streams);
        streams.now.remove(&self.number);
        let Some(process) = process.filter(|_| !self.finished) else { return };
        streams.lost.retain(|lost| lost.process.name != process.name);
        if streams.lost.len() == MOST_TOLD {
            streams.lost.pop_front();
        }
        let ended = SystemTime::now();
        streams.lost.push_back(LostStream { process, credit: self.shown.credit, ended });
    }
}

/// Nothing is left half done under these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_seen_from_its_first_moment_to_its_last() {
        let served = Arc::new(Served::default());
        let credit = Credit { items: 4, bytes: 100 };
        let (first, second) = (served.enter(credit), served.enter(credit));
        let name = |name: &str| Process { name: name.to_owned(), ..Process::default() };
        second.said(name("second"));
        second.set(Load { items: 3, bytes: 30 });
        let names = || {
            let name = |stream: ServedStream| stream.process.map(|process| process.name);
            served.look().into_iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(names(), [None, Some("second".to_owned())]);
        let seen = served.look().remove(1);
        assert_eq!((seen.credit, seen.in_flight), (credit, Load { items: 3, bytes: 30 }));
        drop(first);
        assert_eq!(names(), [Some("second".to_owned())]);
        drop(second);
        assert!(served.look().is_empty());
    }

    #[test]
    fn a_stream_that_breaks_off_is_told_of_until_its_client_is_back_and_one_that_ends_is_not() {
        let served = Arc::new(Served::default());
        let credit = Credit { items: 4, bytes: 100 };
        let begin = |name: &str| {
            let entry = served.enter(credit);
            entry.said(Process { name: name.to_owned(), ..Process::default() });
            entry
        };
        let lost = || served.lost().into_iter().map(|it| it.process.name).collect::<Vec<_>>();
        let (away, mut over) = (begin("away"), begin("over"));
        drop(served.enter(credit));
        assert!(lost().is_empty(), "nobody is missed who never said who it is");
        drop(away);
        over.finished();
        drop(over);
        assert_eq!(lost(), ["away"]);
        let back = begin("away");
        assert!(lost().is_empty());
        drop(back);
        for i in 0..MOST_TOLD {
            drop(begin(&format!("another {i}")));
        }
        assert_eq!((lost().len(), &*lost()[0]), (MOST_TOLD, "another 0"));
    }
}
