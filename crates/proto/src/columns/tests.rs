//! Both layouts are one message: each decodes what the other encodes, and encodes the same.

use proptest::prelude::*;
use std::fmt::Debug;

use bytes::Bytes;
use prost::{DecodeError, Message, Oneof};

use super::*;
use crate::{
    fleet::v1::BatchPart,
    logistics::v1::{
        Assignment, Certificate, Driver, Hello, PlanHeader, PlanPart, Shipment, ShipmentPrice,
        Unassigned,
    },
};

/// The requests as they would be generated.
#[derive(Clone, PartialEq, Message)]
struct PlainDispatch {
    #[prost(oneof = "PlainBatch", tags = "1, 2")]
    event: Option<PlainBatch>,
}

#[allow(clippy::large_enum_variant)]
#[derive(Clone, PartialEq, Oneof)]
enum PlainBatch {
    #[prost(message, tag = "1")]
    Hello(Hello),
    #[prost(message, tag = "2")]
    Batch(BatchPart),
}

#[derive(Clone, PartialEq, Message)]
struct PlainRecord {
    #[prost(oneof = "PlainPlan", tags = "1, 2")]
    event: Option<PlainPlan>,
}

#[allow(clippy::large_enum_variant)]
#[derive(Clone, PartialEq, Oneof)]
enum PlainPlan {
    #[prost(message, tag = "1")]
    Hello(Hello),
    #[prost(message, tag = "2")]
    Plan(PlanPart),
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-zé ]{0,9}", 1 => "[a-z]{100,300}"]
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), 0_u32..300, any::<u32>()]
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), (0_u32..400).prop_map(|quarters| f64::from(quarters) / 4.0)]
}

fn shipment() -> impl Strategy<Value = Shipment> {
    (text(), text(), number()).prop_map(|(id, address, line)| Shipment { id, address, line })
}

fn driver() -> impl Strategy<Value = Driver> {
    (text(), text(), number()).prop_map(|(id, name, line)| Driver { id, name, line })
}

prop_compose! {
    fn batch()(
        shipments in prop::collection::vec(shipment(), 0..5),
        drivers in prop::collection::vec(driver(), 0..5),
        (batch_id, run_id, traceparent, tracestate, baggage) in (text(), text(), text(), text(), text()),
        (part, attempt, batch_bytes) in (number(), number(), any::<u64>()),
        (more, street_name) in (any::<bool>(), -1..3),
        timeout in prop::option::of((any::<i64>(), any::<i32>())),
    ) -> BatchPart {
        let timeout = timeout.map(|(seconds, nanos)| prost_types::Duration { seconds, nanos });
        BatchPart {
            batch_id, run_id, part, more, shipments, drivers, street_name, timeout, traceparent,
            tracestate, baggage, attempt, batch_bytes,
        }
    }
}

prop_compose! {
    fn plan()(
        assignments in prop::collection::vec(
            (prop::option::of(shipment()), prop::option::of(driver()), score()), 0..5),
        unassigned in prop::collection::vec((text(), number(), score()), 0..3),
        header in prop::option::of((text(), number(), score())),
        (batch_id, part, more, plan_bytes) in (text(), number(), any::<bool>(), any::<u64>()),
    ) -> PlanPart {
        let pair = |(shipment, driver, score)| Assignment { shipment, driver, score };
        let left = |(text, line, price)| Unassigned { text, line, price, ..Unassigned::default() };
        let header = header.map(|(run_id, shipments, total)| PlanHeader {
            run_id,
            shipments,
            total,
            certificate: Some(Certificate {
                shipments: vec![ShipmentPrice { length: shipments, quarters: 7 }],
                drivers: Vec::new(),
            }),
            ..PlanHeader::default()
        });
        PlanPart {
            batch_id, part, more, header, plan_bytes,
            assignments: assignments.into_iter().map(pair).collect(),
            unassigned: unassigned.into_iter().map(left).collect(),
        }
    }
}

/// Both decode alike, and encode to the same bytes again; or neither can.
fn same<A, B>(a: Result<A, DecodeError>, b: Result<B, DecodeError>, into_a: impl Fn(B) -> A)
where
    A: Message + Debug,
    B: Debug,
{
    match (a, b) {
        (Ok(a), Ok(b)) => {
            let b = into_a(b);
            assert_eq!(a.encode_to_vec(), b.encode_to_vec());
            // As text: not a number is not equal to itself.
            assert_eq!(format!("{a:?}"), format!("{b:?}"));
        }
        (Err(_), Err(_)) => {}
        (a, b) => panic!("{a:?} but {b:?}"),
    }
}

fn same_batch(bytes: &[u8]) {
    let read = BatchColumns::read(Bytes::copy_from_slice(bytes));
    same(BatchPart::decode(bytes), read, BatchPart::from);
}

fn same_plan(bytes: &[u8]) {
    let read = PlanColumns::read(Bytes::copy_from_slice(bytes));
    if let Ok(read) = &read {
        let without_id = PlanPart::decode(read.body_without_id()).unwrap();
        let kept = PlanPart { batch_id: read.head.batch_id.clone(), ..without_id };
        same(Ok(kept), Ok(read.clone()), PlanPart::from);
    }
    same(PlanPart::decode(bytes), read, PlanPart::from);
}

/// What is encoded stays what it was, and as long as it says.
fn encoded_again(request: &impl Message, bytes: &[u8], plain: &impl Message) {
    let again = request.encode_to_vec();
    assert_eq!(again.len(), request.encoded_len());
    if plain.encode_to_vec() == bytes {
        assert_eq!(again, bytes);
    }
}

fn same_dispatch(bytes: &[u8]) {
    let (plain, read) = (PlainDispatch::decode(bytes), DispatchRequest::decode(bytes));
    if let (Ok(plain), Ok(read)) = (&plain, &read) {
        encoded_again(read, bytes, plain);
    }
    same(plain, read, |request| PlainDispatch {
        event: request.event.map(|event| match event {
            dispatch_request::Event::Hello(hello) => PlainBatch::Hello(hello),
            dispatch_request::Event::Batch(batch) => PlainBatch::Batch(batch.into()),
            dispatch_request::Event::Encoded(_) => panic!("nothing is read as that"),
        }),
    });
}

fn same_record(bytes: &[u8]) {
    let (plain, read) = (PlainRecord::decode(bytes), RecordPlansRequest::decode(bytes));
    if let (Ok(plain), Ok(read)) = (&plain, &read) {
        encoded_again(read, bytes, plain);
    }
    same(plain, read, |request| PlainRecord {
        event: request.event.map(|event| match event {
            record_plans_request::Event::Hello(hello) => PlainPlan::Hello(hello),
            record_plans_request::Event::Plan(plan) => PlainPlan::Plan(plan.into()),
            record_plans_request::Event::Encoded(_) => panic!("nothing is read as that"),
        }),
    });
}

/// Bytes with one of them changed, or cut short.
fn damaged(mut bytes: Vec<u8>, (place, to, cut): (prop::sample::Index, u8, bool)) -> Vec<u8> {
    if !bytes.is_empty() {
        let place = place.index(bytes.len());
        bytes[place] = to;
        if cut {
            bytes.truncate(place);
        }
    }
    bytes
}

fn damage() -> impl Strategy<Value = (prop::sample::Index, u8, bool)> {
    let byte = prop_oneof![any::<u8>(), Just(0x80), Just(0), Just(0x0a), Just(0x12), Just(0x18)];
    (any::<prop::sample::Index>(), byte, any::<bool>())
}

/// A batch as its sender writes it: what stands before the rows, the rows, what stands behind them.
fn written_batch(part: &BatchPart) -> Vec<u8> {
    let (batch_id, run_id) = (part.batch_id.clone(), part.run_id.clone());
    let (part_number, more) = (part.part, part.more);
    let front = BatchPart { batch_id, run_id, part: part_number, more, ..BatchPart::default() };
    let mut message = front.encode_to_vec();
    for Shipment { id, address, line } in &part.shipments {
        put_shipment(&mut message, RecordRow { id, text: address, line: *line });
    }
    for Driver { id, name, line } in &part.drivers {
        put_driver(&mut message, RecordRow { id, text: name, line: *line });
    }
    let back = BatchPart {
        batch_id: String::new(),
        run_id: String::new(),
        part: 0,
        more: false,
        shipments: Vec::new(),
        drivers: Vec::new(),
        ..part.clone()
    };
    back.encode(&mut message).unwrap();
    message
}

/// The same of a plan.
fn written_plan(part: &PlanPart) -> Vec<u8> {
    let front =
        PlanPart { assignments: Vec::new(), unassigned: Vec::new(), plan_bytes: 0, ..part.clone() };
    let mut message = front.encode_to_vec();
    for pair in &part.assignments {
        let (shipment, driver) = (pair.shipment.as_ref(), pair.driver.as_ref());
        put_pair(
            &mut message,
            PairRow {
                shipment: shipment.map(|s| RecordRow { id: &s.id, text: &s.address, line: s.line }),
                driver: driver.map(|d| RecordRow { id: &d.id, text: &d.name, line: d.line }),
                score: pair.score,
            },
        );
    }
    let (unassigned, plan_bytes) = (part.unassigned.clone(), part.plan_bytes);
    let back = PlanPart { unassigned, plan_bytes, ..PlanPart::default() };
    back.encode(&mut message).unwrap();
    message
}

proptest! {
    #[test]
    fn a_batch_is_the_same_in_both_layouts(part in batch()) {
        let bytes = part.encode_to_vec();
        prop_assert_eq!(BatchColumns::from(part.clone()).body().to_vec(), bytes.clone());
        prop_assert_eq!(&written_batch(&part), &bytes);
        same_batch(&bytes);
        same_dispatch(&PlainDispatch { event: Some(PlainBatch::Batch(part)) }.encode_to_vec());
    }

    #[test]
    fn a_plan_is_the_same_in_both_layouts(part in plan()) {
        let bytes = part.encode_to_vec();
        prop_assert_eq!(PlanColumns::from(part.clone()).body().to_vec(), bytes.clone());
        prop_assert_eq!(&written_plan(&part), &bytes);
        same_plan(&bytes);
        same_record(&PlainRecord { event: Some(PlainPlan::Plan(part)) }.encode_to_vec());
    }

    #[test]
    fn messages_behind_one_another_are_one(one in batch(), two in batch(), plans in (plan(), plan())) {
        let bytes = [one.encode_to_vec(), two.encode_to_vec()].concat();
        same_batch(&bytes);
        let plain = |part| PlainDispatch { event: Some(PlainBatch::Batch(part)) }.encode_to_vec();
        same_dispatch(&[plain(one), plain(two)].concat());
        same_plan(&[plans.0.encode_to_vec(), plans.1.encode_to_vec()].concat());
    }

    #[test]
    fn a_damaged_batch_is_read_as_prost_reads_it(part in batch(), damage in damage()) {
        let damaged = damaged(part.encode_to_vec(), damage);
        same_batch(&damaged);
        let whole = PlainDispatch { event: Some(PlainBatch::Batch(part)) }.encode_to_vec();
        same_dispatch(&self::damaged(whole, damage));
    }

    #[test]
    fn a_damaged_plan_is_read_as_prost_reads_it(part in plan(), damage in damage()) {
        let damaged = damaged(part.encode_to_vec(), damage);
        same_plan(&damaged);
        let whole = PlainRecord { event: Some(PlainPlan::Plan(part)) }.encode_to_vec();
        same_record(&self::damaged(whole, damage));
    }

    #[test]
    fn any_bytes_are_read_as_prost_reads_them(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let row = |key: u8| [&[key, bytes.len() as u8], bytes.as_slice()].concat();
        [0x2a, 0x32].iter().for_each(|key| same_batch(&row(*key)));
        same_plan(&row(0x2a));
    }
}

#[test]
fn what_prost_would_not_write_is_written_as_it_would() {
    let rows: [&[u8]; 9] = [
        &[0x12, 1, b'a', 0x0a, 1, b'b'],          // the other order
        &[0x0a, 0, 0x12, 1, b'a'],                // an empty id
        &[0x0a, 0x81, 0, b'a'],                   // a length in more bytes than it takes
        &[0x18, 0],                               // a line that need not be said
        &[0x18, 0x81, 0],                         // a line in more bytes than it takes
        &[0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 1], // a line of more than 32 bits
        &[0x0a, 1, b'a', 0x0a, 1, b'b'],          // a field twice
        &[0x22, 1, b'a', 0x12, 1, b'c'],          // an unknown field
        &[0x12, 1, 0xff],                         // no UTF-8
    ];
    for row in rows {
        for key in [0x2a, 0x32] {
            same_batch(&[&[key, row.len() as u8], row].concat());
        }
        let nested = [&[0x0a, row.len() as u8], row].concat();
        same_plan(&[&[0x2a, nested.len() as u8], nested.as_slice()].concat());
    }
    // Prost reads a score of -0.0 and does not write it; so it is written again without.
    let negative_zero = [&[0x2a, 9, 0x19], (-0.0_f64).to_le_bytes().as_slice()].concat();
    let plan = PlanColumns::read(Bytes::from(negative_zero)).unwrap();
    assert_eq!(plan.body()[..], [0x2a, 0]);
}
