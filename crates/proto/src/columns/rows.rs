//! The shipments or the drivers of a batch's message.

use std::{fmt, ops::Range};

use bytes::Bytes;

use super::wire::{
    FIFTH, Reader, RecordSpans, SIXTH, Span, put_key_and_len, put_record, record_len,
};
use crate::logistics::v1::{Driver, Shipment};

/// Rows for which room is made at once, at most.
const ROOM_ROWS: usize = 32_768;
/// A row takes so many bytes at least: keys and lengths of row and text, and a text.
const ROW_BYTES: usize = 5;

/// Records of a message, where they stand in it.
#[derive(Clone, Default, PartialEq)]
pub struct RecordRows {
    /// The rows as they travel, one behind the other.
    wire: Bytes,
    rows: Vec<RecordSpans>,
}

/// A shipment or a driver of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordRow<'a> {
    /// The caller's id; may be empty.
    pub id: &'a str,
    /// The address or the name.
    pub text: &'a str,
    /// The line in the file as given; 0: the place in the batch.
    pub line: u32,
}

impl<'a> RecordRow<'a> {
    pub(super) fn of(spans: &RecordSpans, wire: &'a [u8]) -> Self {
        Self { id: spans.id.text(wire), text: spans.text.text(wire), line: spans.line }
    }

    pub(super) fn shipment(self) -> Shipment {
        Shipment { id: self.id.to_owned(), address: self.text.to_owned(), line: self.line }
    }

    pub(super) fn driver(self) -> Driver {
        Driver { id: self.id.to_owned(), name: self.text.to_owned(), line: self.line }
    }
}

impl RecordRows {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = RecordRow<'_>> {
        self.rows.iter().map(|row| RecordRow::of(row, &self.wire))
    }

    /// The rows as they travel: the same bytes for the same rows, and one behind the other those of all
    /// parts are those of the batch in one.
    pub fn wire(&self) -> &Bytes {
        &self.wire
    }
}

impl fmt::Debug for RecordRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Adds a shipment to a batch's message: its field 5.
pub fn put_shipment(message: &mut Vec<u8>, row: RecordRow<'_>) {
    put_row(message, FIFTH, row);
}

/// Adds a driver to a batch's message: its field 6.
pub fn put_driver(message: &mut Vec<u8>, row: RecordRow<'_>) {
    put_row(message, SIXTH, row);
}

fn put_row(message: &mut Vec<u8>, key: u8, row: RecordRow<'_>) {
    put_key_and_len(message, key, record_len(row));
    put_record(message, row);
}

/// Rows of a side, as a message is read.
#[derive(Default)]
pub(super) struct Reading {
    /// Where they stand in the message.
    at: Range<usize>,
    rows: Vec<RecordSpans>,
}

impl Reading {
    /// Reads the row whose key stands at `key`; gives where it ends. None: it is not written as prost
    /// writes it, behind the row before.
    pub(super) fn row(&mut self, message: &[u8], key: usize) -> Option<usize> {
        if self.rows.is_empty() {
            self.at = key..key;
        }
        let behind = &message[key + 1..];
        let Span { start, end } = Reader::new(behind).piece()?;
        let row = Reader::new(&behind[start..end]).record()?;
        if self.rows.is_empty() {
            // Mostly, all the rest are such rows.
            let rest = behind.len() / end.max(ROW_BYTES);
            self.rows.reserve(rest.min(ROOM_ROWS) + 1);
        }
        self.rows.push(row.behind(key + 1 + start - self.at.start));
        (std::mem::replace(&mut self.at.end, key + 1 + end) == key).then_some(self.at.end)
    }

    pub(super) fn finish(self, message: &Bytes) -> RecordRows {
        RecordRows { wire: message.slice(self.at), rows: self.rows }
    }
}
