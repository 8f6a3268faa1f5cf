//! The bounds on values: length, range, pattern, set, presence. Every one that is broken is told.

use serde_json::Value;

use super::{Input, Need, Shape};
use crate::http::validation::Violations;

/// Checks the members of a structure, which is at `path` ("" for the input itself).
pub(super) fn check_members(violations: &mut Violations, path: &str, structure: &Value, members: Input) {
    for member in members {
        let at = join(path, &lower_first(member.name));
        match structure.get(member.name) {
            Some(value) => check(violations, &at, value, member.shape),
            None if is_missing(member.need, structure) => violations.required::<()>(&at, None),
            None => {}
        }
    }
}

fn is_missing(need: Need, structure: &Value) -> bool {
    match need {
        Need::Optional => false,
        Need::Required => true,
        Need::RequiredWithout(other) => structure.get(other).is_none(),
    }
}

fn check(violations: &mut Violations, at: &str, value: &Value, shape: &Shape) {
    match (shape, value) {
        (Shape::Text { least, most, pattern }, Value::String(text)) => {
            if let Some(pattern) = pattern {
                violations.pattern(at, Some(text), pattern.text(), |text| pattern.matches(text));
            }
            violations.length(at, Some(text), *least, *most);
        }
        (Shape::OneOf(set), Value::String(text)) => violations.one_of(at, Some(text), set),
        (Shape::Integer { least, most }, value) => violations.range(at, value.as_i64(), *least, *most),
        (Shape::Blob { most }, Value::String(base64)) => blob(violations, at, base64, *most),
        (Shape::List { least, most, item, shown }, Value::Array(items)) => {
            let display = || list(items, *shown);
            size(violations, at, items.len(), (*least, *most), &display);
            each(violations, at, items.iter(), item, ("Member", &display));
            if let Shape::Structure(members) = item {
                for (index, item) in items.iter().enumerate() {
                    check_members(violations, &format!("{at}.{}.member", index + 1), item, members);
                }
            }
        }
        (Shape::Map { least, most, key, value }, Value::Object(entries)) => {
            let display = || {
                let shown: Vec<_> =
                    entries.iter().map(|(key, value)| format!("{key}={}", plain(value))).collect();
                format!("{{{}}}", shown.join(", "))
            };
            size(violations, at, entries.len(), (*least, *most), &display);
            let keys: Vec<_> = entries.keys().map(|key| Value::String(key.clone())).collect();
            each(violations, at, keys.iter(), key, ("Map keys", &display));
            each(violations, at, entries.values(), value, ("Map value", &display));
        }
        (Shape::Structure(members), structure) => check_members(violations, at, structure, members),
        _ => {}
    }
}

/// The size of a list or a map.
fn size(
    violations: &mut Violations,
    at: &str,
    count: usize,
    (least, most): (usize, usize),
    display: &dyn Fn() -> String,
) {
    if count < least {
        violations.add(at, display(), format!("Member must have length greater than or equal to {least}"));
    } else if count > most {
        violations.add(at, display(), format!("Member must have length less than or equal to {most}"));
    }
}

/// The texts in a list or a map: one violation for all of them, which shows the whole.
fn each<'a>(
    violations: &mut Violations,
    at: &str,
    mut items: impl Iterator<Item = &'a Value>,
    shape: &Shape,
    (who, display): (&str, &dyn Fn() -> String),
) {
    let constraint = match shape {
        Shape::Text { least, most, .. } => {
            let fits = |item: &Value| {
                let length = item.as_str().map_or(0, |text| text.chars().count());
                (*least..=*most).contains(&length)
            };
            if items.all(fits) {
                return;
            }
            format!(
                "Member must have length less than or equal to {most}, Member must have length greater than or equal \
                 to {least}"
            )
        }
        Shape::OneOf(set) => {
            if items.all(|item| item.as_str().is_some_and(|text| set.contains(&text))) {
                return;
            }
            format!("Member must satisfy enum value set: [{}]", set.join(", "))
        }
        _ => return,
    };
    violations.add(at, display(), format!("{who} must satisfy constraint: [{constraint}]"));
}

fn blob(violations: &mut Violations, at: &str, base64: &str, most: usize) {
    let padding = base64.bytes().rev().take_while(|byte| *byte == b'=').count();
    let length = (base64.len() / 4 * 3).saturating_sub(padding);
    if length > most {
        let shown = format!("java.nio.HeapByteBuffer[pos=0 lim={length} cap={length}]");
        violations.add(at, shown, format!("Member must have length less than or equal to {most}"));
    }
}

fn list(items: &[Value], shown: Option<&str>) -> String {
    let texts: Vec<_> = items.iter().map(|item| shown.map_or_else(|| plain(item), str::to_owned)).collect();
    format!("[{}]", texts.join(", "))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// `StreamName` is `streamName` in messages.
fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|letter| letter.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{may, must};
    use super::*;

    const TEXT: Shape = Shape::Text { least: 1, most: 3, pattern: None };
    const INPUT: Input = &[
        must("Name", &TEXT),
        may("Keys", &Shape::List { least: 1, most: 2, item: &TEXT, shown: None }),
        may("Tags", &Shape::Map { least: 1, most: 2, key: &TEXT, value: &TEXT }),
        may("Data", &Shape::Blob { most: 3 }),
        may(
            "Rows",
            &Shape::List {
                least: 1,
                most: 1,
                item: &Shape::Structure(&[must("Id", &TEXT)]),
                shown: Some("R@1"),
            },
        ),
    ];

    fn message(value: &Value) -> String {
        let mut violations = Violations::default();
        check_members(&mut violations, "", value, INPUT);
        violations.check().err().map(|error| error.message).unwrap_or_default()
    }

    #[test]
    fn lists_maps_and_blobs_are_shown_as_java_shows_them() {
        for (value, expected) in [
            (
                json!({"Name": "n", "Keys": []}),
                "Value '[]' at 'keys' failed to satisfy constraint: Member must have length greater than or equal to 1",
            ),
            (
                json!({"Name": "n", "Keys": ["a", ""]}),
                "Value '[a, ]' at 'keys' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 3, Member must have length greater than or equal to 1]",
            ),
            (
                json!({"Name": "n", "Tags": {"long": "v"}}),
                "Value '{long=v}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 3, Member must have length greater than or equal to 1]",
            ),
            (
                json!({"Name": "n", "Data": "AAAAAA=="}),
                "Value 'java.nio.HeapByteBuffer[pos=0 lim=4 cap=4]' at 'data' failed to satisfy constraint: Member must have length less than or equal to 3",
            ),
            (json!({}), "Value null at 'name' failed to satisfy constraint: Member must not be null"),
            (
                json!({"Name": "n", "Rows": [{}]}),
                "Value null at 'rows.1.member.id' failed to satisfy constraint: Member must not be null",
            ),
        ] {
            assert_eq!(message(&value), format!("1 validation error detected: {expected}"));
        }
        assert!(
            message(&json!({"Name": "n", "Rows": [{"Id": "1"}, {"Id": "2"}]}))
                .contains("'[R@1, R@1]' at 'rows'")
        );
    }

    #[test]
    fn what_keeps_its_bounds_is_fine() {
        let fine =
            json!({"Name": "n", "Keys": ["a"], "Tags": {"k": "v"}, "Data": "AAAA", "Rows": [{"Id": "1"}]});
        assert_eq!(message(&fine), "");
    }
}
