//! One question in HTTP by hand, on the machine or within a cluster: a client for it would be a large
//! dependency.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, ToSocketAddrs},
};

/// The most that is read of an answer, in bytes.
const LONGEST: u64 = 8 << 20;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

/// Asks for a path. HTTP/1.0, so that the answer comes in one piece and ends with the connection.
pub(crate) async fn get(
    at: impl ToSocketAddrs + std::fmt::Display,
    path: &str,
) -> io::Result<Answer> {
    let question = format!("GET {path} HTTP/1.0\r\nHost: {at}\r\n\r\n");
    let mut connection = TcpStream::connect(at).await?;
    connection.write_all(question.as_bytes()).await?;
    let mut answer = Vec::new();
    connection.take(LONGEST).read_to_end(&mut answer).await?;
    read(&answer)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

fn read(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: answer[end + 4..].to_vec() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_what_follows_the_head() {
        let answer = read(b"HTTP/1.1 404 Not Found\r\nserver: x\r\n\r\nno").expect("it is HTTP");
        assert_eq!((answer.status, answer.body.as_slice()), (404, &b"no"[..]));
        assert!(read(b"HTTP/1.1 200 OK\r\n").is_none(), "it ends in the head");
        assert!(read(b"SSH-2.0\r\n\r\n").is_none());
    }
}
