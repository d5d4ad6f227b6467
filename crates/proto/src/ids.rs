//! Identities, as newtypes over UUIDs.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// A text that is not the id it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a UUID in its text form, such as 0193e1a2-8a8c-7def-8000-0123456789ab")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id of this moment (UUIDv7).
            pub fn now() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id of 16 bytes, as stored.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes, in order of time for a UUIDv7.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                // Only the hyphenated form: one id, one spelling (but for the case of hex digits).
                if text.len() != 36 {
                    return Err(InvalidId);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }
    };
}

id! {
    /// What is planned together, from the producer to the store.
    BatchId
}
id! {
    /// One trigger of the producer.
    RunId
}

impl BatchId {
    /// The id of batch `number` of a run: a UUIDv7 that is a function of its arguments, so that a
    /// producer that crashed makes the same id again.
    ///
    /// `unix_ms` is when the batch falls due. The low 32 bits of `number` stand right behind the time
    /// (RFC 9562, section 6.2, method 1), so that ids sort as batches were made; the high bits move the
    /// time on. The last 42 bits tell runs apart.
    pub fn of_run(run: RunId, number: u64, unix_ms: u64) -> Self {
        let ms = unix_ms + (number >> 32);
        let counter = number & 0xffff_ffff;
        // FNV-1a over the run's id: it only has to tell runs of one millisecond apart.
        let run_bits = run.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        }) >> 22;
        let high = (ms << 16) | 0x7000 | (counter >> 20);
        let low = (0b10 << 62) | ((counter & 0xf_ffff) << 42) | run_bits;
        Self(Uuid::from_u64_pair(high, low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_a_run_is_a_version_7_uuid_and_sorts_by_number() {
        let run = RunId::now();
        let ids: Vec<BatchId> = [0, 1, 0xf_ffff, 0x10_0000, 0xffff_ffff, 0x1_0000_0000]
            .map(|number| BatchId::of_run(run, number, 1_790_000_000_000))
            .to_vec();
        assert!(ids.is_sorted() && ids.windows(2).all(|pair| pair[0] != pair[1]));
        for id in &ids {
            assert_eq!(id.0.get_version_num(), 7);
            assert_eq!(id.0.get_variant(), uuid::Variant::RFC4122);
        }
    }

    #[test]
    fn runs_of_one_moment_have_different_batches() {
        let (a, b) = (RunId::now(), RunId::now());
        assert_ne!(BatchId::of_run(a, 7, 1), BatchId::of_run(b, 7, 1));
        assert_eq!(BatchId::of_run(a, 7, 1), BatchId::of_run(a, 7, 1));
    }

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        let id = BatchId::now();
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in
            ["", "7", "0193e1a28a8c7def80000123456789ab", "zzzzzzzz-8a8c-7def-8000-0123456789ab"]
        {
            assert_eq!(bad.parse::<BatchId>(), Err(InvalidId), "{bad}");
        }
    }
}
