//! The types of a body: what is not of its type is refused with the words of AWS's own deserializer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};

use super::{Input, Shape};
use crate::http::codec::Codec;
use crate::http::error::AwsError;
use crate::http::loose::Loose;

/// The value in its shape: JSON with blobs in base64 and times in seconds. Members no one knows and nulls are left out.
pub(super) fn conform(value: Loose, shape: &Shape, codec: Codec) -> Result<Value, AwsError> {
    Ok(match shape {
        Shape::Text { .. } | Shape::OneOf(_) => Value::String(text(value)?),
        Shape::Integer { .. } => integer(value)?.into(),
        Shape::Boolean => boolean(value)?.into(),
        Shape::Blob { .. } => Value::String(blob(value)?),
        Shape::Time => time(value, codec)?,
        Shape::List { item, .. } => match value {
            Loose::List(items) => {
                let present = items.into_iter().filter(|item| *item != Loose::Null);
                present.map(|value| conform(value, item, codec)).collect::<Result<_, _>>()?
            }
            Loose::Map(_) => return Err(misplaced_map()),
            _ => return Err(refused("Expected list or null")),
        },
        Shape::Map { value: item, .. } => match value {
            Loose::Map(entries) => Value::Object(
                entries
                    .into_iter()
                    .filter(|(_, value)| *value != Loose::Null)
                    .map(|(key, value)| Ok((key, conform(value, item, codec)?)))
                    .collect::<Result<_, AwsError>>()?,
            ),
            Loose::List(_) => return Err(misplaced_list()),
            _ => return Err(refused("Expected map or null")),
        },
        Shape::Structure(members) => match value {
            Loose::Map(entries) => Value::Object(structure(entries, members, codec)?),
            Loose::List(_) => return Err(misplaced_list()),
            _ => return Err(refused("Expected null")),
        },
    })
}

fn structure(
    mut entries: Vec<(String, Loose)>,
    members: Input,
    codec: Codec,
) -> Result<Map<String, Value>, AwsError> {
    let mut known = Map::new();
    for member in members {
        let Some(at) = entries.iter().rposition(|(name, _)| name == member.name) else { continue };
        match entries.swap_remove(at).1 {
            Loose::Null => {}
            value => {
                known.insert(member.name.to_owned(), conform(value, member.shape, codec)?);
            }
        }
    }
    Ok(known)
}

fn text(value: Loose) -> Result<String, AwsError> {
    match value {
        Loose::Text(text) => Ok(text),
        other => Err(not_a(&other, "an String")),
    }
}

fn integer(value: Loose) -> Result<i64, AwsError> {
    match value {
        Loose::Integer(number) => Ok(clamp(number)),
        // Fractions are cut off, and what is far out of any bound stays so.
        Loose::Float(number) => {
            let whole = format!("{:.0}", number.clamp(-9e18, 9e18).trunc());
            whole.parse().map_err(|_| refused(""))
        }
        other => Err(not_a(&other, "an Integer")),
    }
}

fn clamp(number: i128) -> i64 {
    i64::try_from(number).unwrap_or(if number < 0 { i64::MIN } else { i64::MAX })
}

fn boolean(value: Loose) -> Result<bool, AwsError> {
    match value {
        Loose::Boolean(value) => Ok(value),
        Loose::Float(number) => Ok(number != 0.0),
        Loose::Text(text) => match text.to_uppercase().as_str() {
            "TRUE" | "YES" | "1" => Ok(true),
            "FALSE" | "NO" | "0" => Ok(false),
            text => Err(refused(format!("'{text}' can not be converted to an Boolean"))),
        },
        other => Err(not_a(&other, "an Boolean")),
    }
}

/// Seconds in JSON; milliseconds in CBOR, unless they are written as a fraction: then they are seconds too.
fn time(value: Loose, codec: Codec) -> Result<Value, AwsError> {
    let number = match value {
        Loose::Text(text) => text.parse().map_or(Loose::Text(text), Loose::Integer),
        other => other,
    };
    match (number, codec) {
        (Loose::Integer(millis), Codec::Cbor) => {
            let (seconds, rest) = (clamp(millis.div_euclid(1000)), millis.rem_euclid(1000));
            Ok(format!("{seconds}.{rest:03}").parse::<f64>().map_or(Value::Null, Value::from))
        }
        (Loose::Integer(seconds), Codec::Json) => Ok(clamp(seconds).into()),
        (Loose::Float(seconds), _) => Ok(seconds.into()),
        (Loose::Text(text), _) if text.parse::<jiff::Timestamp>().is_ok() => Ok(text.into()),
        (other, _) => Err(not_a(&other, "milliseconds since epoch")),
    }
}

fn blob(value: Loose) -> Result<String, AwsError> {
    let text = match value {
        Loose::Bytes(bytes) => return Ok(BASE64.encode(bytes)),
        Loose::Text(text) => text,
        other => return Err(not_a(&other, "a Blob")),
    };
    let why = if !text.len().is_multiple_of(4) {
        format!("Base64 encoded length is expected a multiple of 4 bytes but found: {}", text.len())
    } else if let Some(wrong) = misplaced_in_base64(&text) {
        format!("Invalid Base64 character: '{wrong}'")
    } else if BASE64.decode(&text).is_err() {
        "Invalid last non-pad Base64 character dectected".to_owned()
    } else {
        return Ok(text);
    };
    Err(refused(format!("'{text}' can not be converted to a Blob: {why}")))
}

/// The first character that is none of base64's, or padding with something after it.
fn misplaced_in_base64(text: &str) -> Option<char> {
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        let padding = letter == '=' && rest.peek().is_none_or(|next| *next == '=');
        if !padding && !letter.is_ascii_alphanumeric() && letter != '+' && letter != '/' {
            return Some(letter);
        }
    }
    None
}

fn not_a(value: &Loose, wanted: &str) -> AwsError {
    let class = match value {
        Loose::List(_) => return misplaced_list(),
        Loose::Map(_) => return misplaced_map(),
        Loose::Boolean(_) => "class java.lang.Boolean",
        Loose::Integer(_) | Loose::Float(_) => {
            "class com.amazon.coral.value.json.numbers.TruncatingBigNumber"
        }
        Loose::Text(_) | Loose::Null => "class java.lang.String",
        Loose::Bytes(_) => "class java.nio.HeapByteBuffer",
    };
    refused(format!("{class} can not be converted to {wanted}"))
}

fn misplaced_list() -> AwsError {
    refused("Start of list found where not expected")
}

fn misplaced_map() -> AwsError {
    refused("Start of structure or map found where not expected.")
}

fn refused(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("SerializationException", message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TEXT: Shape = Shape::Text { least: 0, most: 9, pattern: None };

    fn message(value: Value, shape: &Shape) -> String {
        conform(value.into(), shape, Codec::Json).unwrap_err().message
    }

    #[test]
    fn a_wrong_type_is_told_in_the_words_of_awss_deserializer() {
        let number = Shape::Integer { least: 0, most: 9 };
        let blob = Shape::Blob { most: 9 };
        let list = Shape::List { least: 0, most: 9, item: &TEXT, shown: None };
        let map = Shape::Map { least: 0, most: 9, key: &TEXT, value: &TEXT };
        for (value, shape, expected) in [
            (
                json!(23),
                &TEXT,
                "class com.amazon.coral.value.json.numbers.TruncatingBigNumber can not be converted to an String",
            ),
            (json!(true), &TEXT, "class java.lang.Boolean can not be converted to an String"),
            (json!([]), &TEXT, "Start of list found where not expected"),
            (json!({}), &TEXT, "Start of structure or map found where not expected."),
            (json!("23"), &number, "class java.lang.String can not be converted to an Integer"),
            (json!("no way"), &Shape::Boolean, "'NO WAY' can not be converted to an Boolean"),
            (
                json!("23456"),
                &blob,
                "'23456' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 bytes but found: 5",
            ),
            (json!("=+/="), &blob, "'=+/=' can not be converted to a Blob: Invalid Base64 character: '='"),
            (
                json!("+/+="),
                &blob,
                "'+/+=' can not be converted to a Blob: Invalid last non-pad Base64 character dectected",
            ),
            (json!("23"), &list, "Expected list or null"),
            (json!(true), &map, "Expected map or null"),
            (json!(34.5), &Shape::Structure(&[]), "Expected null"),
        ] {
            assert_eq!(message(value, shape), expected);
        }
    }

    #[test]
    fn times_are_seconds_in_json_and_milliseconds_in_cbor() {
        let at = |value: Loose, codec| conform(value, &Shape::Time, codec).unwrap().as_f64().unwrap();
        assert_eq!(at(Loose::Float(1.5), Codec::Json), 1.5);
        assert_eq!(at(Loose::Integer(1_718_960_048_123), Codec::Cbor), 1_718_960_048.123);
        assert_eq!(at(Loose::Text("1718960048000".to_owned()), Codec::Cbor), 1_718_960_048.0);
        assert_eq!(at(Loose::Float(1.25), Codec::Cbor), 1.25);
    }

    proptest! {
        #[test]
        fn no_number_is_refused_as_a_number(number: f64) {
            prop_assume!(number.is_finite());
            let shape = Shape::Integer { least: 0, most: 0 };
            prop_assert!(conform(Loose::Float(number), &shape, Codec::Json).is_ok());
        }
    }
}
