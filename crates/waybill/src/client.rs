//! Calls to a service that may be restarting.

use std::{error::Error as _, fmt, future::Future, io::Write, time::Duration};

use http::Uri;
use tokio::time::{Instant, sleep};
use tonic::{Code, Status, transport::Channel};

use crate::error::Error;

/// How long a single call waits for a service that does not answer.
const CALL_PATIENCE: Duration = Duration::from_secs(5);
/// How long a command that follows something waits for a service that it has heard before: long
/// enough for a restart, also one on another machine.
const FOLLOW_PATIENCE: Duration = Duration::from_secs(120);
/// Pauses between tries.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A service, as the command line reaches it.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    uri: Uri,
    channel: Channel,
}

impl Peer {
    /// The service at this address. Connects with the first call. Needs a tokio runtime.
    pub(crate) fn new(uri: &Uri) -> Self {
        Self { uri: uri.clone(), channel: runtime::connect::channel(uri) }
    }

    pub(crate) fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Makes a call that can be made twice, and makes it again while the service does not answer.
    pub(crate) async fn call<T, F>(&self, mut call: impl FnMut(Channel) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<tonic::Response<T>, Status>>,
    {
        let mut patience = Patience::new(CALL_PATIENCE);
        loop {
            match call(self.channel()).await {
                Ok(response) => return Ok(response.into_inner()),
                Err(status) => patience.after(self, status).await?,
            }
        }
    }

    /// Patience with something that is followed.
    pub(crate) fn patience(&self) -> Patience {
        Patience::new(FOLLOW_PATIENCE)
    }
}

/// How long a service is waited for.
#[derive(Debug)]
pub(crate) struct Patience {
    limit: Duration,
    /// When the service was last heard.
    heard: Instant,
    pause: Duration,
}

impl Patience {
    fn new(limit: Duration) -> Self {
        Self { limit, heard: Instant::now(), pause: FIRST_PAUSE }
    }

    /// The service is there.
    pub(crate) fn heard(&mut self) {
        *self = Self::new(self.limit);
    }

    /// Waits before the next try, or fails: at once where another try cannot help.
    pub(crate) async fn after(&mut self, peer: &Peer, status: Status) -> Result<(), Error> {
        if !is_passing(&status) || self.heard.elapsed() >= self.limit {
            return Err(Error::Call { uri: peer.uri.clone(), status: Box::new(status) });
        }
        if self.pause == FIRST_PAUSE * 4 {
            let failure = Failure { uri: &peer.uri, status: &status };
            // Where standard error is gone, nobody waits for the news.
            let _ = writeln!(std::io::stderr(), "waybill: {failure}, trying again");
        }
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

/// Whether the same call may succeed later: the service is away, or the connection broke.
fn is_passing(status: &Status) -> bool {
    // Cancelled is what a connection that the server closes makes of a call, Unknown what a broken
    // stream ends with; both carry the transport's error. Nobody else cancels here.
    match status.code() {
        Code::Unavailable | Code::Cancelled => true,
        Code::Unknown => status.source().is_some() || status.message().contains("h2 protocol"),
        _ => false,
    }
}

/// A failed call, in words.
pub(crate) struct Failure<'a> {
    pub(crate) uri: &'a Uri,
    pub(crate) status: &'a Status,
}

impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uri, status } = self;
        let uri = uri.to_string();
        let uri = uri.trim_end_matches('/');
        match status.source() {
            Some(_) if is_passing(status) => write!(f, "{uri} does not answer: {}", cause(status)),
            None if status.code() == Code::Unimplemented => {
                write!(f, "{uri} does not know this call: it may be the address of another part")
            }
            _ => write!(f, "{uri}: {}", status.message()),
        }
    }
}

/// What is at the bottom of a failure: the system's own word where the connection failed.
pub(crate) fn cause(status: &Status) -> String {
    let Some(mut cause) = status.source() else { return status.message().to_owned() };
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// Runs a command that makes calls.
pub(crate) fn block_on<T>(command: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Error::Runtime)?.block_on(command)
}
