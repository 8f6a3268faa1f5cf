//! A request written down the one way that both sides sign.

use std::fmt::Write as _;

use http::request::Parts;

use super::Kind;
use super::claim::Claim;

/// The canonical request.
pub(super) fn request(parts: &Parts, claim: &Claim, payload: &str, is_s3: bool) -> String {
    let path = if is_s3 { encode(&decode(parts.uri.path()), b"/") } else { normal(parts.uri.path()) };
    let query = query(parts.uri.query().unwrap_or_default(), claim.kind == Kind::Query);
    let mut text = format!("{}\n{path}\n{query}\n", parts.method);
    for name in &claim.signed_headers {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name}:{}", header(parts, name).unwrap_or_default());
    }
    let _ = write!(text, "\n{}\n{payload}", claim.signed_headers.join(";"));
    text
}

/// A header's value as it is signed: several joined, spaces made one. The host may stand in an HTTP/2 target.
pub(super) fn header(parts: &Parts, name: &str) -> Option<String> {
    let values: Vec<String> = parts
        .headers
        .get_all(name)
        .iter()
        .map(|value| {
            String::from_utf8_lossy(value.as_bytes()).split_whitespace().collect::<Vec<_>>().join(" ")
        })
        .collect();
    if values.is_empty() && name == "host" {
        return parts.uri.authority().map(ToString::to_string);
    }
    (!values.is_empty()).then(|| values.join(","))
}

/// A header that AWS wants to be signed and that is not.
pub(super) fn unsigned_header(parts: &Parts, claim: &Claim) -> Option<String> {
    let names = parts.headers.keys().map(http::HeaderName::as_str);
    let mut unsigned = names.filter(|name| !claim.signed_headers.iter().any(|signed| signed == name));
    unsigned.find(|name| name.starts_with("x-amz-")).map(str::to_owned)
}

/// The path as all services but S3 sign it: dots and empty segments resolved, escapes escaped once more.
fn normal(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            segment => segments.push(segment),
        }
    }
    let slash = if segments.is_empty() || !path.ends_with('/') { "" } else { "/" };
    format!("/{}{slash}", encode(segments.join("/").as_bytes(), b"/"))
}

fn query(text: &str, presigned: bool) -> String {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<(String, String)> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (encode(&decode(name), b""), encode(&decode(value), b"")))
        .filter(|(name, _)| !(presigned && name == "X-Amz-Signature"))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// Percent-encodes all but what RFC 3986 reserves for nothing, and `kept`.
fn encode(bytes: &[u8], kept: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Resolves percent escapes; what is none stays.
pub(super) fn decode(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escape = (first == b'%').then(|| after.get(..2)).flatten();
        let decoded = escape.and_then(|digits| hex::decode(digits).ok());
        rest = if decoded.is_some() { &after[2..] } else { after };
        bytes.extend(decoded.unwrap_or_else(|| vec![first]));
    }
    bytes
}
