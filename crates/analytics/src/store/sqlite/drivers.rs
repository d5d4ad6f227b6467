//! What drivers carried, added up over days and runs.

use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value;
use rusqlite::{Connection, Row};

use super::read::{bound, signed, unsigned};
use crate::store::{DriverKey, DriverOrder, DriverPlace, DriverQuery, DriverTotals};
use crate::text::Needle;

/// Adds `contains(text, needle)`: whatever the case, in all of Unicode, as SQLite's own LIKE is not.
pub(super) fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("contains", 2, flags, |context| {
        let needle = context
            .get_or_create_aux(1, |value| Ok::<_, rusqlite::Error>(Needle::new(value.as_str()?)))?;
        let text = context.get_raw(0);
        Ok(text.as_str_or_null()?.is_some_and(|text| needle.is_in(text)))
    })
}

pub(super) fn drivers(
    connection: &Connection,
    query: &DriverQuery,
) -> rusqlite::Result<Vec<DriverTotals>> {
    let mut select = Select::default();
    let mut tallies = Vec::new();
    if let Some(run) = query.run {
        tallies.push(format!("run_id = {}", select.bind(run.as_bytes().to_vec())));
    }
    if let Some(day) = query.day {
        tallies.push(format!("day = {}", select.bind(i64::from(day))));
    }
    if let Some(text) = &query.contains {
        let needle = select.bind(text.clone());
        tallies.push(format!("(contains(driver, {needle}) OR contains(name, {needle}))"));
    }
    let mut sums = Vec::new();
    if let Some(place) = &query.after {
        sums.push(select.behind(place, query)?);
    }
    let (by, order) = (column(query.order), if query.descending { "DESC" } else { "ASC" });
    let limit = select.bind(i64::from(query.limit));
    // Beside max(), a bare column is the one of the row with the maximum: the newest name.
    let sql = format!(
        "SELECT driver, by_id, shown, assigned, unassigned, total_quarters, last_sequence FROM (
            SELECT driver, by_id, coalesce(name, driver) AS shown, sum(assigned) AS assigned,
                sum(unassigned) AS unassigned, sum(total_quarters) AS total_quarters,
                max(last_sequence) AS last_sequence
            FROM tallies {} GROUP BY by_id, driver)
         {} ORDER BY {by} {order}, driver, by_id LIMIT {limit}",
        all_of(&tallies),
        all_of(&sums),
    );
    connection.prepare_cached(&sql)?.query_map(&bound(&select.values)[..], totals)?.collect()
}

#[derive(Default)]
struct Select {
    values: Vec<Value>,
}

impl Select {
    /// Binds a value; its place in the text.
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    /// Behind a place in the order.
    fn behind(&mut self, place: &DriverPlace, query: &DriverQuery) -> rusqlite::Result<String> {
        let (value, key) = match place {
            DriverPlace::Number(number, key) => (Value::from(signed(*number)?), key),
            DriverPlace::Name(name, key) => (Value::from(name.clone()), key),
        };
        let (by, beyond) = (column(query.order), if query.descending { "<" } else { ">" });
        let value = self.bind(value);
        let (driver, by_id) = (self.bind(key.text.clone()), self.bind(i64::from(key.by_id)));
        Ok(format!(
            "({by} {beyond} {value} OR ({by} = {value} AND (driver, by_id) > ({driver}, {by_id})))"
        ))
    }
}

fn column(order: DriverOrder) -> &'static str {
    match order {
        DriverOrder::Total => "total_quarters",
        DriverOrder::Assigned => "assigned",
        DriverOrder::Name => "shown",
    }
}

fn all_of(conditions: &[String]) -> String {
    if conditions.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.join(" AND "))
    }
}

fn totals(row: &Row<'_>) -> rusqlite::Result<DriverTotals> {
    Ok(DriverTotals {
        key: DriverKey { text: row.get(0)?, by_id: row.get(1)? },
        name: row.get(2)?,
        assigned: row.get(3).and_then(unsigned)?,
        unassigned: row.get(4).and_then(unsigned)?,
        total_quarters: row.get(5).and_then(unsigned)?,
        last_sequence: row.get(6).and_then(unsigned)?,
    })
}
