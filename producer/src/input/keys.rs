//! Partition keys for lines: from a field of their JSON, or at random.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::outcome::Refusal;

/// Where partition keys come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A new one for each record, which spreads records evenly.
    Random,
    /// A field of the record: a name, `names.by.dots`, or a JSON pointer (`/names/by/slashes`).
    Field {
        /// The way to the field.
        path: String,
        /// What to do with a record that does not have it.
        missing: MissingKey,
    },
}

/// What to do with a record without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingKey {
    /// Refuse it.
    Refuse,
    /// Give it a random key.
    Random,
}

#[derive(Debug)]
pub(crate) struct Keys {
    source: KeySource,
    steps: Vec<String>,
    json: bool,
    random: fastrand::Rng,
}

impl Keys {
    pub(crate) fn new(source: KeySource, json: bool, seed: Option<u64>) -> Self {
        let steps = match &source {
            KeySource::Random => Vec::new(),
            KeySource::Field { path, .. } => steps(path),
        };
        Self { source, steps, json, random: seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed) }
    }

    /// The key for a record.
    pub(crate) fn key(&mut self, data: &[u8]) -> Result<String, Refusal> {
        let not_json = |error: serde_json::Error| Refusal::NotJson(error.to_string());
        let KeySource::Field { path, missing } = &self.source else {
            if self.json {
                serde_json::from_slice::<IgnoredAny>(data).map_err(not_json)?;
            }
            return Ok(self.draw());
        };
        match (field(data, &self.steps), *missing) {
            (Ok(Some(key)), _) => Ok(key),
            (Ok(None), MissingKey::Refuse) => Err(Refusal::NoKey { field: path.clone() }),
            (Err(error), missing) if self.json || missing == MissingKey::Refuse => Err(not_json(error)),
            (_, _) => Ok(self.draw()),
        }
    }

    fn draw(&mut self) -> String {
        format!("{:016x}", self.random.u64(..))
    }
}

/// The names on the way to a field. A JSON pointer escapes `~` as `~0` and `/` as `~1`.
fn steps(path: &str) -> Vec<String> {
    match path.strip_prefix('/') {
        Some(pointer) => pointer.split('/').map(|step| step.replace("~1", "/").replace("~0", "~")).collect(),
        None => path.trim_start_matches('.').split('.').map(str::to_owned).collect(),
    }
}

/// The text or number at the end of `steps`, reading the rest of the line just far enough to know that it
/// is JSON.
fn field(data: &[u8], steps: &[String]) -> serde_json::Result<Option<String>> {
    let mut reader = serde_json::Deserializer::from_slice(data);
    let found = At(steps).deserialize(&mut reader)?;
    reader.end()?;
    Ok(found.filter(|key| !key.is_empty()))
}

/// Looks into a value for what is at these steps.
struct At<'s>(&'s [String]);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        match self.0 {
            [] => Ok(match Scalar::deserialize(deserializer)? {
                Scalar::Text(text) => Some(text),
                Scalar::Other(_) => None,
            }),
            _ => deserializer.deserialize_any(self),
        }
    }
}

/// Text or a number as text.
enum Scalar {
    Text(String),
    Other(()),
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl<'de> Visitor<'de> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Scalar, E> {
        Ok(Scalar::Text(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Text(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Text(number.to_string()))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar::Other(()))
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Other(()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other(()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other(()))
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let Some((step, rest)) = self.0.split_first() else { return Ok(None) };
        let mut found = None;
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

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let Some((step, rest)) = self.0.split_first() else { return Ok(None) };
        let wanted = step.parse::<usize>().ok();
        let (mut at, mut found) = (0, None);
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

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
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

    fn at(path: &str, line: &str) -> Option<String> {
        field(line.as_bytes(), &steps(path)).expect(line)
    }

    #[test]
    fn a_field_is_found_by_name_by_dots_and_by_pointer() {
        let line = r#"{"user_id":"u-1","a":{"b":[{"c":5},{"c":"x"}]},"d.e":"dotted","f/g":"slashed"}"#;
        assert_eq!(at("user_id", line).as_deref(), Some("u-1"));
        assert_eq!(at(".user_id", line).as_deref(), Some("u-1"));
        assert_eq!(at("/user_id", line).as_deref(), Some("u-1"));
        assert_eq!(at("a.b.1.c", line).as_deref(), Some("x"));
        assert_eq!(at("/a/b/0/c", line).as_deref(), Some("5"));
        assert_eq!(at("/d.e", line).as_deref(), Some("dotted"));
        assert_eq!(at("/f~1g", line).as_deref(), Some("slashed"));
    }

    #[test]
    fn what_is_no_text_or_number_is_no_key() {
        for line in [
            r#"{"k":null}"#,
            r#"{"k":true}"#,
            r#"{"k":{"x":1}}"#,
            r#"{"k":[1]}"#,
            r#"{"k":""}"#,
            "{}",
            "7",
            "[]",
        ] {
            assert_eq!(at("k", line), None, "{line}");
        }
        assert_eq!(at("k.x.y", r#"{"k":{"x":"text"}}"#), None);
    }

    #[test]
    fn a_line_that_is_not_json_to_its_end_is_an_error() {
        for line in ["{\"k\":1", "{\"k\":1} trailing", "plain", ""] {
            assert!(field(line.as_bytes(), &steps("k")).is_err(), "{line}");
        }
    }

    proptest! {
        #[test]
        fn escaped_and_strange_keys_are_found_as_serde_json_writes_them(key in "\\PC{1,20}", value in "\\PC{1,20}") {
            let line = serde_json::json!({ "other": [1, {"x": 2}], key.clone(): value.clone() }).to_string();
            let found = field(line.as_bytes(), std::slice::from_ref(&key)).expect("JSON");
            prop_assert_eq!(found, Some(value));
        }
    }
}
