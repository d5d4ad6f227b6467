//! Which process this is, as others are told.

use std::{
    net::SocketAddr,
    sync::LazyLock,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use prost_types::Timestamp;

use crate::VERSION;

/// A process, as it says of itself to the other end of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Process {
    /// The part and where it listens; empty when it was not said.
    pub name: String,
    /// Its version; empty when it was not said.
    pub version: String,
    /// When it started.
    pub started: Option<SystemTime>,
}

impl Process {
    /// This one: a part that listens there. Where that is every address, it is known by the host's name,
    /// which in a cluster is the pod's.
    pub fn here(part: &str, listen: SocketAddr) -> Self {
        static STARTED: LazyLock<SystemTime> = LazyLock::new(SystemTime::now);
        let host = rustix::system::uname();
        let name = match host.nodename().to_str() {
            Ok(host) if listen.ip().is_unspecified() => format!("{part} {host}:{}", listen.port()),
            _ => format!("{part} {listen}"),
        };
        Self { started: Some(*STARTED), ..Self::named(&name) }
    }

    /// One of this version that is known by this name.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), version: VERSION.to_owned(), started: None }
    }

    /// Another one, as its words on the wire have it: cut where they are longer than any name, and without
    /// what would not be shown.
    pub fn said(name: &str, version: &str, start_time: Option<&Timestamp>) -> Self {
        let since = |time: &Timestamp| {
            let (seconds, nanos) = (u64::try_from(time.seconds), u32::try_from(time.nanos));
            UNIX_EPOCH.checked_add(Duration::new(seconds.ok()?, nanos.ok()?.min(999_999_999)))
        };
        let (name, version) = (shown(name), shown(version));
        Self { name, version, started: start_time.and_then(since) }
    }

    /// When it started, as it is said on the wire.
    pub fn start_time(&self) -> Option<Timestamp> {
        self.started.map(Timestamp::from)
    }
}

/// Characters of a name or a version that another process may have.
const LONGEST: usize = 128;

fn shown(text: &str) -> String {
    text.chars().take(LONGEST).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_named_by_where_it_listens_and_by_the_host_where_that_is_everywhere() {
        let here = Process::here("fleet", ([127, 0, 0, 1], 8082).into());
        assert_eq!(here.name, "fleet 127.0.0.1:8082");
        assert_eq!(here.version, VERSION);
        let everywhere = Process::here("fleet", ([0, 0, 0, 0], 8082).into()).name;
        assert!(everywhere.ends_with(":8082") && !everywhere.contains("0.0.0.0"), "{everywhere}");
    }

    #[test]
    fn a_name_that_is_none_is_cut_and_shows_no_control_characters() {
        let said = |name: &str| Process::said(name, "", None).name;
        assert_eq!(said("a\"\n\u{1b}[31m🚚"), "a\"\u{fffd}\u{fffd}[31m🚚");
        assert_eq!(said(&"é".repeat(1_000)), "é".repeat(LONGEST));
        assert_eq!(said(&"z".repeat(LONGEST)).len(), LONGEST);
    }

    #[test]
    fn what_is_said_comes_back_and_nonsense_is_nothing() {
        let here = Process::here("fleet", ([127, 0, 0, 1], 8082).into());
        let again = Process::said(&here.name, &here.version, here.start_time().as_ref());
        assert_eq!(again, here);
        for (seconds, nanos) in [(-1, 0), (0, -1), (i64::MIN, i32::MIN)] {
            let time = Timestamp { seconds, nanos };
            assert_eq!(Process::said("", "", Some(&time)).started, None);
        }
        let late = Timestamp { seconds: i64::MAX, nanos: i32::MAX };
        // Beyond what the system's clock can tell, or just there: never a panic.
        let _ = Process::said("", "", Some(&late));
    }
}
