//! The keys of a partitioned prefix out of the one jq object that Firehose keeps: `{customer:.customer.id,day:.day}`.

use std::collections::BTreeMap;

/// The keys with their expressions; `None` when it is no plain object of named expressions.
pub(super) fn keys(query: &str) -> Option<BTreeMap<String, String>> {
    let inside = query.trim().strip_prefix('{')?.strip_suffix('}')?;
    let mut keys = BTreeMap::new();
    for pair in split(inside)? {
        let (name, expression) = pair.split_once(':')?;
        let name = name.trim().trim_matches('"');
        let legal = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !legal || expression.trim().is_empty() {
            return None;
        }
        keys.insert(name.to_owned(), expression.trim().to_owned());
    }
    Some(keys)
}

/// Splits at the commas that are in no bracket and in no string; `None` when brackets or quotes do not match.
fn split(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    let (mut open, mut quoted, mut escaped) = (Vec::new(), false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' if open.pop() != Some(character) => return None,
            ',' if open.is_empty() => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (open.is_empty() && !quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_whatever_their_expressions_hold() {
        let read = keys(r#"{customer:.a.b,day:(.t|strftime("%Y,%m")),k: .x["a,b"]}"#).expect("keys");
        let pairs: Vec<_> = read.iter().map(|(name, query)| (name.as_str(), query.as_str())).collect();
        assert_eq!(pairs, [("customer", ".a.b"), ("day", "(.t|strftime(\"%Y,%m\"))"), ("k", ".x[\"a,b\"]")]);
        for none in [".customer", "{(.a):.b}", "{a}", "{a:.b", "{a:(.b}", "{a:}"] {
            assert_eq!(keys(none), None, "{none}");
        }
    }
}
