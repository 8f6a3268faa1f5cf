//! Bodies: one boxed type for all of them, read with a bound.

use std::io::Read;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_ENCODING;
use http::{HeaderMap, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};

use super::error::AwsError;

/// What a body's stream may fail with.
pub(crate) type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// Any request or response body: from a socket, from memory, or streamed by a service.
pub(crate) type Body = UnsyncBoxBody<Bytes, BodyError>;

/// A body that is all in memory.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed_unsync()
}

/// Reads a whole body of at most `limit` bytes, unpacked where the client compressed it (the SDKs do so with large
/// metric puts).
pub(crate) async fn read_bounded(
    headers: &HeaderMap,
    mut body: Body,
    limit: usize,
) -> Result<Bytes, AwsError> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            AwsError::bad_request("RequestTimeout", "The request's body ended before it was complete.")
        })?;
        let Ok(data) = frame.into_data() else { continue };
        if collected.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        collected.extend_from_slice(&data);
    }
    let bytes = collected.freeze();
    match headers.get(CONTENT_ENCODING).map(http::HeaderValue::as_bytes) {
        Some(b"gzip") => unpack(&bytes, limit),
        _ => Ok(bytes),
    }
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

    #[tokio::test]
    async fn a_compressed_body_is_unpacked() {
        let bytes = read_bounded(&gzip_headers(), full(gzip(b"hello")), 100).await.unwrap();
        assert_eq!(&bytes[..], b"hello");
    }

    #[tokio::test]
    async fn a_bomb_stops_at_the_limit() {
        let error = read_bounded(&gzip_headers(), full(gzip(&vec![0; 1 << 20])), 4096).await.unwrap_err();
        assert_eq!(error.status, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
        let headers = HeaderMap::new();
        assert!(read_bounded(&headers, full(vec![0; 64]), 64).await.is_ok());
        let error = read_bounded(&headers, full(vec![0; 65]), 64).await.unwrap_err();
        assert_eq!(error.code, "RequestEntityTooLargeException");
    }
}
