//! Addresses by DNS, as this machine is told to use it.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use hickory_resolver::{
    ResolverBuilder, TokioResolver,
    config::LookupIpStrategy,
    net::{NetError, runtime::TokioRuntimeProvider},
};
use tokio::time::timeout;

use super::{Resolve, Resolved};

/// A server that does not answer in this time is asked again: a lost packet must not cost a new replica
/// the 5 s that resolvers wait by default.
const SERVER_TIMEOUT: Duration = Duration::from_secs(2);
/// For all servers, search domains and attempts together.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// Names can't be resolved on this machine.
#[derive(Debug, thiserror::Error)]
#[error("{host} can't be resolved: /etc/resolv.conf must name a server: {reason}")]
pub struct NoResolver {
    host: String,
    reason: NetError,
}

/// One name in DNS.
pub(super) struct Dns {
    host: Arc<str>,
    port: u16,
    resolver: TokioResolver,
}

impl Dns {
    /// By `/etc/resolv.conf` (servers, search domains, ndots) and `/etc/hosts`, as they are now.
    pub(super) fn of(host: &str, port: u16) -> Result<Self, NoResolver> {
        let built =
            TokioResolver::builder_tokio().and_then(|builder| Self::new(host, port, builder));
        built.map_err(|reason| NoResolver { host: host.to_owned(), reason })
    }

    pub(super) fn new(
        host: &str,
        port: u16,
        mut builder: ResolverBuilder<TokioRuntimeProvider>,
    ) -> Result<Self, NetError> {
        let options = builder.options_mut();
        options.timeout = options.timeout.min(SERVER_TIMEOUT);
        // Whoever asks knows when an answer is too old; a cache would only hide a newer one.
        options.cache_size = 0;
        options.ip_strategy = LookupIpStrategy::Ipv4thenIpv6;
        Ok(Self { host: host.into(), port, resolver: builder.build()? })
    }
}

impl Resolve for Dns {
    fn resolve(&self) -> BoxFuture<'static, Result<Resolved, String>> {
        let (host, port, resolver) = (Arc::clone(&self.host), self.port, self.resolver.clone());
        async move {
            let found = match timeout(LOOKUP_TIMEOUT, resolver.lookup_ip(&*host)).await {
                Err(_) => return Err(format!("no name server answers for {host}")),
                Ok(Err(error)) if error.is_no_records_found() => {
                    return Err(format!("{host} has no address"));
                }
                Ok(Err(error)) => return Err(format!("{host} can't be resolved: {error}")),
                Ok(Ok(found)) => found,
            };
            Ok(Resolved {
                addresses: found.iter().map(|ip| SocketAddr::new(ip, port)).collect(),
                valid_for: found.valid_until().saturating_duration_since(Instant::now()),
            })
        }
        .boxed()
    }
}
