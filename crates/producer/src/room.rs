//! Room for batches that are made and that the stream has not taken yet, over all runs.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits are this many bytes, so that a semaphore can count any memory there is.
const UNIT: u64 = 1024;

/// Bytes of batches that runs may hold at once while they wait for the stream.
#[derive(Debug, Clone)]
pub struct Room {
    units: Arc<Semaphore>,
    most: u32,
}

/// Room for one batch; given back when dropped.
#[derive(Debug)]
pub struct Taken {
    _units: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Room for so many bytes.
    pub fn new(bytes: u64) -> Self {
        let most = units(bytes);
        Self { units: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// Room for a batch of about `bytes`, once there is. A larger one than all the room takes all of it.
    pub async fn take(&self, bytes: u64) -> Taken {
        let wanted = units(bytes).min(self.most);
        // The semaphore is never closed.
        Taken { _units: Arc::clone(&self.units).acquire_many_owned(wanted).await.ok() }
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).max(1)
}
