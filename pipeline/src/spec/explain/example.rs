//! A field in a file: the keys that lead there and a value that may stand there.

use serde_json::{Map, Value};

use super::view::View;

/// The lines that put an example there; none where the schema has none.
pub(super) fn in_a_file(steps: &[String], view: &View<'_>, schema: &Value) -> Option<String> {
    let value = of(view, schema, 0)?;
    let mut text = String::new();
    let mut indent = 0;
    for (index, step) in steps.iter().enumerate() {
        let key = if step == "<name>" { name_below(steps.get(index.wrapping_sub(1))) } else { step };
        text.push_str(&format!("{}{key}:", " ".repeat(indent)));
        indent += 2;
        if index + 1 < steps.len() {
            text.push('\n');
        }
    }
    match &value {
        Value::Object(entries) => {
            for (key, value) in entries {
                text.push_str(&format!("\n{}{key}: {}", " ".repeat(indent), flow(value)));
            }
        }
        value => text.push_str(&format!(" {}", flow(value))),
    }
    Some(text.trim_start_matches('\n').to_owned())
}

/// A name that would do, by what it names.
fn name_below(section: Option<&String>) -> &'static str {
    match section.map(String::as_str) {
        Some("streams") => "events",
        Some("transforms") => "parse",
        Some("functions") => "enrich",
        Some("deliveries") => "lake",
        Some("buckets") => "clickstream-lake",
        Some("tags") => "team",
        Some("environment") => "LOG_LEVEL",
        _ => "name",
    }
}

/// An example of a value: the schema's, the default, a word that may stand there, or of the fields that have one.
fn of(view: &View<'_>, schema: &Value, depth: usize) -> Option<Value> {
    if let Some(example) = view.examples.first().copied().or(view.default) {
        return Some(example.clone());
    }
    if let Some(choice) = view.choices.first() {
        return Some(Value::from(choice.value.as_str()));
    }
    if depth > 1 {
        return None;
    }
    let mut entries = Map::new();
    for (name, node) in view.properties.into_iter().flatten() {
        let field = View::of(schema, node);
        let wanted = view.required.contains(&name.as_str()) || !field.examples.is_empty();
        if let Some(value) = wanted.then(|| of(&field, schema, depth + 1)).flatten() {
            entries.insert(name.clone(), value);
        }
    }
    (!entries.is_empty()).then_some(Value::Object(entries))
}

/// A value on one line, as `fmt` writes it.
fn flow(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        Value::String(text) => super::super::edit::scalar(text),
        other => other.to_string(),
    }
}
