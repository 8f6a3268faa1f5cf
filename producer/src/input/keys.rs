//! Partition keys for lines: from a field of their JSON, or at random.

use pipectl_shards::HashKey;
use serde::de::IgnoredAny;

use super::Options;
use super::field::{Field, Found, Value};
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
pub(super) struct Keys {
    key: Option<(Field, MissingKey)>,
    hash_key: Option<Field>,
    json: bool,
    random: fastrand::Rng,
}

impl Keys {
    pub(super) fn of(options: &Options) -> Self {
        let key = match &options.key {
            KeySource::Random => None,
            KeySource::Field { path, missing } => Some((Field::new(path), *missing)),
        };
        let random = options.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        Self { key, hash_key: options.hash_key.as_deref().map(Field::new), json: options.json, random }
    }

    /// The partition key of a record.
    pub(super) fn key(&mut self, data: &[u8]) -> Result<String, Refusal> {
        let Some((field, missing)) = &self.key else {
            if self.json {
                serde_json::from_slice::<IgnoredAny>(data).map_err(not_json)?;
            }
            return Ok(self.draw());
        };
        match (field.find(data), *missing) {
            (Ok(Value::Text(key) | Value::Whole(key)), _) => Ok(key),
            (Ok(Value::Other(number)), _) => Ok(number.to_string()),
            (Ok(Value::Not(found)), MissingKey::Refuse) => {
                Err(Refusal::NoKey { field: field.path().to_owned(), found })
            }
            (Err(error), missing) if self.json || missing == MissingKey::Refuse => Err(not_json(error)),
            (_, _) => Ok(self.draw()),
        }
    }

    /// The explicit hash key of a record, where records have one.
    pub(super) fn hash_key(&self, data: &[u8]) -> Result<Option<HashKey>, Refusal> {
        let Some(field) = &self.hash_key else { return Ok(None) };
        let refused = |found| Refusal::NoHashKey { field: field.path().to_owned(), found };
        match field.find(data).map_err(not_json)? {
            Value::Text(text) | Value::Whole(text) => {
                text.parse().map(Some).map_err(|_| refused(Found::AnotherValue))
            }
            Value::Other(_) => Err(refused(Found::AnotherValue)),
            Value::Not(found) => Err(refused(found)),
        }
    }

    fn draw(&mut self) -> String {
        format!("{:016x}", self.random.u64(..))
    }
}

/// A line has one line: only the column says something.
fn not_json(error: serde_json::Error) -> Refusal {
    Refusal::NotJson(error.to_string().replace(" at line 1 column ", " at column "))
}
