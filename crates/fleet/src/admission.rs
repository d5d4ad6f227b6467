//! Memory for batches, admitted before it is taken.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits are this many bytes, so that a semaphore can count any memory there is.
const UNIT: u64 = 1024;

/// Bytes of batches that may be held at once, over all streams.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    units: Arc<Semaphore>,
    most: u32,
}

/// Room for one batch; given back when dropped.
#[derive(Debug)]
pub(crate) struct Admitted {
    _units: OwnedSemaphorePermit,
}

impl Admission {
    pub(crate) fn new(bytes: u64) -> Self {
        let most = units(bytes);
        Self { units: Arc::new(Semaphore::new(most as usize)), most }
    }

    /// Bytes of batches that are held now, in whole units.
    pub(crate) fn held_bytes(&self) -> u64 {
        UNIT * (u64::from(self.most) - self.units.available_permits() as u64)
    }

    /// Room for a batch of `bytes`, if there is now. One that is larger than all the room there is
    /// takes all of it.
    pub(crate) fn admit(&self, bytes: u64) -> Option<Admitted> {
        let wanted = units(bytes).min(self.most);
        let permit = Arc::clone(&self.units).try_acquire_many_owned(wanted).ok()?;
        Some(Admitted { _units: permit })
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_given_back() {
        let admission = Admission::new(10 * UNIT);
        let large = admission.admit(9 * UNIT).expect("there is room");
        assert!(admission.admit(2 * UNIT).is_none());
        let small = admission.admit(1).expect("one unit is left");
        assert_eq!(admission.held_bytes(), 10 * UNIT);
        drop((large, small));
        assert_eq!(admission.held_bytes(), 0);
        assert!(admission.admit(u64::MAX).is_some(), "alone, anything fits");
    }
}
