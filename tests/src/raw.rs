//! A Kinesis client as thin as one can be: for benches that measure an endpoint and not an SDK.
//!
//! One connection, one request at a time, bodies made beforehand. Nothing is signed: the signature that is sent only
//! names the service, by which emulators route.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

/// A connection to an endpoint.
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    /// Connects to `http://HOST:PORT`.
    ///
    /// # Errors
    ///
    /// Nobody listens there.
    pub fn open(url: &str) -> io::Result<Self> {
        let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let stream = TcpStream::connect(&host)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(1 << 20, stream), host })
    }

    /// Calls an operation with a body of JSON, and returns the status and the answer as they came.
    ///
    /// # Errors
    ///
    /// The connection broke, or what came was no HTTP.
    pub fn call(&mut self, operation: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        let headers =
            format!("x-amz-target: Kinesis_20131202.{operation}\r\ncontent-type: application/x-amz-json-1.1");
        self.post("kinesis", &headers, body)
    }

    /// Calls an operation of a service that takes forms, such as CloudFormation.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    pub fn form(&mut self, service: &str, fields: &[(&str, &str)]) -> io::Result<(u16, Vec<u8>)> {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", percent_encoded(value))).collect();
        let headers = "content-type: application/x-www-form-urlencoded; charset=utf-8";
        self.post(service, headers, pairs.join("&").as_bytes())
    }

    fn post(&mut self, service: &str, headers: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\n{headers}\r\nx-amz-date: 20260101T000000Z\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature=0\r\ncontent-length: {}\r\n\r\n",
            self.host,
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)?;
        self.answer()
    }

    /// As [`call`](Self::call), of values, for what is not measured.
    ///
    /// # Panics
    ///
    /// When the call does not succeed.
    pub fn json(&mut self, operation: &str, body: &Value) -> Value {
        let (status, answer) =
            self.call(operation, body.to_string().as_bytes()).expect("the endpoint answers");
        assert_eq!(status, 200, "{operation}: {}", String::from_utf8_lossy(&answer));
        serde_json::from_slice(&answer).unwrap_or_default()
    }

    fn answer(&mut self) -> io::Result<(u16, Vec<u8>)> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no status in {first:?}")))?;
        let (mut length, mut chunked) = (0, false);
        loop {
            let line = self.line()?.to_ascii_lowercase();
            match line.split_once(": ") {
                Some(("content-length", value)) => length = number(value, 10)?,
                Some(("transfer-encoding", value)) => chunked = value.contains("chunked"),
                None if line.is_empty() => break,
                _ => {}
            }
        }
        let mut body = Vec::new();
        if chunked {
            while self.chunk(&mut body)? {}
        } else {
            self.take(length, &mut body)?;
        }
        Ok((status, body))
    }

    fn chunk(&mut self, body: &mut Vec<u8>) -> io::Result<bool> {
        let length = number(&self.line()?, 16)?;
        self.take(length, body)?;
        self.line()?;
        Ok(length > 0)
    }

    fn take(&mut self, length: usize, body: &mut Vec<u8>) -> io::Result<()> {
        let start = body.len();
        body.resize(start + length, 0);
        self.stream.read_exact(&mut body[start..])
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }
}

/// What a form may hold as it is, and everything else in hexadecimal.
fn percent_encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len() * 2), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
        out
    })
}

fn number(text: &str, radix: u32) -> io::Result<usize> {
    usize::from_str_radix(text.trim(), radix).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn answers(answer: &'static str) -> (u16, Vec<u8>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            // Until the client has gone: a reset would take the answer with it.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let answer = Connection::open(&url).unwrap().call("ListStreams", b"{}").unwrap();
        server.join().unwrap();
        answer
    }

    #[test]
    fn a_form_holds_any_text() {
        assert_eq!(percent_encoded("a b&c=ü"), "a%20b%26c%3D%C3%BC");
    }

    #[test]
    fn an_answer_is_read_by_its_length_or_by_its_chunks() {
        let plain = answers("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        assert_eq!(plain, (200, b"hello".to_vec()));
        let chunked =
            answers("HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
        assert_eq!(chunked, (400, b"hello".to_vec()));
    }
}
