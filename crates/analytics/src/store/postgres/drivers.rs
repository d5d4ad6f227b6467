//! What drivers carried, added up over days, runs and lanes.

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Row};
use uuid::Uuid;

use super::group::storable;
use super::trouble::{Trouble, signed, unsigned};
use crate::store::{DriverKey, DriverOrder, DriverPlace, DriverQuery, DriverTotals};

pub(super) async fn drivers(
    client: &Client,
    query: &DriverQuery,
) -> Result<Vec<DriverTotals>, Trouble> {
    let mut select = Select::default();
    let mut tallies = Vec::new();
    if let Some(run) = query.run {
        let run = select.bind(Uuid::from_bytes(*run.as_bytes()), Type::UUID);
        tallies.push(format!("run_id = {run}"));
    }
    if let Some(day) = query.day {
        tallies.push(format!("day = {}", select.bind(day, Type::INT4)));
    }
    if let Some(text) = &query.contains {
        // Small letters of ASCII are the same in every collation; for the others there is a column.
        let needle = select.bind(storable(text).to_lowercase(), Type::TEXT);
        let found = |lower: &str, text: &str| {
            format!("strpos(coalesce({lower}, lower({text})), {needle}) > 0")
        };
        let (key, name) =
            (found("key_lower", "coalesce(long_key, key)"), found("name_lower", "name"));
        tallies.push(format!("({key} OR {name})"));
    }
    let sums = match &query.after {
        Some(place) => format!("WHERE {}", select.behind(place, query)?),
        None => String::new(),
    };
    let (by, order) = (column(query.order), if query.descending { "DESC" } else { "ASC" });
    let limit = select.bind(i64::from(query.limit), Type::INT8);
    let tallies =
        if tallies.is_empty() { String::new() } else { format!("WHERE {}", tallies.join(" AND ")) };
    let sql = format!(
        "SELECT driver, by_id, shown, assigned, unassigned, total_quarters, last_sequence FROM (
            SELECT coalesce(min(long_key), key) AS driver, by_id,
                (array_agg(coalesce(name, long_key, key)
                    ORDER BY first_sequence + last_nth DESC))[1] AS shown,
                sum(assigned)::bigint AS assigned, sum(unassigned)::bigint AS unassigned,
                sum(total_quarters)::bigint AS total_quarters,
                max(first_sequence + last_nth) AS last_sequence
            FROM tallies JOIN groups ON group_id = last_group_id {tallies} GROUP BY by_id, key) d
         {sums} ORDER BY {by} {order}, driver, by_id LIMIT {limit}"
    );
    let values: Vec<(&(dyn ToSql + Sync), Type)> =
        select.values.iter().map(|(value, kind)| (&**value as _, kind.clone())).collect();
    client.query_typed(&sql, &values).await?.iter().map(totals).collect()
}

#[derive(Default)]
struct Select {
    values: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Select {
    /// Binds a value; its place in the text.
    fn bind(&mut self, value: impl ToSql + Sync + Send + 'static, kind: Type) -> String {
        self.values.push((Box::new(value), kind));
        format!("${}", self.values.len())
    }

    /// Behind a place in the order.
    fn behind(&mut self, place: &DriverPlace, query: &DriverQuery) -> Result<String, Trouble> {
        let (value, key) = match place {
            DriverPlace::Number(number, key) => (self.bind(signed(*number)?, Type::INT8), key),
            DriverPlace::Name(name, key) => (self.bind(storable(name), Type::TEXT), key),
        };
        let (by, beyond) = (column(query.order), if query.descending { "<" } else { ">" });
        let (driver, by_id) =
            (self.bind(storable(&key.text), Type::TEXT), self.bind(key.by_id, Type::BOOL));
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

fn totals(row: &Row) -> Result<DriverTotals, Trouble> {
    Ok(DriverTotals {
        key: DriverKey { text: row.try_get(0)?, by_id: row.try_get(1)? },
        name: row.try_get(2)?,
        assigned: unsigned(row.try_get(3)?)?,
        unassigned: unsigned(row.try_get(4)?)?,
        total_quarters: unsigned(row.try_get(5)?)?,
        last_sequence: unsigned(row.try_get(6)?)?,
    })
}
