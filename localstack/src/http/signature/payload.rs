//! How the body of a request to S3 is signed, which a header says: as a whole, chunk by chunk, or not at all.

use http::request::Parts;

use super::{Kind, Refusal, canonical};

const HEADER: &str = "x-amz-content-sha256";
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// What is signed of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signed {
    Not,
    /// Its hash, in hexadecimal.
    Whole,
    Chunks,
}

/// What stands for the body in what was signed, and what that means.
pub(super) fn of(parts: &Parts, kind: Kind) -> Result<(String, Signed), Refusal> {
    let named = match (canonical::header(parts, HEADER), kind) {
        (Some(named), _) => named,
        (None, Kind::Query) => UNSIGNED.to_owned(),
        (None, Kind::Header) => return Err(Refusal::NoPayloadHash),
    };
    let signed = match named.as_str() {
        UNSIGNED | "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => Signed::Not,
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" | "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => Signed::Chunks,
        hash if hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) => Signed::Whole,
        _ => return Err(Refusal::PayloadHash(named)),
    };
    Ok((named, signed))
}
