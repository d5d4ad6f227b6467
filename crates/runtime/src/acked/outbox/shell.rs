//! The task of an outbox.

use std::{
    collections::HashMap,
    future::{pending, poll_fn},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tonic::Status;

use super::{
    OutboxConfig,
    capacity::{Capacity, Room},
    dialect::{Dialect, Heard},
    links::{Links, News},
    now,
    stream::{Event, Flushed, Stream},
};
use crate::{
    acked::sender::{LinkId, Sender, Step, later},
    alarm::Alarm,
};

/// Offers and answers that are handled before others get their turn.
const BURST: usize = 64;

/// An item that was handed over.
pub(super) struct Offer<D: Dialect> {
    pub(super) id: D::Id,
    pub(super) item: D::Item,
    pub(super) bytes: u64,
    pub(super) room: Room,
}

pub(super) struct Shell<D: Dialect> {
    dialect: Arc<D>,
    config: OutboxConfig,
    capacity: Capacity,
    sender: Sender<D::Id>,
    items: HashMap<D::Id, (D::Item, Room)>,
    links: Links<D>,
    alarm: Alarm,
}

/// What woke the shell.
enum Wake<D: Dialect> {
    Offered(Option<Offer<D>>),
    News(News<D>),
    Finish(std::time::Instant),
    Time,
}

impl<D: Dialect> Shell<D> {
    pub(super) fn new(
        dialect: Arc<D>,
        config: OutboxConfig,
        capacity: Capacity,
        links: Links<D>,
    ) -> Self {
        let sender = Sender::new(config.sender.clone());
        let (items, alarm) = (HashMap::new(), Alarm::default());
        Self { dialect, config, capacity, sender, items, links, alarm }
    }

    pub(super) async fn run(
        mut self,
        mut offers: mpsc::Receiver<Offer<D>>,
        finish: watch::Receiver<Option<std::time::Instant>>,
    ) {
        let mut finish = pin!(asked_to_finish(finish));
        let mut offered = true;
        while self.take_steps() {
            self.links.report(&self.sender);
            self.alarm.set(self.sender.wake_at().map(Instant::from_std));
            let wake: Wake<D> = tokio::select! {
                news = self.links.news() => Wake::News(news),
                offer = offers.recv(), if offered => Wake::Offered(offer),
                (by, again) = &mut finish => {
                    finish.set(asked_to_finish(again));
                    Wake::Finish(by)
                }
                () = poll_fn(|cx| self.alarm.poll(cx)) => Wake::Time,
            };
            match wake {
                Wake::Offered(Some(offer)) => {
                    self.take_offer(offer);
                    self.take_offers(&mut offers);
                }
                // Every handle is gone: what is left is still delivered.
                Wake::Offered(None) => {
                    offered = false;
                    self.sender.finish(later(now(), Duration::MAX));
                }
                Wake::News(News::Stream(link, event)) => self.on_events(link, event),
                Wake::News(News::Peers(found)) => self.links.on_found(found, &mut self.sender),
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
                Wake::Time => {}
            }
        }
        self.links.report(&self.sender);
    }

    /// Does what the protocol says until it has to wait. False: it is over.
    fn take_steps(&mut self) -> bool {
        let now = now();
        loop {
            match self.sender.next(now) {
                None => return true,
                Some(Step::Finish) => return false,
                Some(Step::Open(link)) => {
                    self.links.open(link, &self.dialect);
                    self.flush(link);
                }
                Some(Step::Send { link, id, attempt }) => self.start(link, id, attempt),
                Some(Step::HalfClose(link)) => {
                    self.links.on_half_closed();
                    if let Some(stream) = self.links.stream(link) {
                        stream.half_close();
                    }
                }
                Some(Step::Cut(link)) => {
                    self.on_closed(link, &Status::deadline_exceeded("no answer in time"));
                }
                Some(Step::Forget(link)) => self.links.forget(link),
            }
        }
    }

    /// Passes on what is left of the item being sent, as far as the connection takes it.
    fn flush(&mut self, link: LinkId) {
        match self.links.stream(link).map_or(Flushed::All, Stream::flush) {
            Flushed::All => self.sender.on_sent(link),
            Flushed::Full => {}
            Flushed::Gone => {
                self.links.on_half_closed();
                self.sender.on_refused_more(link, now());
            }
        }
    }

    fn start(&mut self, link: LinkId, id: D::Id, attempt: u32) {
        if let Some((item, _)) = self.items.get(&id) {
            self.links.send(link, self.dialect.parts(item, attempt), attempt);
        }
        self.flush(link);
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

    /// An event of a stream, and what else has come there already.
    fn on_events(&mut self, link: LinkId, first: Event<D::In>) {
        let mut event = first;
        for more in (0..BURST).rev() {
            match event {
                Event::Spoke(message) => self.on_message(link, message),
                Event::Place => return self.flush(link),
                Event::Ended(status) => return self.on_closed(link, &status),
            }
            if more == 0 {
                return;
            }
            let Some(next) = self.links.stream(link).and_then(Stream::heard) else { return };
            event = next;
        }
    }

    fn on_message(&mut self, link: LinkId, message: D::In) {
        match self.dialect.hear(message) {
            Heard::Welcome(credit, process) => {
                self.sender.on_welcome(link, credit);
                self.links.on_open(link, credit, process, self.sender.unacked().items);
            }
            Heard::Answer(id, answer) => self.on_answer(link, id, answer),
            Heard::Drain(deadline) => {
                self.links.on_drain(link, deadline);
                self.sender.on_drain(link, now(), deadline);
            }
            Heard::Other => {}
        }
    }

    fn on_answer(&mut self, link: LinkId, id: D::Id, answer: D::Answer) {
        let cut_short = self.sender.sending(link) == Some(id);
        let Some(answered) = self.sender.on_answer(link, id) else { return };
        if cut_short && let Some(stream) = self.links.stream(link) {
            // Refused in the middle: the rest of it is of no use.
            stream.stop();
        }
        if let Some((item, _room)) = self.items.remove(&id) {
            self.dialect.answered(item, answer, answered.attempts);
        }
    }

    fn on_closed(&mut self, link: LinkId, status: &Status) {
        self.sender.on_closed(link, now());
        let unacked = self.sender.unacked().items;
        self.links.on_closed(link, status, unacked, self.sender.is_finishing());
    }
}

impl<D: Dialect> Drop for Shell<D> {
    /// Nobody waits for room in an outbox that has ended.
    fn drop(&mut self) {
        self.capacity.close();
    }
}

/// When the end is asked for, and what tells when it is asked for again.
async fn asked_to_finish(
    mut finish: watch::Receiver<Option<std::time::Instant>>,
) -> (std::time::Instant, watch::Receiver<Option<std::time::Instant>>) {
    while finish.changed().await.is_ok() {
        let by = *finish.borrow_and_update();
        if let Some(by) = by {
            return (by, finish);
        }
    }
    // Every handle is gone; the channel of offers says so too.
    pending().await
}
