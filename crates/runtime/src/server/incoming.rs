//! The connections of a listener, at most so many at once.

use std::{io, sync::Arc, time::Duration};

use futures_util::{Stream, stream};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

use super::{Limits, Listener, connection::Guarded};

/// After a failed accept (mostly: no file descriptor is left) the next waits this long.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

struct Door {
    listener: Listener,
    places: Arc<Semaphore>,
    /// One line in the log each time that the server becomes full, not one a connection.
    was_full: bool,
    limits: Limits,
    stop: CancellationToken,
}

/// Accepts until it is dropped. All connections end when `stop` is cancelled.
pub(super) fn connections(
    listener: Listener,
    limits: &Limits,
    stop: CancellationToken,
) -> impl Stream<Item = io::Result<Guarded>> {
    let door = Door {
        listener,
        places: Arc::new(Semaphore::new(limits.max_connections.min(Semaphore::MAX_PERMITS))),
        was_full: false,
        limits: limits.clone(),
        stop,
    };
    stream::unfold(door, |mut door| async move {
        let connection = door.next().await;
        Some((Ok(connection), door))
    })
}

impl Door {
    async fn next(&mut self) -> Guarded {
        loop {
            let (stream, peer) = match self.listener.socket.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    sleep(AFTER_FAILURE).await;
                    continue;
                }
            };
            let Some(place) = self.place() else {
                tracing::debug!(%peer, "connection closed, the server is full");
                continue;
            };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%peer, %error, "connection lost while accepted");
                continue;
            }
            let tcp = stream.connect_info();
            let stopped = self.stop.clone().cancelled_owned();
            let Limits { handshake_timeout, idle_timeout, .. } = self.limits;
            return Guarded::new(stream, tcp, handshake_timeout, idle_timeout, stopped, place);
        }
    }

    fn place(&mut self) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(&self.places).try_acquire_owned().ok();
        if place.is_none() && !self.was_full {
            let max_connections = self.limits.max_connections;
            tracing::warn!(max_connections, "server is full, further connections are closed");
        }
        self.was_full = place.is_none();
        place
    }
}
