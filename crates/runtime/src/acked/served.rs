//! The streams that a server has at the moment.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Credit, Gauge, Load};
use crate::process::Process;

/// Streams that are being served, to be looked at from anywhere. Each stands here from its first moment to
/// its last.
#[derive(Debug, Default)]
pub struct Served {
    streams: Mutex<Streams>,
}

#[derive(Debug, Default)]
struct Streams {
    next: u64,
    now: BTreeMap<u64, Arc<Shown>>,
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
        Entry { served: Arc::clone(self), number, shown }
    }
}

/// The place of a stream among those that are served; dropped, it is gone.
#[derive(Debug)]
pub(super) struct Entry {
    served: Arc<Served>,
    number: u64,
    shown: Arc<Shown>,
}

impl Entry {
    /// The client said who it is.
    pub(super) fn said(&self, process: Process) {
        *lock(&self.shown.process) = Some(process);
    }

    /// So much is in flight now.
    pub(super) fn set(&self, in_flight: Load) {
        self.shown.in_flight.set(in_flight);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        lock(&self.served.streams).now.remove(&self.number);
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
}
