//! A body before anyone has said what it ought to be: JSON and CBOR alike, for checks that tell a client what is wrong
//! with it in AWS's words. What is right is decoded straight into its type.

use super::codec::Codec;
use super::count::Count;
use super::error::AwsError;

/// A value of either encoding.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Loose {
    Null,
    Boolean(bool),
    Integer(i128),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl Loose {
    /// Reads a body. One that is malformed is a `SerializationException` without a message, as AWS answers it, and so is
    /// one of more values than any call has.
    pub(crate) fn read(codec: Codec, body: &[u8]) -> Result<Self, AwsError> {
        let malformed = || AwsError::bad_request("SerializationException", "");
        if body.is_empty() {
            return Err(malformed());
        }
        // As values a body is many times its size; a value has a byte at least.
        if body.len() > Count::MOST {
            codec.decode::<Count>(body).map_err(|_| malformed())?;
        }
        match codec {
            Codec::Json => {
                serde_json::from_slice::<serde_json::Value>(body).map(Self::from).map_err(|_| malformed())
            }
            Codec::Cbor => codec.decode::<ciborium::Value>(body).map(Self::from).map_err(|_| malformed()),
        }
    }
}

impl From<serde_json::Value> for Loose {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value;
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Boolean(value),
            Value::Number(number) => {
                let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
                whole.map_or_else(|| Self::Float(number.as_f64().unwrap_or_default()), Self::Integer)
            }
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(map) => Self::Map(map.into_iter().map(|(key, item)| (key, item.into())).collect()),
        }
    }
}

impl From<ciborium::Value> for Loose {
    fn from(value: ciborium::Value) -> Self {
        use ciborium::Value;
        match value {
            Value::Bool(value) => Self::Boolean(value),
            Value::Integer(number) => Self::Integer(number.into()),
            Value::Float(number) => Self::Float(number),
            Value::Text(text) => Self::Text(text),
            Value::Bytes(bytes) => Self::Bytes(bytes),
            // A tag says what kind of number it is; the shape knows that already.
            Value::Tag(_, value) => Self::from(*value),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Map(map) => Self::Map(
                map.into_iter()
                    .filter_map(|(key, item)| Some((key.into_text().ok()?, item.into())))
                    .collect(),
            ),
            _ => Self::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_cbor_read_to_the_same_value() {
        let json = br#"{"a":[1,true,"x",null,1.5]}"#;
        let value: serde_json::Value = serde_json::from_slice(json).unwrap();
        let cbor = Codec::Cbor.encode(&value).unwrap();
        assert_eq!(Loose::read(Codec::Json, json), Loose::read(Codec::Cbor, &cbor));
    }

    #[test]
    fn a_body_of_more_values_than_any_call_has_is_refused() {
        let read = |count: usize| {
            let json = format!("[{}]", vec!["0"; count].join(","));
            let value: serde_json::Value = serde_json::from_str(&json).unwrap();
            let cbor = Codec::Cbor.encode(&value).unwrap();
            [Loose::read(Codec::Json, json.as_bytes()).is_ok(), Loose::read(Codec::Cbor, &cbor).is_ok()]
        };
        assert_eq!(read(Count::MOST - 1), [true, true]);
        assert_eq!(read(Count::MOST), [false, false]);
        let nested = format!("[{}]", vec![format!("[{}]", vec!["0"; 999].join(",")); 100].join(","));
        assert!(Loose::read(Codec::Json, nested.as_bytes()).is_err());
        let large = format!(r#"{{"Data":"{}"}}"#, "A".repeat(2 << 20));
        assert!(Loose::read(Codec::Json, large.as_bytes()).is_ok());
    }

    #[test]
    fn tags_count_with_what_they_are_of() {
        let tagged = ciborium::Value::Tag(1, Box::new(0.into()));
        let mut cbor = Vec::new();
        ciborium::into_writer(&ciborium::Value::Array(vec![tagged; Count::MOST - 1]), &mut cbor).unwrap();
        assert!(Loose::read(Codec::Cbor, &cbor).is_ok());
    }

    #[test]
    fn what_is_malformed_has_no_message() {
        for (codec, body) in [(Codec::Json, &b""[..]), (Codec::Json, b"{bad"), (Codec::Cbor, b"\xff")] {
            let error = Loose::read(codec, body).unwrap_err();
            assert_eq!((&*error.code, error.message.as_str()), ("SerializationException", ""));
        }
    }
}
