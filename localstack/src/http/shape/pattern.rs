//! The patterns of the API models: their text, which messages quote, and what they match.

/// A pattern. The whole text must match.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pattern {
    text: &'static str,
    matches: fn(&str) -> bool,
}

impl Pattern {
    /// A pattern by its text and by what it means.
    pub(crate) const fn new(text: &'static str, matches: fn(&str) -> bool) -> Self {
        Self { text, matches }
    }

    /// As messages quote it.
    pub(crate) fn text(&self) -> &'static str {
        self.text
    }

    /// Whether it matches all of this.
    pub(crate) fn matches(&self, text: &str) -> bool {
        (self.matches)(text)
    }
}
