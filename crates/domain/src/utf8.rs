//! Bytes that turn out to be UTF-8 piece by piece, while they are in the nearest cache anyway.

#![allow(unsafe_code, reason = "what was checked in pieces is not checked again as a whole")]

use std::cell::Cell;

use crate::RecordError;
#[cfg(all(target_arch = "x86_64", not(feature = "portable")))]
use crate::x86::is_ascii;

/// Bytes of which the first so many are UTF-8.
pub(crate) struct Utf8 {
    bytes: Vec<u8>,
    /// Invariant: the bytes before are UTF-8. The bytes never change.
    valid: Cell<usize>,
}

impl Utf8 {
    pub(crate) fn new(bytes: Vec<u8>) -> Utf8 {
        Utf8 { bytes, valid: Cell::new(0) }
    }

    /// All bytes, checked or not.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Checks the bytes up to this place. A character that begins before it and does not end there is left
    /// for the next check, unless nothing follows.
    ///
    /// # Errors
    /// `InvalidUtf8`.
    pub(crate) fn check_to(&self, end: usize) -> Result<(), RecordError> {
        let valid = self.valid.get();
        let Some(piece) = self.bytes.get(valid..end) else { return Ok(()) };
        let good = if is_ascii(piece) {
            piece.len()
        } else {
            match std::str::from_utf8(piece) {
                Ok(_) => piece.len(),
                Err(error) if error.error_len().is_none() && end < self.bytes.len() => {
                    error.valid_up_to()
                }
                Err(error) => return Err(not_utf8(&self.bytes[..valid + error.valid_up_to()])),
            }
        };
        self.valid.set(valid + good);
        Ok(())
    }

    /// What was checked so far.
    pub(crate) fn checked(&self) -> &str {
        let checked = &self.bytes[..self.valid.get()];
        // SAFETY: the invariant of `valid`.
        unsafe { std::str::from_utf8_unchecked(checked) }
    }

    /// All of it.
    ///
    /// # Errors
    /// `InvalidUtf8`.
    pub(crate) fn into_string(self) -> Result<String, RecordError> {
        self.check_to(self.bytes.len())?;
        debug_assert_eq!(self.valid.get(), self.bytes.len());
        // SAFETY: the check has come to the end without an error, so all bytes are before `valid`.
        Ok(unsafe { String::from_utf8_unchecked(self.bytes) })
    }
}

#[cfg(not(all(target_arch = "x86_64", not(feature = "portable"))))]
fn is_ascii(bytes: &[u8]) -> bool {
    bytes.is_ascii()
}

/// The error of bytes that are UTF-8 up to here and no further.
pub(crate) fn not_utf8(good: &[u8]) -> RecordError {
    let start = memchr::memrchr(b'\n', good).map_or(0, |feed| feed + 1);
    let line = memchr::memchr_iter(b'\n', good).count() as u32 + 1;
    RecordError::InvalidUtf8 { line, byte: good.len() - start + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Texts, some of them broken: a byte is another.
    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let texts = prop::collection::vec(
            prop::sample::select(vec!["a", "\n", "é", "\u{3000}", "🚚", "Elm Row "]),
            0..20,
        );
        (texts, any::<u8>(), 0..400usize).prop_map(|(pieces, byte, at)| {
            let mut bytes = pieces.concat().into_bytes();
            if let Some(broken) = bytes.get_mut(at) {
                *broken = byte;
            }
            bytes
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn pieces_tell_what_the_whole_does(bytes in bytes(), steps in prop::collection::vec(0..90usize, 0..20)) {
            let whole = std::str::from_utf8(&bytes);
            let text = Utf8::new(bytes.clone());
            let mut ends = steps;
            ends.sort_unstable();
            let pieces = ends.into_iter().map(|end| end.min(bytes.len())).try_for_each(|end| {
                text.check_to(end)?;
                assert!(text.checked().len() <= end && text.checked().len() + 3 >= end);
                assert_eq!(std::str::from_utf8(text.checked().as_bytes()), Ok(text.checked()));
                Ok(())
            });
            let all = pieces.and_then(|()| text.into_string());
            match whole {
                Ok(whole) => prop_assert_eq!(all.as_deref(), Ok(whole)),
                Err(error) => prop_assert_eq!(all, Err(not_utf8(&bytes[..error.valid_up_to()]))),
            }
        }
    }
}
