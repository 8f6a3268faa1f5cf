//! `*` stands for any number of characters, `\*` for a star and `\\` for a backslash.

/// A pattern with stars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wildcard {
    /// What stands between the stars; never empty.
    pieces: Vec<String>,
}

impl Wildcard {
    /// Reads a pattern; refuses two stars in a row and unknown escapes, as EventBridge does.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut pieces = vec![String::new()];
        let mut letters = text.chars();
        let mut star_before = false;
        while let Some(letter) = letters.next() {
            let is_star = letter == '*';
            if is_star && star_before {
                return None;
            }
            star_before = is_star;
            let literal = match letter {
                '*' => {
                    pieces.push(String::new());
                    continue;
                }
                '\\' => letters.next().filter(|next| matches!(next, '*' | '\\'))?,
                letter => letter,
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(literal);
            }
        }
        Some(Self { pieces })
    }

    /// Whether the whole text fits.
    pub(super) fn matches(&self, text: &str) -> bool {
        let (Some(first), Some(last)) = (self.pieces.first(), self.pieces.last()) else { return false };
        if self.pieces.len() == 1 {
            return text == first;
        }
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        // The earliest fit of each piece leaves the most room for those after it.
        for piece in &self.pieces[1..self.pieces.len() - 1] {
            let Some(at) = rest.find(piece.as_str()) else { return false };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, fits) in [
            ("", "", true),
            ("a", "ab", false),
            ("*", "", true),
            ("a*", "abc", true),
            ("*c", "abc", true),
            ("a*c", "ac", true),
            ("a*c", "abcd", false),
            ("*a*a*", "aa", true),
            ("*a*a*", "a", false),
            ("aba*ba", "aba", false),
            ("a*b*b", "ab", false),
            (r"a\*c", "a*c", true),
            (r"a\*c", "abc", false),
            (r"a\\c", r"a\c", true),
        ] {
            assert_eq!(Wildcard::parse(pattern).unwrap().matches(text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn doubled_stars_and_unknown_escapes_are_refused() {
        for pattern in ["**", "a**b", r"\a", r"a\"] {
            assert_eq!(Wildcard::parse(pattern), None, "{pattern}");
        }
    }
}
