//! One accepted connection: it holds its place among the connections, and closes itself when nothing
//! happens on it or the server stops.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep, sleep},
};
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::transport::server::{Connected, TcpConnectInfo};

use super::activity::Activity;

/// What HTTP/2 begins with. Anything else is HTTP/1, known as such at the first other byte.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What is known of the connection that a call came on; among the extensions of each request.
#[derive(Clone, Debug)]
pub struct Connection {
    pub(super) activity: Arc<Activity>,
    /// The addresses of both ends.
    pub tcp: TcpConnectInfo,
}

/// The bytes of one connection.
pub(super) struct Guarded {
    stream: TcpStream,
    connection: Connection,
    phase: Phase,
    idle_timeout: Duration,
    timer: Pin<Box<Sleep>>,
    stopped: Pin<Box<WaitForCancellationFutureOwned>>,
    _place: OwnedSemaphorePermit,
}

#[derive(Clone, Copy)]
enum Phase {
    /// So many bytes of the preface were read.
    Handshake(usize),
    Http,
}

impl Guarded {
    pub(super) fn new(
        stream: TcpStream,
        handshake_timeout: Duration,
        idle_timeout: Duration,
        stopped: WaitForCancellationFutureOwned,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let connection =
            Connection { activity: Activity::new(Instant::now()), tcp: stream.connect_info() };
        Self {
            stream,
            connection,
            phase: Phase::Handshake(0),
            idle_timeout,
            timer: Box::pin(sleep(handshake_timeout)),
            stopped: Box::pin(stopped),
            _place: place,
        }
    }

    /// Ready once the server has stopped, so that the connection's task ends. Asked only when there is
    /// nothing to do, as all connections wait for the same thing.
    fn poll_stopped(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let stopped = self.stopped.as_mut().poll(cx);
        stopped.map(|()| io::Error::new(io::ErrorKind::ConnectionAborted, "the server has stopped"))
    }

    /// What was written, or that the server has stopped.
    fn or_stopped<T>(
        &mut self,
        cx: &mut Context<'_>,
        done: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if done.is_pending() { self.poll_stopped(cx).map(Err) } else { done }
    }

    /// Looks at the bytes just read, to know when HTTP has begun.
    fn heard(&mut self, bytes: &[u8]) {
        let Phase::Handshake(seen) = self.phase else { return };
        let expected = &PREFACE[seen..];
        let compared = bytes.len().min(expected.len());
        if bytes[..compared] != expected[..compared] || compared == expected.len() {
            self.phase = Phase::Http;
            self.timer.as_mut().reset(Instant::now() + self.idle_timeout);
        } else {
            self.phase = Phase::Handshake(seen + compared);
        }
    }

    /// Ready when the connection has waited long enough.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if let Phase::Handshake(_) = self.phase {
                return Poll::Ready(Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "no HTTP began within the handshake time",
                )));
            }
            let now = Instant::now();
            let idle_at = self.connection.activity.idle_at(now, self.idle_timeout);
            if idle_at <= now {
                // The end of the input: HTTP of either version closes in good order.
                return Poll::Ready(Ok(()));
            }
            self.timer.as_mut().reset(idle_at);
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buffer) {
            self.heard(&buffer.filled()[before..]);
            return Poll::Ready(read);
        }
        if let Poll::Ready(stopped) = self.poll_stopped(cx) {
            return Poll::Ready(Err(stopped));
        }
        self.poll_timer(cx)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.or_stopped(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.or_stopped(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl Connected for Guarded {
    type ConnectInfo = Connection;

    fn connect_info(&self) -> Connection {
        self.connection.clone()
    }
}
