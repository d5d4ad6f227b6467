//! Columns of records as bytes, the way the store keeps them.
//!
//! `u8` version, `u32` count, then a record each: `u32` line, `u16` bytes of the id, `u16` bytes of the
//! text, id, text. Little-endian.

use domain::Records;

const VERSION: u8 = 1;

/// Bytes that are no column of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stored records are damaged")]
pub struct Damaged;

/// A column as bytes.
pub(crate) fn to_bytes(records: &Records) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(5 + records.len() * 8 + records.byte_size());
    bytes.push(VERSION);
    bytes.extend((records.len() as u32).to_le_bytes());
    for record in records {
        let id = record.id.unwrap_or_default();
        bytes.extend(record.line.to_le_bytes());
        // Both are at most domain::MAX_RECORD_BYTES.
        bytes.extend((id.len() as u16).to_le_bytes());
        bytes.extend((record.text.len() as u16).to_le_bytes());
        bytes.extend_from_slice(id.as_bytes());
        bytes.extend_from_slice(record.text.as_bytes());
    }
    bytes
}

/// The column of these bytes.
///
/// # Errors
/// They are something else.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Records, Damaged> {
    let mut reader = Reader(bytes);
    if reader.take(1)? != [VERSION] {
        return Err(Damaged);
    }
    let count = reader.u32()? as usize;
    let mut records = Records::with_capacity(count.min(bytes.len()), bytes.len());
    for _ in 0..count {
        let line = reader.u32()?;
        let (id, text) = (reader.u16()?, reader.u16()?);
        let (id, text) = (reader.text(id)?, reader.text(text)?);
        records.push(id, line, text).map_err(|_| Damaged)?;
    }
    if reader.0.is_empty() { Ok(records) } else { Err(Damaged) }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn u16(&mut self) -> Result<usize, Damaged> {
        let bytes = self.take(2)?.try_into().map_err(|_| Damaged)?;
        Ok(usize::from(u16::from_le_bytes(bytes)))
    }

    fn u32(&mut self) -> Result<u32, Damaged> {
        let bytes = self.take(4)?.try_into().map_err(|_| Damaged)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn text(&mut self, count: usize) -> Result<&'a str, Damaged> {
        std::str::from_utf8(self.take(count)?).map_err(|_| Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn columns_come_back_as_they_were(
            rows in prop::collection::vec(("[a-z]{0,5}", 0_u32..9, "[A-Zé]{1,30}"), 0..20),
        ) {
            let mut records = Records::new();
            for (id, line, text) in &rows {
                records.push(id, *line, text).unwrap();
            }
            prop_assert_eq!(from_bytes(&to_bytes(&records)), Ok(records));
        }

        #[test]
        fn other_bytes_are_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(version) = bytes.first_mut() {
                *version = VERSION;
            }
            if let Ok(records) = from_bytes(&bytes) {
                prop_assert!(records.len() <= bytes.len());
            }
        }
    }
}
