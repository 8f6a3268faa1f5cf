//! Takes off a request what only matters to AWS: its signature, in whatever form, and the framing of its body.
//!
//! Where signatures are verified, the head has been by now, and what it says about the body is verified here. Otherwise
//! any credentials pass; `s3s` would refuse a signature it has no key for.
//! Bodies are read whole, within the room that all requests of the endpoint share.

use ::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, RANGE, TRANSFER_ENCODING};
use ::http::request::Parts;
use ::http::uri::PathAndQuery;
use ::http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use jiff::Timestamp;
use s3s::{S3Error, s3_error};
use sha2::{Digest, Sha256};

use crate::http::signature::{Dialect, Payload, Refusal};
use crate::http::{Body, BodyRoom, Held, Unread};

use super::chunked::{self, Unframed};
use super::expiry;

/// Largest body of one request. Larger objects come in parts, as every SDK sends them.
const MAX_BODY: usize = 512 * 1024 * 1024;
/// What framing may add to a body: a line for every chunk of 8 KiB or more, and the trailers.
const FRAMING: usize = MAX_BODY / 64 + 64 * 1024;

/// Query parameters of presigned requests, in lower case.
const SIGNING: [&str; 9] = [
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-expires",
    "x-amz-signedheaders",
    "x-amz-signature",
    "x-amz-security-token",
    "awsaccesskeyid",
    "signature",
];

/// The request as `s3s` is to see it.
pub(super) async fn unsign(
    mut parts: Parts,
    body: Body,
    room: &BodyRoom,
    now: Timestamp,
) -> Result<Request<s3s::Body>, S3Error> {
    expiry::check(&parts.uri, now)?;
    let framed =
        header(&parts.headers, "x-amz-content-sha256").is_some_and(|hash| hash.starts_with("STREAMING-"));
    let held = read(&parts.headers, body, room, framed).await?;
    let (body, _room) = held.into_parts();
    let seal = match parts.extensions.remove::<Payload>() {
        Some(Payload::Hash(hash)) if hash != hex::encode(Sha256::digest(&body)) => return Err(changed()),
        Some(Payload::Chunks(seal)) => Some(seal),
        _ => None,
    };
    let body = if framed {
        let decoded = chunked::decode(body, seal).map_err(|error| match error {
            Unframed::Malformed => s3_error!(error, IncompleteBody),
            Unframed::Signature => s3_error!(
                SignatureDoesNotMatch,
                "The request signature we calculated does not match the signature you provided. Check your key and \
                 signing method."
            ),
        })?;
        complete(&parts.headers, decoded.body.len())?;
        adopt(&mut parts.headers, decoded.trailers);
        decoded.body
    } else {
        body
    };
    for name in
        ["x-amz-content-sha256", "x-amz-decoded-content-length", "x-amz-trailer", "x-amz-security-token"]
    {
        parts.headers.remove(name);
    }
    parts.headers.remove(AUTHORIZATION);
    parts.headers.remove(TRANSFER_ENCODING);
    strip_chunked_encoding(&mut parts.headers);
    if header(&parts.headers, RANGE.as_str()).is_none_or(|range| !is_range(range)) {
        parts.headers.remove(RANGE);
    }
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    parts.uri = without_signature(&parts.uri);
    Ok(Request::from_parts(parts, s3s::Body::from(body)))
}

/// Reads the body within its limit.
async fn read(headers: &HeaderMap, body: Body, room: &BodyRoom, framed: bool) -> Result<Held, S3Error> {
    let length = |name| header(headers, name).and_then(|length| length.parse::<usize>().ok());
    let sent = length(CONTENT_LENGTH.as_str());
    if sent.or_else(|| length("x-amz-decoded-content-length")).is_some_and(|size| size > MAX_BODY) {
        return Err(too_large());
    }
    let limit = if framed { MAX_BODY + FRAMING } else { MAX_BODY };
    room.gather(body, sent, limit).await.map_err(|unread| match unread {
        Unread::TooLarge => too_large(),
        Unread::Ended => s3_error!(
            IncompleteBody,
            "You did not provide the number of bytes specified by the Content-Length HTTP header"
        ),
        Unread::Late => s3_error!(
            RequestTimeout,
            "Your socket connection to the server was not read from or written to within the timeout period."
        ),
        Unread::Full => s3_error!(
            SlowDown,
            "The bodies of other requests take all the memory there is for them; try again."
        ),
    })
}

fn changed() -> S3Error {
    let refused = Refusal::BodyChanged.error(Dialect::S3);
    let mut error = super::translate::error(&refused.code, refused.message);
    error.set_status_code(refused.status);
    error
}

fn too_large() -> S3Error {
    s3_error!(
        EntityTooLarge,
        "Your proposed upload exceeds the maximum allowed size: {MAX_BODY} bytes in one request here; upload it in parts"
    )
}

/// A body that was announced as longer or shorter than what its chunks hold is not stored.
fn complete(headers: &HeaderMap, length: usize) -> Result<(), S3Error> {
    let announced = header(headers, "x-amz-decoded-content-length");
    if announced.is_none_or(|announced| announced.parse() == Ok(length)) {
        return Ok(());
    }
    Err(s3_error!(
        IncompleteBody,
        "The request body holds {length} bytes, not as many as its x-amz-decoded-content-length says"
    ))
}

/// Whether S3 heeds a range. It answers several ranges, a reversed one, and what is no range with the whole object.
fn is_range(text: &str) -> bool {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return false;
    };
    let number = |text: &str| text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
    match (first.is_empty(), last.is_empty()) {
        (true, _) => number(last).is_some(),
        (false, true) => number(first).is_some(),
        (false, false) => number(first).zip(number(last)).is_some_and(|(first, last)| first <= last),
    }
}

/// Trailers say what headers could: checksums.
fn adopt(headers: &mut HeaderMap, trailers: Vec<(String, String)>) {
    for (name, value) in trailers {
        if !name.starts_with("x-amz-checksum-") {
            continue;
        }
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            headers.insert(name, value);
        }
    }
}

fn strip_chunked_encoding(headers: &mut HeaderMap) {
    let Some(encodings) = header(headers, CONTENT_ENCODING.as_str()) else { return };
    let kept: Vec<&str> =
        encodings.split(',').map(str::trim).filter(|e| !e.is_empty() && *e != "aws-chunked").collect();
    match HeaderValue::from_str(&kept.join(",")) {
        Ok(value) if !kept.is_empty() => drop(headers.insert(CONTENT_ENCODING, value)),
        _ => drop(headers.remove(CONTENT_ENCODING)),
    }
}

fn without_signature(uri: &Uri) -> Uri {
    let Some(query) = uri.query() else { return uri.clone() };
    let names =
        || query.split('&').map(|pair| pair.split('=').next().unwrap_or_default().to_ascii_lowercase());
    if !names().any(|name| name == "x-amz-signature" || name == "signature") {
        return uri.clone();
    }
    // `Expires` signs only in version 2 and is nothing else in a query.
    let signs = |name: &str| SIGNING.contains(&name) || name == "expires";
    let kept: Vec<&str> =
        query.split('&').zip(names()).filter(|(_, name)| !signs(name)).map(|(pair, _)| pair).collect();
    let target =
        if kept.is_empty() { uri.path().to_owned() } else { format!("{}?{}", uri.path(), kept.join("&")) };
    let mut parts = uri.clone().into_parts();
    match target.parse::<PathAndQuery>() {
        Ok(target) => parts.path_and_query = Some(target),
        Err(_) => return uri.clone(),
    }
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use crate::http::full;
    use bytes::Bytes;
    use s3s::S3ErrorCode;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    async fn unsigned(builder: ::http::request::Builder, body: &'static str) -> (Parts, Bytes) {
        let (parts, body) = builder.body(full(body)).unwrap().into_parts();
        let (parts, mut body) = unsign(parts, body, &BodyRoom::default(), NOW).await.unwrap().into_parts();
        (parts, body.take_bytes().unwrap())
    }

    #[tokio::test]
    async fn framing_goes_and_its_checksum_becomes_a_header() {
        let request = Request::put("/b/k")
            .header("authorization", "AWS4-HMAC-SHA256 …")
            .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
            .header("content-encoding", "aws-chunked,gzip")
            .header("x-amz-decoded-content-length", "5");
        let (parts, body) =
            unsigned(request, "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n").await;
        assert_eq!(body, "hello");
        assert_eq!(parts.headers["content-encoding"], "gzip");
        assert_eq!(parts.headers["content-length"], "5");
        assert_eq!(parts.headers["x-amz-checksum-crc32"], "NhCmhg==");
        assert!(!parts.headers.contains_key("authorization"));
    }

    #[tokio::test]
    async fn a_presigned_query_keeps_only_what_the_operation_needs() {
        let uri = "/b/k?X-Amz-Algorithm=A&X-Amz-Signature=00&X-Amz-Expires=9&partNumber=1&uploadId=u";
        let (parts, _) = unsigned(Request::put(uri), "").await;
        assert_eq!(parts.uri, "/b/k?partNumber=1&uploadId=u");
        let (parts, _) = unsigned(Request::get("/b/k?AWSAccessKeyId=a&Signature=s&Expires=1"), "").await;
        assert_eq!(parts.uri, "/b/k");
    }

    #[tokio::test]
    async fn a_body_whose_chunks_hold_another_length_than_announced_is_refused() {
        for length in ["4", "6", "many"] {
            let request = Request::put("/b/k")
                .header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
                .header("x-amz-decoded-content-length", length);
            let (parts, body) = request.body(full("5\r\nhello\r\n0\r\n\r\n")).unwrap().into_parts();
            let error = unsign(parts, body, &BodyRoom::default(), NOW).await.unwrap_err();
            assert_eq!(error.code(), &S3ErrorCode::IncompleteBody, "{length}");
        }
    }

    #[test]
    fn one_range_in_order_is_heeded_and_nothing_else() {
        for range in ["bytes=0-0", "bytes=5-", "bytes=-3", "bytes=1-18446744073709551615"] {
            assert!(is_range(range), "{range}");
        }
        for range in ["bytes=2-1", "bytes=0-1,3-4", "bytes=-", "bytes=a-b", "bytes=+1-2", "lines=1-2", ""] {
            assert!(!is_range(range), "{range}");
        }
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_before_it_is_read() {
        let request = Request::put("/b/k").header("content-length", MAX_BODY + 1).body(full("x")).unwrap();
        let (parts, body) = request.into_parts();
        let error = unsign(parts, body, &BodyRoom::default(), NOW).await.unwrap_err();
        assert_eq!(error.code(), &S3ErrorCode::EntityTooLarge);
    }
}
