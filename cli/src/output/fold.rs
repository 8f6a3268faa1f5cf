//! Lines that are longer than the terminal, broken between words: a terminal breaks them within.

use std::borrow::Cow;
use std::fmt::Write as _;

use textwrap::{Options, WordSplitter};

/// What a broken line goes on with, beyond its own indentation.
const HANGING: &str = "  ";
/// Narrower terminals get what they would break themselves.
const NARROWEST: usize = 40;

/// The text with every line at most `width` columns wide, words apart that are longer themselves. Colours take no room.
pub(super) fn fold(text: &str, width: usize) -> Cow<'_, str> {
    let fits = |line: &str| textwrap::core::display_width(line) <= width;
    if width < NARROWEST || text.lines().all(fits) {
        return Cow::Borrowed(text);
    }
    let mut folded = String::with_capacity(text.len() + text.len() / 8);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            folded.push('\n');
        }
        if fits(line) {
            folded.push_str(line);
        } else {
            let indentation = &line[..line.len() - line.trim_start_matches(' ').len()];
            let hanging = indentation.to_owned() + HANGING;
            let options = Options::new(width)
                .subsequent_indent(&hanging)
                .break_words(false)
                .word_splitter(WordSplitter::NoHyphenation);
            let lines = textwrap::wrap(line, options);
            let _ = write!(folded, "{}", lines.join("\n"));
        }
    }
    Cow::Owned(folded)
}

/// The beginning of a line of progress, of at most `width` columns: where it has to be cut it ends in an ellipsis.
pub(super) fn cut(line: &str, width: usize) -> Cow<'_, str> {
    if textwrap::core::display_width(line) <= width {
        return Cow::Borrowed(line);
    }
    let mut taken = 0;
    let fits = |character: &char| {
        taken += textwrap::core::display_width(character.encode_utf8(&mut [0; 4]));
        taken < width
    };
    Cow::Owned(line.chars().take_while(fits).collect::<String>() + "…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_breaks_between_words_and_hangs_under_its_own_indentation() {
        let text = "short\n       ~ buffer.interval: 60 seconds of what there is before it is written out";
        insta::assert_snapshot!(fold(text, 48), @r"
        short
               ~ buffer.interval: 60 seconds of what
                 there is before it is written out
        ");
        assert!(matches!(fold("short", 48), Cow::Borrowed(_)));
    }

    #[test]
    fn an_address_is_never_broken_and_colours_take_no_room() {
        let address = format!("arn:aws:kinesis:eu-west-1:000000000000:stream/{}", "x".repeat(60));
        assert!(fold(&format!("see {address} there"), 60).lines().any(|line| line.trim() == address));
        let coloured = format!("\u{1b}[1m{}\u{1b}[0m", "x".repeat(40));
        assert_eq!(fold(&coloured, 40), coloured);
    }

    #[test]
    fn progress_is_cut_to_the_width() {
        assert_eq!(cut("1,200 records delivered", 40), "1,200 records delivered");
        assert_eq!(cut("1,200 records delivered", 10), "1,200 rec…");
    }
}
