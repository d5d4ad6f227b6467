//! One link of a sender: a peer, and the one stream to it that there is at most.

use std::time::{Duration, Instant};

use super::{LinkId, SenderConfig, Step, later};
use crate::acked::{Credit, Load, backoff::Backoff};

/// How the stream of a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// None; the next may be opened at this time.
    Down { until: Instant },
    /// Asked for, or open and not yet welcomed, until this time at the latest.
    Opening { until: Instant },
    /// Welcomed.
    Open { credit: Credit },
    /// The peer drains: answers still come, until this time at the latest.
    Draining { until: Instant },
    /// Nothing more is sent: answers still come, until this time at the latest.
    HalfClosed { until: Instant },
    /// The owner was told to drop it and has not said yet that it did.
    Cut,
}

/// Whether the sender itself comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// No, or there are items to be answered before.
    No,
    /// It was asked for and nothing is unanswered.
    Done,
    /// Its time is over.
    Overdue,
}

#[derive(Debug)]
pub(super) struct Link<I> {
    pub(super) id: LinkId,
    state: State,
    backoff: Backoff,
    welcome_timeout: Duration,
    /// Sent on this stream and not answered.
    pub(super) in_flight: Load,
    /// The item of which messages are still to be passed on.
    pub(super) sending: Option<I>,
    /// The peer is not to be used any more: it ends when nothing is in flight.
    pub(super) leaving: bool,
    /// An item that fits nowhere waits for this link; valid while one is chosen.
    pub(super) reserved: bool,
    /// When it was last given an item, in items given: of two links with the same load, the one that
    /// waited longer is served.
    pub(super) served: u64,
}

impl<I> Link<I> {
    /// Without a stream; the first opens at once.
    pub(super) fn new(id: LinkId, config: &SenderConfig, now: Instant) -> Self {
        let seed = config.seed.wrapping_add(id.0);
        Self {
            id,
            state: State::Down { until: now },
            backoff: Backoff::new(config.backoff_base, config.backoff_cap, seed),
            welcome_timeout: config.welcome_timeout,
            in_flight: Load::default(),
            sending: None,
            leaving: false,
            reserved: false,
            served: 0,
        }
    }

    pub(super) fn on_welcome(&mut self, credit: Credit) {
        if matches!(self.state, State::Opening { .. } | State::Open { .. }) {
            self.state = State::Open { credit };
        }
    }

    pub(super) fn on_refused_more(&mut self, now: Instant) {
        self.sending = None;
        if let State::Open { .. } = self.state {
            self.state = State::HalfClosed { until: later(now, self.welcome_timeout) };
        }
    }

    pub(super) fn on_drain(&mut self, now: Instant, deadline: Duration) {
        if matches!(self.state, State::Opening { .. } | State::Open { .. }) {
            self.state = State::Draining { until: later(now, deadline) };
        }
    }

    /// The stream has ended. False: there was none.
    pub(super) fn on_closed(&mut self, now: Instant) -> bool {
        if self.is_down() {
            return false;
        }
        self.in_flight = Load::default();
        self.sending = None;
        self.state = State::Down { until: now + self.backoff.next_delay() };
        true
    }

    /// An item in flight here was answered.
    pub(super) fn on_answer(&mut self, bytes: u64) {
        self.in_flight.remove(bytes);
        self.backoff.reset();
    }

    /// What its stream needs now, items apart.
    pub(super) fn next(&mut self, now: Instant, ending: Ending) -> Option<Step<I>> {
        match self.state {
            State::Cut => None,
            State::Down { .. } if self.leaving => Some(Step::Forget(self.id)),
            State::Down { until } => (ending == Ending::No && now >= until).then(|| {
                self.state = State::Opening { until: later(now, self.welcome_timeout) };
                Step::Open(self.id)
            }),
            _ if ending == Ending::Overdue => Some(self.cut()),
            State::Opening { until } => {
                (self.leaving || ending == Ending::Done || now >= until).then(|| self.cut())
            }
            State::Open { .. } => (ending == Ending::Done || (self.leaving && self.is_idle()))
                .then(|| self.half_close(later(now, self.welcome_timeout))),
            State::Draining { until } if now >= until => Some(self.cut()),
            State::Draining { until } => self.is_idle().then(|| self.half_close(until)),
            State::HalfClosed { until } => (now >= until).then(|| self.cut()),
        }
    }

    /// When [`Self::next`] should be asked again even if nothing happens. `done`: no stream is opened
    /// any more.
    pub(super) fn wake_at(&self, done: bool) -> Option<Instant> {
        match self.state {
            State::Down { until } => (!done).then_some(until),
            State::Opening { until } | State::Draining { until } | State::HalfClosed { until } => {
                Some(until)
            }
            // When it is cut the owner acts at once; there is nothing to wait for.
            State::Open { .. } | State::Cut => None,
        }
    }

    pub(super) fn is_down(&self) -> bool {
        matches!(self.state, State::Down { .. })
    }

    /// Whether its peer takes items.
    pub(super) fn is_open(&self) -> bool {
        !self.leaving && matches!(self.state, State::Open { .. })
    }

    /// Whether it could take an item now, if that is small enough.
    pub(super) fn has_room(&self) -> bool {
        self.admits(0)
    }

    /// Whether it can take an item of so many bytes now.
    pub(super) fn admits(&self, bytes: u64) -> bool {
        let State::Open { credit } = self.state else { return false };
        !self.leaving && self.sending.is_none() && credit.admits(self.in_flight, bytes)
    }

    /// What is in flight relative to the credit, in parts of 2^32: of items or bytes, whichever is more.
    pub(super) fn load(&self) -> u64 {
        let State::Open { credit } = self.state else { return u64::MAX };
        let part = |of: u64, all: u64| (u128::from(of) << 32) / u128::from(all.max(1));
        let items = part(self.in_flight.items as u64, credit.items as u64);
        let bytes = part(self.in_flight.bytes, credit.bytes);
        u64::try_from(items.max(bytes)).unwrap_or(u64::MAX)
    }

    fn is_idle(&self) -> bool {
        self.in_flight.items == 0
    }

    fn half_close(&mut self, until: Instant) -> Step<I> {
        self.state = State::HalfClosed { until };
        Step::HalfClose(self.id)
    }

    fn cut(&mut self) -> Step<I> {
        self.state = State::Cut;
        Step::Cut(self.id)
    }
}
