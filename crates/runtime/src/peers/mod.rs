//! The peers of a service: one for each address that its name has, followed as replicas come and go.

mod dns;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use http::Uri;
use tokio::time::Instant;
use tonic::transport::Channel;

use crate::{alarm::Alarm, connect};

pub use dns::NoResolver;

/// An answer holds for at least this time, and after a failure it is asked again so much later.
const ASK_AT_LEAST_EVERY: Duration = Duration::from_secs(1);
/// An answer holds for at most this time, whatever its TTL: a new replica gets work within 10 s, which is
/// this, as much again for a DNS cache on the way, and the time to open a stream.
const ASK_AT_MOST_EVERY: Duration = Duration::from_secs(5);

/// Who knows the addresses of one service.
pub trait Resolve: Send + Sync + 'static {
    /// The addresses now. The error says why they are unknown, in words for people.
    fn resolve(&self) -> BoxFuture<'static, Result<Resolved, String>>;
}

/// The addresses of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// One for each replica. None: there is no replica.
    pub addresses: Vec<SocketAddr>,
    /// For how long they hold.
    pub valid_for: Duration,
}

/// News of the peers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// These are the peers, and no others are any more. At least one.
    Addresses(BTreeSet<SocketAddr>),
    /// It is not known which are, for this reason: those that were stay.
    Unknown(String),
}

/// The peers of one service, and the way to each of them.
pub struct Peers {
    source: Source,
    dial: Arc<dyn Fn(SocketAddr) -> Channel + Send + Sync>,
}

enum Source {
    /// They never change; taken when they were told.
    Fixed(Option<BTreeSet<SocketAddr>>),
    Followed(Followed),
}

struct Followed {
    resolve: Box<dyn Resolve>,
    /// The question that was asked and not answered yet.
    asking: Option<BoxFuture<'static, Result<Resolved, String>>>,
    asked: Instant,
    ask: Alarm,
    told: Option<Found>,
}

impl Peers {
    /// The replicas of the service at `uri`. An IP address and `localhost` (127.0.0.1) are one peer for
    /// ever. Any other name is resolved by the hosts file and DNS, and again when its TTL is over: of
    /// its addresses all of IPv4 count, or all of IPv6 when there are none, so that a replica with both
    /// is one peer.
    ///
    /// # Errors
    /// It is a name, and this machine says nowhere how names are resolved.
    pub fn of(uri: &Uri) -> Result<Self, NoResolver> {
        let name = uri.clone();
        let dial = move |address| connect::channel_to(address, &name);
        let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
            Some("https") => 443,
            _ => 80,
        });
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let fixed = match host {
            "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            host => host.parse().ok(),
        };
        match fixed {
            Some(ip) => Ok(Self::fixed([SocketAddr::new(ip, port)], dial)),
            None => Ok(Self::followed(dns::Dns::of(host, port)?, dial)),
        }
    }

    /// Peers that never change. `dial` makes the way to one; it must connect by itself, now or when a call
    /// is made, and again whenever the connection is lost.
    pub fn fixed(
        addresses: impl IntoIterator<Item = SocketAddr>,
        dial: impl Fn(SocketAddr) -> Channel + Send + Sync + 'static,
    ) -> Self {
        let addresses = addresses.into_iter().collect();
        Self { source: Source::Fixed(Some(addresses)), dial: Arc::new(dial) }
    }

    /// Peers that come and go as `resolve` says. `dial` as in [`Self::fixed`].
    pub fn followed(
        resolve: impl Resolve,
        dial: impl Fn(SocketAddr) -> Channel + Send + Sync + 'static,
    ) -> Self {
        let followed = Followed {
            resolve: Box::new(resolve),
            asking: None,
            asked: Instant::now(),
            ask: Alarm::default(),
            told: None,
        };
        Self { source: Source::Followed(followed), dial: Arc::new(dial) }
    }

    /// Whether they may ever be others.
    pub(crate) fn change(&self) -> bool {
        matches!(self.source, Source::Followed(_))
    }

    /// The way to a peer.
    pub(crate) fn channel(&self, address: SocketAddr) -> Channel {
        (self.dial)(address)
    }

    /// The first news, then news whenever something has changed.
    pub(crate) fn poll_found(&mut self, cx: &mut Context<'_>) -> Poll<Found> {
        match &mut self.source {
            Source::Fixed(addresses) => {
                addresses.take().map_or(Poll::Pending, |all| Poll::Ready(Found::Addresses(all)))
            }
            Source::Followed(followed) => followed.poll(cx),
        }
    }

    /// A peer was lost: the next answer may name another in its place, so it is asked for soon.
    pub(crate) fn hurry(&mut self) {
        if let Source::Followed(followed) = &mut self.source {
            followed.ask.advance(followed.asked + ASK_AT_LEAST_EVERY);
        }
    }
}

impl fmt::Debug for Peers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = match &self.source {
            Source::Fixed(_) => None,
            Source::Followed(followed) => followed.told.as_ref(),
        };
        f.debug_struct("Peers").field("told", &told).finish_non_exhaustive()
    }
}

impl Followed {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Found> {
        loop {
            let Some(asking) = &mut self.asking else {
                if self.told.is_some() {
                    ready!(self.ask.poll(cx));
                }
                self.asked = Instant::now();
                self.asking = Some(self.resolve.resolve());
                continue;
            };
            let answer = ready!(asking.poll_unpin(cx));
            self.asking = None;
            let (found, holds) = match answer {
                Ok(Resolved { addresses, .. }) if addresses.is_empty() => {
                    (Found::Unknown("it has no address".to_owned()), ASK_AT_LEAST_EVERY)
                }
                Ok(Resolved { addresses, valid_for }) => {
                    (Found::Addresses(addresses.into_iter().collect()), valid_for)
                }
                Err(why) => (Found::Unknown(why), ASK_AT_LEAST_EVERY),
            };
            let holds = holds.clamp(ASK_AT_LEAST_EVERY, ASK_AT_MOST_EVERY);
            self.ask.set(Some(Instant::now() + holds));
            if self.told.as_ref() != Some(&found) {
                self.told = Some(found.clone());
                return Poll::Ready(found);
            }
        }
    }
}
