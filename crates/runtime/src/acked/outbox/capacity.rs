//! The room of an outbox.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::{Closed, NotTaken};
use crate::acked::Credit;

/// What an item occupies of an outbox; given back when it is dropped.
pub(super) struct Room {
    _items: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

/// The room of an outbox, first come, first served. An item larger than all of it takes all of it.
#[derive(Clone)]
pub(super) struct Capacity {
    items: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    /// All units of bytes, and how many bytes a unit has: a semaphore counts to 2^32.
    units: u32,
    unit: u64,
}

impl Capacity {
    pub(super) fn new(capacity: Credit) -> Self {
        let unit = capacity.bytes.div_ceil(u64::from(u32::MAX)).max(1);
        let units = u32::try_from(capacity.bytes.div_ceil(unit).max(1)).unwrap_or(u32::MAX);
        let permits = usize::try_from(units).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            items: Arc::new(Semaphore::new(Self::items(capacity))),
            bytes: Arc::new(Semaphore::new(permits)),
            units,
            unit,
        }
    }

    /// Items of a capacity, in the range of a semaphore.
    pub(super) fn items(capacity: Credit) -> usize {
        capacity.items.clamp(1, Semaphore::MAX_PERMITS)
    }

    pub(super) async fn room(&self, bytes: u64) -> Result<Room, Closed> {
        let units = self.units_of(bytes);
        let items = Arc::clone(&self.items).acquire_owned().await;
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(units).await;
        match (items, bytes) {
            (Ok(items), Ok(bytes)) => Ok(Room { _items: items, _bytes: bytes }),
            _ => Err(Closed),
        }
    }

    pub(super) fn room_now(&self, bytes: u64) -> Result<Room, NotTaken> {
        let not_taken = |error| match error {
            TryAcquireError::NoPermits => NotTaken::Full,
            TryAcquireError::Closed => NotTaken::Closed(Closed),
        };
        let items = Arc::clone(&self.items).try_acquire_owned().map_err(not_taken)?;
        let units = self.units_of(bytes);
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(units).map_err(not_taken)?;
        Ok(Room { _items: items, _bytes: bytes })
    }

    fn units_of(&self, bytes: u64) -> u32 {
        u32::try_from(bytes.div_ceil(self.unit)).unwrap_or(u32::MAX).min(self.units)
    }

    pub(super) fn close(&self) {
        self.items.close();
        self.bytes.close();
    }
}
