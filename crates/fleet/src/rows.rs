//! A plan as messages of at most 1 MiB, made one at a time.

use std::{iter, sync::Arc, time::Duration};

use bytes::Bytes;
use domain::Records;
use prost::{Message, encoding::message};
use proto::{
    BatchId, MAX_MESSAGE_BYTES,
    columns::{PairRow, RecordRow, put_pair},
    logistics::v1::{
        Certificate, DriverPrice, PlanHeader, PlanPart, Reason, ShipmentPrice, Side, Timings,
        Unassigned,
    },
    records,
};
use runtime::trace::TraceContext;

use crate::{
    arriving::Envelope,
    planning::{self, Behind, Plan},
};

/// What a message may weigh before the next row: a row is at most two records of 4 KiB and their ids,
/// and the message stands in another one.
const FULL: usize = MAX_MESSAGE_BYTES - 16 * 1024;

/// `PlanPart.unassigned`.
const UNASSIGNED_FIELD: u32 = 6;

/// Where the time of a batch went.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Times {
    pub(crate) queue: Duration,
    pub(crate) score: Duration,
    pub(crate) solve: Duration,
    pub(crate) certify: Duration,
}

/// A batch with its proven plan.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) batch_id: BatchId,
    pub(crate) envelope: Envelope,
    pub(crate) shipments: Records,
    pub(crate) drivers: Records,
    pub(crate) digest: [u8; 32],
    pub(crate) plan: Plan,
    pub(crate) times: Times,
    /// The span of this part's work, for the next part to continue.
    pub(crate) trace: TraceContext,
}

impl Planned {
    /// Bytes of the plan's messages together, at most: what is declared, and charged to the credit.
    pub(crate) fn bytes(&self) -> u64 {
        // Beside its text and ids a record takes 32 bytes: 4 that `byte_size` counts, and these.
        const RECORD: usize = 28;
        // Tags, lengths and numbers of a price.
        const PRICE: usize = 28;
        // The rest of the header, and what each message repeats.
        const HEADER: usize = 1024;
        let records = self.shipments.len() + self.drivers.len();
        let texts = self.shipments.byte_size() + self.drivers.byte_size();
        let prices = self.plan.shipment_prices().count() + self.plan.driver_prices().count();
        let header = HEADER + self.trace.tracestate().len() + self.trace.baggage().len();
        (texts + RECORD * records + PRICE * prices + header) as u64
    }

    pub(crate) fn timings(&self) -> Timings {
        let duration = |time: Duration| prost_types::Duration::try_from(time).ok();
        Timings {
            queue: duration(self.times.queue),
            score: duration(self.times.score),
            solve: duration(self.times.solve),
            certify: duration(self.times.certify),
        }
    }

    fn header(&self) -> PlanHeader {
        PlanHeader {
            run_id: self.envelope.run_id.map(|id| id.to_string()).unwrap_or_default(),
            shipments: self.shipments.len() as u32,
            drivers: self.drivers.len() as u32,
            assigned: self.plan.assigned() as u32,
            total: self.plan.total().as_f64(),
            greedy_total: self.plan.greedy_total().as_f64(),
            certificate: Some(self.certificate()),
            timings: Some(self.timings()),
            traceparent: self.trace.traceparent(),
            tracestate: self.trace.tracestate().to_owned(),
            baggage: self.trace.baggage().to_owned(),
            street_name: records::street_name_value(self.envelope.street_name).into(),
            digest: self.digest.to_vec(),
            attempt: self.envelope.attempt,
        }
    }

    fn certificate(&self) -> Certificate {
        Certificate {
            shipments: self
                .plan
                .shipment_prices()
                .map(|(length, price)| ShipmentPrice {
                    length: length.0,
                    quarters: records::price_value(price),
                })
                .collect(),
            drivers: self
                .plan
                .driver_prices()
                .map(|(traits, price)| DriverPrice {
                    length: traits.length,
                    vowels: traits.vowels,
                    consonants: traits.consonants,
                    quarters: records::price_value(price),
                })
                .collect(),
        }
    }

    fn row(&self, pair: planning::Pair) -> PairRow<'_> {
        PairRow {
            shipment: Some(record(&self.shipments, pair.shipment)),
            driver: Some(record(&self.drivers, pair.driver)),
            score: pair.score.as_f64(),
        }
    }

    fn unassigned(&self, side: Side, behind: &Behind) -> Unassigned {
        let records = match side {
            Side::Driver => &self.drivers,
            Side::Shipment | Side::Unspecified => &self.shipments,
        };
        let reason = match behind.reason {
            planning::Reason::NoneLeft => Reason::NoneLeft,
            planning::Reason::NonePermitted => Reason::NonePermitted,
            planning::Reason::ScoresNothing => Reason::ScoresNothing,
        };
        Unassigned {
            side: side.into(),
            id: records.id(behind.index).unwrap_or_default().to_owned(),
            text: records.text(behind.index).to_owned(),
            line: records.line(behind.index),
            reason: reason.into(),
            price: behind.price.as_f64(),
        }
    }
}

/// A record as a plan has it: its rows stand in another order than the batch, so each says its line.
fn record(records: &Records, place: usize) -> RecordRow<'_> {
    RecordRow {
        id: records.id(place).unwrap_or_default(),
        text: records.text(place),
        line: records.line(place),
    }
}

/// Cuts a plan into messages.
struct Parts {
    planned: Arc<Planned>,
    /// The first shipment that is not written yet.
    shipment: usize,
    /// What stayed behind: found when the pairs are done.
    behind: Option<iter::Peekable<std::vec::IntoIter<(Side, Behind)>>>,
    part: u32,
    done: bool,
}

/// The messages of a plan as they travel, in order: `waybill.logistics.v1.PlanPart`. There is at least one.
pub(crate) fn parts(planned: Arc<Planned>) -> impl Iterator<Item = Bytes> + Send {
    Parts { planned, shipment: 0, behind: None, part: 0, done: false }
}

impl Iterator for Parts {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.done {
            return None;
        }
        let mut message = Vec::with_capacity(self.room());
        // What stands before the rows, the rows, and what is known behind them: messages behind one
        // another are one. A vector always has room.
        let front = PlanPart {
            batch_id: self.planned.batch_id.to_string(),
            part: self.part,
            header: (self.part == 0).then(|| self.planned.header()),
            ..PlanPart::default()
        };
        front.encode_raw(&mut message);
        self.write_pairs(&mut message);
        self.write_behind(&mut message);
        let plan_bytes = if self.part == 0 { self.planned.bytes() } else { 0 };
        let back = PlanPart { plan_bytes, more: !self.done, ..PlanPart::default() };
        back.encode_raw(&mut message);
        self.part += 1;
        Some(message.into())
    }
}

impl Parts {
    /// Room for what is left, or for a message.
    fn room(&self) -> usize {
        usize::try_from(self.planned.bytes()).unwrap_or(MAX_MESSAGE_BYTES).min(MAX_MESSAGE_BYTES)
    }

    fn write_pairs(&mut self, message: &mut Vec<u8>) {
        while self.shipment < self.planned.shipments.len() && message.len() < FULL {
            if let Some(pair) = self.planned.plan.pair(self.shipment) {
                put_pair(message, self.planned.row(pair));
            }
            self.shipment += 1;
        }
    }

    fn write_behind(&mut self, message: &mut Vec<u8>) {
        if self.shipment < self.planned.shipments.len() {
            return;
        }
        let behind = self.behind.get_or_insert_with(|| all_behind(&self.planned));
        while message.len() < FULL
            && let Some((side, behind)) = behind.next()
        {
            message::encode(UNASSIGNED_FIELD, &self.planned.unassigned(side, &behind), message);
        }
        self.done = behind.peek().is_none();
    }
}

fn all_behind(planned: &Planned) -> iter::Peekable<std::vec::IntoIter<(Side, Behind)>> {
    let paired = planned.plan.assigned();
    if paired == planned.shipments.len() && paired == planned.drivers.len() {
        return Vec::new().into_iter().peekable();
    }
    let (shipments, drivers) = planned.plan.behind();
    let shipments = shipments.into_iter().map(|behind| (Side::Shipment, behind));
    let drivers = drivers.into_iter().map(|behind| (Side::Driver, behind));
    shipments.chain(drivers).collect::<Vec<_>>().into_iter().peekable()
}
