//! One stream to one peer: its messages on their way, in both directions.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use tokio::sync::mpsc::{
    self, OwnedPermit,
    error::{SendError, TrySendError},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming, transport::Channel};

use super::dialect::{Dialect, Parts};

/// Messages that wait for the connection. Each is at most 1 MiB.
const OUTBOUND_MESSAGES: usize = 64;

type Opening<D> =
    Pin<Box<dyn Future<Output = Result<Box<Streaming<<D as Dialect>::In>>, Status>> + Send>>;
type Place<M> = Result<OwnedPermit<M>, SendError<()>>;

pub(super) struct Stream<D: Dialect> {
    /// None after half-close.
    outbound: Option<mpsc::Sender<D::Out>>,
    /// What is left of the item that is being sent.
    parts: Option<Parts<D::Out>>,
    /// The next message, for which there was no place.
    next: Option<D::Out>,
    /// Waits for that place.
    place: Option<BoxFuture<'static, Place<D::Out>>>,
    inbound: Inbound<D>,
}

enum Inbound<D: Dialect> {
    /// The call is not accepted yet.
    Opening(Opening<D>),
    Open(Box<Streaming<D::In>>),
}

/// How far the messages of an item got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    /// All are on their way.
    All,
    /// There is no place at the moment.
    Full,
    /// The stream takes no more.
    Gone,
}

/// What happened on a stream.
pub(super) enum Event<M> {
    Spoke(M),
    /// There is a place for messages that are left.
    Place,
    Ended(Status),
}

impl<D: Dialect> Stream<D> {
    /// Makes the call and says hello.
    pub(super) fn open(dialect: &Arc<D>, channel: Channel) -> Self {
        let (outbound, messages) = mpsc::channel(OUTBOUND_MESSAGES);
        let hello: Parts<D::Out> = Box::new(std::iter::once(dialect.hello()));
        let (dialect, messages) = (Arc::clone(dialect), ReceiverStream::new(messages));
        let opening = async move { dialect.open(channel, messages).await.map(Box::new) };
        Self {
            outbound: Some(outbound),
            parts: Some(hello),
            next: None,
            place: None,
            inbound: Inbound::Opening(Box::pin(opening)),
        }
    }

    /// The messages of the next item; the last one's are on their way or of no use any more.
    pub(super) fn start(&mut self, parts: Parts<D::Out>) {
        self.parts = Some(parts);
    }

    /// The rest of the item is of no use.
    pub(super) fn stop(&mut self) {
        self.parts = None;
        self.next = None;
        self.place = None;
    }

    pub(super) fn half_close(&mut self) {
        self.stop();
        self.outbound = None;
    }

    /// Passes on what is left of the item being sent, as far as the connection takes it.
    pub(super) fn flush(&mut self) -> Flushed {
        if self.place.is_some() {
            return Flushed::Full;
        }
        let (Some(parts), Some(outbound)) = (&mut self.parts, &self.outbound) else {
            return Flushed::All;
        };
        loop {
            let Some(message) = self.next.take().or_else(|| parts.next()) else {
                self.parts = None;
                return Flushed::All;
            };
            match outbound.try_send(message) {
                Ok(()) => {}
                Err(TrySendError::Full(message)) => {
                    self.next = Some(message);
                    self.place = Some(outbound.clone().reserve_owned().boxed());
                    return Flushed::Full;
                }
                Err(TrySendError::Closed(_)) => break,
            }
        }
        self.half_close();
        Flushed::Gone
    }

    /// The next that happens.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Event<D::In>> {
        if let Inbound::Opening(opening) = &mut self.inbound {
            match opening.as_mut().poll(cx) {
                Poll::Ready(Ok(inbound)) => self.inbound = Inbound::Open(inbound),
                Poll::Ready(Err(status)) => return Poll::Ready(Event::Ended(status)),
                Poll::Pending => {}
            }
        }
        if let Inbound::Open(inbound) = &mut self.inbound
            && let Poll::Ready(message) = inbound.poll_next_unpin(cx)
        {
            return Poll::Ready(event(message));
        }
        if let Some(place) = &mut self.place
            && let Poll::Ready(place) = place.poll_unpin(cx)
        {
            self.place = None;
            // Without one the stream takes no more: the message stays, and the next attempt finds that out.
            if let Ok(place) = place
                && let Some(message) = self.next.take()
            {
                place.send(message);
            }
            return Poll::Ready(Event::Place);
        }
        Poll::Pending
    }

    /// What else has come already.
    pub(super) fn heard(&mut self) -> Option<Event<D::In>> {
        match &mut self.inbound {
            Inbound::Open(inbound) => inbound.next().now_or_never().map(event),
            Inbound::Opening(_) => None,
        }
    }
}

fn event<M>(message: Option<Result<M, Status>>) -> Event<M> {
    match message {
        Some(Ok(message)) => Event::Spoke(message),
        Some(Err(status)) => Event::Ended(status),
        None => Event::Ended(Status::unavailable("the peer ended the stream")),
    }
}
