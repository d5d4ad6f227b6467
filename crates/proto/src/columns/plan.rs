//! A plan's message, `waybill.logistics.v1.PlanPart`.

use std::fmt;

use bytes::Bytes;
use prost::{
    DecodeError, Message,
    encoding::{DecodeContext, decode_key, encoded_len_varint},
};

use super::{
    RecordRow,
    wire::{
        FIFTH, FIRST, Reader, RecordSpans, SECOND, Span, THIRD_DOUBLE, put_key_and_len, put_record,
        record_len,
    },
};
use crate::logistics::v1::{Assignment, PlanPart};

/// Bytes of a score: its key, and a double.
const SCORE: usize = 9;
/// Rows for which room is made at once, at most.
const ROOM_ROWS: usize = 16_384;

/// A [`PlanPart`] whose pairs are where they stand in its message. What stayed behind is in `head`: mostly
/// nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlanColumns {
    /// Everything but the pairs: of those it has none.
    pub head: PlanPart,
    /// Its pairs.
    pub pairs: PairRows,
}

/// Pairs of a plan's message.
#[derive(Clone, Default, PartialEq)]
pub struct PairRows {
    /// The whole message.
    wire: Bytes,
    rows: Vec<PairSpans>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
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

impl PlanColumns {
    /// Reads a message.
    ///
    /// # Errors
    /// It is none.
    pub fn read(body: Bytes) -> Result<Self, DecodeError> {
        match Self::read_in_place(&body)? {
            Some(plan) => Ok(plan),
            None => PlanPart::decode(body).map(Self::from),
        }
    }

    /// The message.
    pub fn body(&self) -> &Bytes {
        &self.pairs.wire
    }

    /// The message without the batch's id, for who keeps it under that id.
    pub fn body_without_id(&self) -> Bytes {
        let (body, id) = (self.body(), &self.head.batch_id);
        // First, as prost writes it. Its length, as that of any id, is less than 128.
        let field = [FIRST, id.len() as u8];
        let behind =
            body.strip_prefix(&field[..]).and_then(|rest| rest.strip_prefix(id.as_bytes()));
        match behind {
            Some(behind) if id.len() < 0x80 => body.slice_ref(behind),
            _ => PlanPart { batch_id: String::new(), ..PlanPart::from(self.clone()) }
                .encode_to_vec()
                .into(),
        }
    }

    /// None: pairs are not written as prost writes them.
    fn read_in_place(body: &Bytes) -> Result<Option<Self>, DecodeError> {
        let mut head = PlanPart::default();
        let mut rows = Vec::new();
        let mut at = 0;
        while at < body.len() {
            if body[at] == FIFTH {
                let behind = &body[at + 1..];
                let Some((row, end)) = pair(behind) else { return Ok(None) };
                if rows.is_empty() {
                    // Mostly, all the rest are such rows.
                    rows.reserve((behind.len() / (end + 1)).min(ROOM_ROWS) + 1);
                }
                rows.push(row.behind(at + 1));
                at += 1 + end;
            } else {
                let mut rest = &body[at..];
                let (tag, wire_type) = decode_key(&mut rest)?;
                head.merge_field(tag, wire_type, &mut rest, DecodeContext::default())?;
                at = body.len() - rest.len();
            }
        }
        let pairs = PairRows { wire: body.clone(), rows };
        Ok(head.assignments.is_empty().then_some(Self { head, pairs }))
    }
}

impl PairRows {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
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
}

impl fmt::Debug for PairRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Adds a pair to a plan's message: its field 5.
pub fn put_pair(message: &mut Vec<u8>, pair: PairRow<'_>) {
    let (shipment, driver) = (pair.shipment.map(record_len), pair.driver.map(record_len));
    let framed = |len: Option<usize>| len.map_or(0, |len| 1 + encoded_len_varint(len as u64) + len);
    let score = if pair.score == 0.0 { 0 } else { SCORE };
    put_key_and_len(message, FIFTH, framed(shipment) + framed(driver) + score);
    for (key, record, len) in [(FIRST, pair.shipment, shipment), (SECOND, pair.driver, driver)] {
        if let (Some(record), Some(len)) = (record, len) {
            put_key_and_len(message, key, len);
            put_record(message, record);
        }
    }
    if pair.score != 0.0 {
        message.push(THIRD_DOUBLE);
        message.extend_from_slice(&pair.score.to_le_bytes());
    }
}

impl PairSpans {
    fn behind(self, bytes: usize) -> Self {
        let record = |spans: Option<RecordSpans>| spans.map(|spans| spans.behind(bytes));
        Self { shipment: record(self.shipment), driver: record(self.driver), score: self.score }
    }
}

/// A pair behind its key and where it ends, if it is written as prost writes it.
fn pair(behind: &[u8]) -> Option<(PairSpans, usize)> {
    let Span { start, end } = Reader::new(behind).piece()?;
    let row = &behind[start..end];
    let mut reader = Reader::new(row);
    let record = |reader: &mut Reader<'_>| {
        let Span { start, end } = reader.piece()?;
        Some(Reader::new(&row[start..end]).record()?.behind(start))
    };
    let shipment = if reader.key(FIRST) { Some(record(&mut reader)?) } else { None };
    let driver = if reader.key(SECOND) { Some(record(&mut reader)?) } else { None };
    let score = if reader.key(THIRD_DOUBLE) { reader.double()? } else { 0.0 };
    reader.is_done().then_some((PairSpans { shipment, driver, score }.behind(start), end))
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
        let body = Bytes::from(part.encode_to_vec());
        match Self::read_in_place(&body) {
            Ok(Some(plan)) => plan,
            // Cannot be, as prost wrote it: a test holds it.
            _ => Self::default(),
        }
    }
}

impl From<PlanColumns> for PlanPart {
    fn from(PlanColumns { head, pairs }: PlanColumns) -> Self {
        Self { assignments: pairs.iter().map(Assignment::from).collect(), ..head }
    }
}
