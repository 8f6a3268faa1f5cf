//! Values that JSON and CBOR write differently, and those that are cheaper read and written by hand.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use jiff::Timestamp;
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes: base64 in JSON, plain in CBOR. Decoded once, from the request's own text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Blob(pub(crate) Bytes);

struct BlobVisitor;

impl Visitor<'_> for BlobVisitor {
    type Value = Blob;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a blob: base64 text in JSON, bytes in CBOR")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Blob, E> {
        BASE64
            .decode(text)
            .map(|bytes| Blob(bytes.into()))
            .map_err(|cause| E::custom(format!("not base64: {cause}")))
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Blob, E> {
        Ok(Blob(Bytes::copy_from_slice(bytes)))
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Blob, E> {
        Ok(Blob(bytes.into()))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(BlobVisitor)
        } else {
            deserializer.deserialize_byte_buf(BlobVisitor)
        }
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.serialize_str(&BASE64.encode(&self.0))
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

/// A point in time: seconds in JSON, tagged milliseconds in CBOR.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time {
    pub(crate) millis: i64,
}

impl From<Timestamp> for Time {
    fn from(timestamp: Timestamp) -> Self {
        Self { millis: timestamp.as_millisecond() }
    }
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time in seconds since the epoch")
    }

    fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Time, E> {
        Ok(Time { millis: seconds.saturating_mul(1000) })
    }

    fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Time, E> {
        self.visit_i64(i64::try_from(seconds).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Time, E> {
        let text = format!("{:.0}", seconds * 1000.0);
        text.parse().map(|millis| Time { millis }).map_err(|_| E::custom("not a time"))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Time, E> {
        text.parse::<Timestamp>().map(Time::from).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_any(SecondsVisitor)
        } else {
            i64::deserialize(deserializer).map(|millis| Self { millis })
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            // Milliseconds since the epoch are far below 2^53: the division is exact to the millisecond.
            let millis = i32::try_from(self.millis.rem_euclid(1000)).unwrap_or_default();
            let seconds = f64::from(u32::try_from(self.millis.div_euclid(1000)).unwrap_or(u32::MAX));
            serializer.serialize_f64(seconds + f64::from(millis) / 1000.0)
        } else {
            ciborium::tag::Required::<i64, 1>(self.millis).serialize(serializer)
        }
    }
}

/// A partition key: read into shared text at once.
#[derive(Clone, Debug)]
pub(crate) struct Key(pub(crate) Arc<str>);

struct KeyVisitor;

impl Visitor<'_> for KeyVisitor {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a partition key")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Key, E> {
        Ok(Key(text.into()))
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(KeyVisitor)
    }
}

/// Anything that is written as the text it shows as.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::http::Codec;

    proptest! {
        #[test]
        fn blobs_read_back_in_both_encodings(bytes in proptest::collection::vec(any::<u8>(), 0..6000)) {
            let blob = Blob(bytes.into());
            for codec in [Codec::Json, Codec::Cbor] {
                let read: Blob = codec.decode(&codec.encode(&blob).unwrap()).unwrap();
                prop_assert_eq!(&read, &blob);
            }
        }

        #[test]
        fn times_read_back_to_the_millisecond_in_both_encodings(millis in 0_i64..4_000_000_000_000) {
            for codec in [Codec::Json, Codec::Cbor] {
                let read: Time = codec.decode(&codec.encode(&Time { millis }).unwrap()).unwrap();
                prop_assert_eq!(read, Time { millis });
            }
        }
    }

    #[test]
    fn a_long_partition_key_is_read_from_cbor() {
        let text = "k".repeat(5000);
        let key: Key = Codec::Cbor.decode(&Codec::Cbor.encode(&text).unwrap()).unwrap();
        assert_eq!(&*key.0, text);
    }
}
