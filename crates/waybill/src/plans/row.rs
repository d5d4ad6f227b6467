//! A plan as a row.

use proto::analytics::v1::Plan;

use crate::output::table::{Kind, Table};

pub(super) const COLUMNS: usize = 8;

pub(super) const HEADERS: [&str; COLUMNS] =
    ["sequence", "batch", "recorded", "shipments", "drivers", "assigned", "total", "first come"];

/// A table of plans.
pub(super) fn table() -> Table<COLUMNS> {
    Table::new(HEADERS.map(|header| (header, Kind::Number)))
}

/// Its cells.
pub(super) fn row(plan: &Plan) -> [String; COLUMNS] {
    [
        plan.sequence.to_string(),
        plan.batch_id.clone(),
        plan.record_time.map(|time| time.to_string()).unwrap_or_default(),
        plan.shipments.to_string(),
        plan.drivers.to_string(),
        plan.assigned.to_string(),
        plan.total.to_string(),
        plan.greedy_total.to_string(),
    ]
}
