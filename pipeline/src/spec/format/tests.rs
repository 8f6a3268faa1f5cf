//! The layout, and that nothing but the layout changes.

use std::path::Path;

use proptest::prelude::*;

use super::super::{TakeEveryTransform, parse};
use super::{FormatError, format, same};
use crate::templates;

fn laid_out(text: &str) -> String {
    let text = format(Path::new("pipeline.yaml"), text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    let again = format(Path::new("pipeline.yaml"), text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again, text, "a second time changes something");
    text
}

fn refused(text: &str) -> String {
    match format(Path::new("pipeline.yaml"), text.as_bytes()) {
        Err(FormatError::Refused(found)) => found.to_string(),
        other => panic!("{other:?}"),
    }
}

const UNTIDY: &str = "\
# The clicks of the shop.
apiVersion:   pipectl/v1
kind: Pipeline

#owned by growth


name: 'clicks'      #its name
tags: {team: growth,   why: \"it's\"}
streams:

    # clicks come here
    events:   # the busy one
        shards: 2    # a first guess
        retention:  48h # two days
        autoscale: { min: 1,
                     max: 64, # as many as the quota
                     target: 70% }
        # encryption: alias/aws/kinesis
    # another one some day
    orders:
transforms:
  parse:
    vrl: |   # VRL

      .a = 1
        .b = 2   
      # no comment of YAML

deliveries:
  lake: {from: events, transform: parse, to: {s3: {bucket: lake, prefix: \"a/very/long/prefix/for/this/bucket/\"}}}
functions:
    enrich:
        package: ./enrich.zip
        filters:
        - data: {kind: [order]}
        # the second
        -   data:
              kind: [ refund,
                      return ]
# the end
";

#[test]
fn an_untidy_file_becomes_tidy() {
    insta::assert_snapshot!(laid_out(UNTIDY));
}

#[test]
fn every_template_is_laid_out() {
    for template in templates::ALL {
        assert_eq!(laid_out(template.files[0].1), template.files[0].1, "{}", template.name);
    }
}

#[test]
fn comments_stay_with_what_they_were_indented_with() {
    let tidy = "\
a:
  b: 1
  # about b, or c that is out
  # c: 2

# about d
d: # opens
  # first
  - x # x
  # last

# end
";
    assert_eq!(laid_out(tidy), tidy.replace("d: #", "d:  #").replace("x # x", "x  # x"));
    assert_eq!(laid_out("d:\n- x\n# about e\ne: 1\n"), "d:\n  - x\n\n# about e\ne: 1\n");
}

#[test]
fn block_scalars_are_moved_as_a_whole() {
    let moved = laid_out(
        "a:\n      b: |2-\n           two\n          one\n\n\n      c: >+\n        folded\n         more\n\n\n      d: 1\n",
    );
    assert_eq!(moved, "a:\n  b: |2-\n       two\n      one\n\n  c: >+\n    folded\n     more\n\n\n  d: 1\n");
}

#[test]
fn quotes_are_double_where_nothing_has_to_be_escaped_for_it() {
    assert_eq!(
        laid_out("a: 'it''s'\nb: '\"x\"'\nc: '\\d'\nd: \"\\t\"\ne: 'yes'\n"),
        "a: \"it's\"\nb: '\"x\"'\nc: '\\d'\nd: \"\\t\"\ne: \"yes\"\n"
    );
}

#[test]
fn anchors_aliases_and_tags_stay() {
    let text = "a: &x\n  b: !!str 1\nc: *x\nd: &y [1, 2]\ne: { <<: *x }\n";
    assert_eq!(laid_out(text), text.replace("c: *x", "\nc: *x"));
}

#[test]
fn line_breaks_of_windows_stay() {
    assert_eq!(
        laid_out("a:   1\r\n\r\n\r\nb: |\r\n    x\r\n    y\r\n"),
        "a: 1\r\n\r\nb: |\r\n  x\r\n  y\r\n"
    );
}

#[test]
fn a_last_line_without_its_break_gets_it() {
    assert_eq!(laid_out("vrl: |\n  .a = 1"), "vrl: |\n  .a = 1\n");
}

#[test]
fn several_documents_stay_apart() {
    assert_eq!(laid_out("---\na:  1\n---\n# second\nb:   2\n"), "---\na: 1\n\n---\n# second\nb: 2\n");
}

#[test]
fn what_is_no_yaml_is_shown_where_it_breaks() {
    assert!(refused("a: 1\nb: [1\n").contains("pipeline.yaml:2:"), "{}", refused("a: 1\nb: [1\n"));
    assert!(refused("a:\n\tb: 1\n").contains("tab"));
    assert!(refused("a: 1\na: 2\n").contains("twice"));
    assert!(refused("? [a]\n: 1\n").contains("key"));
    assert!(refused("%YAML 1.2\n---\na: 1\n").contains("directives"));
}

/// Ways to write the same file: what may differ between two texts that mean the same.
fn untidy(text: &str, choices: &[u8]) -> String {
    let mut choices = choices.iter().copied().cycle();
    let mut in_program = false;
    let mut written = String::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        in_program = in_program && (line.trim().is_empty() || indent > 4);
        let choice = choices.next().unwrap_or(0);
        match (in_program, choice % 8) {
            (true, _) => written.push_str(line),
            (false, 1) if !line.trim().is_empty() => {
                written.push_str(&format!("{}# {choice}\n{line}", " ".repeat(usize::from(choice / 16))));
            }
            (false, 2) => written.push_str(&format!("\n\n\n{line}")),
            (false, 3) => written.push_str(&format!("{line}  \t ")),
            (false, 4) if !line.contains('#') && !line.trim().is_empty() => {
                written.push_str(&format!("{line} #{choice}"));
            }
            (false, 5) => written.push_str(&line.replacen(": ", ":    ", 1)),
            (false, 6) => written.push_str(&line.replace("{ ", "{").replace(" }", "}")),
            (false, _) => written.push_str(line),
        }
        written.push('\n');
        in_program = in_program || line.trim_end().ends_with("vrl: |");
    }
    written
}

proptest! {
    /// However a file is written: laid out, it is the same pipeline, and laid out again it does not change.
    #[test]
    fn a_file_that_is_laid_out_is_the_same_pipeline(
        which in 0..templates::ALL.len(),
        choices in proptest::collection::vec(any::<u8>(), 1..40),
    ) {
        let path = Path::new("pipeline.yaml");
        let text = untidy(templates::ALL[which].files[0].1, &choices);
        let before = parse(path, text.as_bytes(), &TakeEveryTransform).expect("still a pipeline").pipeline;
        let tidy = laid_out(&text);
        let after = parse(path, tidy.as_bytes(), &TakeEveryTransform).expect("still a pipeline").pipeline;
        prop_assert_eq!(before, after);
        prop_assert!(same::says_the_same(&text, &tidy));
    }

    /// Any YAML at all: what is laid out says the same, and nothing is thrown away at the end for a flaw.
    #[test]
    fn any_yaml_is_laid_out_or_refused(
        text in "(a: |b:\n|- |c: 1| |  |\n|\n  |\n    |# x| # y|\\{ | \\}|\\[|\\]|, |\\||>|\\|2-\n|'q''s'|\"e\"|&a |\\*a|key: |text more|~|---\n|\\? |é){0,30}",
    ) {
        match format(Path::new("pipeline.yaml"), text.as_bytes()) {
            Ok(tidy) => {
                prop_assert!(same::says_the_same(&text, &tidy));
                prop_assert_eq!(laid_out(&tidy), tidy);
            }
            Err(FormatError::Refused(_)) => {}
            Err(flaw) => prop_assert!(false, "{flaw}:\n{text}"),
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = format(Path::new("pipeline.yaml"), &bytes);
    }
}
