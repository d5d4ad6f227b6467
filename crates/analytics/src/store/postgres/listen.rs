//! Hearing of the commits of other replicas.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use runtime::acked::backoff::Backoff;
use tokio::time::sleep;

use super::trouble::Trouble;
use super::{CHANNEL, RETRY, Shared, read};

/// Time between two looks at the store, whatever was heard: a notification may be lost with a connection
/// that is lost without a word.
const LOOK: Duration = Duration::from_secs(2);

/// Keeps `committed` true to the database, for as long as it is polled.
pub(super) async fn listen(shared: Arc<Shared>) {
    let mut backoff = Backoff::new(RETRY.0, RETRY.1, u64::from(std::process::id()));
    loop {
        let Err(trouble) = hear(&shared, &mut backoff).await;
        let error = trouble.told(&shared.database.name);
        tracing::debug!(%error, "not listening to the store");
        sleep(backoff.next_delay()).await;
    }
}

async fn hear(shared: &Arc<Shared>, backoff: &mut Backoff) -> Result<Infallible, Trouble> {
    let hearing = Arc::clone(shared);
    let hear = move |payload: &str| {
        if let Ok(sequence) = payload.parse() {
            hearing.heard_of(sequence);
        }
    };
    let client = shared.database.connect_and_hear(hear).await?;
    client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
    backoff.reset();
    // The first look is after LISTEN: what was committed before is seen, what comes after is heard of.
    loop {
        let before = *shared.committed.borrow();
        let last = read::last_sequence(&client).await?;
        if last < before {
            // The promise was the database's, and it is broken already: what is left is the truth.
            tracing::error!(
                last,
                before,
                "the database has lost commits that it had confirmed, as a failover to a standby that \
                 is not synchronous does"
            );
            shared.committed.send_replace(last);
        }
        shared.heard_of(last);
        sleep(LOOK).await;
    }
}
