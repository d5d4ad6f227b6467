//! What `up` was told.

use std::{net::SocketAddr, path::PathBuf};

use runtime::settings::{Settings, parse};

/// Where one part listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) listen: SocketAddr,
    pub(super) ops_listen: SocketAddr,
}

/// What `up` itself was told; the parts read the rest.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) data: PathBuf,
    pub(super) producer: Ports,
    pub(super) fleet: Ports,
    pub(super) analytics: Ports,
    pub(super) no_run: bool,
    /// The file of settings, for the parts.
    pub(super) file: Option<(PathBuf, toml::Table)>,
}

impl Told {
    pub(super) fn read(settings: &mut Settings) -> Self {
        let mut at = |name, port| {
            settings.get(name, SocketAddr::from(([127, 0, 0, 1], port)), parse::socket_addr)
        };
        let producer = Ports {
            listen: at("producer-listen", 8081),
            ops_listen: at("producer-ops-listen", 9081),
        };
        let fleet =
            Ports { listen: at("fleet-listen", 8082), ops_listen: at("fleet-ops-listen", 9082) };
        let analytics = Ports {
            listen: at("analytics-listen", 8080),
            ops_listen: at("analytics-ops-listen", 9080),
        };
        Self {
            data: settings.get("data", PathBuf::from("./waybill-data"), parse::dir),
            producer,
            fleet,
            analytics,
            no_run: settings.get("no-run", false, parse::switch),
            file: None,
        }
    }

    pub(super) fn with_file(self, file: Option<(PathBuf, toml::Table)>) -> Self {
        Self { file, ..self }
    }
}
