//! A body before anyone has said what it ought to be: JSON and CBOR alike, for checks that tell a client what is wrong
//! with it in AWS's words. What is right is decoded straight into its type.

use super::codec::Codec;
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
    /// Reads a body. One that is malformed is a `SerializationException` without a message, as AWS answers it.
    pub(crate) fn read(codec: Codec, body: &[u8]) -> Result<Self, AwsError> {
        let malformed = || AwsError::bad_request("SerializationException", "");
        if body.is_empty() {
            return Err(malformed());
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
    fn what_is_malformed_has_no_message() {
        for (codec, body) in [(Codec::Json, &b""[..]), (Codec::Json, b"{bad"), (Codec::Cbor, b"\xff")] {
            let error = Loose::read(codec, body).unwrap_err();
            assert_eq!((&*error.code, error.message.as_str()), ("SerializationException", ""));
        }
    }
}
