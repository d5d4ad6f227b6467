//! Ports for servers that are other processes.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket},
    ops::RangeInclusive,
    process,
    sync::atomic::{AtomicU16, Ordering},
};

/// Where ports are taken from, but for those that the kernel gives away.
const PORTS: RangeInclusive<u16> = 20_000..=65_000;
/// What the kernel gives away where it does not say.
const GIVEN_AWAY: RangeInclusive<u16> = 32_768..=65_535;

/// A TCP port of this machine where nobody listens, and which no other test takes while the value lives: a server
/// of another process can be told to listen on it, end, and come back.
///
/// A port that was asked of the kernel and let go is given to whoever asks next, often before that process
/// listens. This one is not among those that the kernel gives away, and tests, which run in several processes,
/// tell each other of it by a UDP socket of the same number.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _taken: UdpSocket,
}

impl Port {
    /// The next one that is free.
    ///
    /// # Panics
    ///
    /// When none is.
    pub fn take() -> Self {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let given_away = given_away();
        let ports: Vec<u16> = PORTS.filter(|port| !given_away.contains(port)).collect();
        assert!(!ports.is_empty(), "the kernel gives away every port of {PORTS:?}");
        // Processes start at different places, so that they seldom meet.
        let start = process::id() as usize * 97;
        for _ in &ports {
            let at = start + usize::from(NEXT.fetch_add(1, Ordering::Relaxed));
            let number = ports[at % ports.len()];
            if let Ok(taken) = UdpSocket::bind((Ipv4Addr::LOCALHOST, number))
                && TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok()
            {
                return Self { number, _taken: taken };
            }
        }
        panic!("no port of {PORTS:?} is free");
    }

    /// Its number on 127.0.0.1.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// 127.0.0.1 with this port.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.number).into()
    }
}

/// Ports that the kernel picks for whoever asks for any, and for connections.
fn given_away() -> RangeInclusive<u16> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut ends = range.split_whitespace().map(str::parse);
    match (ends.next(), ends.next()) {
        (Some(Ok(low)), Some(Ok(high))) => low..=high,
        _ => GIVEN_AWAY,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_port_is_taken_once_can_be_listened_on_and_is_not_given_away() {
        let ports: Vec<Port> = (0..50).map(|_| Port::take()).collect();
        let numbers: BTreeSet<u16> = ports.iter().map(Port::number).collect();
        assert_eq!(numbers.len(), 50);
        for port in &ports {
            assert!(!given_away().contains(&port.number()), "{port:?}");
            for _ in 0..2 {
                TcpListener::bind(port.address()).expect("nobody listens there");
            }
            UdpSocket::bind(port.address()).expect_err("others can tell that it is taken");
        }
    }
}
