use super::*;

fn synthetic(shipments: u32, drivers: u32) -> StartRunRequest {
    let source = Source::Synthetic(pb::Synthetic { shipments, drivers, seed: 0 });
    StartRunRequest { source: Some(source), ..Default::default() }
}

fn roster(name: &str) -> StartRunRequest {
    let source = Source::Roster(pb::RosterSource { name: name.into(), shipments: 1, seed: 0 });
    StartRunRequest { source: Some(source), ..Default::default() }
}

fn shipment(id: &str, address: &str) -> Shipment {
    Shipment { id: id.into(), address: address.into(), line: 0 }
}

fn on_line(line: u32) -> Shipment {
    Shipment { line, ..shipment("", "1 Elm") }
}

fn records(shipments: Vec<Shipment>, roster: &str) -> StartRunRequest {
    let drivers = vec![Driver { name: "Orval Mayert".into(), ..Default::default() }];
    let drivers = if roster.is_empty() { drivers } else { Vec::new() };
    let source = Source::Records(pb::Records { shipments, drivers, roster: roster.into() });
    StartRunRequest { source: Some(source), ..Default::default() }
}

fn seconds(seconds: i64) -> Option<prost_types::Duration> {
    Some(prost_types::Duration { seconds, nanos: 0 })
}

fn refusal(request: StartRunRequest) -> String {
    Order::read(request).expect_err("the request is bad").to_string()
}

#[test]
fn each_bad_field_is_named() {
    let ok = || synthetic(1, 1);
    let table: Vec<(StartRunRequest, &str)> = vec![
        (
            StartRunRequest::default(),
            "source: is missing: one of synthetic, roster, records; a folder is watched by --inbox",
        ),
        (synthetic(0, 1), "synthetic.shipments: must be at least 1"),
        (synthetic(1, 0), "synthetic.drivers: must be at least 1"),
        (synthetic(10_000_001, 1), "synthetic.shipments: is 10000001, more than 10000000"),
        (StartRunRequest { interval: seconds(-1), ..ok() }, "interval: is negative"),
        (
            StartRunRequest { interval: seconds(366 * 86_400 + 1), ..ok() },
            "interval: is 31622401s, more than 31622400s",
        ),
        (StartRunRequest { run_for: seconds(0), ..ok() }, "run_for: must be more than 0"),
        (StartRunRequest { run_for: seconds(-5), ..ok() }, "run_for: is negative"),
        (
            StartRunRequest { batch_timeout: seconds(0), ..ok() },
            "batch_timeout: must be more than 0",
        ),
        (
            StartRunRequest { description: "é".repeat(201), ..ok() },
            "description: has 201 characters, more than 200",
        ),
        (
            StartRunRequest { description: "one\ntwo".into(), ..ok() },
            "description: has a line break or another control character",
        ),
        (StartRunRequest { street_name: 9, ..ok() }, "street_name: no such value: 9"),
        (
            StartRunRequest { run_id: "7".into(), ..ok() },
            "run_id: is not a UUID in its text form, such as 0193e1a2-8a8c-7def-8000-0123456789ab",
        ),
        (
            roster("-x"),
            "roster.name: must be 1 to 63 characters out of a-z, 0-9 and -, not starting with -",
        ),
        (records(vec![], ""), "records.shipments: is empty"),
        (
            records(vec![shipment("", "1 Elm"), shipment("", " ")], ""),
            "records.shipments[1].address: is empty",
        ),
        (
            records(vec![shipment("S1", "1 Elm"), shipment("S1", "2 Elm")], ""),
            "records.shipments[1].id: is S1 again, as in records.shipments[0]",
        ),
        (
            records(vec![on_line(7), on_line(7)], ""),
            "records.shipments.line: line 7 again: records 1 and 0, from 0, both have it",
        ),
        (
            records(vec![shipment("", "1 Elm\n2 Elm")], ""),
            "records.shipments[0].address: has a line break",
        ),
        (
            records(vec![shipment("", &"x".repeat(4097))], ""),
            "records.shipments[0].address: has 4097 bytes, more than 4096",
        ),
    ];
    for (request, message) in table {
        assert_eq!(refusal(request), message);
    }
}

#[test]
fn all_bad_fields_are_named_at_once() {
    let request = StartRunRequest { interval: seconds(-1), street_name: 9, ..synthetic(0, 0) };
    let said = refusal(request);
    for field in ["interval", "street_name", "synthetic.shipments", "synthetic.drivers"] {
        assert!(said.contains(&format!("{field}: ")), "{said}");
    }
}

#[test]
fn callers_cannot_start_a_folder() {
    let source = Source::Folder(pb::Folder { path: "/etc".into() });
    let said = refusal(StartRunRequest { source: Some(source), ..Default::default() });
    assert_eq!(said, "folder: is the producer's own; start it with --inbox");
}

#[test]
fn the_limits_themselves_are_allowed() {
    let request = StartRunRequest { interval: seconds(366 * 86_400), ..synthetic(10_000_000, 1) };
    let order = Order::read(request).unwrap();
    assert_eq!(order.spec.interval, MAX_INTERVAL);
}

#[test]
fn records_are_taken_out_and_count_in_the_digest() {
    let one = Order::read(records(vec![shipment("S1", "1 Elm")], "")).unwrap();
    let other = Order::read(records(vec![shipment("S1", "2 Elm")], "")).unwrap();
    assert_eq!(one.request, other.request);
    assert_ne!(one.digest, other.digest);
    let (shipments, drivers) = one.records.unwrap();
    assert_eq!((shipments.text(0), drivers.text(0)), ("1 Elm", "Orval Mayert"));
}

#[test]
fn the_drivers_of_a_roster_do_not_come_with_others() {
    let mut request = records(vec![shipment("", "1 Elm")], "night");
    assert!(Order::read(request.clone()).is_ok());
    if let Some(Source::Records(records)) = &mut request.source {
        records.drivers = vec![Driver { name: "Orval Mayert".into(), ..Default::default() }];
    }
    assert_eq!(refusal(request), "records.drivers: not together with records.roster");
}
