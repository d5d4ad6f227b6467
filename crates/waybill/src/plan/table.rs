//! A plan as a table for people.

use std::io::{self, Write};

use domain::Score;

use super::{Plan, Side};
use crate::output::{
    Out,
    table::{Kind, Table},
};

/// The pairs, what stayed behind, and the totals at the end, where a terminal shows them.
pub(super) fn write(plan: &Plan, out: &mut Out, explain: bool) -> io::Result<()> {
    pairs(plan, out)?;
    if explain && !plan.unassigned.is_empty() {
        out.write_all(b"\n")?;
        unassigned(plan, out)?;
    }
    out.write_all(b"\n")?;
    summary(plan, out, explain)
}

fn pairs(plan: &Plan, out: &mut Out) -> io::Result<()> {
    let mut table = Table::new([
        ("line", Kind::Number),
        ("shipment", Kind::Text),
        ("line", Kind::Number),
        ("driver", Kind::Text),
        ("score", Kind::Number),
    ]);
    let (mut lines, mut highest) = ([0; 2], Score::ZERO);
    for pair in &plan.pairs {
        let (shipment, driver) = (pair.shipment as usize, pair.driver as usize);
        table.fit(["", plan.shipments.text(shipment), "", plan.drivers.text(driver), ""]);
        lines[0] = lines[0].max(plan.shipments.line(shipment));
        lines[1] = lines[1].max(plan.drivers.line(driver));
        // A fraction takes room too: the widest score is not always the highest.
        highest = highest.max(Score::from_quarters(pair.score.quarters() | 1));
    }
    let [shipment_line, driver_line] = lines.map(|line| line.to_string());
    table.fit([&shipment_line, "", &driver_line, "", &highest.to_string()]);
    table.fit_terminal(out.terminal_width());

    table.row(out, ["line", "shipment", "line", "driver", "score"])?;
    let mut shipment_line = itoa::Buffer::new();
    let mut driver_line = itoa::Buffer::new();
    for pair in &plan.pairs {
        let (shipment, driver) = (pair.shipment as usize, pair.driver as usize);
        let row = [
            shipment_line.format(plan.shipments.line(shipment)),
            plan.shipments.text(shipment),
            driver_line.format(plan.drivers.line(driver)),
            plan.drivers.text(driver),
            &pair.score.to_string(),
        ];
        table.row(out, row)?;
    }
    Ok(())
}

fn unassigned(plan: &Plan, out: &mut Out) -> io::Result<()> {
    let mut table = Table::new([
        ("line", Kind::Number),
        ("unassigned", Kind::Text),
        ("side", Kind::Text),
        ("short by", Kind::Number),
        ("reason", Kind::Text),
    ]);
    let rows = plan.unassigned.iter().map(|left| {
        let (line, text) = plan.left(left);
        let price = left.price.map_or_else(String::new, |price| price.to_string());
        (line.to_string(), text, left.side.name(), price, left.sentence())
    });
    for (line, text, side, price, reason) in rows.clone() {
        table.fit([&line, text, side, &price, reason]);
    }
    table.fit_terminal(out.terminal_width());
    table.row(out, ["line", "unassigned", "side", "short by", "reason"])?;
    for (line, text, side, price, reason) in rows {
        table.row(out, [&line, text, side, &price, reason])?;
    }
    Ok(())
}

fn summary(plan: &Plan, out: &mut Out, explain: bool) -> io::Result<()> {
    for (side, sentence, count) in reasons(plan) {
        let plural = if count == 1 { "" } else { "s" };
        let hint = if explain { "" } else { " (--explain lists them)" };
        writeln!(out, "{count} {}{plural} unassigned: {sentence}{hint}", side.name())?;
    }
    writeln!(out, "total {}; first come, first served reaches {}", plan.total, plan.greedy_total)
}

/// How many of each side stayed behind for each reason, in the order in which these come up.
fn reasons(plan: &Plan) -> Vec<(Side, &'static str, usize)> {
    let mut counts: Vec<(Side, &'static str, usize)> = Vec::new();
    for left in &plan.unassigned {
        let (side, sentence) = (left.side, left.sentence());
        match counts.iter_mut().find(|count| (count.0, count.1) == (side, sentence)) {
            Some((_, _, count)) => *count += 1,
            None => counts.push((side, sentence, 1)),
        }
    }
    counts
}
