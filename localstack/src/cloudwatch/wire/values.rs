//! Numbers and times, which each protocol writes in its own way.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number: an integer or a fraction in JSON and CBOR, text in the query protocol.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number(pub(super) f64);

/// A truth value: text in the query protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match ciborium::Value::deserialize(deserializer)? {
            ciborium::Value::Bool(value) => Ok(Self(value)),
            ciborium::Value::Text(text) if text == "true" => Ok(Self(true)),
            ciborium::Value::Text(text) if text == "false" => Ok(Self(false)),
            _ => Err(D::Error::custom("not a truth value")),
        }
    }
}

/// A point in time: seconds in JSON, tagged seconds in CBOR, RFC 3339 in the query protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time(pub(super) Timestamp);

/// Any of the forms above.
fn number_of(value: &ciborium::Value) -> Option<f64> {
    match value {
        ciborium::Value::Float(number) => Some(*number),
        ciborium::Value::Integer(number) => i128::from(*number).to_string().parse().ok(),
        ciborium::Value::Text(text) => text.trim().parse().ok(),
        ciborium::Value::Tag(_, inner) => number_of(inner),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = ciborium::Value::deserialize(deserializer)?;
        number_of(&value).map(Self).ok_or_else(|| D::Error::custom("not a number"))
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.whole() {
            Some(whole) => serializer.serialize_i64(whole),
            None => serializer.serialize_f64(self.0),
        }
    }
}

impl Serialize for Flag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(self.0)
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        // Seconds and counts, far below 2^53.
        Self(number.to_string().parse().unwrap_or_default())
    }
}

impl Number {
    /// As a whole number; fractions are cut off.
    pub(super) fn whole(self) -> Option<i64> {
        if self.0.abs() > 9e15 { None } else { format!("{:.0}", self.0.trunc()).parse().ok() }
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = ciborium::Value::deserialize(deserializer)?;
        let time = match (&value, number_of(&value)) {
            (_, Some(seconds)) => {
                Number(seconds * 1000.0).whole().and_then(|ms| Timestamp::from_millisecond(ms).ok())
            }
            (ciborium::Value::Text(text), None) => parse(text),
            _ => None,
        };
        time.map(Self).ok_or_else(|| D::Error::custom("not a time"))
    }
}

/// RFC 3339, and its forms without a zone that AWS takes for UTC.
fn parse(text: &str) -> Option<Timestamp> {
    text.parse().or_else(|_| format!("{text}Z").parse()).ok()
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let seconds = self.0.as_duration().as_secs_f64();
        if serializer.is_human_readable() {
            serializer.serialize_f64(seconds)
        } else {
            ciborium::tag::Required::<f64, 1>(seconds).serialize(serializer)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(json: &str) -> Option<i64> {
        serde_json::from_str::<Time>(json).ok().map(|time| time.0.as_millisecond())
    }

    #[test]
    fn times_are_read_in_every_form() {
        assert_eq!(time("1700000000"), Some(1_700_000_000_000));
        assert_eq!(time("1700000000.5"), Some(1_700_000_000_500));
        assert_eq!(time("\"2023-11-14T22:13:20Z\""), Some(1_700_000_000_000));
        assert_eq!(time("\"2023-11-14T22:13:20\""), Some(1_700_000_000_000));
        assert_eq!(time("\"1700000000\""), Some(1_700_000_000_000));
        assert_eq!(time("\"soon\""), None);
        assert_eq!(time("1e300"), None);
    }

    #[test]
    fn cbor_times_are_tagged_and_read_back() {
        let mut bytes = Vec::new();
        let at = Time(Timestamp::from_millisecond(1_700_000_000_500).unwrap());
        ciborium::into_writer(&at, &mut bytes).unwrap();
        assert_eq!(bytes[0], 0xc1);
        assert_eq!(ciborium::from_reader::<Time, _>(bytes.as_slice()).unwrap(), at);
    }

    #[test]
    fn numbers_are_read_from_integers_fractions_and_text() {
        for json in ["5", "5.0", "\"5\""] {
            assert_eq!(serde_json::from_str::<Number>(json).unwrap().0, 5.0, "{json}");
        }
        assert_eq!(Number(1e300).whole(), None);
    }
}
