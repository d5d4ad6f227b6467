//! The shipments or the drivers of a message.

use std::{fmt, ops::Range};

use bytes::{Buf, BufMut};
use domain::Records;
use prost::{
    DecodeError,
    encoding::{DecodeContext, WireType, message},
};

use super::wire::{Reader, RecordSpans, Span, put_key_and_len, put_record, record_len};
use crate::{
    logistics::v1::{Driver, Shipment},
    records::line,
};

/// Rows for which room is made at once, at most.
const ROOM_ROWS: usize = 32_768;

/// Shipments of a batch's message: its field 5.
pub type ShipmentRows = RecordRows<{ 5 << 3 | 2 }>;
/// Drivers of a batch's message: its field 6.
pub type DriverRows = RecordRows<{ 6 << 3 | 2 }>;

/// Records of a message; `KEY` stands before each of them.
#[derive(Clone, Default)]
pub struct RecordRows<const KEY: u8> {
    /// The rows as they travel.
    wire: Vec<u8>,
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

impl<const KEY: u8> RecordRows<KEY> {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

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

    /// Adds a row.
    pub fn push(&mut self, id: &str, line: u32, text: &str) {
        put_key_and_len(&mut self.wire, KEY, record_len(id, line, text));
        let row = put_record(&mut self.wire, id, line, text);
        self.rows.push(row);
    }

    /// Adds these records of a batch.
    pub fn extend(&mut self, records: &Records, places: Range<usize>) {
        // Beside its text: a key and a length each of row, text and id, and the line.
        const BESIDE: usize = 12;
        let texts: usize = places.clone().map(|place| records.text(place).len() + BESIDE).sum();
        self.wire.reserve(texts);
        self.rows.reserve(places.len());
        for place in places {
            let id = records.id(place).unwrap_or_default();
            self.push(id, line(records, place), records.text(place));
        }
    }

    /// Bytes of the rows on the wire.
    pub fn encoded_len(&self) -> usize {
        self.wire.len()
    }

    pub(super) fn encode_raw(&self, buf: &mut impl BufMut) {
        buf.put_slice(&self.wire);
    }

    /// Reads a row, of which the key has been read. False: it is not written as prost writes it, and
    /// nothing has been read.
    fn merge_as_it_is(&mut self, buf: &mut impl Buf) -> bool {
        let chunk = buf.chunk();
        let mut reader = Reader::new(chunk);
        let Some(Span { start, end }) = reader.piece() else { return false };
        let Some(row) = Reader::new(&chunk[start..end]).record() else { return false };
        if self.rows.is_empty() {
            // Mostly, all the rest are such rows.
            self.wire.reserve(1 + buf.remaining());
            self.rows.reserve((buf.remaining() / (end + 1)).min(ROOM_ROWS) + 1);
        }
        self.wire.push(KEY);
        self.rows.push(row.behind(self.wire.len() + start));
        self.wire.extend_from_slice(&buf.chunk()[..end]);
        buf.advance(end);
        true
    }
}

impl ShipmentRows {
    pub(super) fn merge(
        &mut self,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        if wire_type == WireType::LengthDelimited && self.merge_as_it_is(buf) {
            return Ok(());
        }
        let mut row = Shipment::default();
        message::merge(wire_type, &mut row, buf, ctx)?;
        self.push(&row.id, row.line, &row.address);
        Ok(())
    }
}

impl DriverRows {
    pub(super) fn merge(
        &mut self,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        if wire_type == WireType::LengthDelimited && self.merge_as_it_is(buf) {
            return Ok(());
        }
        let mut row = Driver::default();
        message::merge(wire_type, &mut row, buf, ctx)?;
        self.push(&row.id, row.line, &row.name);
        Ok(())
    }
}

/// Equal rows are written alike.
impl<const KEY: u8> PartialEq for RecordRows<KEY> {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl<const KEY: u8> Eq for RecordRows<KEY> {}

impl<const KEY: u8> fmt::Debug for RecordRows<KEY> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
