//! The three services, a process each.

pub(crate) mod analytics;
pub(crate) mod fleet;
pub(crate) mod process;
pub(crate) mod producer;

use std::net::SocketAddr;

use runtime::server::BindError;

use crate::settings::Setting;

/// Where a service takes calls.
const fn listen(default: &'static str) -> Setting {
    Setting::new("listen", "HOST:PORT", "Where calls are taken; port 0 takes a free one")
        .default(default)
        .more("The address that was taken is in the first lines of the log. [::]:PORT or 0.0.0.0:PORT listens on all interfaces.")
}

/// Where a service shows its health.
const fn ops_listen(default: &'static str) -> Setting {
    Setting::new("ops-listen", "HOST:PORT", "Where /healthz, /readyz, /metrics and grpc.health are")
        .default(default)
}

/// How long the end may take.
const DRAIN_TIMEOUT: Setting = Setting::new(
    "drain-timeout",
    "TIME",
    "Time for what is in flight after SIGTERM or SIGINT; a second signal ends at once",
)
.default("25s")
.more("Kubernetes kills after 30 s unless told otherwise.");

/// A service that cannot start, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// A port that cannot be had, and the setting that asks for it.
    #[error("{setting}: {error}")]
    Bind { setting: &'static str, error: BindError },
    /// Anything else, as the service says it.
    #[error("{part}: {text}")]
    Failed { part: &'static str, text: String },
}

/// Which settings the ports of a service come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) part: &'static str,
    pub(crate) ops_listen: SocketAddr,
    pub(crate) settings: [&'static str; 2],
}

impl Asked {
    /// Those of a service in a process of its own.
    const fn alone(part: &'static str, ops_listen: SocketAddr) -> Self {
        Self { part, ops_listen, settings: ["--listen", "--ops-listen"] }
    }

    /// The error of a port that cannot be had.
    pub(crate) fn bind(&self, error: BindError) -> ServiceError {
        // Where both are the same address, the first could still be had.
        let [listen, ops_listen] = self.settings;
        let setting = if error.address == self.ops_listen { ops_listen } else { listen };
        ServiceError::Bind { setting, error }
    }

    /// Any other error.
    pub(crate) fn failed(&self, error: impl std::error::Error) -> ServiceError {
        ServiceError::Failed { part: self.part, text: error.to_string() }
    }
}
