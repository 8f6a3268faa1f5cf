//! The client behind HTTP endpoint destinations: `https` with the machine's certificates, `http` on this machine.

use std::io;
use std::sync::OnceLock;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_rustls::builderstates::WantsSchemes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::TokioExecutor;

use super::ports::{HttpAnswer, HttpEndpoints, HttpRequest, LARGEST_ANSWER, NoAnswer};

type Body = Full<Bytes>;

/// A client whose connections are kept for the next request. Built when it is first used: most endpoints never send.
#[derive(Debug, Default)]
pub(super) struct HttpClient {
    connections: OnceLock<Connections>,
}

#[derive(Debug)]
enum Connections {
    /// With `https` and `http`.
    Any(Client<HttpsConnector<HttpConnector>, Body>),
    /// With `http` alone.
    Plain(Client<HttpConnector, Body>),
}

impl Connections {
    /// With the certificates of this machine, where it has any: a small container often has none.
    fn with(certificates: io::Result<HttpsConnectorBuilder<WantsSchemes>>) -> Self {
        let client = Client::builder(TokioExecutor::new());
        match certificates {
            Ok(builder) => Self::Any(client.build(builder.https_or_http().enable_http1().build())),
            Err(error) => {
                tracing::error!(%error, "the certificates of this machine cannot be read: nothing is sent to https endpoints");
                Self::Plain(client.build_http())
            }
        }
    }

    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Incoming>, Error> {
        match self {
            Self::Any(client) => client.request(request).await,
            Self::Plain(client) => client.request(request).await,
        }
    }
}

impl HttpClient {
    fn connections(&self) -> &Connections {
        self.connections.get_or_init(|| Connections::with(HttpsConnectorBuilder::new().with_native_roots()))
    }
}

#[async_trait]
impl HttpEndpoints for HttpClient {
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, NoAnswer> {
        let mut builder = http::Request::post(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let request = builder.body(Full::new(request.body)).map_err(|error| {
            tracing::warn!(%error, "a request to an HTTP endpoint cannot be built");
            NoAnswer::ConnectionFailed
        })?;
        let answer = self.connections().send(request).await.map_err(|error| {
            tracing::debug!(%error, "an HTTP endpoint gave no answer");
            if error.is_connect() { NoAnswer::ConnectionFailed } else { NoAnswer::ConnectionReset }
        })?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { NoAnswer::TooLarge } else { NoAnswer::ConnectionReset }
        })?;
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(HttpAnswer {
            status: head.status.as_u16(),
            content_type: header(http::header::CONTENT_TYPE),
            content_encoding: header(http::header::CONTENT_ENCODING),
            body: body.to_bytes(),
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    fn request(url: String) -> HttpRequest {
        HttpRequest { url, headers: vec![("x-kind", "test".to_owned())], body: Bytes::from_static(b"{}") }
    }

    #[tokio::test]
    async fn without_certificates_http_still_works_and_https_is_no_connection() {
        let none = Connections::with(Err(io::Error::other("there are none")));
        let client = HttpClient { connections: OnceLock::from(none) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = Vec::new();
            while !seen.ends_with(b"{}") {
                stream.read_buf(&mut seen).await.unwrap();
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
            String::from_utf8(seen).unwrap()
        });
        let answer = client.post(request(format!("http://{at}/in"))).await.unwrap();
        assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
        assert!(server.await.unwrap().contains("x-kind: test"));
        let refused = client.post(request(format!("https://{at}/in"))).await.unwrap_err();
        assert_eq!(refused, NoAnswer::ConnectionFailed);
    }
}
