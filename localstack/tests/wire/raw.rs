//! A raw HTTP client, for requests that no SDK would send.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Raw {
    /// The status code.
    pub(crate) status: u16,
    /// The head, in lower case.
    pub(crate) head: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

impl Raw {
    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }

    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A signature as far as its form goes, which is all that Kinesis asks for as long as nobody verifies it.
const SIGNATURE: [(&str, &str); 2] = [
    ("x-amz-date", "20260101T000000Z"),
    (
        "authorization",
        "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/kinesis/aws4_request, SignedHeaders=host, Signature=0",
    ),
];

/// Sends bytes and reads until the server closes.
pub(crate) async fn send_bytes(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("the endpoint listens");
    stream.write_all(bytes).await.expect("it reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("it answers");
    answer
}

/// Sends one request: `POST / ` with these header lines and this body.
pub(crate) async fn post(address: SocketAddr, headers: &[(&str, &str)], body: &[u8]) -> Raw {
    send(address, "POST /", headers, body).await
}

/// Sends one request with any method and path. What names a target is signed, as far as the form goes, unless it is.
pub(crate) async fn send(address: SocketAddr, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Raw {
    let names = |wanted: &str| headers.iter().any(|(name, _)| *name == wanted);
    let mut headers = headers.to_vec();
    if names("x-amz-target") && !names("authorization") {
        headers.extend(SIGNATURE);
    }
    send_as_is(address, line, &headers, body).await
}

/// Sends one request with no headers but these, and those that HTTP needs.
pub(crate) async fn send_as_is(
    address: SocketAddr,
    line: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Raw {
    let mut request = format!("{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    request.push_str(&format!("content-length: {}\r\n", body.len()));
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    parse(&send_bytes(address, &[request.as_bytes(), body].concat()).await)
}

fn parse(answer: &[u8]) -> Raw {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("the answer has a head");
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("the answer has a status");
    Raw { status, head, body: answer[end + 4..].to_vec() }
}
