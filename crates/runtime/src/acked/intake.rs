//! The server's async shell of the acked stream: moves messages between a [`Receiver`] and a tonic
//! stream, and decides nothing.

use std::{
    collections::{HashMap, VecDeque},
    fmt::{Debug, Display},
    future::{Future, pending},
    hash::Hash,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{FutureExt, Stream, StreamExt};
use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use tokio_util::task::AbortOnDropHandle;
use tonic::{Code, Status};
use tracing::Span;

use super::{
    receiver::{Limits, Part, Receiver, Refusal, Step, Take, Violation},
    served::{Entry, Served},
};
use crate::{
    lifecycle::Shutdown,
    process::Process,
    trace::{TraceContext, context_of, ended},
};

/// Messages that wait for the connection.
const OUTBOUND_MESSAGES: usize = 64;
/// Messages that wait for their turn to wait for the connection: from there on, rows of plans and
/// answers stay in their channels.
const QUEUED_MESSAGES: usize = 64;
/// Messages that are handled before others get their turn.
const BURST: usize = 64;
/// Messages that may wait in all: mostly refusals, whose items hold no credit.
const UNREAD_ANSWERS: usize = 1024;
/// Between the word that ends a drain and the end itself, so that the client hears it.
const FAREWELL: Duration = Duration::from_millis(250);

/// What one hop says, seen from its server.
pub trait Intake: Send + Sync + 'static {
    /// Identity of an item.
    type Id: Copy + Ord + Hash + Debug + Display + Send + Sync + 'static;
    /// The client's messages.
    type In: Send + 'static;
    /// The server's messages.
    type Out: Send + 'static;
    /// What the client's hello asked for; the default holds without one.
    type Session: Default + Send + 'static;
    /// An item whose parts are arriving.
    type Assembly: Send + 'static;

    /// What a message of the client means.
    fn hear(&self, message: &Self::In) -> Spoken<Self::Id, Self::Session>;

    /// The first part of an item came. The part itself is given to [`Self::extend`].
    ///
    /// # Errors
    /// The item is refused.
    fn begin(&self, session: &Self::Session, first: &Self::In) -> Result<Self::Assembly, Status>;

    /// A part came; they come in order.
    ///
    /// # Errors
    /// The item is refused.
    fn extend(&self, assembly: &mut Self::Assembly, message: Self::In) -> Result<(), Status>;

    /// The item is whole. Must not block; the answer is given to `reply`, at any time.
    fn complete(&self, id: Self::Id, assembly: Self::Assembly, reply: Reply<Self>)
    where
        Self: Sized;

    /// The span of a stream, which begins.
    fn stream_span(&self) -> Span {
        Span::none()
    }

    /// The server's first message.
    fn welcome(&self, limits: &Limits) -> Self::Out;

    /// The server will stop within this time.
    fn drain(&self, within: Duration) -> Self::Out;

    /// An item is refused. `id` as the client wrote it.
    fn rejected(&self, id: &str, status: Status) -> Self::Out;
}

/// What an item's reply brings back.
type Answer<I> = (<I as Intake>::Id, Result<<I as Intake>::Out, Status>);

/// What a message of the client means.
#[derive(Debug)]
pub enum Spoken<I, S> {
    /// It said who it is and what it asks for.
    Hello(S, Process),
    /// A part of an item.
    Part(Part<I>),
    /// An item that can't be taken at all, such as one whose id is none. `id` as it was written.
    Bad {
        /// The id as it was written.
        id: String,
        /// Why.
        status: Status,
    },
    /// Not of the protocol: the stream ends with this.
    Violation(Status),
}

/// The way back for the answer to one item.
///
/// Dropped without an answer, the item is rejected with UNAVAILABLE, so that the client sends it again.
pub struct Reply<I: Intake> {
    id: I::Id,
    rows: mpsc::Sender<I::Out>,
    answer: Option<mpsc::OwnedPermit<Answer<I>>>,
    stream_trace: Arc<TraceContext>,
}

impl<I: Intake> Reply<I> {
    /// Sends a message before the answer. Waits while the client reads slowly.
    pub async fn part(&mut self, message: I::Out) {
        // A client that is gone needs no rows.
        let _ = self.rows.send(message).await;
    }

    /// The trace of the stream that it came on.
    pub fn stream_trace(&self) -> Arc<TraceContext> {
        Arc::clone(&self.stream_trace)
    }

    /// Answers the item.
    pub fn done(mut self, answer: I::Out) {
        self.answer(Ok(answer));
    }

    /// Refuses the item.
    pub fn rejected(mut self, status: Status) {
        self.answer(Err(status));
    }

    fn answer(&mut self, answer: Result<I::Out, Status>) {
        if let Some(place) = self.answer.take() {
            place.send((self.id, answer));
        }
    }
}

impl<I: Intake> Drop for Reply<I> {
    fn drop(&mut self) {
        self.answer(Err(Status::unavailable("given up before it was done, send it again")));
    }
}

/// Serves one stream, which stands among `served` as long as it lasts. What a handler returns.
///
/// The stream's task lives as long as the value: a client that goes away ends it.
pub fn serve<I, S>(
    intake: Arc<I>,
    inbound: S,
    limits: Limits,
    served: &Arc<Served>,
    shutdown: Shutdown,
) -> Outbound<I::Out>
where
    I: Intake,
    S: Stream<Item = Result<I::In, Status>> + Send + Unpin + 'static,
{
    let (outbound, messages) = mpsc::channel(OUTBOUND_MESSAGES);
    let (rest, rest_out) = oneshot::channel();
    // Each item in flight has one place for its answer, so answering never waits. One more: an item
    // above the credit's bytes may be alone in flight when the credit is no item.
    let (answers, answered) = mpsc::channel(limits.credit.items.saturating_add(1));
    let (rows, rows_out) = mpsc::channel(OUTBOUND_MESSAGES);
    let span = intake.stream_span();
    let shell = Shell {
        stream_trace: Arc::new(context_of(&span, &TraceContext::none())),
        receiver: Receiver::new(limits),
        intake,
        limits,
        session: I::Session::default(),
        assemblies: HashMap::new(),
        answers,
        rows,
        queue: VecDeque::new(),
        end: None,
        entry: served.enter(limits.credit),
    };
    let task = async move {
        // A stream that is dropped has no status to tell.
        let left = shell.run(inbound, &outbound, answered, rows_out, shutdown).await;
        let code = left
            .as_ref()
            .map_or(Code::Cancelled, |left| left.end.as_ref().map_or(Code::Ok, Status::code));
        ended(&span, code);
        drop(span);
        if let Some(left) = left {
            // Before the channel ends, which is when it is looked for.
            let _ = rest.send(left);
        }
    };
    let task = AbortOnDropHandle::new(tokio::spawn(task));
    Outbound { messages, rest: Rest::Awaited(rest_out), _task: task }
}

/// The answers of one stream.
#[derive(Debug)]
pub struct Outbound<M> {
    messages: mpsc::Receiver<Result<M, Status>>,
    rest: Rest<M>,
    _task: AbortOnDropHandle<()>,
}

/// What a stream's task leaves behind, so that it need not wait for a client that does not read.
#[derive(Debug)]
enum Rest<M> {
    Awaited(oneshot::Receiver<Leftover<M>>),
    Here(Leftover<M>),
}

/// The last messages of a stream, and how it ends.
#[derive(Debug)]
struct Leftover<M> {
    messages: VecDeque<M>,
    end: Option<Status>,
}

impl<M> Leftover<M> {
    fn next(&mut self) -> Option<Result<M, Status>> {
        self.messages.pop_front().map(Ok).or_else(|| self.end.take().map(Err))
    }
}

impl<M: Unpin> Stream for Outbound<M> {
    type Item = Result<M, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = ready!(self.messages.poll_recv(cx)) {
            return Poll::Ready(Some(message));
        }
        if let Rest::Awaited(rest) = &mut self.rest {
            let left = ready!(Pin::new(rest).poll(cx)).unwrap_or_else(|_| Leftover {
                messages: VecDeque::new(),
                end: Some(Status::internal("the stream was given up")),
            });
            self.rest = Rest::Here(left);
        }
        match &mut self.rest {
            Rest::Here(left) => Poll::Ready(left.next()),
            Rest::Awaited(_) => Poll::Pending,
        }
    }
}

/// A message on its way to the client; with an id it is that item's answer.
struct Queued<I: Intake> {
    answers: Option<I::Id>,
    message: I::Out,
}

/// How the stream ends.
type End = Result<(), Status>;

struct Shell<I: Intake> {
    receiver: Receiver<I::Id>,
    intake: Arc<I>,
    limits: Limits,
    session: I::Session,
    assemblies: HashMap<I::Id, I::Assembly>,
    answers: mpsc::Sender<Answer<I>>,
    rows: mpsc::Sender<I::Out>,
    /// Bounded: rows and answers wait elsewhere when it is long, and refusals beyond a bound end the
    /// stream. An item's credit is given back when its answer leaves the queue.
    queue: VecDeque<Queued<I>>,
    end: Option<End>,
    /// The trace of the stream.
    stream_trace: Arc<TraceContext>,
    /// Where it shows how it is.
    entry: Entry,
}

enum Wake<I: Intake> {
    Spoke(Option<Result<I::In, Status>>),
    Answered(I::Id, Result<I::Out, Status>),
    Row(I::Out),
    Room,
    Gone,
    Draining,
    Time,
}

impl<I: Intake> Shell<I> {
    /// Serves until the end. None: the client is gone.
    async fn run<S>(
        mut self,
        mut inbound: S,
        outbound: &mpsc::Sender<Result<I::Out, Status>>,
        mut answered: mpsc::Receiver<Answer<I>>,
        mut rows: mpsc::Receiver<I::Out>,
        shutdown: Shutdown,
    ) -> Option<Leftover<I::Out>>
    where
        S: Stream<Item = Result<I::In, Status>> + Send + Unpin + 'static,
    {
        self.say(None, self.intake.welcome(&self.limits));
        let (mut reading, mut draining) = (true, false);
        let mut drain_begun = pin!(shutdown.draining());
        loop {
            self.take_steps();
            self.flush(outbound);
            self.entry.set(self.receiver.in_flight());
            if let Some(end) = self.end {
                let messages = self.queue.into_iter().map(|queued| queued.message).collect();
                return Some(Leftover { messages, end: end.err() });
            }
            let has_room = self.has_room();
            let wake_at = self.receiver.wake_at();
            // In no order, so that nothing starves the rest. That rows come before the answer of
            // their item is seen to when the answer is taken.
            let wake: Wake<I> = tokio::select! {
                place = room_in(outbound, !self.queue.is_empty()) => match place {
                    true => Wake::Room,
                    false => Wake::Gone,
                },
                Some(row) = rows.recv(), if has_room => Wake::Row(row),
                Some((id, answer)) = answered.recv(), if has_room => Wake::Answered(id, answer),
                message = inbound.next(), if reading => Wake::Spoke(message),
                () = &mut drain_begun, if !draining => Wake::Draining,
                () = at(wake_at) => Wake::Time,
            };
            match wake {
                Wake::Spoke(message) => reading = self.on_messages(message, &mut inbound),
                Wake::Answered(id, answer) => {
                    self.on_answer(id, answer, &mut rows);
                    for _ in 1..BURST {
                        if !self.has_room() {
                            break;
                        }
                        let Ok((id, answer)) = answered.try_recv() else { break };
                        self.on_answer(id, answer, &mut rows);
                    }
                }
                Wake::Row(row) => self.say(None, row),
                Wake::Draining => {
                    draining = true;
                    let by = Instant::now() + shutdown.remaining().saturating_sub(FAREWELL);
                    self.receiver.drain(by.into_std());
                }
                Wake::Gone => return None,
                Wake::Room | Wake::Time => {}
            }
        }
    }

    /// Does what the protocol says until it has to wait.
    fn take_steps(&mut self) {
        while self.end.is_none() {
            match self.receiver.next(Instant::now().into_std()) {
                None => return,
                Some(Step::Drain(within)) => self.say(None, self.intake.drain(within)),
                Some(Step::Refuse(id, refusal)) => self.refuse(id, refusal.into()),
                Some(Step::End) => {
                    self.entry.finished();
                    self.end = Some(Ok(()));
                }
                Some(Step::Cut) => {
                    self.end = Some(Err(Status::unavailable("the service stops")));
                }
            }
        }
    }

    fn has_room(&self) -> bool {
        self.queue.len() < QUEUED_MESSAGES
    }

    /// Passes messages on as long as the connection takes them.
    fn flush(&mut self, outbound: &mpsc::Sender<Result<I::Out, Status>>) {
        while !self.queue.is_empty() {
            let Ok(place) = outbound.try_reserve() else { return };
            let Some(queued) = self.queue.pop_front() else { return };
            place.send(Ok(queued.message));
            if let Some(id) = queued.answers {
                self.receiver.on_answered(id);
            }
        }
        // The last answer may have been what the end was waiting for.
        self.take_steps();
    }

    /// Whether there may be more.
    fn on_messages<S>(&mut self, first: Option<Result<I::In, Status>>, inbound: &mut S) -> bool
    where
        S: Stream<Item = Result<I::In, Status>> + Unpin,
    {
        let mut next = Some(first);
        let mut left = BURST;
        loop {
            match next {
                Some(Some(Ok(message))) => self.on_message(message),
                // A client that broke off can't be told anything.
                Some(Some(Err(status))) => {
                    self.end = Some(Err(status));
                    self.queue.clear();
                }
                Some(None) => {
                    self.receiver.on_half_close();
                    return false;
                }
                None => return true,
            }
            if self.end.is_some() {
                return false;
            }
            left -= 1;
            if left == 0 {
                return true;
            }
            next = inbound.next().now_or_never();
        }
    }

    fn on_message(&mut self, message: I::In) {
        if self.queue.len() > UNREAD_ANSWERS {
            self.end = Some(Err(Status::resource_exhausted("answers are not being read")));
            self.queue.clear();
            return;
        }
        match self.intake.hear(&message) {
            Spoken::Hello(session, process) => {
                self.session = session;
                self.entry.said(process);
            }
            Spoken::Bad { id, status } => self.say(None, self.intake.rejected(&id, status)),
            Spoken::Violation(status) => self.end = Some(Err(status)),
            Spoken::Part(part) => match self.receiver.on_part(&part) {
                Ok(Take::Use { first, last }) => self.on_part(&part, message, first, last),
                Ok(Take::Refuse(refusal)) => self.refuse(part.id, refusal.into()),
                Ok(Take::Skip) => {}
                Err(violation) => self.end = Some(Err(violation.into())),
            },
        }
    }

    fn on_part(&mut self, part: &Part<I::Id>, message: I::In, first: bool, last: bool) {
        if let Err(status) = self.assemble(part.id, message, first) {
            self.receiver.on_refused(part);
            self.refuse(part.id, status);
            return;
        }
        if !last {
            return;
        }
        let Some(assembly) = self.assemblies.remove(&part.id) else { return };
        match self.answers.clone().try_reserve_owned() {
            Ok(answer) => {
                let (rows, stream_trace) = (self.rows.clone(), Arc::clone(&self.stream_trace));
                let reply = Reply { id: part.id, rows, answer: Some(answer), stream_trace };
                self.intake.complete(part.id, assembly, reply);
            }
            // As many places as credit: can't be, but a lost batch would be worse than an answer.
            Err(_) => self.say(
                Some(part.id),
                self.intake
                    .rejected(&part.id.to_string(), Status::unavailable("no room, send it again")),
            ),
        }
    }

    fn assemble(&mut self, id: I::Id, message: I::In, first: bool) -> Result<(), Status> {
        if first {
            let assembly = self.intake.begin(&self.session, &message)?;
            self.assemblies.insert(id, assembly);
        }
        let Some(assembly) = self.assemblies.get_mut(&id) else {
            return Err(Status::internal("no such batch is being assembled"));
        };
        self.intake.extend(assembly, message)
    }

    fn on_answer(
        &mut self,
        id: I::Id,
        answer: Result<I::Out, Status>,
        rows: &mut mpsc::Receiver<I::Out>,
    ) {
        // What the item sent before its answer is in the channel by now.
        // More that others send meanwhile has its own turn.
        for _ in 0..rows.len() {
            let Ok(row) = rows.try_recv() else { break };
            self.say(None, row);
        }
        let message = match answer {
            Ok(message) => message,
            Err(status) => self.intake.rejected(&id.to_string(), status),
        };
        self.say(Some(id), message);
    }

    fn refuse(&mut self, id: I::Id, status: Status) {
        self.assemblies.remove(&id);
        self.say(None, self.intake.rejected(&id.to_string(), status));
    }

    fn say(&mut self, answers: Option<I::Id>, message: I::Out) {
        self.queue.push_back(Queued { answers, message });
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Incomplete => Status::cancelled(refusal.to_string()),
            Refusal::Stalled => Status::unavailable(refusal.to_string()),
            Refusal::PartOutOfOrder { .. }
            | Refusal::ItemTooLarge { .. }
            | Refusal::MessageTooLarge { .. }
            | Refusal::SizeNotDeclared
            | Refusal::LargerThanDeclared { .. } => Status::invalid_argument(refusal.to_string()),
        }
    }
}

impl From<Violation> for Status {
    fn from(violation: Violation) -> Self {
        Status::resource_exhausted(violation.to_string())
    }
}

/// Waits for room. False: the client is gone. Without a wish for room, waits for the client to go.
async fn room_in<M>(outbound: &mpsc::Sender<M>, wanted: bool) -> bool {
    if wanted {
        return outbound.reserve().await.is_ok();
    }
    outbound.closed().await;
    false
}

async fn at(time: Option<std::time::Instant>) {
    match time {
        Some(time) => sleep_until(Instant::from_std(time)).await,
        None => pending().await,
    }
}
