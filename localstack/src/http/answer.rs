//! What a service answers, before it becomes an HTTP response.

use std::fmt;

use bytes::Bytes;
use futures::stream::{BoxStream, StreamExt};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

use super::body::{Body, full, streamed};

/// An answer: status, headers and a body in memory, and what follows on it for as long as the client listens.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// What is sent after the body, as it comes. Nothing, for almost every answer.
    pub(crate) rest: Option<BoxStream<'static, Bytes>>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers, body, rest } = self;
        let mut shown = f.debug_struct("Answer");
        shown.field("status", status).field("headers", headers).field("body", body);
        shown.field("streams", &rest.is_some()).finish()
    }
}

impl Answer {
    /// 200 with a body of this content type.
    pub(crate) fn new(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { status: StatusCode::OK, headers, body: body.into(), rest: None }
    }

    /// The same answer, whose body goes on as this stream does.
    pub(crate) fn followed_by(mut self, rest: BoxStream<'static, Bytes>) -> Self {
        self.rest = Some(rest);
        self
    }

    /// The same answer with another status.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same answer with one more header; a value that HTTP cannot carry is left out.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// As the HTTP response.
    pub(crate) fn into_response(self) -> http::Response<Body> {
        let body = match self.rest {
            None => full(self.body),
            Some(rest) => streamed(futures::stream::iter([self.body]).chain(rest)),
        };
        let mut response = http::Response::new(body);
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
