//! A batch cut into messages of at most 1 MiB, made one at a time. Pure.

use std::{ops::Range, sync::Arc};

use domain::{Record, Records};
use prost::{Message, encoding::encoded_len_varint};
use proto::{
    MAX_MESSAGE_BYTES,
    columns::{RecordRow, put_driver, put_shipment},
    fleet::v1::{BatchPart, DispatchRequest, dispatch_request::Event},
    records::line,
};

use crate::source::Batch;

/// Bytes of a message that are not records, at most: ids, trace context, numbers and the frame.
const HEAD: u64 = 1024;

/// Which records travel in which message, and the bytes of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cuts {
    parts: Vec<Cut>,
    /// Bytes of all messages together, at most: that is what is declared.
    bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Cut {
    shipments: Range<usize>,
    drivers: Range<usize>,
}

impl Cuts {
    /// Cuts a batch. `head` is the part 0 that will be sent, without records.
    pub(crate) fn of(batch: &Batch, head: &BatchPart) -> Self {
        let mut cutter = Cutter { parts: Vec::new(), open: Cut::default(), filled: 0, records: 0 };
        for (i, record) in batch.shipments.iter().enumerate() {
            let open = cutter.room_for(encoded_len(&batch.shipments, record, i));
            open.shipments.end = i + 1;
        }
        for (i, record) in batch.drivers.iter().enumerate() {
            let open = cutter.room_for(encoded_len(&batch.drivers, record, i));
            open.drivers.end = i + 1;
        }
        cutter.finish(head)
    }

    /// Bytes of all messages together, at most.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes of one message, at most.
    fn room(&self) -> usize {
        usize::try_from(self.bytes).unwrap_or(MAX_MESSAGE_BYTES).min(MAX_MESSAGE_BYTES)
    }

    /// Messages.
    pub(crate) fn count(&self) -> usize {
        self.parts.len()
    }
}

struct Cutter {
    parts: Vec<Cut>,
    open: Cut,
    filled: u64,
    records: u64,
}

impl Cutter {
    /// The cut that has room for a record of so many bytes.
    fn room_for(&mut self, bytes: u64) -> &mut Cut {
        if self.filled + bytes > MAX_MESSAGE_BYTES as u64 - HEAD {
            let next = Cut {
                shipments: self.open.shipments.end..self.open.shipments.end,
                drivers: self.open.drivers.end..self.open.drivers.end,
            };
            self.parts.push(std::mem::replace(&mut self.open, next));
            self.filled = 0;
        }
        self.filled += bytes;
        self.records += bytes;
        &mut self.open
    }

    fn finish(mut self, head: &BatchPart) -> Cuts {
        self.parts.push(self.open);
        let count = self.parts.len() as u64;
        // The numbers that differ between attempts, at their longest.
        let longest = |part: u32| BatchPart {
            part: u32::MAX,
            more: true,
            batch_bytes: if part == 0 { u64::MAX } else { 0 },
            attempt: u32::MAX,
            ..if part == 0 { head.clone() } else { follow(head) }
        };
        // Tag and length of the part in its message.
        let frame = 1 + encoded_len_varint(MAX_MESSAGE_BYTES as u64) as u64;
        let first = longest(0).encoded_len() as u64 + frame;
        let each = longest(1).encoded_len() as u64 + frame;
        Cuts { bytes: self.records + first + (count - 1) * each, parts: self.parts }
    }
}

/// What parts behind the first repeat.
fn follow(head: &BatchPart) -> BatchPart {
    BatchPart {
        batch_id: head.batch_id.clone(),
        run_id: head.run_id.clone(),
        ..BatchPart::default()
    }
}

/// Bytes of a shipment or a driver in a part; both have the same fields.
fn encoded_len(records: &Records, record: Record<'_>, place: usize) -> u64 {
    let text = |text: &str| match text.len() {
        0 => 0,
        bytes => 1 + encoded_len_varint(bytes as u64) + bytes,
    };
    let line_len = match line(records, place) {
        0 => 0,
        line => 1 + encoded_len_varint(u64::from(line)),
    };
    let message = text(record.id.unwrap_or_default()) + text(record.text) + line_len;
    (1 + encoded_len_varint(message as u64) + message) as u64
}

/// The messages of a batch. `head` is part 0 without records and `batch_bytes`.
pub(crate) fn messages(
    batch: Batch,
    cuts: Arc<Cuts>,
    head: BatchPart,
) -> impl Iterator<Item = DispatchRequest> + Send {
    (0..cuts.count()).map(move |i| {
        let (part, more) = (i as u32, i + 1 < cuts.count());
        let batch_bytes = if i == 0 && more { cuts.bytes() } else { 0 };
        let Cut { shipments, drivers } = &cuts.parts[i];
        // What stands before the records, the records, and what stands behind them: messages behind one
        // another are one. A vector always has room.
        let mut message = Vec::with_capacity(cuts.room());
        BatchPart { part, more, ..follow(&head) }.encode_raw(&mut message);
        for place in shipments.clone() {
            put_shipment(&mut message, row(&batch.shipments, place));
        }
        for place in drivers.clone() {
            put_driver(&mut message, row(&batch.drivers, place));
        }
        if i == 0 {
            let (batch_id, run_id) = (String::new(), String::new());
            BatchPart { batch_id, run_id, batch_bytes, ..head.clone() }.encode_raw(&mut message);
        }
        DispatchRequest { event: Some(Event::Encoded(message.into())) }
    })
}

fn row(records: &Records, place: usize) -> RecordRow<'_> {
    let id = records.id(place).unwrap_or_default();
    RecordRow { id, text: records.text(place), line: line(records, place) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn head() -> BatchPart {
        BatchPart {
            batch_id: "0193e1a2-8a8c-7def-8000-0123456789ab".into(),
            run_id: "0193e1a2-8a8c-7def-8000-0123456789ab".into(),
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into(),
            attempt: 1,
            ..BatchPart::default()
        }
    }

    fn records(rows: &[(String, u32, String)]) -> Arc<Records> {
        let mut records = Records::new();
        for (id, line, text) in rows {
            records.push(id, *line, text).unwrap();
        }
        Arc::new(records)
    }

    fn check(batch: &Batch) -> usize {
        let cuts = Arc::new(Cuts::of(batch, &head()));
        let (mut shipments, mut drivers, mut bytes, mut parts) =
            (Records::new(), Records::new(), 0, 0);
        for (i, message) in messages(batch.clone(), Arc::clone(&cuts), head()).enumerate() {
            assert!(message.encoded_len() <= MAX_MESSAGE_BYTES, "{}", message.encoded_len());
            bytes += message.encoded_len() as u64;
            let Some(Event::Encoded(part)) = message.event else { panic!("a batch") };
            let part = BatchPart::decode(part).unwrap();
            assert_eq!((part.part as usize, part.more), (i, i + 1 < cuts.count()));
            assert_eq!(part.batch_bytes, if i == 0 && part.more { cuts.bytes() } else { 0 });
            for s in part.shipments {
                shipments.push(&s.id, s.line, &s.address).unwrap();
            }
            for d in part.drivers {
                drivers.push(&d.id, d.line, &d.name).unwrap();
            }
            parts += 1;
        }
        assert_eq!((&shipments, &drivers), (&*batch.shipments, &*batch.drivers));
        assert!(bytes <= cuts.bytes() && cuts.bytes() - bytes < 64 * parts, "{bytes} {cuts:?}");
        parts as usize
    }

    proptest! {
        #[test]
        fn messages_together_are_the_batch(
            shipments in prop::collection::vec(("[a-z]{0,3}", 0_u32..9, "[A-Z]{1,20}"), 0..30),
            drivers in prop::collection::vec(("[a-z]{0,3}", 0_u32..9, "[A-Z]{1,20}"), 0..30),
        ) {
            let batch = Batch { shipments: records(&shipments), drivers: records(&drivers) };
            prop_assert_eq!(check(&batch), 1);
        }
    }

    #[test]
    fn a_large_batch_travels_in_messages_of_a_mebibyte() {
        let batch = Batch {
            shipments: Arc::new(crate::source::synthetic::shipments(1, 0, 100_000)),
            drivers: Arc::new(crate::source::synthetic::drivers(1, 0, 50_000)),
        };
        assert_eq!(check(&batch), 4);
    }
}
