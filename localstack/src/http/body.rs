//! One boxed type for all bodies, of requests and of answers.

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;

/// What a body's stream may fail with.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// Any request or response body: from a socket, from memory, or streamed by a service.
pub(crate) type Body = UnsyncBoxBody<Bytes, BodyError>;

/// A body that is all in memory.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// The connection ends here, without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the connection was closed without an answer")]
pub struct Closed;

/// A body that comes piece by piece, each sent as soon as it is there.
pub(crate) fn streamed(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Body {
    StreamBody::new(pieces.map(|piece| Ok::<_, BodyError>(Frame::data(piece)))).boxed_unsync()
}
