//! `waybill run`: starts, lists, watches and stops runs of the producer.

pub(crate) mod follow;
mod list;
pub(crate) mod outcome;
mod records;
mod show;
mod source;
mod start;
mod stop;
mod watch;

pub(crate) use self::{follow::follow, outcome::shortcoming};

use clap::{Args, Subcommand};
use runtime::settings::{Settings, parse};

use crate::{client::Peer, error::Error, settings::Setting};

/// Start, list, watch and stop runs of the producer
///
/// A run makes batches of shipments and drivers and sends each to the fleet service until it is
/// settled: solved, proven and on disk.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Start(start::Start),
    List(list::List),
    Watch(watch::Watch),
    Stop(stop::Stop),
}

impl Run {
    pub(crate) fn run(self) -> Result<(), Error> {
        match self.action {
            Action::Start(start) => start.run(),
            Action::List(list) => list.run(),
            Action::Watch(watch) => watch.run(),
            Action::Stop(stop) => stop.run(),
        }
    }
}

/// Where the producer is.
const PRODUCER: Setting = Setting::new("producer", "URL", "Address of the producer")
    .default(PRODUCER_DEFAULT)
    .hint(clap::ValueHint::Url);
const PRODUCER_DEFAULT: &str = "http://127.0.0.1:8081";

/// The setting's meaning.
fn producer(settings: &mut Settings) -> http::Uri {
    settings.get("producer", http::Uri::from_static(PRODUCER_DEFAULT), parse::uri)
}

pub(crate) type Client =
    proto::producer::v1::producer_service_client::ProducerServiceClient<tonic::transport::Channel>;

/// The producer's client. Answers of any size are taken: the producer is trusted with memory.
pub(crate) fn client(peer: &Peer) -> Client {
    Client::new(peer.channel()).max_decoding_message_size(usize::MAX)
}
