//! What several operations share on the wire.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use super::super::error::FirehoseError;

/// The input of the operations that take a name and nothing else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NameOnly {
    pub(super) delivery_stream_name: Option<String>,
}

/// The output of the operations that say nothing.
#[derive(Debug, Serialize)]
pub(super) struct Nothing {}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) value: Option<String>,
}

/// Bytes, in base64 on the wire.
#[derive(Debug)]
pub(super) struct Blob(pub(super) Bytes);

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Base64;
        impl Visitor<'_> for Base64 {
            type Value = Blob;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("base64 encoded bytes")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Blob, E> {
                STANDARD.decode(text).map(|bytes| Blob(Bytes::from(bytes))).map_err(E::custom)
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Blob, E> {
                Ok(Blob(Bytes::copy_from_slice(bytes)))
            }
        }
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(Base64)
        } else {
            deserializer.deserialize_bytes(Base64)
        }
    }
}

/// A time as the JSON protocol writes it: seconds since the epoch. Milliseconds are exact in a double.
pub(super) fn seconds(time: Timestamp) -> f64 {
    let millis = time.as_millisecond();
    let whole = i32::try_from(millis.div_euclid(1_000_000)).map_or(0.0, f64::from) * 1_000.0;
    let rest = i32::try_from(millis.rem_euclid(1_000_000)).map_or(0.0, f64::from);
    (whole * 1_000.0 + rest) / 1_000.0
}

/// Reads a page size; `most` is what the API model allows.
pub(super) fn page_size(limit: Option<i64>, default: usize, most: i64) -> Result<usize, FirehoseError> {
    let Some(limit) = limit else { return Ok(default) };
    super::super::settings::range("limit", limit, 1, most)?;
    Ok(usize::try_from(limit).unwrap_or(default))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_with_a_fraction() {
        let time = |text: &str| seconds(text.parse().unwrap()).to_string();
        assert_eq!(time("2018-08-27T10:30:00.257Z"), "1535365800.257");
        assert_eq!(time("1970-01-01T00:00:01Z"), "1");
    }

    #[test]
    fn blobs_are_base64() {
        let blob: Blob = serde_json::from_str(r#""SGVsbG8=""#).unwrap();
        assert_eq!(&blob.0[..], b"Hello");
        assert!(serde_json::from_str::<Blob>(r#""no base64!""#).is_err());
    }

    #[test]
    fn a_page_has_at_least_one_entry() {
        assert_eq!(page_size(None, 10, 50), Ok(10));
        assert_eq!(page_size(Some(50), 10, 50), Ok(50));
        assert!(page_size(Some(0), 10, 50).is_err());
        assert!(page_size(Some(51), 10, 50).is_err());
    }
}
