//! An amount of work that is read while it changes.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::Load;

/// An amount of work that is read while it changes.
#[derive(Debug, Default)]
pub struct Gauge {
    items: AtomicUsize,
    bytes: AtomicU64,
}

impl Gauge {
    /// As it is. Items and bytes may be of different moments.
    pub fn read(&self) -> Load {
        Load {
            items: self.items.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    pub(super) fn set(&self, load: Load) {
        self.items.store(load.items, Ordering::Relaxed);
        self.bytes.store(load.bytes, Ordering::Relaxed);
    }
}
