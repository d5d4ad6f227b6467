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
        OwnedSemaphorePermit, Semaphore, TryAcquireError,
        mpsc::{self, error::TrySendError},
        watch,
    },
    time::{Instant, sleep_until},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::{
    Credit, Load,
    sender::{Sender, SenderConfig, Step, later},
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

/// An item was not taken, and is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// There is no room for it now.
    #[error("the stream's outbox is full")]
    Full,
    /// The outbox ended.
    #[error(transparent)]
    Closed(#[from] Closed),
}

struct Offer<D: Dialect> {
    id: D::Id,
    item: D::Item,
    bytes: u64,
    room: Room,
}

/// What an item occupies of an outbox; given back when it is dropped.
struct Room {
    _items: OwnedSemaphorePermit,
    _bytes: OwnedSemaphorePermit,
}

/// The room of an outbox, first come, first served. An item larger than all of it takes all of it.
#[derive(Clone)]
struct Capacity {
    items: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    /// All units of bytes, and how many bytes a unit has: a semaphore counts to 2^32.
    units: u32,
    unit: u64,
}

impl Capacity {
    fn new(capacity: Credit) -> Self {
        let unit = capacity.bytes.div_ceil(u64::from(u32::MAX)).max(1);
        let units = u32::try_from(capacity.bytes.div_ceil(unit).max(1)).unwrap_or(u32::MAX);
        let permits = usize::try_from(units).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            items: Arc::new(Semaphore::new(Self::items(capacity))),
            bytes: Arc::new(Semaphore::new(permits)),
            units,
            unit,
        }
    }

    /// Items of a capacity, in the range of a semaphore.
    fn items(capacity: Credit) -> usize {
        capacity.items.clamp(1, Semaphore::MAX_PERMITS)
    }

    async fn room(&self, bytes: u64) -> Result<Room, Closed> {
        let units = self.units_of(bytes);
        let items = Arc::clone(&self.items).acquire_owned().await;
        let bytes = Arc::clone(&self.bytes).acquire_many_owned(units).await;
        match (items, bytes) {
            (Ok(items), Ok(bytes)) => Ok(Room { _items: items, _bytes: bytes }),
            _ => Err(Closed),
        }
    }

    fn room_now(&self, bytes: u64) -> Result<Room, NotTaken> {
        let not_taken = |error| match error {
            TryAcquireError::NoPermits => NotTaken::Full,
            TryAcquireError::Closed => NotTaken::Closed(Closed),
        };
        let items = Arc::clone(&self.items).try_acquire_owned().map_err(not_taken)?;
        let units = self.units_of(bytes);
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(units).map_err(not_taken)?;
        Ok(Room { _items: items, _bytes: bytes })
    }

    fn units_of(&self, bytes: u64) -> u32 {
        u32::try_from(bytes.div_ceil(self.unit)).unwrap_or(u32::MAX).min(self.units)
    }

    fn close(&self) {
        self.items.close();
        self.bytes.close();
    }
}

/// Takes items and keeps them until they are answered. Clones share one stream.
pub struct Outbox<D: Dialect> {
    capacity: Capacity,
    offers: mpsc::Sender<Offer<D>>,
    status: watch::Receiver<LinkStatus>,
    finish: Arc<watch::Sender<Option<std::time::Instant>>>,
}

impl<D: Dialect> Clone for Outbox<D> {
    fn clone(&self) -> Self {
        Self {
            capacity: self.capacity.clone(),
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
        let capacity = Capacity::new(config.capacity);
        // Each offer holds room, so the channel never has more, and an offer never waits there.
        let (offers, offered) = mpsc::channel(Capacity::items(config.capacity));
        let (status, status_seen) = watch::channel(LinkStatus::default());
        let (finish, finish_asked) = watch::channel(None);
        let sender = Sender::new(config.sender.clone(), Instant::now().into_std());
        let shell = Shell {
            dialect,
            config,
            capacity: capacity.clone(),
            sender,
            items: HashMap::new(),
            opening: None,
            stream: None,
            status,
        };
        let outbox = Self { capacity, offers, status: status_seen, finish: Arc::new(finish) };
        (outbox, shell.run(offered, finish_asked))
    }

    /// Hands an item over, to be kept until it is answered. Waits while the outbox is full: that is
    /// the back-pressure. An id that is unacked already is dropped with its item.
    ///
    /// `bytes` as the server counts them against its credit, for every attempt: at least what the
    /// parts declare. A client that counts less breaks its credit, and with it the stream.
    ///
    /// # Errors
    /// The outbox has ended; the item is lost to it.
    pub async fn send(&self, id: D::Id, item: D::Item, bytes: u64) -> Result<(), Closed> {
        let room = self.capacity.room(bytes).await?;
        self.offers.send(Offer { id, item, bytes, room }).await.map_err(|_| Closed)
    }

    /// The same without waiting, from any thread: for an outbox whose room something else bounds.
    ///
    /// # Errors
    /// There is no room, or the outbox has ended; the item is lost to it.
    pub fn offer(&self, id: D::Id, item: D::Item, bytes: u64) -> Result<(), NotTaken> {
        let room = self.capacity.room_now(bytes)?;
        self.offers.try_send(Offer { id, item, bytes, room }).map_err(|refused| match refused {
            TrySendError::Full(_) => NotTaken::Full,
            TrySendError::Closed(_) => NotTaken::Closed(Closed),
        })
    }

    /// How the stream is, now and at each change.
    pub fn status(&self) -> watch::Receiver<LinkStatus> {
        self.status.clone()
    }

    /// Takes no more items: the task ends when everything is answered, or after `within`. Asked
    /// again, the earlier end holds.
    pub fn finish(&self, within: Duration) {
        self.finish.send_replace(Some(later(now(), within)));
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

/// How far the messages of an item got.
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
                Err(TrySendError::Closed(())) => break,
            };
            match parts.next() {
                Some(message) => place.send(message),
                None => {
                    self.parts = None;
                    return Flushed::All;
                }
            }
        }
        self.half_close();
        Flushed::Gone
    }

    fn half_close(&mut self) {
        self.outbound = None;
        self.parts = None;
    }
}

struct Shell<D: Dialect> {
    dialect: Arc<D>,
    config: OutboxConfig,
    capacity: Capacity,
    sender: Sender<D::Id>,
    items: HashMap<D::Id, (D::Item, Room)>,
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
    Finish(std::time::Instant),
    Time,
}

impl<D: Dialect> Shell<D> {
    async fn run(
        mut self,
        mut offers: mpsc::Receiver<Offer<D>>,
        mut finish: watch::Receiver<Option<std::time::Instant>>,
    ) {
        let mut offered = true;
        while self.take_steps() {
            self.report();
            match self.wait(&mut offers, &mut finish, offered).await {
                Wake::Offered(Some(offer)) => {
                    self.take_offer(offer);
                    self.take_offers(&mut offers);
                }
                // Every handle is gone: what is left is still delivered.
                Wake::Offered(None) => {
                    offered = false;
                    self.sender.finish(later(now(), Duration::MAX));
                }
                Wake::Opened(Ok(inbound)) => self.on_opened(inbound),
                Wake::Opened(Err(status)) => self.on_closed(&status),
                Wake::Spoke(message) => self.on_messages(message),
                Wake::Finish(by) => {
                    self.capacity.close();
                    offers.close();
                    // Ends at once: nothing new comes in, and what is half in comes without waiting.
                    while let Some(offer) = offers.recv().await {
                        self.take_offer(offer);
                    }
                    offered = false;
                    self.sender.finish(by);
                }
                Wake::Room | Wake::Time => {}
            }
        }
        self.report();
    }

    async fn wait(
        &mut self,
        offers: &mut mpsc::Receiver<Offer<D>>,
        finish: &mut watch::Receiver<Option<std::time::Instant>>,
        offered: bool,
    ) -> Wake<D> {
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
            offer = offers.recv(), if offered => Wake::Offered(offer),
            by = asked_to_finish(finish) => Wake::Finish(by),
            () = at(wake_at) => Wake::Time,
        }
    }

    /// Does what the protocol says until it has to wait. False: it is over.
    fn take_steps(&mut self) -> bool {
        loop {
            self.flush();
            match self.sender.next(now()) {
                None => return true,
                Some(Step::Finish) => return false,
                Some(Step::Open) => self.open(),
                Some(Step::Send { id, attempt }) => self.start(id, attempt),
                Some(Step::HalfClose) => {
                    if let Some(stream) = &mut self.stream {
                        stream.half_close();
                    }
                }
                Some(Step::Cut) => self.on_closed(&Status::deadline_exceeded("no answer in time")),
            }
        }
    }

    /// Passes on what is left of the item being sent, as far as the connection takes it.
    fn flush(&mut self) {
        match self.stream.as_mut().map_or(Flushed::All, OpenStream::flush) {
            Flushed::All => self.sender.on_sent(),
            Flushed::Full => {}
            Flushed::Gone => self.sender.on_refused_more(now()),
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
        let (Some(stream), Some((item, _))) = (&mut self.stream, self.items.get(&id)) else {
            return;
        };
        stream.parts = Some(self.dialect.parts(item, attempt));
        if attempt > 1 {
            self.status.send_modify(|status| status.replays += 1);
        }
    }

    fn take_offers(&mut self, offers: &mut mpsc::Receiver<Offer<D>>) {
        for _ in 0..BURST {
            let Ok(offer) = offers.try_recv() else { return };
            self.take_offer(offer);
        }
    }

    fn take_offer(&mut self, offer: Offer<D>) {
        if self.sender.offer(offer.id, offer.bytes) {
            self.items.insert(offer.id, (offer.item, offer.room));
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
        let mut left = BURST;
        while let Some(message) = next {
            match message {
                Some(Ok(message)) => self.on_message(message),
                Some(Err(status)) => return self.on_closed(&status),
                None => return self.on_closed(&Status::unavailable("the peer ended the stream")),
            }
            left -= 1;
            if left == 0 {
                return;
            }
            let inbound = self.stream.as_mut().and_then(|stream| stream.inbound.as_mut());
            next = inbound.and_then(|inbound| inbound.next().now_or_never());
        }
    }

    fn on_message(&mut self, message: D::In) {
        match self.dialect.hear(message) {
            Heard::Welcome(credit) => {
                self.sender.on_welcome(credit);
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
            Heard::Answer(id, answer) => self.on_answer(id, answer),
            Heard::Drain(deadline) => {
                tracing::info!(stream = self.config.name, ?deadline, "peer drains");
                self.sender.on_drain(now(), deadline);
            }
            Heard::Other => {}
        }
    }

    fn on_answer(&mut self, id: D::Id, answer: D::Answer) {
        let cut_short = self.sender.sending() == Some(id);
        let Some(answered) = self.sender.on_answer(id) else { return };
        if let (true, Some(stream)) = (cut_short, &mut self.stream) {
            // Refused in the middle: the rest of it is of no use.
            stream.parts = None;
        }
        if let Some((item, _room)) = self.items.remove(&id) {
            self.dialect.answered(item, answer, answered.attempts);
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

impl<D: Dialect> Drop for Shell<D> {
    /// Nobody waits for room in an outbox that has ended.
    fn drop(&mut self) {
        self.capacity.close();
    }
}

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

async fn asked_to_finish(
    finish: &mut watch::Receiver<Option<std::time::Instant>>,
) -> std::time::Instant {
    while finish.changed().await.is_ok() {
        if let Some(by) = *finish.borrow_and_update() {
            return by;
        }
    }
    // Every handle is gone; the channel of offers says so too.
    pending().await
}

async fn at(time: Option<std::time::Instant>) {
    match time {
        Some(time) => sleep_until(Instant::from_std(time)).await,
        None => pending().await,
    }
}
