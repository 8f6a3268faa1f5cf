//! Which records `tail` shows.

use pipectl_producer::read::ReadRecord;
use regex::bytes::Regex;
use serde_json::Value;

/// What a record has to be like.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// All of these hold of it.
    pub(super) tests: Vec<Test>,
    /// It has one of these partition keys; any where there are none.
    pub(super) keys: Vec<String>,
}

/// One `--filter`.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// Its bytes match; text stands here as the pattern of itself.
    Matches(Regex),
    /// It is JSON, and this is there.
    Field {
        /// Names, and numbers in lists, from the outside in.
        path: Vec<String>,
        /// What is there: text, or anything else as JSON writes it.
        value: String,
    },
}

/// Reads the value of `--filter`.
pub(super) fn test(text: &str) -> Result<Test, String> {
    if let Some(pattern) = text.strip_prefix("re:") {
        return Regex::new(pattern).map(Test::Matches).map_err(|error| error.to_string());
    }
    match text.strip_prefix('.').and_then(|rest| rest.split_once('=')) {
        Some((path, _)) if path.split('.').any(str::is_empty) => {
            Err("write .name=value, .names.by.dots=value or .list.0=value".to_owned())
        }
        Some((path, value)) => {
            Ok(Test::Field { path: path.split('.').map(str::to_owned).collect(), value: value.to_owned() })
        }
        None => Regex::new(&regex::escape(text)).map(Test::Matches).map_err(|error| error.to_string()),
    }
}

impl Filter {
    /// Whether a record is one that a test of a field can never take: it is no JSON.
    pub(super) fn is_lost_on(&self, data: &[u8]) -> bool {
        self.tests.iter().any(|test| matches!(test, Test::Field { .. }))
            && serde_json::from_slice::<serde::de::IgnoredAny>(data).is_err()
    }

    /// Whether a record is to be shown.
    pub(super) fn takes(&self, read: &ReadRecord) -> bool {
        let has_key = self.keys.is_empty()
            || read.record.partition_key.as_ref().is_some_and(|key| self.keys.contains(key));
        has_key && self.tests.iter().all(|test| test.holds(&read.record.data))
    }
}

impl Test {
    fn holds(&self, data: &[u8]) -> bool {
        match self {
            Test::Matches(pattern) => pattern.is_match(data),
            Test::Field { path, value } => {
                let Ok(json) = serde_json::from_slice::<Value>(data) else { return false };
                let found = path.iter().try_fold(&json, |json, step| match json {
                    Value::Array(list) => list.get(step.parse::<usize>().ok()?),
                    other => other.get(step),
                });
                found.is_some_and(|found| is(found, value))
            }
        }
    }
}

/// Whether a value is what was typed: a text as it is, anything else as JSON.
fn is(found: &Value, typed: &str) -> bool {
    match found {
        Value::String(text) => text == typed,
        other => serde_json::from_str::<Value>(typed).is_ok_and(|typed| *other == typed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(expression: &str, data: &str) -> bool {
        test(expression).expect("it is well formed").holds(data.as_bytes())
    }

    #[test]
    fn text_is_found_as_it_stands_and_a_pattern_as_a_pattern() {
        assert!(holds("GET /cart?x=1", "10.0.0.1 \"GET /cart?x=1\" 200"));
        assert!(!holds("GET /c.rt", "GET /cart"));
        assert!(holds("re:GET /c.rt", "GET /cart"));
        assert!(holds("re:^\\d+$", "123"));
        assert!(holds("=", "a=b"));
        assert!(test("re:(").is_err_and(|said| said.contains("unclosed group")));
    }

    #[test]
    fn bytes_that_are_no_text_are_searched_too() {
        assert!(test("abc").unwrap().holds(b"\xff\xfeabc\xff"));
    }

    #[test]
    fn a_field_is_found_by_its_path_and_compared_as_what_it_is() {
        let json =
            r#"{"status":500,"user":{"name":"ann","vip":true,"id":null},"items":[{"sku":"7"}],"ratio":1.5}"#;
        for expression in [
            ".status=500",
            ".user.name=ann",
            ".user.vip=true",
            ".user.id=null",
            ".items.0.sku=7",
            ".ratio=1.50",
        ] {
            assert!(holds(expression, json), "{expression}");
        }
        for expression in
            [".status=50", ".status=\"500\"", ".user=ann", ".items.1.sku=7", ".items.x=7", ".no=1"]
        {
            assert!(!holds(expression, json), "{expression}");
        }
        assert!(!holds(".status=500", "no JSON, but .status=500 stands in it"));
        assert!(holds(".name=a=b", r#"{"name":"a=b"}"#));
        assert!(test(".=x").is_err());
        assert!(test(".a..b=x").is_err());
    }
}
