//! Reading and writing the fields of a row, as prost writes them.

use std::str;

use prost::encoding::{encode_varint, encoded_len_varint};

use super::RecordRow;

/// Field 1 as bytes with a length.
pub(super) const FIRST: u8 = 1 << 3 | 2;
/// Field 2 as bytes with a length.
pub(super) const SECOND: u8 = 2 << 3 | 2;
/// Field 3 as a number.
pub(super) const THIRD_NUMBER: u8 = 3 << 3;
/// Field 3 as eight bytes.
pub(super) const THIRD_DOUBLE: u8 = 3 << 3 | 1;
/// Field 5 as bytes with a length: shipments of a batch, pairs of a plan.
pub(super) const FIFTH: u8 = 5 << 3 | 2;
/// Field 6 as bytes with a length: drivers of a batch.
pub(super) const SIXTH: u8 = 6 << 3 | 2;

/// A piece of a buffer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    /// The text there, which was checked when it came in.
    pub(super) fn text(self, buffer: &[u8]) -> &str {
        match self.start == self.end {
            true => "",
            false => str::from_utf8(&buffer[self.start..self.end]).unwrap_or_default(),
        }
    }

    /// The same piece of a buffer that begins so much later.
    pub(super) fn behind(self, bytes: usize) -> Self {
        Self { start: self.start + bytes, end: self.end + bytes }
    }
}

/// Where the fields of a shipment or a driver stand. Absent fields are empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RecordSpans {
    pub(super) id: Span,
    pub(super) text: Span,
    pub(super) line: u32,
}

impl RecordSpans {
    pub(super) fn behind(self, bytes: usize) -> Self {
        Self { id: self.id.behind(bytes), text: self.text.behind(bytes), line: self.line }
    }
}

/// Bytes of a shipment or a driver.
pub(super) fn record_len(RecordRow { id, text, line }: RecordRow<'_>) -> usize {
    let string = |text: &str| match text.len() {
        0 => 0,
        bytes => 1 + encoded_len_varint(bytes as u64) + bytes,
    };
    let line = if line == 0 { 0 } else { 1 + encoded_len_varint(line.into()) };
    string(id) + string(text) + line
}

/// Writes a shipment or a driver; both have the same fields.
pub(super) fn put_record(buffer: &mut Vec<u8>, RecordRow { id, text, line }: RecordRow<'_>) {
    for (key, text) in [(FIRST, id), (SECOND, text)] {
        if !text.is_empty() {
            put_key_and_len(buffer, key, text.len());
            buffer.extend_from_slice(text.as_bytes());
        }
    }
    if line != 0 {
        buffer.push(THIRD_NUMBER);
        put_varint(buffer, line.into());
    }
}

/// Writes a key and how many bytes follow.
pub(super) fn put_key_and_len(buffer: &mut Vec<u8>, key: u8, bytes: usize) {
    buffer.push(key);
    put_varint(buffer, bytes as u64);
}

fn put_varint(buffer: &mut Vec<u8>, value: u64) {
    // Most lengths and lines are small.
    if value < 0x80 {
        buffer.push(value as u8);
    } else {
        encode_varint(value, buffer);
    }
}

/// Reads a row that is written as prost writes it. What it does not read is not so written.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn is_done(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Whether this key is next; then it has been read.
    pub(super) fn key(&mut self, key: u8) -> bool {
        let next = self.bytes.get(self.at) == Some(&key);
        self.at += usize::from(next);
        next
    }

    /// A length, and that many bytes.
    pub(super) fn piece(&mut self) -> Option<Span> {
        let bytes = self.varint()? as usize;
        let start = self.at;
        let end = start.checked_add(bytes).filter(|end| *end <= self.bytes.len())?;
        self.at = end;
        Some(Span { start, end })
    }

    /// The fields of a shipment or a driver, up to the end.
    pub(super) fn record(mut self) -> Option<RecordSpans> {
        let id = if self.key(FIRST) { self.text()? } else { Span::default() };
        let text = if self.key(SECOND) { self.text()? } else { Span::default() };
        let line =
            if self.key(THIRD_NUMBER) { self.varint().filter(|line| *line != 0)? } else { 0 };
        self.is_done().then_some(RecordSpans { id, text, line })
    }

    /// Eight bytes that are not zero.
    pub(super) fn double(&mut self) -> Option<f64> {
        let bytes = self.bytes.get(self.at..)?.first_chunk()?;
        self.at += bytes.len();
        Some(f64::from_le_bytes(*bytes)).filter(|value| *value != 0.0)
    }

    fn text(&mut self) -> Option<Span> {
        let span = self.piece().filter(|span| span.start < span.end)?;
        str::from_utf8(&self.bytes[span.start..span.end]).ok()?;
        Some(span)
    }

    /// A number in as few bytes as it takes.
    fn varint(&mut self) -> Option<u32> {
        let mut value = 0_u64;
        for place in 0..5 {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte < 0x80 {
                let shortest = byte != 0 || place == 0;
                return u32::try_from(value).ok().filter(|_| shortest);
            }
        }
        None
    }
}
