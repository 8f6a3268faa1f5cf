//! Bodies: one boxed type for all of them, read with bounds: each in bytes and time, and all of them together.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{HeaderMap, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::AwsError;

/// What a body's stream may fail with.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// Any request or response body: from a socket, from memory, or streamed by a service.
pub(crate) type Body = UnsyncBoxBody<Bytes, BodyError>;

/// A body that is all in memory.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Bytes of request bodies in memory at a time, over all connections; who needs more than is left waits.
const ROOM: usize = 512 << 20;

/// How long a body may make no progress.
const STALLED: Duration = Duration::from_secs(60);

/// The memory that request bodies share.
#[derive(Debug)]
pub(crate) struct BodyRoom(Arc<Semaphore>);

impl Default for BodyRoom {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ROOM / KIB)))
    }
}

const KIB: usize = 1024;

/// A body that has been read, and the room it takes until it is dropped.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

impl BodyRoom {
    /// Reads a whole body of at most `limit` bytes, unpacked where the client compressed it (the SDKs do so with large
    /// metric puts).
    pub(crate) async fn read(&self, headers: &HeaderMap, body: Body, limit: usize) -> Result<Read, AwsError> {
        let packed = headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding.as_bytes() == b"gzip");
        let length =
            headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let expected = length.filter(|_| !packed).unwrap_or(limit);
        if expected > limit {
            return Err(too_large(limit));
        }
        let kib = u32::try_from(expected.div_ceil(KIB)).unwrap_or(u32::MAX);
        let mut room = Arc::clone(&self.0).acquire_many_owned(kib).await.ok();
        let bytes = collect(body, length.unwrap_or_default(), limit).await?;
        let bytes = if packed { unpack(&bytes, limit)? } else { bytes };
        // What was reserved for a body of unknown size, and not needed, is free again.
        let spare = expected.div_ceil(KIB).saturating_sub(bytes.len().div_ceil(KIB));
        drop(room.as_mut().and_then(|room| room.split(spare)));
        Ok(Read { bytes, _room: room })
    }
}

async fn collect(mut body: Body, length: usize, limit: usize) -> Result<Bytes, AwsError> {
    let early = || {
        AwsError::new(
            StatusCode::REQUEST_TIMEOUT,
            "RequestTimeout",
            "The request's body ended or stood still before it was complete.",
        )
    };
    let mut collected = BytesMut::with_capacity(length.min(limit));
    while let Some(frame) = tokio::time::timeout(STALLED, body.frame()).await.map_err(|_| early())? {
        let Ok(data) = frame.map_err(|_| early())?.into_data() else { continue };
        if collected.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected.freeze())
}

fn unpack(packed: &[u8], limit: usize) -> Result<Bytes, AwsError> {
    let mut plain = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    flate2::read::GzDecoder::new(packed)
        .take(bound)
        .read_to_end(&mut plain)
        .map_err(|_| AwsError::bad_request("SerializationException", "The body is not valid gzip."))?;
    if plain.len() > limit { Err(too_large(limit)) } else { Ok(plain.into()) }
}

fn too_large(limit: usize) -> AwsError {
    AwsError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "RequestEntityTooLargeException",
        format!("Request must be smaller than {limit} bytes for this operation"),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn gzip_headers() -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_ENCODING, http::HeaderValue::from_static("gzip"))])
    }

    async fn read(headers: &HeaderMap, body: impl Into<Bytes>, limit: usize) -> Result<Bytes, AwsError> {
        BodyRoom::default().read(headers, full(body), limit).await.map(|read| read.bytes)
    }

    #[tokio::test]
    async fn a_compressed_body_is_unpacked() {
        assert_eq!(&read(&gzip_headers(), gzip(b"hello"), 100).await.unwrap()[..], b"hello");
    }

    #[tokio::test]
    async fn a_bomb_stops_at_the_limit() {
        let error = read(&gzip_headers(), gzip(&vec![0; 1 << 20]), 4096).await.unwrap_err();
        assert_eq!(error.status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
        let headers = HeaderMap::new();
        assert!(read(&headers, vec![0; 64], 64).await.is_ok());
        let error = read(&headers, vec![0; 65], 64).await.unwrap_err();
        assert_eq!(error.code, "RequestEntityTooLargeException");
    }

    #[tokio::test]
    async fn a_body_that_says_it_is_too_large_is_refused_unread() {
        let headers = HeaderMap::from_iter([(CONTENT_LENGTH, http::HeaderValue::from_static("65"))]);
        assert!(read(&headers, "", 64).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stands_still_times_out() {
        let stalled = http_body_util::StreamBody::new(futures::stream::pending::<
            Result<hyper::body::Frame<Bytes>, BodyError>,
        >());
        let body: Body = stalled.boxed_unsync();
        let error = BodyRoom::default().read(&HeaderMap::new(), body, 64).await.unwrap_err();
        assert_eq!(error.status, StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test]
    async fn a_body_keeps_the_room_it_takes_and_no_more() {
        let room = BodyRoom::default();
        let before = room.0.available_permits();
        let read = room.read(&HeaderMap::new(), full(vec![0; 3 * KIB]), 1 << 20).await.unwrap();
        assert_eq!(before - room.0.available_permits(), 3);
        drop(read);
        assert_eq!(room.0.available_permits(), before);
    }
}
