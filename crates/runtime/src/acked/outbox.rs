//! The client's async shell of the acked stream: moves messages between a [`Sender`] and a tonic
//! stream, and decides nothing.

use std::{
    collections::HashMap,
    fmt::{Debug, Display},
    future::{Future, pending},
    hash::Hash,
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use futures_util::{FutureExt, StreamExt};
use tokio::{
    sync::{
        mpsc::{self, error::TrySendError},
        watch,
    },
    time::{Instant, sleep_until},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::{
    Credit, Load,
    sender::{Sender, SenderConfig, Step},
};

/// Messages that wait for the connection. Each is at most 1 MiB.
const OUTBOUND_MESSAGES: usize = 64;
/// Offers and answers that are handled before others get their turn.
const BURST: usize = 64;

/// The messages of one item, made one at a time as the connection takes them.
pub type Parts<Out> = Box<dyn Iterator<Item = Out> + Send>;

/// What one hop says, seen from its client.
pub trait Dialect: Send + Sync + 'static {
    /// Identity of an item.
    type Id: Copy + Eq + Hash + Debug + Display + Send + Sync + 'static;
    /// An item, kept until it is answered.
    type Item: Send + 'static;
    /// The client's messages.
    type Out: Send + 'static;
    /// The server's messages.
    type In: Send + 'static;
    /// The answer to an item.
    type Answer: Send + 'static;

    /// Opens the stream: makes the call.
    fn open(
        &self,
        outbound: ReceiverStream<Self::Out>,
    ) -> impl Future<Output = Result<Streaming<Self::In>, Status>> + Send;

    /// The first message.
    fn hello(&self) -> Self::Out;

    /// The messages of an item, each within the limit of the hop. `attempt` counts from 1.
    fn parts(&self, item: &Self::Item, attempt: u32) -> Parts<Self::Out>;

    /// What a message of the server means.
    fn hear(&self, message: Self::In) -> Heard<Self::Id, Self::Answer>;

    /// An item was answered. Called once an item; must not block.
    fn answered(&self, item: Self::Item, answer: Self::Answer, attempts: u32);
}

/// What a message of the server means.
#[derive(Debug)]
pub enum Heard<I, A> {
    /// How much may be in flight.
    Welcome(Credit),
    /// An item is done.
    Answer(I, A),
    /// The server will stop within this time.
    Drain(Duration),
    /// Nothing for the stream.
    Other,
}

/// How an [`Outbox`] behaves.
#[derive(Debug, Clone)]
pub struct OutboxConfig {
    /// The hop, for logs.
    pub name: &'static str,
    /// How much may be unacked, waiting included, before [`Outbox::send`] waits.
    pub capacity: Credit,
    /// Times of the protocol.
    pub sender: SenderConfig,
}

/// How the stream is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LinkStatus {
    /// Whether the server takes items.
    pub open: bool,
    /// Why it does not, when that is known.
    pub trouble: Option<String>,
    /// Items that are not answered, waiting or in flight.
    pub unacked: Load,
    /// Items that are sent and not answered.
    pub in_flight: Load,
    /// Streams that were opened so far.
    pub streams: u64,
    /// Items that were sent more than once.
    pub replays: u64,
}

/// The outbox ended: it was finished, or its task was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stream's outbox has ended")]
pub struct Closed;

struct Offer<D: Dialect> {
    id: D::Id,
    item: D::Item,
    bytes: u64,
}

/// Takes items and keeps them until they are answered. Clones share one stream.
pub struct Outbox<D: Dialect> {
    offers: mpsc::Sender<Offer<D>>,
    status: watch::Receiver<LinkStatus>,
    finish: Arc<watch::Sender<Option<Instant>>>,
}

impl<D: Dialect> Clone for Outbox<D> {
    fn clone(&self) -> Self {
        Self {
            offers: self.offers.clone(),
            status: self.status.clone(),
            finish: Arc::clone(&self.finish),
        }
    }
}

impl<D: Dialect> Outbox<D> {
    /// The outbox and its task, which the caller owns. The task ends after [`Self::finish`].
    pub fn start(
        dialect: Arc<D>,
        config: OutboxConfig,
    ) -> (Self, impl Future<Output = ()> + Send + 'static) {
        let (offers, offered) = mpsc::channel(BURST);
        let (status, status_seen) = watch::channel(LinkStatus::default());
        let (finish, finish_asked) = watch::channel(None);
        let sender = Sender::new(config.sender.clone(), Instant::now().into_std());
        let shell = Shell {
            dialect,
            config,
            sender,
            items: HashMap::new(),
            opening: None,
            stream: None,
            status,
        };
        let outbox = Self { offers, status: status_seen, finish: Arc::new(finish) };
        (outbox, shell.run(offered, finish_asked))
    }

    /// Hands an item over, to be kept until it is answered. Waits while the outbox is full: that is
    /// the back-pressure. An id that is unacked already is dropped with its item.
    ///
    /// # Errors
    /// The outbox has ended; the item is lost to it.
    pub async fn send(&self, id: D::Id, item: D::Item, bytes: u64) -> Result<(), Closed> {
        self.offers.send(Offer { id, item, bytes }).await.map_err(|_| Closed)
    }

    /// How the stream is, now and at each change.
    pub fn status(&self) -> watch::Receiver<LinkStatus> {
        self.status.clone()
    }

    /// Takes no more items: the task ends when everything is answered, or after `within`.
    pub fn finish(&self, within: Duration) {
        self.finish.send_replace(Some(Instant::now() + within));
    }
}

type Opening<D> =
    Pin<Box<dyn Future<Output = Result<Box<Streaming<<D as Dialect>::In>>, Status>> + Send>>;

/// An open stream, and the messages on their way to it.
struct OpenStream<D: Dialect> {
    /// None after half-close.
    outbound: Option<mpsc::Sender<D::Out>>,
    /// None until the call is accepted.
    inbound: Option<Box<Streaming<D::In>>>,
    /// What is left of the item that is being sent.
    parts: Option<Parts<D::Out>>,
}

/// How far the parts of an item got.
enum Flushed {
    All,
    Full,
    Gone,
}

impl<D: Dialect> OpenStream<D> {
    fn flush(&mut self) -> Flushed {
        let (Some(parts), Some(outbound)) = (&mut self.parts, &self.outbound) else {
            return Flushed::All;
        };
        loop {
            let place = match outbound.try_reserve() {
                Ok(place) => place,
                Err(TrySendError::Full(())) => return Flushed::Full,
                Err(TrySendError::Closed(())) => return Flushed::Gone,
            };
            match parts.next() {
                Some(message) => place.send(message),
                None => break,
            }
        }
        self.parts = None;
        Flushed::All
    }
}

struct Shell<D: Dialect> {
    dialect: Arc<D>,
    config: OutboxConfig,
    sender: Sender<D::Id>,
    items: HashMap<D::Id, D::Item>,
    opening: Option<Opening<D>>,
    stream: Option<OpenStream<D>>,
    status: watch::Sender<LinkStatus>,
}

/// What woke the shell.
enum Wake<D: Dialect> {
    Offered(Option<Offer<D>>),
    Opened(Result<Box<Streaming<D::In>>, Status>),
    Spoke(Option<Result<D::In, Status>>),
    Room,
    Finish(Instant),
    Time,
}

impl<D: Dialect> Shell<D> {
    async fn run(
        mut self,
        mut offers: mpsc::Receiver<Offer<D>>,
        mut finish: watch::Receiver<Option<Instant>>,
    ) {
        let mut finishing = false;
        while self.take_steps() {
            self.report();
            match self.wait(&mut offers, &mut finish, finishing).await {
                Wake::Offered(Some(offer)) => {
                    self.take_offer(offer);
                    self.take_offers(&mut offers, BURST);
                }
                // Every handle is gone: what is left is still delivered.
                Wake::Offered(None) => {
                    finishing = true;
                    self.sender.finish(now() + NO_DEADLINE);
                }
                Wake::Opened(Ok(inbound)) => self.on_opened(inbound),
                Wake::Opened(Err(status)) => self.on_closed(&status),
                Wake::Spoke(message) => self.on_messages(message),
                Wake::Finish(by) => {
                    finishing = true;
                    offers.close();
                    self.take_offers(&mut offers, usize::MAX);
                    self.sender.finish(by.into_std());
                }
                Wake::Room | Wake::Time => {}
            }
        }
        self.report();
    }

    async fn wait(
        &mut self,
        offers: &mut mpsc::Receiver<Offer<D>>,
        finish: &mut watch::Receiver<Option<Instant>>,
        finishing: bool,
    ) -> Wake<D> {
        let takes_offers = !finishing && self.has_room();
        let wake_at = self.sender.wake_at();
        let (outbound, inbound) = match &mut self.stream {
            Some(stream) if stream.parts.is_some() => {
                (stream.outbound.as_ref(), &mut stream.inbound)
            }
            Some(stream) => (None, &mut stream.inbound),
            None => (None, &mut None),
        };
        tokio::select! {
            message = next_message(inbound) => Wake::Spoke(message),
            result = opened::<D>(&mut self.opening) => Wake::Opened(result),
            () = room_in(outbound) => Wake::Room,
            offer = offers.recv(), if takes_offers => Wake::Offered(offer),
            by = asked_to_finish(finish), if !finishing => Wake::Finish(by),
            () = at(wake_at) => Wake::Time,
        }
    }

    /// Does what the protocol says until it has to wait. False: it is over.
    fn take_steps(&mut self) -> bool {
        loop {
            if !self.flush() {
                return true;
            }
            match self.sender.next(now()) {
                None => return true,
                Some(Step::Finish) => return false,
                Some(Step::Open) => self.open(),
                Some(Step::Send { id, attempt }) => self.start(id, attempt),
                Some(Step::HalfClose) => {
                    if let Some(stream) = &mut self.stream {
                        stream.outbound = None;
                    }
                }
                Some(Step::Cut) => self.on_closed(&Status::deadline_exceeded("no answer in time")),
            }
        }
    }

    /// Passes on what is left of the item being sent. False: the connection is full.
    fn flush(&mut self) -> bool {
        match self.stream.as_mut().map_or(Flushed::All, OpenStream::flush) {
            Flushed::All => true,
            Flushed::Full => false,
            Flushed::Gone => {
                self.on_closed(&Status::unavailable("the connection ended"));
                true
            }
        }
    }

    fn open(&mut self) {
        let (outbound, messages) = mpsc::channel(OUTBOUND_MESSAGES);
        let hello = self.dialect.hello();
        let parts: Parts<D::Out> = Box::new(std::iter::once(hello));
        self.stream =
            Some(OpenStream { outbound: Some(outbound), inbound: None, parts: Some(parts) });
        let dialect = Arc::clone(&self.dialect);
        let messages = ReceiverStream::new(messages);
        self.opening = Some(Box::pin(async move { dialect.open(messages).await.map(Box::new) }));
    }

    fn start(&mut self, id: D::Id, attempt: u32) {
        let (Some(stream), Some(item)) = (&mut self.stream, self.items.get(&id)) else { return };
        stream.parts = Some(self.dialect.parts(item, attempt));
        if attempt > 1 {
            self.status.send_modify(|status| status.replays += 1);
        }
    }

    fn has_room(&self) -> bool {
        let (unacked, capacity) = (self.sender.unacked(), self.config.capacity);
        unacked.items == 0 || (unacked.items < capacity.items && unacked.bytes < capacity.bytes)
    }

    fn take_offers(&mut self, offers: &mut mpsc::Receiver<Offer<D>>, most: usize) {
        for _ in 0..most {
            if most == BURST && !self.has_room() {
                return;
            }
            let Ok(offer) = offers.try_recv() else { return };
            self.take_offer(offer);
        }
    }

    fn take_offer(&mut self, offer: Offer<D>) {
        if self.sender.offer(offer.id, offer.bytes) {
            self.items.insert(offer.id, offer.item);
        } else {
            tracing::warn!(stream = self.config.name, id = %offer.id, "already on its way");
        }
    }

    fn on_opened(&mut self, inbound: Box<Streaming<D::In>>) {
        self.opening = None;
        if let Some(stream) = &mut self.stream {
            stream.inbound = Some(inbound);
        }
    }

    fn on_messages(&mut self, first: Option<Result<D::In, Status>>) {
        let mut next = Some(first);
        for _ in 0..BURST {
            match next {
                Some(Some(Ok(message))) => self.on_message(message),
                Some(Some(Err(status))) => return self.on_closed(&status),
                Some(None) => {
                    return self.on_closed(&Status::unavailable("the peer ended the stream"));
                }
                None => return,
            }
            let inbound = self.stream.as_mut().and_then(|stream| stream.inbound.as_mut());
            next = inbound.and_then(|inbound| inbound.next().now_or_never());
        }
        // The turn is over; what was taken is not lost.
        match next {
            Some(Some(Ok(message))) => self.on_message(message),
            Some(Some(Err(status))) => self.on_closed(&status),
            Some(None) => self.on_closed(&Status::unavailable("the peer ended the stream")),
            None => {}
        }
    }

    fn on_message(&mut self, message: D::In) {
        match self.dialect.hear(message) {
            Heard::Welcome(credit) => {
                self.sender.on_welcome(now(), credit);
                tracing::info!(
                    stream = self.config.name,
                    items = credit.items,
                    bytes = credit.bytes,
                    unacked = self.sender.unacked().items,
                    "stream is open"
                );
                self.status.send_modify(|status| {
                    status.trouble = None;
                    status.streams += 1;
                });
            }
            Heard::Answer(id, answer) => {
                let answered = self.sender.on_answer(now(), id);
                if let (Some(answered), Some(item)) = (answered, self.items.remove(&id)) {
                    self.dialect.answered(item, answer, answered.attempts);
                }
            }
            Heard::Drain(deadline) => {
                tracing::info!(stream = self.config.name, ?deadline, "peer drains");
                self.sender.on_drain(now(), deadline);
            }
            Heard::Other => {}
        }
    }

    fn on_closed(&mut self, status: &Status) {
        self.opening = None;
        self.stream = None;
        self.sender.on_closed(now());
        let trouble = format!("{:?}: {}", status.code(), status.message());
        // Said once for each different trouble, not at every attempt, and not at all when it was wished.
        if self.sender.is_finishing() {
            tracing::debug!(stream = self.config.name, trouble, "stream has ended");
        } else if self.status.borrow().trouble.as_ref() != Some(&trouble) {
            tracing::warn!(
                stream = self.config.name,
                unacked = self.sender.unacked().items,
                trouble,
                "stream is down, trying again"
            );
        }
        self.status.send_modify(|status| status.trouble = Some(trouble));
    }

    fn report(&self) {
        let (open, unacked, in_flight) =
            (self.sender.is_open(), self.sender.unacked(), self.sender.in_flight());
        self.status.send_if_modified(|status| {
            let before = (status.open, status.unacked, status.in_flight);
            (status.open, status.unacked, status.in_flight) = (open, unacked, in_flight);
            before != (open, unacked, in_flight)
        });
    }
}

/// As good as never.
const NO_DEADLINE: Duration = Duration::from_secs(365 * 86_400);

fn now() -> std::time::Instant {
    Instant::now().into_std()
}

async fn next_message<M>(inbound: &mut Option<Box<Streaming<M>>>) -> Option<Result<M, Status>> {
    match inbound {
        Some(inbound) => inbound.next().await,
        None => pending().await,
    }
}

async fn opened<D: Dialect>(
    opening: &mut Option<Opening<D>>,
) -> Result<Box<Streaming<D::In>>, Status> {
    match opening {
        Some(opening) => opening.await,
        None => pending().await,
    }
}

async fn room_in<M>(outbound: Option<&mpsc::Sender<M>>) {
    match outbound {
        // Closed counts as room: the attempt to send finds out.
        Some(outbound) => drop(outbound.reserve().await),
        None => pending().await,
    }
}

async fn asked_to_finish(finish: &mut watch::Receiver<Option<Instant>>) -> Instant {
    loop {
        if let Some(by) = *finish.borrow_and_update() {
            return by;
        }
        if finish.changed().await.is_err() {
            // Every handle is gone; the channel of offers says so too.
            return pending().await;
        }
    }
}

async fn at(time: Option<std::time::Instant>) {
    match time {
        Some(time) => sleep_until(Instant::from_std(time)).await,
        None => pending().await,
    }
}
