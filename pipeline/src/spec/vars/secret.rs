//! Sensitive values: where they may stand, how they are kept out of what is shown, and what is remembered of them.
//!
//! A sensitive value goes to AWS and nowhere else. Messages have `(sensitive)` in its place; saved plans and the ledger
//! have a seal: a hash by which a value is recognised and not read.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::super::path::{Path, Step};
use super::super::veil::SHOWN;
use crate::resources::names::hex;

/// A value of the file that holds a sensitive one.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Where it stands.
    pub path: Path,
    /// All of it, as AWS gets it.
    pub value: String,
}

impl Secret {
    /// Whether it is part of the entry at an address, such as `functions.load`.
    pub(crate) fn is_of(&self, address: &str) -> bool {
        let mut steps = self.path.steps().iter();
        let (Some(Step::Key(section)), Some(Step::Key(logical))) = (steps.next(), steps.next()) else {
            return false;
        };
        address.split_once('.') == Some((section.as_str(), logical.as_str()))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({})", self.path)
    }
}

/// Where a sensitive value may stand, in words.
pub(super) const PLACES: &str = "a sensitive value may stand in `environment` of functions and transforms, in `vrl` and in `access-key`; elsewhere use \
     a variable that is not sensitive";

/// Whether a sensitive value may stand here: only where neither AWS nor pipectl shows it in lists and names.
pub(super) fn may_stand(path: &Path) -> bool {
    let keys: Vec<&str> = path
        .steps()
        .iter()
        .map(|step| match step {
            Step::Key(key) => key.as_str(),
            Step::Index(_) => "",
        })
        .collect();
    matches!(
        keys[..],
        ["functions" | "transforms", _, "environment", _]
            | ["functions" | "transforms", _, "vrl"]
            | ["deliveries", _, "to", "http", "access-key"]
    )
}

/// Values that are masked in whatever is shown.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    /// Looked for everywhere; the longest first, so that a value that holds another is masked as a whole.
    long: Vec<String>,
    /// Masked where they are all of a field, or stand in quotes.
    short: Vec<String>,
}

impl Mask {
    /// The fewest characters of a value that is looked for in other text: shorter ones would be found everywhere.
    pub const FEWEST: usize = 4;

    /// A mask of these values, and of the lines of those that have several.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        let (mut long, mut short) = (Vec::new(), Vec::new());
        for value in values {
            let lines = value.lines().map(str::trim).filter(|line| line.chars().count() >= 2 * Self::FEWEST);
            long.extend(lines.map(str::to_owned));
            let quoted = Value::from(value.as_str()).to_string();
            long.push(quoted.trim_matches('"').to_owned());
            short.extend(Some(value.clone()).filter(|value| Self::is_short(value)));
            long.push(value);
        }
        long.retain(|value| value.chars().count() >= Self::FEWEST);
        long.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        long.dedup();
        short.sort();
        short.dedup();
        Self { long, short }
    }

    /// Whether a value is too short to be looked for in other text. Nothing at all is no secret.
    #[must_use]
    pub fn is_short(value: &str) -> bool {
        !value.is_empty() && value.chars().count() < Self::FEWEST
    }

    /// Whether there is anything to mask.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.long.is_empty() && self.short.is_empty()
    }

    /// The text without them; short ones go where they stand in quotes.
    #[must_use]
    pub fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = self.apply_long(text);
        for value in &self.short {
            for quote in ['"', '\'', '`'] {
                let quoted = format!("{quote}{value}{quote}");
                if text.contains(&quoted) {
                    text = Cow::Owned(text.replace(&quoted, &format!("{quote}{SHOWN}{quote}")));
                }
            }
        }
        text
    }

    /// The text without those that are looked for everywhere.
    #[must_use]
    pub fn apply_long<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for value in &self.long {
            if text.contains(value.as_str()) {
                text = Cow::Owned(text.replace(value.as_str(), SHOWN));
            }
        }
        text
    }

    /// The data without them: in every text, and where one is all of a text, however short it is.
    pub fn apply_json(&self, json: &mut Value) {
        if self.is_empty() {
            return;
        }
        each_text(json, &mut |text| match self.short.iter().any(|value| value == text) {
            true => Some(SHOWN.to_owned()),
            false => match self.apply(text) {
                Cow::Owned(masked) => Some(masked),
                Cow::Borrowed(_) => None,
            },
        });
    }
}

/// What a sealed value begins with.
const SEALED: &str = "sealed:1:";
/// How often the hash is taken: a guess at a value costs as much.
const ROUNDS: u32 = 20_000;

/// The seal of a value: a hash over it, over what it is part of and over where it stands, so that one value in two places
/// has two seals. It does not let the value be read; whoever can read a ledger can still try guesses, slowly.
#[must_use]
pub(crate) fn seal(owner: &str, place: &str, value: &str) -> String {
    let mut hash = Sha256::new();
    for part in [owner, place, value] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut digest = hash.finalize();
    for _ in 1..ROUNDS {
        let mut hash = Sha256::new();
        hash.update(digest);
        hash.update(value.as_bytes());
        digest = hash.finalize();
    }
    format!("{SEALED}{}", hex(&digest))
}

/// Whether a text is a seal and no value.
#[must_use]
pub(crate) fn is_sealed(text: &str) -> bool {
    text.strip_prefix(SEALED)
        .is_some_and(|hash| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Values with their seals, to put the ones in place of the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seals {
    by_value: BTreeMap<String, String>,
}

impl Seals {
    /// The seals of values that are part of the resource of this physical name.
    pub(crate) fn of<'a>(resource: &str, secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let pair = |it: &Secret| (it.value.clone(), seal(resource, &it.path.to_string(), &it.value));
        Self { by_value: secrets.into_iter().map(pair).collect() }
    }

    /// Puts seals in place of the values, wherever one is all of a text.
    pub(crate) fn close(&self, json: &mut Value) {
        if !self.by_value.is_empty() {
            each_text(json, &mut |text| self.by_value.get(text).cloned());
        }
    }

    /// Puts the values back in place of their seals. Seals of other values stay.
    pub(crate) fn open(&self, json: &mut Value) {
        if self.by_value.is_empty() {
            return;
        }
        let by_seal: BTreeMap<&str, &str> =
            self.by_value.iter().map(|(value, seal)| (seal.as_str(), value.as_str())).collect();
        each_text(json, &mut |text| by_seal.get(text).map(|value| (*value).to_owned()));
    }
}

/// Whether a seal is left in some data.
#[must_use]
pub(crate) fn has_seals(json: &Value) -> bool {
    match json {
        Value::String(text) => is_sealed(text),
        Value::Array(items) => items.iter().any(has_seals),
        Value::Object(fields) => fields.values().any(has_seals),
        _ => false,
    }
}

fn each_text(json: &mut Value, change: &mut impl FnMut(&str) -> Option<String>) {
    match json {
        Value::String(text) => {
            if let Some(changed) = change(text) {
                *text = changed;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, change)),
        Value::Object(fields) => fields.values_mut().for_each(|field| each_text(field, change)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_mask_finds_a_value_also_where_it_is_quoted_or_in_lines() {
        let mask = Mask::new([
            "hunter2!".to_owned(),
            "a \"b\" c".to_owned(),
            "abc".to_owned(),
            "-----BEGIN\nline-two-of-it".to_owned(),
        ]);
        assert_eq!(mask.apply("x hunter2! y abc"), "x (sensitive) y abc");
        assert_eq!(mask.apply(r#"{"v":"a \"b\" c"}"#), r#"{"v":"(sensitive)"}"#);
        assert_eq!(mask.apply("  line-two-of-it"), "  (sensitive)");
        assert!(matches!(mask.apply("nothing"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_short_value_is_masked_where_it_stands_alone() {
        let mask = Mask::new(["x7".to_owned(), "a".to_owned(), String::new()]);
        assert_eq!(
            mask.apply("an axis x7 of `x7`, 'a' and \"a\""),
            "an axis x7 of `(sensitive)`, '(sensitive)' and \"(sensitive)\""
        );
        let mut json = json!({ "a": "x7", "list": ["a", "ax", 7, "the value `a` is wrong"], "type": "plan" });
        mask.apply_json(&mut json);
        let masked = json!({ "a": "(sensitive)", "list": ["(sensitive)", "ax", 7, "the value `(sensitive)` is wrong"], "type": "plan" });
        assert_eq!(json, masked);
        assert!(!mask.is_empty() && Mask::new([String::new()]).is_empty());
    }

    fn secret(name: &str, value: &str) -> Secret {
        Secret { path: Path::of(["functions", "f", "environment", name]), value: value.to_owned() }
    }

    #[test]
    fn a_value_is_put_back_by_its_seal_and_no_other() {
        let seals = Seals::of("p-f", &[secret("A", "one"), secret("B", "two")]);
        let plain = json!({ "environment": { "A": "one", "B": "two", "C": "one and two" }, "n": 1 });
        let mut json = plain.clone();
        seals.close(&mut json);
        assert!(has_seals(&json) && !json.to_string().contains("\"one\""), "{json}");
        assert_eq!(json["environment"]["C"], "one and two");
        let mut opened = json.clone();
        seals.open(&mut opened);
        assert_eq!(opened, plain);
        Seals::of("p-f", &[secret("A", "uno")]).open(&mut json);
        assert!(has_seals(&json));
    }

    #[test]
    fn a_secret_does_not_tell_its_value() {
        assert_eq!(format!("{:?}", secret("A", "one")), "Secret(functions.f.environment.A)");
    }

    #[test]
    fn one_value_has_another_seal_in_every_place() {
        let place = "functions.f.environment.A";
        assert_eq!(seal("p", place, "one"), seal("p", place, "one"));
        assert_ne!(seal("p", place, "one"), seal("q", place, "one"));
        assert_ne!(seal("p", place, "one"), seal("p", "functions.f.environment.B", "one"));
        assert_ne!(seal("p", "ab", "c"), seal("p", "a", "bc"));
        assert!(is_sealed(&seal("p", place, "one")) && !is_sealed("sealed:1:x"));
    }
}
