//! What one server accepts, and for how long.

use std::time::Duration;

/// The limits of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once; one more is closed as soon as it is accepted. Default 1,024: file
    /// descriptors stay far below the usual 4,096 or more.
    pub max_connections: usize,
    /// HTTP/2 streams, which are calls, open at once on a connection; clients hold back one more until
    /// another ends. Default 256.
    pub max_streams_per_connection: u32,
    /// Bytes of a call's headers, counted as HTTP/2 does: name, value and 32 a header. Larger is 431.
    /// Default 16 KiB.
    pub max_header_list_bytes: u32,
    /// Bytes of one message; a service gives it to its generated server. Default 1 MiB.
    pub max_message_bytes: usize,
    /// Bytes that a peer may send ahead on one stream. Default 1 MiB, one largest message.
    pub stream_window_bytes: u32,
    /// Bytes that a peer may send ahead on a connection. Default 16 MiB: with much less, h2 takes many
    /// small unread messages for an attack and closes the connection.
    pub connection_window_bytes: u32,
    /// Time between pings. Default 10 s.
    pub keepalive_interval: Duration,
    /// A peer that does not answer a ping in this time is gone. Default 5 s.
    pub keepalive_timeout: Duration,
    /// A connection on which no HTTP has begun after this time is closed. Default 10 s.
    pub handshake_timeout: Duration,
    /// A connection without a call for this time is closed. Default 5 min.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            max_streams_per_connection: 256,
            max_header_list_bytes: 16 * 1024,
            max_message_bytes: 1024 * 1024,
            stream_window_bytes: 1024 * 1024,
            connection_window_bytes: 16 * 1024 * 1024,
            keepalive_interval: Duration::from_secs(10),
            keepalive_timeout: Duration::from_secs(5),
            handshake_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(300),
        }
    }
}
