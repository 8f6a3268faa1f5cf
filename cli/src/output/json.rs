//! The shape of `--json`: one object a line, each with a `type`, the first of them the version line.

use pipectl_pipeline::spec::Mask;
use serde::Serialize;
use serde_json::{Map, Value};

/// The number of the event format; it grows when a field changes its meaning or goes away.
const FORMAT: u32 = 1;

/// The first line: which program, and which event format.
pub(crate) fn version_line() -> String {
    line("version", &serde_json::json!({ "pipectl": env!("CARGO_PKG_VERSION"), "format": FORMAT }))
}

/// `{"type": kind, …the event's own fields}`. An event that is not an object lands under `value`.
pub(crate) fn line(kind: &str, event: &impl Serialize) -> String {
    masked(kind, event, &Mask::default())
}

/// The same without what nobody may be shown.
pub(crate) fn masked(kind: &str, event: &impl Serialize, mask: &Mask) -> String {
    let mut object = Map::new();
    object.insert("type".to_owned(), Value::from(kind));
    let value = serde_json::to_value(event).map(|mut value| {
        mask.apply_json(&mut value);
        value
    });
    match value {
        Ok(Value::Object(fields)) => object.extend(fields.into_iter().filter(|(name, _)| name != "type")),
        Ok(value) => drop(object.insert("value".to_owned(), value)),
        Err(error) => drop(object.insert("unserialisable".to_owned(), Value::from(error.to_string()))),
    }
    Value::Object(object).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_that_starts_with_its_type() {
        let text = line("done", &serde_json::json!({ "type": "ignored", "text": "two\nlines" }));
        assert_eq!(text, r#"{"type":"done","text":"two\nlines"}"#);
        assert_eq!(line("names", &["a", "b"]), r#"{"type":"names","value":["a","b"]}"#);
    }

    #[test]
    fn the_version_line_names_program_and_format() {
        let value: Value = serde_json::from_str(&version_line()).unwrap();
        assert_eq!(value["type"], "version");
        assert_eq!(value["format"], FORMAT);
    }
}
