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
pub(super) struct Guarded<S = TcpStream> {
    stream: S,
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
    /// It is HTTP/1, of which no request is whole yet.
    Head,
    Http,
}

impl<S> Guarded<S> {
    pub(super) fn new(
        stream: S,
        tcp: TcpConnectInfo,
        handshake_timeout: Duration,
        idle_timeout: Duration,
        stopped: WaitForCancellationFutureOwned,
        place: OwnedSemaphorePermit,
    ) -> Self {
        let connection = Connection { activity: Activity::new(Instant::now()), tcp };
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
        if bytes[..compared] != expected[..compared] {
            self.phase = Phase::Head;
        } else if compared == expected.len() {
            self.begun();
        } else {
            self.phase = Phase::Handshake(seen + compared);
        }
    }

    /// The peer speaks HTTP: from here on only idleness counts.
    fn begun(&mut self) {
        self.phase = Phase::Http;
        self.timer.as_mut().reset(Instant::now() + self.idle_timeout);
    }

    /// The server answers, so there was a whole request.
    fn answers(&mut self) {
        if let Phase::Head = self.phase {
            self.begun();
        }
    }

    /// Ready when the connection has waited long enough.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if matches!(self.phase, Phase::Head) && self.connection.activity.has_calls() {
                self.phase = Phase::Http;
            }
            if !matches!(self.phase, Phase::Http) {
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

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
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

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.answers();
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.or_stopped(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.answers();
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

impl<S> Connected for Guarded<S> {
    type ConnectInfo = Connection;

    fn connect_info(&self) -> Connection {
        self.connection.clone()
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
        sync::Semaphore,
    };
    use tokio_util::sync::CancellationToken;

    use super::*;

    const HANDSHAKE: Duration = Duration::from_secs(10);
    const IDLE: Duration = Duration::from_secs(60);

    struct Accepted {
        peer: DuplexStream,
        guarded: Guarded<DuplexStream>,
        places: Arc<Semaphore>,
        stop: CancellationToken,
        began: Instant,
    }

    fn accepted() -> Accepted {
        let (peer, stream) = duplex(64);
        let (places, stop) = (Arc::new(Semaphore::new(1)), CancellationToken::new());
        let place = Arc::clone(&places).try_acquire_owned().unwrap();
        let stopped = stop.clone().cancelled_owned();
        let tcp = TcpConnectInfo { local_addr: None, remote_addr: None };
        let guarded = Guarded::new(stream, tcp, HANDSHAKE, IDLE, stopped, place);
        Accepted { peer, guarded, places, stop, began: Instant::now() }
    }

    impl Accepted {
        /// Reads what is there and goes on until the connection ends: how it does, and when.
        async fn ends(&mut self) -> (Result<(), io::ErrorKind>, Duration) {
            let mut bytes = Vec::new();
            let read = self.guarded.read_to_end(&mut bytes).await;
            (read.map(drop).map_err(|error| error.kind()), self.began.elapsed())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_the_begin_of_http_it_ends_after_the_handshake_time() {
        let half_a_head = &b"GET / HTTP/1.1\r\nhost: x\r\n"[..];
        for said in [&b""[..], b"P", &PREFACE[..PREFACE.len() - 1], b"G", half_a_head] {
            let mut accepted = accepted();
            accepted.peer.write_all(said).await.unwrap();
            assert_eq!(
                accepted.ends().await,
                (Err(io::ErrorKind::TimedOut), HANDSHAKE),
                "{said:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_call_it_ends_in_good_order_after_the_idle_time() {
        let mut accepted = accepted();
        accepted.peer.write_all(PREFACE).await.unwrap();
        assert_eq!(accepted.ends().await, (Ok(()), IDLE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_of_http_1_that_is_answered_is_its_begin() {
        let mut answered = accepted();
        answered.peer.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let head = &mut [0; 18];
        answered.guarded.read_exact(head).await.unwrap();
        answered.guarded.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        assert_eq!(answered.ends().await, (Ok(()), IDLE));

        let mut slow = accepted();
        slow.peer.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let call = slow.guarded.connection.activity.call();
        tokio::spawn(async move {
            tokio::time::sleep(2 * HANDSHAKE).await;
            drop(call);
        });
        assert_eq!(slow.ends().await.0, Ok(()), "it was being answered");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_in_flight_holds_it_and_the_idle_time_counts_from_its_end() {
        let mut accepted = accepted();
        accepted.peer.write_all(PREFACE).await.unwrap();
        let (began, activity) = (accepted.began, Arc::clone(&accepted.guarded.connection.activity));
        let (one, two) = (activity.call(), activity.call());
        tokio::spawn(async move {
            drop(one);
            tokio::time::sleep_until(began + Duration::from_secs(200)).await;
            drop(two);
        });
        assert_eq!(accepted.ends().await, (Ok(()), Duration::from_secs(260)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stopped_server_ends_it_while_it_reads_and_while_it_writes() {
        let mut reads = accepted();
        reads.stop.cancel();
        assert_eq!(reads.ends().await.0, Err(io::ErrorKind::ConnectionAborted));

        let mut writes = accepted();
        writes.stop.cancel();
        let full = writes.guarded.write_all(&[0; 65]).await;
        assert_eq!(full.map_err(|error| error.kind()), Err(io::ErrorKind::ConnectionAborted));
    }

    #[tokio::test]
    async fn its_place_is_free_again_when_it_is_gone() {
        let accepted = accepted();
        assert_eq!(accepted.places.available_permits(), 0);
        drop(accepted.guarded);
        assert_eq!(accepted.places.available_permits(), 1);
    }
}
