//! The client behind HTTP endpoint destinations: `https` with the machine's certificates, `http` on this machine.

use std::sync::OnceLock;

use async_trait::async_trait;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::ports::{HttpAnswer, HttpEndpoints, HttpRequest, LARGEST_ANSWER, NoAnswer};

type Connections = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client whose connections are kept for the next request. Built when it is first used: most endpoints never send.
#[derive(Debug, Default)]
pub(super) struct HttpClient {
    connections: OnceLock<Option<Connections>>,
}

impl HttpClient {
    fn connections(&self) -> Option<&Connections> {
        let built = self.connections.get_or_init(|| match HttpsConnectorBuilder::new().with_native_roots() {
            Ok(builder) => {
                let connector = builder.https_or_http().enable_http1().build();
                Some(Client::builder(TokioExecutor::new()).build(connector))
            }
            Err(error) => {
                tracing::error!(%error, "the certificates of this machine cannot be read: nothing is sent to HTTP endpoints");
                None
            }
        });
        built.as_ref()
    }
}

#[async_trait]
impl HttpEndpoints for HttpClient {
    async fn post(&self, request: HttpRequest) -> Result<HttpAnswer, NoAnswer> {
        let connections = self.connections().ok_or(NoAnswer::ConnectionFailed)?;
        let mut builder = http::Request::post(&request.url);
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        let request = builder.body(Full::new(request.body)).map_err(|error| {
            tracing::warn!(%error, "a request to an HTTP endpoint cannot be built");
            NoAnswer::ConnectionFailed
        })?;
        let answer = connections.request(request).await.map_err(|error| {
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
