//! What the fuzz targets share: a fresh endpoint in process for each input, and what has to hold of every answer.
//!
//! An input is a few requests of text, so that a seed can be read and a finding understood: `METHOD PATH`, headers, an
//! empty line, a body; the next request follows after a line `---`. State made by one is there for the next.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use pipectl_localstack::{InProcess, Options};
use tokio::runtime::Runtime;

/// Requests of one input: a long chain finds little that a short one does not, and is slow.
const MOST: usize = 8;

/// Sends each request of the input to one new endpoint, in virtual time.
///
/// # Panics
///
/// When an answer is the endpoint's own failure, or is no JSON where it says it is. A panic in the endpoint ends the
/// process before it gets here.
pub fn run<'a>(requests: impl IntoIterator<Item = Request<Bytes>> + 'a) {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().start_paused(true).build().expect("a runtime needs nothing")
    });
    RUNTIME.block_on(async {
        let endpoint = InProcess::start(Options { seed: Some(1), ..Options::default() });
        for request in requests.into_iter().take(MOST) {
            let what = format!("{} {}", request.method(), request.uri());
            let Ok(answer) = endpoint.call(request).await else { continue };
            check(&what, &answer);
        }
    });
}

fn check(what: &str, answer: &http::Response<Bytes>) {
    let body = answer.body();
    let text = String::from_utf8_lossy(body);
    assert_ne!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{what}: {text}");
    if answer.headers().contains_key("etag") {
        // An object: bytes that a client put there, under the type that it gave them.
        return;
    }
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.contains("json") && !body.is_empty() {
        let parsed = serde_json::from_slice::<serde_json::Value>(body);
        assert!(parsed.is_ok(), "{what}: the answer is no JSON: {text}");
    }
}

/// The parts of an input, one per request.
pub fn parts(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(input);
    std::iter::from_fn(move || {
        let all = rest?;
        let end = all.windows(5).position(|window| window == b"\n---\n");
        rest = end.map(|end| &all[end + 5..]);
        Some(end.map_or(all, |end| &all[..end]))
    })
}

/// The first line of a part, and what follows.
pub fn first_line(part: &[u8]) -> (&str, &[u8]) {
    let end = part.iter().position(|byte| *byte == b'\n').unwrap_or(part.len());
    (std::str::from_utf8(&part[..end]).unwrap_or_default(), part.get(end + 1..).unwrap_or_default())
}

/// `METHOD PATH`, headers until an empty line, a body; nothing where that is not a request that HTTP knows.
pub fn request(part: &[u8]) -> Option<Request<Bytes>> {
    let (line, mut rest) = first_line(part);
    let (method, path) = line.split_once(' ')?;
    let mut builder = Request::builder().method(Method::from_bytes(method.as_bytes()).ok()?).uri(path);
    let headers = builder.headers_mut()?;
    headers.insert("host", HeaderValue::from_static("localhost:4566"));
    while !rest.is_empty() {
        let (line, after) = first_line(rest);
        rest = after;
        let Some((name, value)) = line.split_once(": ") else { break };
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).ok()?,
            HeaderValue::from_bytes(value.as_bytes()).ok()?,
        );
    }
    builder.body(Bytes::copy_from_slice(rest)).ok()
}

/// A signature that has the form of one; nobody checks it here.
const SIGNATURE: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kinesis/aws4_request, \
                         SignedHeaders=host;x-amz-date, Signature=00";

/// A call of a service that names its operation in a header.
pub fn targeted(part: &[u8], content_type: &'static str) -> Option<Request<Bytes>> {
    let (target, body) = first_line(part);
    let builder = Request::post("/").header("host", "localhost:4566").header("content-type", content_type);
    // Kinesis looks at the form of a signature before anything else.
    let signed = builder.header("authorization", SIGNATURE).header("x-amz-date", "20260101T000000Z");
    signed.header("x-amz-target", target).body(Bytes::copy_from_slice(body)).ok()
}
