//! VRL that does not compile, shown at its own line in the YAML, whatever way it is written there.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{refused, with};

/// Line and column of the first finding of a transform whose `vrl` is written like this.
fn found_at(vrl: &str) -> (usize, usize) {
    let text = with(&format!("transforms:\n  parse:\n    vrl: {vrl}\n"));
    let report = refused(&text).report();
    let found = report.iter().find(|item| item.code.as_str() == "vrl-does-not-compile").unwrap();
    let line = text.lines().nth(found.line - 1).unwrap();
    let marked: String = line.chars().skip(found.column - 1).take(5).collect();
    assert_eq!(marked, "wrong", "{line}");
    (found.line, found.column)
}

#[test]
fn a_program_that_does_not_compile() {
    let text = with(
        "transforms:\n  parse:\n    vrl: |\n      # the host is hashed\n      .host = wrong(.host)\n\n      .b = wrong(.c)\n",
    );
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn every_way_to_write_a_program_leads_back_to_the_file() {
    assert_eq!(found_at("|\n      .a = 1\n\n      .b = wrong(1)"), (9, 12));
    assert_eq!(found_at("|-\n      .a = wrong(1)\n"), (7, 12));
    assert_eq!(found_at("|+ # comment: wrong\n        .a = wrong(1)\n\n"), (7, 14));
    assert_eq!(found_at("|2\n      .a = 1\n        .b = wrong(1)"), (8, 14));
    assert_eq!(found_at(">\n      .a = 1;\n      .b = wrong(1)\n"), (8, 12));
    assert_eq!(found_at("wrong(.a)"), (6, 10));
    assert_eq!(found_at(".a = 1;\n      wrong(.b)"), (7, 7));
    assert_eq!(found_at("'.it = ''s''; wrong(.a)'"), (6, 24));
    assert_eq!(found_at("\".a = \\\"x\\\"\\n.b = wrong(.a)\""), (6, 28));
    assert_eq!(found_at("\"\\u00e4\\x41\\U0001F600 = wrong(.a)\""), (6, 34));
    assert_eq!(found_at("|\n      .ä = \"ü\"; .b = wrong(.a)"), (7, 22));
}

#[test]
fn an_empty_program() {
    assert_snapshot!(refused(&with("transforms:\n  parse:\n    vrl: |\n\n")).to_string());
}

#[test]
fn a_transform_that_says_nothing_or_too_much() {
    let text = with("transforms:\n  a:\n  b: { vrl: ., package: a.zip }\n  c: { package: ./build/ }\n");
    assert_snapshot!(refused(&text).to_string());
}

proptest! {
    /// Whatever lines stand around it and however far they are indented, the error is at its own line.
    #[test]
    fn errors_in_literal_blocks_keep_their_line(
        before in proptest::collection::vec("( {0,4}[.a-z=\"#ä|>:'-]{1,12})?", 0..6),
        after in proptest::collection::vec("[.a-z= ]{0,12}", 0..3),
        indent in 5..12_usize,
    ) {
        let pad = " ".repeat(indent);
        let mut vrl = "|\n".to_owned();
        // The first line tells YAML the indentation, so it has none of its own.
        let lines = std::iter::once("x = 1".to_owned())
            .chain(before.iter().map(|line| line.replace("wrong", "")));
        let mut count = 0;
        for line in lines {
            vrl.push_str(&format!("{pad}{line}\n"));
            count += 1;
        }
        vrl.push_str(&format!("{pad}.y = wrong(1)\n"));
        for line in &after {
            vrl.push_str(&format!("{pad}{line}\n"));
        }
        prop_assert_eq!(found_at(&vrl), (7 + count, indent + 6));
    }
}
