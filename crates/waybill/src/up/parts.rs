//! The three services, as `up` builds, watches and ends them.

use std::{collections::BTreeMap, net::SocketAddr};

use runtime::{
    lifecycle::Shutdown,
    settings::{Problems, Settings},
};
use tokio::{net::TcpListener, task::JoinHandle};

use super::told::{Ports, Told};
use crate::{
    error::Error,
    ready::{ready, url},
    services::{
        Asked, ServiceError, analytics as analytics_part, fleet as fleet_part, process::Life,
        producer as producer_part,
    },
    settings::variables,
};

/// All three, serving.
pub(super) struct Parts {
    /// In the order in which they end: who sends before who receives.
    serving: [Serving; 3],
    addresses: [(SocketAddr, SocketAddr); 3],
}

/// A part at work.
struct Serving {
    part: &'static str,
    shutdown: Shutdown,
    task: JoinHandle<Result<(), ServiceError>>,
    ended: bool,
}

impl Parts {
    /// Builds all three, each with the address of the next, and lets them serve.
    pub(super) async fn build(told: &Told, life: &Life) -> Result<Self, Error> {
        let producer_listen = known(told.producer.listen).await;
        let mut problems = None;
        let analytics = read(
            told,
            "analytics",
            &mut problems,
            analytics::Config::read,
            [
                ("listen", told.analytics.listen.to_string()),
                ("ops-listen", told.analytics.ops_listen.to_string()),
                ("store", format!("sqlite:{}", told.data.join("analytics.db").display())),
                ("producer", url(producer_listen)),
            ],
        );
        let fleet = read(
            told,
            "fleet",
            &mut problems,
            fleet::Config::read,
            [
                ("listen", told.fleet.listen.to_string()),
                ("ops-listen", told.fleet.ops_listen.to_string()),
            ],
        );
        let producer = read(
            told,
            "producer",
            &mut problems,
            producer::Config::read,
            [
                ("listen", producer_listen.to_string()),
                ("ops-listen", told.producer.ops_listen.to_string()),
                ("data", told.data.join("producer").display().to_string()),
            ],
        );
        if let Some(problems) = problems {
            return Err(Error::Settings(problems));
        }
        // A sender ends before the one that it sends to; each has a share of the whole time.
        let fifth = life.drain / 5;
        let [producer_end, fleet_end, analytics_end] = [fifth * 3, fifth, fifth].map(Shutdown::new);

        let asked =
            asked("analytics", told.analytics, ["--analytics-listen", "--analytics-ops-listen"]);
        let named = move |error| analytics_part::named(&asked, error);
        let service = analytics.build(analytics_end.clone()).await.map_err(named)?;
        let analytics_at = (service.address(), service.ops_address());
        let run = async move { service.run().await.map_err(named) };
        let analytics = Serving::new("analytics", analytics_end, run);

        let asked = self::asked("fleet", told.fleet, ["--fleet-listen", "--fleet-ops-listen"]);
        let named = move |error| fleet_part::named(&asked, error);
        let fleet = fleet::Config { analytics: uri(analytics_at.0), ..fleet };
        let service = fleet.build(fleet_end.clone()).await.map_err(named)?;
        let fleet_at = (service.address(), service.ops_address());
        let run = async move { service.run().await.map_err(named) };
        let fleet = Serving::new("fleet", fleet_end, run);

        let asked =
            self::asked("producer", told.producer, ["--producer-listen", "--producer-ops-listen"]);
        let named = move |error| producer_part::named(&asked, error);
        let producer =
            producer::Config { fleet: uri(fleet_at.0), sampler: life.sampler, ..producer };
        let service = producer.build(producer_end.clone()).await.map_err(named)?;
        let producer_at = (service.address(), service.ops_address());
        let run = async move { service.run().await.map_err(named) };
        let producer = Serving::new("producer", producer_end, run);

        Ok(Self {
            serving: [producer, fleet, analytics],
            addresses: [producer_at, fleet_at, analytics_at],
        })
    }

    pub(super) fn producer_url(&self) -> String {
        url(self.addresses[0].0)
    }

    pub(super) fn analytics_url(&self) -> String {
        url(self.addresses[2].0)
    }

    /// The ops ports of all.
    pub(super) fn ops(&self) -> [SocketAddr; 3] {
        self.addresses.map(|(_, ops)| ops)
    }

    /// Resolves when one of them ends, which none does by itself.
    pub(super) async fn one_ended(&mut self) -> Result<(), Error> {
        let [producer, fleet, analytics] = &mut self.serving;
        tokio::select! {
            ended = producer.ended() => ended,
            ended = fleet.ended() => ended,
            ended = analytics.ended() => ended,
        }
    }

    /// Ends all, each when nobody sends to it any more.
    pub(super) async fn drain(&mut self) -> Result<(), Error> {
        let mut first = Ok(());
        for serving in &mut self.serving {
            serving.shutdown.begin();
            first = first.and(serving.ended().await);
        }
        first
    }
}

/// Resolves when all of these are ready.
pub(super) async fn all_ready(ops: [SocketAddr; 3]) {
    for ops in ops {
        ready(ops).await;
    }
}

impl Serving {
    fn new(
        part: &'static str,
        shutdown: Shutdown,
        run: impl Future<Output = Result<(), ServiceError>> + Send + 'static,
    ) -> Self {
        Self { part, shutdown, task: tokio::spawn(run), ended: false }
    }

    async fn ended(&mut self) -> Result<(), Error> {
        if self.ended {
            return Ok(());
        }
        let ended = (&mut self.task).await;
        self.ended = true;
        match ended {
            Ok(served) => Ok(served?),
            Err(panic) => {
                let text = panic.to_string();
                Err(Error::Service(ServiceError::Failed { part: self.part, text }))
            }
        }
    }
}

/// What a part is told: its ports by `up`, all else by its variables and its section of the file.
fn read<C, const N: usize>(
    told: &Told,
    part: &str,
    problems: &mut Option<Problems>,
    read: impl FnOnce(&mut Settings) -> C,
    fixed: [(&str, String); N],
) -> C {
    let fixed: BTreeMap<String, String> =
        fixed.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut settings = Settings::new(part, fixed, variables(), told.file.clone());
    let config = read(&mut settings);
    // A key of the file that is for a process of its own is no mistake here.
    let _ = settings.optional("drain-timeout", |_| Ok(()));
    if let Err(found) = settings.finish() {
        match problems {
            Some(problems) => problems.extend(found),
            None => *problems = Some(found),
        }
    }
    config
}

fn asked(part: &'static str, ports: Ports, settings: [&'static str; 2]) -> Asked {
    Asked { part, ops_listen: ports.ops_listen, settings }
}

fn uri(address: SocketAddr) -> http::Uri {
    url(address).parse().expect("an address behind http:// is a URL")
}

/// The address with a port that is known before anything listens on it. Analytics is built first and
/// tells the page where the producer is, so a free port is looked for here and given back.
async fn known(listen: SocketAddr) -> SocketAddr {
    if listen.port() != 0 {
        return listen;
    }
    let free = TcpListener::bind(listen).await.and_then(|free| free.local_addr());
    // Where none is free, the producer's own bind says so.
    free.unwrap_or(listen)
}
