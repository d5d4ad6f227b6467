//! Rosters in the store.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Store, StoreError, error::damaged};
use crate::moment::Moment;

/// Where the drivers of a roster come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Made up from this seed.
    Seed(u64),
    /// Given; encoded by `source::columns`.
    Given(Vec<u8>),
}

/// A named list of drivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRoster {
    /// Its name.
    pub name: String,
    /// Drivers on it.
    pub drivers: u32,
    /// When it was made.
    pub create: Moment,
    /// Where they come from.
    pub origin: Origin,
}

impl KeptRoster {
    fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        match &self.origin {
            Origin::Seed(seed) => {
                hasher.update(b"seed").update(&self.drivers.to_le_bytes());
                hasher.update(&seed.to_le_bytes());
            }
            Origin::Given(content) => {
                hasher.update(b"given").update(content);
            }
        }
        *hasher.finalize().as_bytes()
    }
}

impl Store {
    /// Keeps a roster. What is there under its name stays: none says that it has other drivers.
    ///
    /// # Errors
    /// As all of the store.
    pub fn insert_roster(&self, roster: &KeptRoster) -> Result<Option<KeptRoster>, StoreError> {
        let digest = roster.digest();
        let (seed, content) = match &roster.origin {
            Origin::Seed(seed) => (Some(*seed as i64), None),
            Origin::Given(content) => (None, Some(content)),
        };
        self.run(|connection| {
            let transaction = connection.transaction()?;
            if let Some(existing) = find(&transaction, &roster.name)? {
                return Ok((existing.digest() == digest).then_some(existing));
            }
            transaction.execute(
                "INSERT INTO rosters VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    roster.name,
                    roster.drivers,
                    roster.create.unix_ms() as i64,
                    digest,
                    seed,
                    content,
                ],
            )?;
            transaction.commit()?;
            Ok(Some(roster.clone()))
        })
    }

    /// A roster by its name.
    ///
    /// # Errors
    /// As all of the store.
    pub fn find_roster(&self, name: &str) -> Result<Option<KeptRoster>, StoreError> {
        self.run(|connection| find(connection, name))
    }

    /// At most `count` rosters by name, from behind `after` on: name, drivers, when it was made.
    ///
    /// # Errors
    /// As all of the store.
    pub fn list_rosters(
        &self,
        after: &str,
        count: usize,
    ) -> Result<Vec<(String, u32, Moment)>, StoreError> {
        self.run(|connection| {
            connection
                .prepare(
                    "SELECT name, drivers, create_ms FROM rosters WHERE name > ?1 \
                     ORDER BY name LIMIT ?2",
                )?
                .query_map(params![after, count as i64], |row| {
                    Ok((row.get(0)?, row.get(1)?, moment(row, 2)?))
                })?
                .collect()
        })
    }
}

fn moment(row: &Row<'_>, column: usize) -> rusqlite::Result<Moment> {
    row.get::<_, i64>(column).map(|ms| Moment::from_unix_ms(ms as u64))
}

fn find(connection: &Connection, name: &str) -> rusqlite::Result<Option<KeptRoster>> {
    connection
        .query_row(
            "SELECT name, drivers, create_ms, seed, content FROM rosters WHERE name = ?1",
            [name],
            |row| {
                let origin = match (row.get::<_, Option<i64>>(3)?, row.get(4)?) {
                    (Some(seed), None) => Origin::Seed(seed as u64),
                    (None, Some(content)) => Origin::Given(content),
                    _ => return Err(damaged("content")),
                };
                Ok(KeptRoster {
                    name: row.get(0)?,
                    drivers: row.get(1)?,
                    create: moment(row, 2)?,
                    origin,
                })
            },
        )
        .optional()
}
