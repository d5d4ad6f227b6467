//! A plan as JSON: all that `waybill verify` needs to prove it again.

use std::io::{self, Write};

use domain::Records;

use super::{Certificate, Plan};
use crate::{
    meaning::street_name_text,
    output::json::{number, score, string},
};

/// One record a line, so that `grep` and `diff` work on it too.
pub(super) fn write(plan: &Plan, out: &mut impl Write, explain: bool) -> io::Result<()> {
    out.write_all(b"{\"total\": ")?;
    score(out, plan.total)?;
    out.write_all(b", \"greedy_total\": ")?;
    score(out, plan.greedy_total)?;
    out.write_all(b", \"pairs\": [")?;
    for (i, pair) in plan.pairs.iter().enumerate() {
        out.write_all(if i > 0 { b",\n{" } else { b"\n{" })?;
        record(out, "shipment", &plan.shipments, pair.shipment as usize)?;
        out.write_all(b", ")?;
        record(out, "driver", &plan.drivers, pair.driver as usize)?;
        out.write_all(b", \"score\": ")?;
        score(out, pair.score)?;
        out.write_all(b"}")?;
    }
    out.write_all(b"],\n\"unassigned\": [")?;
    for (i, left) in plan.unassigned.iter().enumerate() {
        let (line, text) = plan.left(left);
        out.write_all(if i > 0 { b",\n{" } else { b"\n{" })?;
        write!(out, "\"side\": \"{}\", \"line\": {line}, \"text\": ", left.side.name())?;
        string(out, text)?;
        out.write_all(b", \"reason\": ")?;
        string(out, left.sentence())?;
        if let Some(price) = left.price.filter(|_| explain) {
            out.write_all(b", \"price\": ")?;
            score(out, price)?;
        }
        if let Some(id) = plan.records(left.side).id(left.record as usize) {
            out.write_all(b", \"id\": ")?;
            string(out, id)?;
        }
        out.write_all(b"}")?;
    }
    write!(
        out,
        "],\n\"shipments\": {}, \"drivers\": {}",
        plan.shipments.len(),
        plan.drivers.len()
    )?;
    out.write_all(b",\n\"street_name\": ")?;
    string(out, street_name_text(plan.street_name))?;
    out.write_all(b",\n\"certificate\": ")?;
    certificate(&plan.certificate, out)?;
    out.write_all(b"}\n")
}

fn record(out: &mut impl Write, side: &str, records: &Records, i: usize) -> io::Result<()> {
    out.write_all(b"\"")?;
    out.write_all(side.as_bytes())?;
    out.write_all(b"_line\": ")?;
    number(out, records.line(i))?;
    out.write_all(b", \"")?;
    out.write_all(side.as_bytes())?;
    out.write_all(b"\": ")?;
    string(out, records.text(i))?;
    let Some(id) = records.id(i) else { return Ok(()) };
    write!(out, ", \"{side}_id\": ")?;
    string(out, id)
}

fn certificate(certificate: &Certificate, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"{\"shipments\": [")?;
    for (i, (length, price)) in certificate.shipments.iter().enumerate() {
        out.write_all(if i > 0 { b",\n" } else { b"\n" })?;
        write!(out, "{{\"length\": {}, \"price\": ", length.0)?;
        score(out, *price)?;
        out.write_all(b"}")?;
    }
    out.write_all(b"],\n\"drivers\": [")?;
    for (i, (traits, price)) in certificate.drivers.iter().enumerate() {
        out.write_all(if i > 0 { b",\n" } else { b"\n" })?;
        write!(
            out,
            "{{\"length\": {}, \"vowels\": {}, \"consonants\": {}, \"price\": ",
            traits.length, traits.vowels, traits.consonants
        )?;
        score(out, *price)?;
        out.write_all(b"}")?;
    }
    out.write_all(b"]}")
}
