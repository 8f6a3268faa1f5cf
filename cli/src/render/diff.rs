//! Two texts as a unified diff, coloured.

use crate::output::style::{BAD, FAINT, GOOD, STRONG, paint};

/// What changes from one text of a file to the other.
pub(crate) fn unified(file: &str, before: &str, after: &str) -> String {
    let lines = similar::TextDiff::from_lines(before, after);
    let diff = lines.unified_diff().context_radius(3).header(file, file).to_string();
    let lines: Vec<String> = diff.lines().map(painted).collect();
    lines.join("\n")
}

fn painted(line: &str) -> String {
    match line.as_bytes() {
        [b'-', b'-', b'-', ..] | [b'+', b'+', b'+', ..] => paint(STRONG, line),
        [b'-', ..] => paint(BAD, line),
        [b'+', ..] => paint(GOOD, line),
        [b'@', ..] => paint(FAINT, line),
        _ => line.to_owned(),
    }
}
