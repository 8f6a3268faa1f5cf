//! A port to listen on, and the moment LocalStack answers on it.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::HostError;

const ASK_EVERY: Duration = Duration::from_millis(100);
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
const REQUEST: &[u8] = b"GET /_localstack/health HTTP/1.0\r\nHost: localhost\r\n\r\n";

/// The port to use: `wanted` when it is free, any free one for 0.
pub(super) fn choose_port(wanted: u16) -> Result<u16, HostError> {
    let taken = |source| HostError::PortTaken { port: wanted, source };
    // Let go again at once: LocalStack cannot be handed a socket.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).map_err(taken)?;
    Ok(listener.local_addr().map_err(taken)?.port())
}

/// Returns when LocalStack says that it is healthy; never when it does not.
pub(super) async fn answers(port: u16) {
    while !matches!(timeout(ANSWER_WITHIN, ask(port)).await, Ok(Ok(true))) {
        sleep(ASK_EVERY).await;
    }
}

async fn ask(port: u16) -> std::io::Result<bool> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    connection.write_all(REQUEST).await?;
    let mut status = [0; 12];
    connection.read_exact(&mut status).await?;
    Ok(status.starts_with(b"HTTP/1.") && status.ends_with(b" 200"))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn a_taken_port_is_named() {
        let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = held.local_addr().unwrap().port();
        let error = choose_port(port).unwrap_err();
        assert!(error.to_string().contains(&format!("port {port} is taken")), "{error}");
    }

    #[test]
    fn zero_takes_a_free_port() {
        assert_ne!(choose_port(0).unwrap(), 0);
    }

    #[tokio::test]
    async fn only_a_200_counts_as_an_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(async move {
            for answer in ["HTTP/1.1 503 Starting\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"] {
                let (mut connection, _) = listener.accept().await.unwrap();
                connection.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        answers(port).await;
        server.await.unwrap();
    }
}
