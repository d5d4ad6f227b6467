//! `waybill.analytics.v1.RecordPlansRequest` with pairs in columns.

use std::fmt;

use bytes::{Buf, BufMut};
use prost::{
    DecodeError, Message, Name,
    encoding::{self, DecodeContext, WireType, encoded_len_varint, message},
};

use super::{
    RecordRow,
    wire::{
        FIRST, Reader, RecordSpans, SECOND, Span, THIRD_DOUBLE, put_key_and_len, put_record,
        record_len,
    },
};
use crate::logistics::v1::{Assignment, PlanPart};

/// Stands before each pair: field 5 of a plan's message.
const PAIR: u8 = 5 << 3 | 2;
/// Bytes of a score: its key, and a double.
const SCORE: usize = 9;
/// Rows for which room is made at once, at most.
const ROOM_ROWS: usize = 16_384;

/// What the client of RecordPlans says.
#[derive(Clone, PartialEq, Message)]
pub struct RecordPlansRequest {
    /// Exactly one.
    #[prost(oneof = "record_plans_request::Event", tags = "1, 2")]
    pub event: Option<record_plans_request::Event>,
}

impl Name for RecordPlansRequest {
    const NAME: &'static str = "RecordPlansRequest";
    const PACKAGE: &'static str = "waybill.analytics.v1";
}

/// What [`RecordPlansRequest`] holds.
pub mod record_plans_request {
    /// Exactly one.
    // A hello comes once a stream: a box around everything else would cost more.
    #[allow(clippy::large_enum_variant)]
    #[derive(Clone, PartialEq, prost::Oneof)]
    pub enum Event {
        /// Who speaks; optional, first.
        #[prost(message, tag = "1")]
        Hello(crate::logistics::v1::Hello),
        /// Work.
        #[prost(message, tag = "2")]
        Plan(super::PlanColumns),
    }
}

/// A [`PlanPart`] with its pairs in columns. What stayed behind is in `head`: mostly nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanColumns {
    /// Everything but the pairs: of those it has none.
    pub head: PlanPart,
    /// Its pairs.
    pub pairs: PairRows,
}

/// Pairs of a plan's message.
#[derive(Clone, Default)]
pub struct PairRows {
    /// The rows as they travel.
    wire: Vec<u8>,
    rows: Vec<PairSpans>,
}

#[derive(Debug, Clone, Copy)]
struct PairSpans {
    shipment: Option<RecordSpans>,
    driver: Option<RecordSpans>,
    score: f64,
}

/// A pair of a plan's message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairRow<'a> {
    /// Who sends may leave it out.
    pub shipment: Option<RecordRow<'a>>,
    /// Who sends may leave it out.
    pub driver: Option<RecordRow<'a>>,
    /// In points.
    pub score: f64,
}

impl PairRows {
    /// None yet, and room for so many, with so many bytes of text and ids in all.
    pub fn with_capacity(pairs: usize, texts: usize) -> Self {
        // Beside texts: keys and lengths of row, records, texts and ids, the lines, and the score.
        const BESIDE: usize = 32;
        let wire = Vec::with_capacity(texts + pairs * BESIDE);
        Self { wire, rows: Vec::with_capacity(pairs) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Bytes of the rows on the wire.
    pub fn encoded_len(&self) -> usize {
        self.wire.len()
    }

    /// The pairs in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = PairRow<'_>> {
        let record = |spans: &Option<RecordSpans>| {
            spans.as_ref().map(|spans| RecordRow::of(spans, &self.wire))
        };
        self.rows.iter().map(move |row| PairRow {
            shipment: record(&row.shipment),
            driver: record(&row.driver),
            score: row.score,
        })
    }

    /// Adds a pair.
    pub fn push(&mut self, pair: PairRow<'_>) {
        let len = |record: Option<RecordRow<'_>>| {
            record.map(|record| record_len(record.id, record.line, record.text))
        };
        let (shipment, driver) = (len(pair.shipment), len(pair.driver));
        let framed =
            |len: Option<usize>| len.map_or(0, |len| 1 + encoded_len_varint(len as u64) + len);
        let score = if pair.score == 0.0 { 0 } else { SCORE };
        put_key_and_len(&mut self.wire, PAIR, framed(shipment) + framed(driver) + score);
        let shipment = self.put(FIRST, pair.shipment.zip(shipment));
        let driver = self.put(SECOND, pair.driver.zip(driver));
        if pair.score != 0.0 {
            self.wire.push(THIRD_DOUBLE);
            self.wire.extend_from_slice(&pair.score.to_le_bytes());
        }
        self.rows.push(PairSpans { shipment, driver, score: pair.score });
    }

    fn put(&mut self, key: u8, record: Option<(RecordRow<'_>, usize)>) -> Option<RecordSpans> {
        let (record, len) = record?;
        put_key_and_len(&mut self.wire, key, len);
        Some(put_record(&mut self.wire, record.id, record.line, record.text))
    }

    fn merge(
        &mut self,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        if wire_type == WireType::LengthDelimited && self.merge_as_it_is(buf) {
            return Ok(());
        }
        let mut row = Assignment::default();
        message::merge(wire_type, &mut row, buf, ctx)?;
        self.push(PairRow::from(&row));
        Ok(())
    }

    /// Reads a row, of which the key has been read. False: it is not written as prost writes it, and
    /// nothing has been read.
    fn merge_as_it_is(&mut self, buf: &mut impl Buf) -> bool {
        let chunk = buf.chunk();
        let mut reader = Reader::new(chunk);
        let Some(Span { start, end }) = reader.piece() else { return false };
        let Some(row) = pair(&chunk[start..end]) else { return false };
        if self.rows.is_empty() {
            // Mostly, all the rest are such rows.
            self.wire.reserve(1 + buf.remaining());
            self.rows.reserve((buf.remaining() / (end + 1)).min(ROOM_ROWS) + 1);
        }
        self.wire.push(PAIR);
        let behind = self.wire.len() + start;
        let record = |spans: Option<RecordSpans>| spans.map(|spans| spans.behind(behind));
        self.rows.push(PairSpans {
            shipment: record(row.shipment),
            driver: record(row.driver),
            score: row.score,
        });
        self.wire.extend_from_slice(&buf.chunk()[..end]);
        buf.advance(end);
        true
    }
}

/// A pair that is written as prost writes it.
fn pair(bytes: &[u8]) -> Option<PairSpans> {
    let mut reader = Reader::new(bytes);
    let record = |reader: &mut Reader<'_>| {
        let Span { start, end } = reader.piece()?;
        Some(Reader::new(&bytes[start..end]).record()?.behind(start))
    };
    let shipment = if reader.key(FIRST) { Some(record(&mut reader)?) } else { None };
    let driver = if reader.key(SECOND) { Some(record(&mut reader)?) } else { None };
    let score = if reader.key(THIRD_DOUBLE) { reader.double()? } else { 0.0 };
    reader.is_done().then_some(PairSpans { shipment, driver, score })
}

/// Equal rows are written alike.
impl PartialEq for PairRows {
    fn eq(&self, other: &Self) -> bool {
        self.wire == other.wire
    }
}

impl fmt::Debug for PairRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> From<&'a Assignment> for PairRow<'a> {
    fn from(pair: &'a Assignment) -> Self {
        let shipment = pair.shipment.as_ref();
        let driver = pair.driver.as_ref();
        Self {
            shipment: shipment.map(|s| RecordRow { id: &s.id, text: &s.address, line: s.line }),
            driver: driver.map(|d| RecordRow { id: &d.id, text: &d.name, line: d.line }),
            score: pair.score,
        }
    }
}

impl From<PairRow<'_>> for Assignment {
    fn from(pair: PairRow<'_>) -> Self {
        Self {
            shipment: pair.shipment.map(RecordRow::shipment),
            driver: pair.driver.map(RecordRow::driver),
            score: pair.score,
        }
    }
}

impl From<PlanPart> for PlanColumns {
    fn from(part: PlanPart) -> Self {
        let mut pairs = PairRows::default();
        part.assignments.iter().for_each(|pair| pairs.push(pair.into()));
        Self { head: PlanPart { assignments: Vec::new(), ..part }, pairs }
    }
}

impl From<PlanColumns> for PlanPart {
    fn from(PlanColumns { head, pairs }: PlanColumns) -> Self {
        Self { assignments: pairs.iter().map(Assignment::from).collect(), ..head }
    }
}

impl Message for PlanColumns {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        // In the order of the tags, with the rows in their place.
        let PlanPart { batch_id, part, more, header, assignments: _, unassigned, plan_bytes } =
            &self.head;
        if !batch_id.is_empty() {
            encoding::string::encode(1, batch_id, buf);
        }
        if *part != 0 {
            encoding::uint32::encode(2, part, buf);
        }
        if *more {
            encoding::bool::encode(3, more, buf);
        }
        if let Some(header) = header {
            message::encode(4, header, buf);
        }
        buf.put_slice(&self.pairs.wire);
        message::encode_repeated(6, unassigned, buf);
        if *plan_bytes != 0 {
            encoding::uint64::encode(7, plan_bytes, buf);
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        if tag != 5 {
            return self.head.merge_field(tag, wire_type, buf, ctx);
        }
        self.pairs.merge(wire_type, buf, ctx).map_err(|mut error| {
            error.push(PlanPart::NAME, "assignments");
            error
        })
    }

    fn encoded_len(&self) -> usize {
        self.head.encoded_len() + self.pairs.encoded_len()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}
