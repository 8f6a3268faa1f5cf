//! The two encodings of a structured body: JSON and CBOR.
//!
//! Types are decoded and encoded directly in either, with no value tree between. What differs, blobs and timestamps,
//! is settled by their own types, which ask `is_human_readable`.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::AwsError;

/// An encoding of structured bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Json,
    Cbor,
}

/// Deeper CBOR than any operation's input; what is deeper is an attack on the stack.
const CBOR_DEPTH: usize = 64;

impl Codec {
    /// The encoding a content type names; JSON unless it says CBOR.
    pub(crate) fn of_content_type(content_type: &str) -> Self {
        if content_type.contains("cbor") { Self::Cbor } else { Self::Json }
    }

    /// Reads a value. An empty body is an empty structure, as AWS takes it.
    pub(crate) fn decode<T: DeserializeOwned>(self, body: &[u8]) -> Result<T, AwsError> {
        match self {
            Self::Json if body.is_empty() => serde_json::from_slice(b"{}").map_err(|e| malformed(&e)),
            Self::Json => serde_json::from_slice(body).map_err(|e| malformed(&e)),
            // 0xa0 is the empty map.
            Self::Cbor if body.is_empty() => ciborium::from_reader(&[0xa0_u8][..]).map_err(|e| malformed(&e)),
            Self::Cbor => {
                ciborium::de::from_reader_with_recursion_limit(body, CBOR_DEPTH).map_err(|e| malformed(&e))
            }
        }
    }

    /// Writes a value.
    pub(crate) fn encode<T: Serialize>(self, value: &T) -> Result<Bytes, AwsError> {
        match self {
            Self::Json => serde_json::to_vec(value).map(Bytes::from).map_err(|e| AwsError::internal(&e)),
            Self::Cbor => {
                let mut body = Vec::new();
                ciborium::into_writer(value, &mut body).map_err(|e| AwsError::internal(&e))?;
                Ok(body.into())
            }
        }
    }
}

fn malformed(cause: &dyn std::fmt::Display) -> AwsError {
    AwsError::bad_request("SerializationException", cause.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_the_decoders_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Codec::Json.decode::<serde_json::Value>(&body);
            let _ = Codec::Cbor.decode::<serde_json::Value>(&body);
        }
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_stack_overflow() {
        assert!(Codec::Cbor.decode::<serde_json::Value>(&[0x81; 100_000]).is_err());
        assert!(Codec::Json.decode::<serde_json::Value>(&[b'['; 100_000]).is_err());
    }

    #[test]
    fn an_empty_body_is_an_empty_structure() {
        for codec in [Codec::Json, Codec::Cbor] {
            let value: serde_json::Value = codec.decode(b"").unwrap();
            assert_eq!(value, serde_json::json!({}));
        }
    }
}
