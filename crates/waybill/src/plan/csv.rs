//! A plan as CSV.

use std::io::{self, Write};

use super::{Plan, Side};
use crate::output::{
    csv::{END, field},
    json::number,
};

const HEADER: &str = "shipment_line,shipment,driver_line,driver,score";
/// Behind the columns of the header when an explanation is asked for.
const EXPLAINED: &str = ",reason,price";

/// Pairs in the order of the shipments, then what stayed behind, with the other side empty.
pub(super) fn write(plan: &Plan, out: &mut impl Write, explain: bool) -> io::Result<()> {
    out.write_all(HEADER.as_bytes())?;
    out.write_all(if explain { EXPLAINED.as_bytes() } else { b"" })?;
    out.write_all(END)?;
    for pair in &plan.pairs {
        let (shipment, driver) = (pair.shipment as usize, pair.driver as usize);
        record(out, plan.shipments.line(shipment), plan.shipments.text(shipment))?;
        out.write_all(b",")?;
        record(out, plan.drivers.line(driver), plan.drivers.text(driver))?;
        write!(out, ",{}", pair.score)?;
        out.write_all(if explain { b",," } else { b"" })?;
        out.write_all(END)?;
    }
    for left in &plan.unassigned {
        let (line, text) = plan.left(left);
        if left.side == Side::Driver {
            out.write_all(b",,")?;
        }
        record(out, line, text)?;
        if left.side == Side::Shipment {
            out.write_all(b",,")?;
        }
        out.write_all(b",")?;
        if explain {
            out.write_all(b",")?;
            field(out, left.sentence())?;
            out.write_all(b",")?;
            if let Some(price) = left.price {
                write!(out, "{price}")?;
            }
        }
        out.write_all(END)?;
    }
    Ok(())
}

fn record(out: &mut impl Write, line: u32, text: &str) -> io::Result<()> {
    number(out, line)?;
    out.write_all(b",")?;
    field(out, text)
}
