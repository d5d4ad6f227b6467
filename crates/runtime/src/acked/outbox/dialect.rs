//! What the outbox needs to know of the hop that it is for.

use std::{
    fmt::{Debug, Display},
    future::Future,
    hash::Hash,
    time::Duration,
};

use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming, transport::Channel};

use crate::{acked::Credit, process::Process};

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

    /// Opens a stream: makes the call over the channel of a peer.
    fn open(
        &self,
        channel: Channel,
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
    /// How much may be in flight, and who says so.
    Welcome(Credit, Process),
    /// An item is done.
    Answer(I, A),
    /// The server will stop within this time.
    Drain(Duration),
    /// Nothing for the stream.
    Other,
}
