//! The lines that cannot be sent: the first of them are shown where they stand, the others only counted.

use std::sync::Arc;

use pipectl_producer::feed::Entry;
use pipectl_producer::input::InputError;

use crate::output::Output;
use crate::output::lines::{Line, Problem};
use crate::output::style::{CHANGE, FAINT, paint};

/// So many are shown.
const SHOWN: u32 = 10;

/// So many characters of a line are shown.
const EXCERPT: usize = 80;

/// `entries` as they are; what is refused among them is told on the way.
pub(super) fn watched(
    entries: impl Iterator<Item = Result<Entry, InputError>> + Send + 'static,
    output: Arc<Output>,
) -> impl Iterator<Item = Result<Entry, InputError>> + Send + 'static {
    let mut seen = 0;
    entries.inspect(move |entry| {
        if let Ok(Entry::Refused { record, reason, place: Some(place) }) = entry {
            seen += 1;
            match seen {
                1..=SHOWN => {
                    let excerpt = excerpt(&record.data);
                    output.note(format!(
                        "{}: {reason}\n  {}",
                        paint(CHANGE, place),
                        paint(FAINT, format!("| {excerpt}"))
                    ));
                    output.event(&Line::Problem(Problem {
                        input: &place.input,
                        line: place.line,
                        reason: reason.to_string(),
                        excerpt: &excerpt,
                    }));
                }
                n if n == SHOWN + 1 => output.note("further lines that cannot be sent are only counted"),
                _ => {}
            }
        }
    })
}

/// How a line begins, without anything that a terminal would act on.
fn excerpt(data: &[u8]) -> String {
    // A character has four bytes at most.
    let head = String::from_utf8_lossy(&data[..data.len().min(4 * EXCERPT)]);
    let mut shown: String = head.chars().take(EXCERPT).flat_map(printable).collect();
    if head.chars().count() > EXCERPT || data.len() > 4 * EXCERPT {
        shown.push('…');
    }
    shown
}

fn printable(character: char) -> impl Iterator<Item = char> {
    let is_plain = !character.is_control();
    let escaped = (!is_plain).then(|| character.escape_default()).into_iter().flatten();
    is_plain.then_some(character).into_iter().chain(escaped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_short_and_harmless() {
        assert_eq!(excerpt(b"plain"), "plain");
        assert_eq!(excerpt("\u{1b}[2Jwiped\ttab\u{7f}".as_bytes()), "\\u{1b}[2Jwiped\\ttab\\u{7f}");
        assert_eq!(excerpt(b"\xff\xfe"), "\u{fffd}\u{fffd}");
        let long = "é".repeat(200);
        assert_eq!(excerpt(long.as_bytes()), format!("{}…", "é".repeat(EXCERPT)));
    }
}
