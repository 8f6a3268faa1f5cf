//! Date patterns of `!{timestamp:…}`: Java's DateTimeFormatter, as far as it can be right or wrong.
//!
//! The letters and how often each may stand in a row are from the class's documentation; the warnings are
//! for patterns that Java takes and people do not mean.

use std::ops::Range;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::fields::{Found, Given};

/// Pattern letters and the longest run of each.
const LETTERS: &[(&str, usize)] = &[
    ("yuY", 19),
    ("G", 5),
    ("ML", 5),
    ("Qq", 5),
    ("Eec", 5),
    ("w", 2),
    ("W", 1),
    ("F", 1),
    ("a", 1),
    ("D", 3),
    ("dhHkKms", 2),
    ("S", 9),
    ("AnN", 19),
    ("Xx", 5),
    ("Z", 5),
    ("z", 4),
    ("O", 4),
    ("V", 2),
    ("g", 19),
    ("B", 5),
];

/// Checks a pattern that starts at `offset` bytes of a scalar.
pub(crate) fn check(pattern: &str, offset: usize, given: &Given<'_>, found: &mut Found) {
    let place =
        |bytes: Range<usize>| Place::Within(given.path.clone(), offset + bytes.start..offset + bytes.end);
    match runs(pattern) {
        Err((bytes, message)) => found
            .push(Diagnostic::error(Code::InvalidPrefix, place(bytes), message).help(
            "text between single quotes stays as it is; `yyyy`, `MM`, `dd`, `HH` are year, month, day, hour",
        )),
        Ok(runs) => {
            for (bytes, says, write) in misleading(pattern, &runs) {
                found.push(
                    Diagnostic::warning(Code::MisleadingDate, place(bytes), says)
                        .help(format!("write `{write}`")),
                );
            }
        }
    }
}

/// The runs of pattern letters outside quotes.
fn runs(pattern: &str) -> Result<Vec<Range<usize>>, (Range<usize>, String)> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut quote = None;
    for (at, character) in pattern.char_indices() {
        let here = at..at + character.len_utf8();
        match (character, quote) {
            ('\'', None) => quote = Some(at),
            ('\'', Some(_)) => quote = None,
            (_, Some(_)) => {}
            ('{' | '#', None) => {
                return Err((here, format!("`{character}` is reserved in date patterns")));
            }
            (letter, None) if letter.is_ascii_alphabetic() => match runs.last_mut() {
                Some(run) if run.end == at && pattern[run.clone()].ends_with(letter) => {
                    run.end = here.end;
                }
                _ => runs.push(here),
            },
            _ => {}
        }
    }
    if let Some(open) = quote {
        return Err((open..pattern.len(), "the quote is never closed".to_owned()));
    }
    for run in &runs {
        let text = &pattern[run.clone()];
        let Some((_, most)) = LETTERS.iter().find(|(letters, _)| text.starts_with(|c| letters.contains(c)))
        else {
            return Err((run.clone(), format!("date patterns have no letter `{}`", &text[..1])));
        };
        if text.len() > *most {
            return Err((run.clone(), format!("`{text}` is too long: {most} is the most of this letter")));
        }
    }
    Ok(runs)
}

/// Runs that mean something else than they seem to.
fn misleading(pattern: &str, runs: &[Range<usize>]) -> Vec<(Range<usize>, &'static str, &'static str)> {
    let has =
        |letters: &str| runs.iter().any(|run| pattern[run.clone()].starts_with(|c| letters.contains(c)));
    let date = has("yuY") && has("dD") && !has("ML");
    runs.iter()
        .filter_map(|run| {
            let (says, write) = match &pattern[run.clone()] {
                "YYYY" if !has("w") => ("`YYYY` is the year of the week, wrong around New Year", "yyyy"),
                "DD" => ("`DD` is the day of the year, not of the month", "dd"),
                "mm" if date && !has("hHkK") => ("`mm` is minutes, not the month", "MM"),
                "hh" if !has("a") => ("`hh` counts to twelve, so morning and evening fall together", "HH"),
                _ => return None,
            };
            Some((run.clone(), says, write))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warnings(pattern: &str) -> Vec<&'static str> {
        let runs = runs(pattern).unwrap();
        misleading(pattern, &runs).into_iter().map(|(_, _, write)| write).collect()
    }

    #[test]
    fn patterns_that_java_takes_pass() {
        for pattern in ["yyyy/MM/dd/HH", "yyyy-MM-dd'T'HH", "'year='yyyy", "EEE, d MMM uuuu", "HH:mm:ss.SSS"]
        {
            assert!(runs(pattern).is_ok(), "{pattern}");
            assert_eq!(warnings(pattern), Vec::<&str>::new(), "{pattern}");
        }
    }

    #[test]
    fn patterns_that_java_refuses_do_not() {
        for pattern in ["year=yyyy", "yyyy'", "ddd", "{yyyy", "HHH", "yyyy-bb"] {
            assert!(runs(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn dates_that_mislead_are_noticed() {
        assert_eq!(warnings("YYYY/MM/DD"), ["yyyy", "dd"]);
        assert_eq!(warnings("yyyy-mm-dd"), ["MM"]);
        assert_eq!(warnings("yyyy/MM/dd/hh"), ["HH"]);
        assert_eq!(warnings("YYYY-'W'ww"), Vec::<&str>::new());
    }
}
