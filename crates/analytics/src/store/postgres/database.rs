//! Connections: made, checked, and set up for a session of ours.

use std::future::poll_fn;
use std::time::Duration;

use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::{AsyncMessage, Client};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::trouble::Trouble;
use super::url::PostgresUrl;
use super::{SCHEMA, password, tls};
use crate::Error;

/// The oldest server that the tables can be made on (NULLS NOT DISTINCT), and that is tested.
const OLDEST: (i32, &str) = (150_000, "15 or later");

/// How long a connection may take to come up.
const CONNECT: Duration = Duration::from_secs(5);

/// A peer that is gone without a word is noticed after about 11 s: this long without a byte, and then
/// three probes.
const IDLE: Duration = Duration::from_secs(5);
const PROBE: Duration = Duration::from_secs(2);
const PROBES: u32 = 3;

/// What a session is set to. A transaction that stands still because its client is gone must not hold
/// the others up for long, nor one that waits for it.
const SESSION: &str = "
    SET jit = off;
    SET idle_in_transaction_session_timeout = '10s';
    SET lock_timeout = '15s';
    SET tcp_keepalives_idle = 5;
    SET tcp_keepalives_interval = 2;
    SET tcp_keepalives_count = 3;";

/// A database, and how to get there.
pub(super) struct Database {
    url: PostgresUrl,
    tls: MakeRustlsConnect,
    /// Its name in errors and logs, without a password.
    pub(super) name: String,
}

impl Database {
    /// Nothing is connected yet.
    ///
    /// # Errors
    /// The certificates to trust cannot be had.
    pub(super) fn new(url: &PostgresUrl) -> Result<Database, Error> {
        let name = url.to_string();
        let tls = tls::connector(url)
            .map_err(|reason| Error::DatabaseRefuses { database: name.clone(), reason })?;
        let mut url = url.clone();
        let config = &mut url.config;
        config
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .tcp_user_timeout(IDLE + PROBE * PROBES)
            .keepalives_idle(IDLE)
            .keepalives_interval(PROBE)
            .keepalives_retries(PROBES);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("waybill-analytics");
        }
        Ok(Database { url, tls, name })
    }

    /// A session for reading and writing, on a server that keeps what it commits.
    pub(super) async fn connect(&self) -> Result<Client, Trouble> {
        self.connect_and_hear(|_| {}).await
    }

    /// The same; what is notified on the channels it listens to goes to `hear`.
    pub(super) async fn connect_and_hear(
        &self,
        mut hear: impl FnMut(&str) + Send + 'static,
    ) -> Result<Client, Trouble> {
        let mut config = self.url.config.clone();
        let refused = |reason| Error::DatabaseRefuses { database: self.name.clone(), reason };
        if let Some(password) = password::of(&self.url).map_err(refused)? {
            config.password(password);
        }
        let (client, mut connection) = config.connect(self.tls.clone()).await?;
        // It ends with the client, or when the server is gone, which the client's next call tells.
        tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notification(notification) = message {
                    hear(notification.payload());
                }
            }
        });
        self.check(&client).await?;
        client.batch_execute(&format!("SET search_path = {SCHEMA};{SESSION}")).await?;
        Ok(client)
    }

    /// Refuses a server on which an ack would not mean what it says.
    async fn check(&self, client: &Client) -> Result<(), Trouble> {
        // What backs an ack: on and remote_apply wait until a synchronous standby has the commit on its
        // disk, remote_write until it has it in memory; all of them until it is on the server's disk.
        // Neither local, which forgets the standby, nor off does, so the session is set to on instead.
        let row = client
            .query_typed_one(
                "SELECT current_setting('server_version_num')::integer,
                    current_setting('server_version'), current_setting('server_encoding'),
                    current_setting('fsync'),
                    set_config('synchronous_commit', CASE
                        WHEN current_setting('synchronous_commit') IN ('remote_write', 'remote_apply')
                        THEN current_setting('synchronous_commit') ELSE 'on' END, false)",
                &[],
            )
            .await?;
        let is = |setting, found: String, needed: &str, fits: bool| {
            if fits {
                return Ok(());
            }
            let database = self.name.clone();
            Err(Error::DatabaseUnfit { database, setting, found, needed: needed.into() })
        };
        let text = |column| row.try_get::<_, String>(column);
        let version: i32 = row.try_get(0)?;
        let (encoding, fsync, commit) = (text(2)?, text(3)?, text(4)?);
        is("the server's version", text(1)?, OLDEST.1, version >= OLDEST.0)?;
        is("the encoding", encoding.clone(), "UTF8", encoding == "UTF8")?;
        is("fsync", fsync.clone(), "on", fsync == "on")?;
        let durable = ["on", "remote_write", "remote_apply"].contains(&commit.as_str());
        is("synchronous_commit", commit, "on, remote_write or remote_apply", durable)?;
        Ok(())
    }
}
