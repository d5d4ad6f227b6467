//! `waybill.fleet.v1.DispatchRequest` with records in columns.

use bytes::{Buf, BufMut};
use prost::{
    DecodeError, Message, Name,
    encoding::{self, DecodeContext, WireType},
};

use super::rows::{DriverRows, ShipmentRows};
use crate::fleet::v1::BatchPart;

/// What the client of Dispatch says.
#[derive(Clone, PartialEq, Message)]
pub struct DispatchRequest {
    /// Exactly one.
    #[prost(oneof = "dispatch_request::Event", tags = "1, 2")]
    pub event: Option<dispatch_request::Event>,
}

impl Name for DispatchRequest {
    const NAME: &'static str = "DispatchRequest";
    const PACKAGE: &'static str = "waybill.fleet.v1";
}

/// What [`DispatchRequest`] holds.
pub mod dispatch_request {
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
        Batch(super::BatchColumns),
    }
}

/// A [`BatchPart`] with its records in columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchColumns {
    /// Everything but the records: of those it has none.
    pub head: BatchPart,
    /// Its shipments.
    pub shipments: ShipmentRows,
    /// Its drivers.
    pub drivers: DriverRows,
}

impl From<BatchPart> for BatchColumns {
    fn from(part: BatchPart) -> Self {
        let (mut shipments, mut drivers) = (ShipmentRows::new(), DriverRows::new());
        part.shipments.iter().for_each(|row| shipments.push(&row.id, row.line, &row.address));
        part.drivers.iter().for_each(|row| drivers.push(&row.id, row.line, &row.name));
        let head = BatchPart { shipments: Vec::new(), drivers: Vec::new(), ..part };
        Self { head, shipments, drivers }
    }
}

impl From<BatchColumns> for BatchPart {
    fn from(columns: BatchColumns) -> Self {
        let BatchColumns { head, shipments, drivers } = columns;
        Self {
            shipments: shipments.iter().map(super::RecordRow::shipment).collect(),
            drivers: drivers.iter().map(super::RecordRow::driver).collect(),
            ..head
        }
    }
}

impl Message for BatchColumns {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        // In the order of the tags, with the rows in their place.
        let BatchPart {
            batch_id,
            run_id,
            part,
            more,
            shipments: _,
            drivers: _,
            street_name,
            timeout,
            traceparent,
            tracestate,
            attempt,
            batch_bytes,
        } = &self.head;
        let text = |tag, text: &String, buf: &mut _| {
            if !text.is_empty() {
                encoding::string::encode(tag, text, buf);
            }
        };
        text(1, batch_id, buf);
        text(2, run_id, buf);
        if *part != 0 {
            encoding::uint32::encode(3, part, buf);
        }
        if *more {
            encoding::bool::encode(4, more, buf);
        }
        self.shipments.encode_raw(buf);
        self.drivers.encode_raw(buf);
        if *street_name != 0 {
            encoding::int32::encode(7, street_name, buf);
        }
        if let Some(timeout) = timeout {
            encoding::message::encode(8, timeout, buf);
        }
        text(9, traceparent, buf);
        text(10, tracestate, buf);
        if *attempt != 0 {
            encoding::uint32::encode(11, attempt, buf);
        }
        if *batch_bytes != 0 {
            encoding::uint64::encode(12, batch_bytes, buf);
        }
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        let (merged, field) = match tag {
            5 => (self.shipments.merge(wire_type, buf, ctx), "shipments"),
            6 => (self.drivers.merge(wire_type, buf, ctx), "drivers"),
            _ => return self.head.merge_field(tag, wire_type, buf, ctx),
        };
        merged.map_err(|mut error| {
            error.push(BatchPart::NAME, field);
            error
        })
    }

    fn encoded_len(&self) -> usize {
        self.head.encoded_len() + self.shipments.encoded_len() + self.drivers.encoded_len()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}
