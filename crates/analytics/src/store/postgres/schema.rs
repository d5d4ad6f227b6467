//! The tables, as an ordered list of steps from an empty schema to this version.

use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::trouble::Trouble;
use super::{ADVISORY, SCHEMA};
use crate::Error;

/// Each step is applied once. A released one is never edited.
const MIGRATIONS: &[&str] = &[include_str!("schema_1.sql")];

/// The version of the tables that this program writes.
pub const POSTGRES_SCHEMA_VERSION: usize = MIGRATIONS.len();

/// What DDL is done under: one replica at a time. Lanes have the keys from 0 on.
pub(super) const DDL: i32 = -1;

/// Begins a transaction that changes tables, when no other does.
pub(super) async fn begin_ddl(client: &Client) -> Result<(), Trouble> {
    client
        .batch_execute(&format!("BEGIN; SELECT pg_advisory_xact_lock({ADVISORY}, {DDL})"))
        .await?;
    Ok(())
}

/// Brings the schema to this version, or says why it cannot be. Replicas that start together wait for
/// the first of them. The connection is not to be used again after an error.
pub(super) async fn migrate(client: &Client, database: &str) -> Result<(), Trouble> {
    // All of them in one transaction: a crash leaves the version before, whole.
    begin_ddl(client).await?;
    let done = match version(client, database).await? {
        Some(found) => match usize::try_from(found) {
            Ok(done) if done <= POSTGRES_SCHEMA_VERSION => done,
            _ => {
                let (database, known) = (database.to_owned(), POSTGRES_SCHEMA_VERSION);
                return Err(Error::NewerDatabase { database, found, known }.into());
            }
        },
        None => 0,
    };
    for step in &MIGRATIONS[done..] {
        client.batch_execute(step).await?;
    }
    if done < POSTGRES_SCHEMA_VERSION {
        let version = POSTGRES_SCHEMA_VERSION;
        client.batch_execute(&format!("UPDATE store SET version = {version}")).await?;
        if done > 0 {
            tracing::info!(database, from = done, to = version, "store migrated");
        }
    }
    client.batch_execute("COMMIT").await?;
    Ok(())
}

/// The version that is there, in a schema that is made if it is not. `None` for an empty one.
async fn version(client: &Client, database: &str) -> Result<Option<i64>, Trouble> {
    let row = client
        .query_typed_one(
            "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1),
                EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = $1)",
            &[(&SCHEMA, Type::TEXT)],
        )
        .await?;
    let (schema, anything): (bool, bool) = (row.try_get(0)?, row.try_get(1)?);
    if !schema {
        // Asked for only where it is missing: a database may hand out the schema and no right to make one.
        client.batch_execute(&format!("CREATE SCHEMA {SCHEMA}")).await?;
    }
    if has_table(client, "store").await? {
        let row = client.query_typed_one("SELECT version::bigint FROM store", &[]).await?;
        return Ok(Some(row.try_get(0)?));
    }
    if anything {
        let (database, schema) = (database.to_owned(), SCHEMA);
        return Err(Error::NotOurSchema { database, schema }.into());
    }
    client
        .batch_execute(
            "CREATE TABLE store (version integer NOT NULL); INSERT INTO store VALUES (0)",
        )
        .await?;
    Ok(None)
}

/// Whether there is such a table of ours. Asked of the catalogue itself: to_regclass may answer with what
/// it knew before the transaction waited.
pub(super) async fn has_table(client: &Client, name: &str) -> Result<bool, Trouble> {
    let row = client
        .query_typed_one(
            "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 AND c.relname = $2)",
            &[(&SCHEMA, Type::TEXT), (&name, Type::TEXT)],
        )
        .await?;
    Ok(row.try_get(0)?)
}
