//! The machine form, and colour.

use super::super::{Code, Style};
use super::{refused, stream, with};

#[test]
fn the_machine_form_has_everything_looked_up() {
    let found = refused(&with("streams:\n  events: { retension: 24h }\n"));
    assert_eq!(
        serde_json::to_value(found.report()).unwrap(),
        serde_json::json!([{
            "file": "pipeline.yaml",
            "line": 5,
            "column": 13,
            "end": { "line": 5, "column": 22 },
            "severity": "error",
            "code": "unknown-field",
            "path": "streams.events.retension",
            "message": "a stream has no field `retension`",
            "help": "did you mean `retention`?",
        }])
    );
}

#[test]
fn columns_count_characters() {
    let found = refused(&with("tags: { \"ü\": x, \"aws:a\": b }\nstreams:\n  a:\n"));
    assert_eq!((found.report()[0].line, found.report()[0].column), (4, 17));
}

#[test]
fn colour_is_the_callers_choice() {
    let found = refused(&stream("x: 1"));
    assert!(!found.to_string().contains('\u{1b}'));
    let coloured = found.render(Style { colour: true, unicode: true, width: 80 });
    assert!(coloured.contains("\u{1b}[") && coloured.contains('╭'));
}

#[test]
fn codes_are_distinct_and_written_with_hyphens() {
    let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert!(
        names
            .iter()
            .all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
    );
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Code::ALL.len());
}
