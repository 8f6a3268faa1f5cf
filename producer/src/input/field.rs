//! Finds one field of a line of JSON, reading the rest just far enough to know that it is JSON.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The way to a field: a name, `names.by.dots`, or a JSON pointer (`/names/by/slashes`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    path: String,
    steps: Vec<String>,
}

/// What was found where a field should be.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Whole(String),
    /// A number with a fraction or an exponent, or one beyond 64 bits.
    Other(f64),
    Not(Found),
}

/// What was found instead of what a field should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is no such field.
    Nothing,
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// `""`
    EmptyText,
    /// A text or number that is not one of those that are allowed.
    AnotherValue,
    /// `{…}`
    Object,
    /// `[…]`
    Array,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nothing => "there is no such field",
            Self::Null => "it is null",
            Self::Boolean => "it is true or false",
            Self::EmptyText => "it is an empty text",
            Self::AnotherValue => "it is something else",
            Self::Object => "it is an object",
            Self::Array => "it is an array",
        })
    }
}

impl Field {
    /// A JSON pointer escapes `~` as `~0` and `/` as `~1`.
    pub(super) fn new(path: &str) -> Self {
        let steps = match path.strip_prefix('/') {
            Some(pointer) => {
                pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
            }
            None => path.trim_start_matches('.').split('.').map(str::to_owned).collect(),
        };
        Self { path: path.to_owned(), steps }
    }

    /// As it was given.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// What stands there.
    pub(super) fn find(&self, data: &[u8]) -> serde_json::Result<Value> {
        let mut reader = serde_json::Deserializer::from_slice(data);
        let found = At(&self.steps).deserialize(&mut reader)?;
        reader.end()?;
        Ok(match found {
            Value::Text(text) if text.is_empty() => Value::Not(Found::EmptyText),
            found => found,
        })
    }
}

/// Looks into a value for what is at these steps.
struct At<'s>(&'s [String]);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        if self.0.is_empty() { Value::deserialize(deserializer) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Whatever)
    }
}

/// Takes a value as it is.
struct Whatever;

impl<'de> Visitor<'de> for Whatever {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Whole(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Whole(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Other(number))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Not(Found::Boolean))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Not(Found::Null))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Not(Found::Object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Not(Found::Array))
    }
}

/// What is neither an object nor an array has no fields.
const NOTHING: Value = Value::Not(Found::Nothing);

impl<'de> Visitor<'de> for At<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let Some((step, rest)) = self.0.split_first() else { return Ok(NOTHING) };
        let mut found = NOTHING;
        while let Some(matches) = map.next_key_seed(Is(step))? {
            if matches {
                // As everywhere in JSON, the last of two fields of one name counts.
                found = map.next_value_seed(At(rest))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let Some((step, rest)) = self.0.split_first() else { return Ok(NOTHING) };
        let wanted = step.parse::<usize>().ok();
        let (mut at, mut found) = (0, NOTHING);
        loop {
            if wanted == Some(at) {
                match seq.next_element_seed(At(rest))? {
                    Some(element) => found = element,
                    None => return Ok(found),
                }
            } else if seq.next_element::<IgnoredAny>()?.is_none() {
                return Ok(found);
            }
            at += 1;
        }
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value, E> {
        Ok(NOTHING)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Value, E> {
        Ok(NOTHING)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Value, E> {
        Ok(NOTHING)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value, E> {
        Ok(NOTHING)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Value, E> {
        Ok(NOTHING)
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(NOTHING)
    }
}

/// Whether a key of an object is this one.
struct Is<'s>(&'s str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(path: &str, line: &str) -> Value {
        Field::new(path).find(line.as_bytes()).expect(line)
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn a_field_is_found_by_name_by_dots_and_by_pointer() {
        let line = r#"{"user_id":"u-1","a":{"b":[{"c":5},{"c":"x"}]},"d.e":"dotted","f/g":"slashed"}"#;
        assert_eq!(at("user_id", line), text("u-1"));
        assert_eq!(at(".user_id", line), text("u-1"));
        assert_eq!(at("/user_id", line), text("u-1"));
        assert_eq!(at("a.b.1.c", line), text("x"));
        assert_eq!(at("/a/b/0/c", line), Value::Whole("5".to_owned()));
        assert_eq!(at("/d.e", line), text("dotted"));
        assert_eq!(at("/f~1g", line), text("slashed"));
    }

    #[test]
    fn what_stands_there_is_told() {
        for (line, found) in [
            (r#"{"k":null}"#, Found::Null),
            (r#"{"k":true}"#, Found::Boolean),
            (r#"{"k":{"x":1}}"#, Found::Object),
            (r#"{"k":[1]}"#, Found::Array),
            (r#"{"k":""}"#, Found::EmptyText),
            ("{}", Found::Nothing),
            ("7", Found::Nothing),
            ("[]", Found::Nothing),
        ] {
            assert_eq!(at("k", line), Value::Not(found), "{line}");
        }
        assert_eq!(at("k.x.y", r#"{"k":{"x":"text"}}"#), Value::Not(Found::Nothing));
        assert_eq!(
            at("k", r#"{"k":340282366920938463463374607431768211455}"#),
            Value::Other(2_f64.powi(128))
        );
    }

    #[test]
    fn a_line_that_is_not_json_to_its_end_is_an_error() {
        for line in ["{\"k\":1", "{\"k\":1} trailing", "plain", ""] {
            assert!(Field::new("k").find(line.as_bytes()).is_err(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn escaped_and_strange_keys_are_found_as_serde_json_writes_them(key in "\\PC{1,20}", value in "\\PC{1,20}") {
            let line = serde_json::json!({ "other": [1, {"x": 2}], key.clone(): value.clone() }).to_string();
            let field = Field { path: key.clone(), steps: vec![key] };
            prop_assert_eq!(field.find(line.as_bytes()).expect("JSON"), Value::Text(value));
        }
    }
}
