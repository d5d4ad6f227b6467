//! `waybill plans`: lists, shows and watches what the analytics service has recorded.

mod list;
mod parts;
mod row;
mod show;
mod watch;

use clap::{Args, Subcommand};
use runtime::settings::{Settings, parse};

use crate::{
    client::Peer,
    error::Error,
    settings::{Flags, Setting},
};

/// List recorded plans, the newest first; show one; or watch them arrive
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Plans {
    #[command(subcommand)]
    action: Option<Action>,

    #[command(flatten)]
    list: Flags<list::List>,
}

#[derive(Debug, Subcommand)]
enum Action {
    Show(show::Show),
    Watch(watch::Watch),
}

impl Plans {
    pub(crate) fn run(self) -> Result<(), Error> {
        match self.action {
            None => list::run(self.list),
            Some(Action::Show(show)) => show.run(),
            Some(Action::Watch(watch)) => watch.run(),
        }
    }
}

/// Where analytics is.
const ANALYTICS: Setting = Setting::new("analytics", "URL", "Address of the analytics service")
    .default(ANALYTICS_DEFAULT)
    .hint(clap::ValueHint::Url);
const ANALYTICS_DEFAULT: &str = "http://127.0.0.1:8080";

/// The setting's meaning.
fn analytics(settings: &mut Settings) -> http::Uri {
    settings.get("analytics", http::Uri::from_static(ANALYTICS_DEFAULT), parse::uri)
}

pub(crate) type Client = proto::analytics::v1::analytics_service_client::AnalyticsServiceClient<
    tonic::transport::Channel,
>;

/// The client of analytics. Answers of any size are taken: the service is trusted with memory.
pub(crate) fn client(peer: &Peer) -> Client {
    Client::new(peer.channel()).max_decoding_message_size(usize::MAX)
}
