//! What is known of each service.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::watch;

use super::{grpc::HealthService, pb::health_server::HealthServer};

/// The name of the server as a whole.
pub(super) const WHOLE: &str = "";

/// The name under which a process says that it lives, whatever it waits for: what a liveness probe asks.
pub const LIVENESS: &str = "liveness";

/// Whether a service takes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Serving,
    /// It does not: not yet, or not any more.
    NotServing,
}

/// The readiness of a server and its services. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Health {
    pub(super) board: Arc<watch::Sender<Board>>,
}

/// Everything that is known.
#[derive(Clone, Debug, Default)]
pub(super) struct Board {
    pub(super) services: BTreeMap<String, Status>,
    /// Watches end when they have told the last state.
    pub(super) closed: bool,
}

impl Board {
    /// Once closed, nothing serves again.
    fn or_closed(&self, status: Status) -> Status {
        if self.closed { Status::NotServing } else { status }
    }
}

/// Held while the service is ready: dropping it says that it is not.
#[derive(Debug)]
#[must_use = "dropping it says that the service is not ready"]
pub struct Ready {
    health: Health,
}

impl Health {
    /// The services' full names, without the server as a whole and the process.
    pub(crate) fn services(&self) -> Vec<String> {
        let board = self.board.borrow();
        let names = board.services.keys();
        names.filter(|name| ![WHOLE, LIVENESS].contains(&name.as_str())).cloned().collect()
    }

    /// The server as a whole and these services, by their full names; none is serving yet. Beside them
    /// [`LIVENESS`], which is.
    pub fn new(services: &[&'static str]) -> Self {
        let names = services.iter().copied().chain([WHOLE]);
        let waiting = names.map(|name| (name.to_owned(), Status::NotServing));
        let services = waiting.chain([(LIVENESS.to_owned(), Status::Serving)]).collect();
        Self { board: Arc::new(watch::Sender::new(Board { services, closed: false })) }
    }

    /// Sets the state of one service, which may be new; `""` is the server as a whole.
    pub fn set(&self, service: &str, status: Status) {
        self.board.send_if_modified(|board| {
            let status = board.or_closed(status);
            board.services.insert(service.to_owned(), status) != Some(status)
        });
    }

    /// Sets the state of the server and all its services.
    pub fn set_all(&self, status: Status) {
        self.board.send_if_modified(|board| {
            let status = board.or_closed(status);
            let mut changed = false;
            for (name, known) in &mut board.services {
                if name != LIVENESS {
                    changed |= *known != status;
                    *known = status;
                }
            }
            changed
        });
    }

    /// Says that the server and all its services are serving, for as long as the guard lives.
    pub fn serving(&self) -> Ready {
        self.set_all(Status::Serving);
        Ready { health: self.clone() }
    }

    /// Whether the server as a whole is serving.
    pub fn is_ready(&self) -> bool {
        self.board.borrow().services.get(WHOLE) == Some(&Status::Serving)
    }

    /// Says that nothing is serving any more, for good, and ends every Watch after it was told: a Watch stays
    /// open for as long as its caller likes, and a drain must not wait for that.
    pub fn close(&self) {
        self.set_all(Status::NotServing);
        self.board.send_modify(|board| board.closed = true);
    }

    /// The service that answers `grpc.health.v1.Health`.
    pub fn server(&self) -> HealthServer<HealthService> {
        HealthServer::new(HealthService::new(self.clone()))
    }
}

impl Drop for Ready {
    fn drop(&mut self) {
        self.health.set_all(Status::NotServing);
    }
}
