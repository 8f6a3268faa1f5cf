//! The shape of `--json`: one object a line, each with a `type`, the first of them the version line.

use pipectl_pipeline::spec::Mask;
use serde_json::Value;

use super::lines::Line;

/// `{"type": kind, …the line's own fields}`.
pub(crate) fn text(line: &Line<'_>) -> String {
    serde_json::to_string(line).unwrap_or_else(|error| unserialisable(&error))
}

/// The same without what nobody may be shown.
pub(crate) fn masked(line: &Line<'_>, mask: &Mask) -> String {
    match serde_json::to_value(line) {
        Ok(mut value) => {
            // No secret stands in it, though one may read like it.
            let kind = value["type"].clone();
            mask.apply_json(&mut value);
            value["type"] = kind;
            value.to_string()
        }
        Err(error) => unserialisable(&error),
    }
}

fn unserialisable(error: &serde_json::Error) -> String {
    Value::from_iter([("type", "unserialisable".to_owned()), ("why", error.to_string())]).to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn an_event_is_one_line_that_starts_with_its_type() {
        let reset = Line::Reset { what: "two\nlines" };
        assert_eq!(text(&reset), r#"{"type":"reset","what":"two\nlines"}"#);
        assert_eq!(masked(&reset, &Mask::default()), text(&reset));
        assert_eq!(text(&Line::Wrote { file: Path::new("a/b") }), r#"{"type":"wrote","file":"a/b"}"#);
    }

    #[test]
    fn the_version_line_names_program_and_format() {
        let value: Value = serde_json::from_str(&text(&Line::version())).unwrap();
        assert_eq!(value["type"], "version");
        assert_eq!(value["format"], 1);
    }
}
