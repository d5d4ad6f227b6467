//! A batch's message, `waybill.fleet.v1.BatchPart`.

use bytes::Bytes;
use prost::{
    DecodeError, Message,
    encoding::{DecodeContext, decode_key},
};

use super::{
    RecordRow, RecordRows,
    rows::Reading,
    wire::{FIFTH, SIXTH},
};
use crate::fleet::v1::BatchPart;

/// A [`BatchPart`] whose records are where they stand in its message.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BatchColumns {
    /// Everything but the records: of those it has none.
    pub head: BatchPart,
    /// Its shipments.
    pub shipments: RecordRows,
    /// Its drivers.
    pub drivers: RecordRows,
    body: Bytes,
}

impl BatchColumns {
    /// Reads a message.
    ///
    /// # Errors
    /// It is none.
    pub fn read(body: Bytes) -> Result<Self, DecodeError> {
        match Self::read_in_place(&body)? {
            Some(batch) => Ok(batch),
            None => BatchPart::decode(body).map(Self::from),
        }
    }

    /// The message.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// None: rows are not written as prost writes them.
    fn read_in_place(body: &Bytes) -> Result<Option<Self>, DecodeError> {
        let mut head = BatchPart::default();
        let (mut shipments, mut drivers) = (Reading::default(), Reading::default());
        let mut at = 0;
        while at < body.len() {
            let end = match body[at] {
                FIFTH => shipments.row(body, at),
                SIXTH => drivers.row(body, at),
                _ => {
                    let mut rest = &body[at..];
                    let (tag, wire_type) = decode_key(&mut rest)?;
                    head.merge_field(tag, wire_type, &mut rest, DecodeContext::default())?;
                    Some(body.len() - rest.len())
                }
            };
            let Some(end) = end else { return Ok(None) };
            at = end;
        }
        if !(head.shipments.is_empty() && head.drivers.is_empty()) {
            return Ok(None);
        }
        let (shipments, drivers) = (shipments.finish(body), drivers.finish(body));
        Ok(Some(Self { head, shipments, drivers, body: body.clone() }))
    }
}

impl From<BatchPart> for BatchColumns {
    fn from(part: BatchPart) -> Self {
        let body = Bytes::from(part.encode_to_vec());
        match Self::read_in_place(&body) {
            Ok(Some(batch)) => batch,
            // Cannot be, as prost wrote it: a test holds it.
            _ => Self::default(),
        }
    }
}

impl From<BatchColumns> for BatchPart {
    fn from(columns: BatchColumns) -> Self {
        let BatchColumns { head, shipments, drivers, body: _ } = columns;
        Self {
            shipments: shipments.iter().map(RecordRow::shipment).collect(),
            drivers: drivers.iter().map(RecordRow::driver).collect(),
            ..head
        }
    }
}
