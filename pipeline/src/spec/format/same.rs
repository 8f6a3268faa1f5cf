//! Whether two texts say the same: the same values, anchors and tags in the same order, and the same comments.

use serde_yaml::granit_parser::{Event, ScalarStyle};

use super::node;

/// Whether they do; a text that cannot be read says nothing.
pub(super) fn says_the_same(before: &str, after: &str) -> bool {
    match (Meaning::of(before), Meaning::of(after)) {
        (Some(before), Some(after)) => before == after,
        _ => false,
    }
}

#[derive(PartialEq)]
struct Meaning {
    values: Vec<Said>,
    comments: Vec<String>,
}

/// An event without how it was written.
#[derive(PartialEq)]
enum Said {
    Document,
    Scalar { text: String, plain: bool, anchor: usize, tag: Option<String> },
    Sequence { anchor: usize, tag: Option<String> },
    Mapping { anchor: usize, tag: Option<String> },
    End,
    Alias(usize),
    Unresolved(String),
}

impl Meaning {
    fn of(text: &str) -> Option<Self> {
        let mut meaning = Self { values: Vec::new(), comments: Vec::new() };
        for (event, _) in node::events(text).ok()? {
            meaning.take(event);
        }
        // Where the values around them move onto lines of their own, comments may pass each other.
        meaning.comments.sort_unstable();
        Some(meaning)
    }

    fn take(&mut self, event: Event<'_>) {
        let said = match event {
            Event::Comment(text, _) => {
                self.comments.push(text.trim_start_matches('#').trim().to_owned());
                return;
            }
            Event::DocumentStart(..) => Said::Document,
            Event::Scalar(text, style, anchor, tag) => Said::Scalar {
                text: text.into_owned(),
                plain: style == ScalarStyle::Plain,
                anchor,
                tag: tag.map(|tag| tag.original()),
            },
            Event::SequenceStart(_, anchor, tag) => {
                Said::Sequence { anchor, tag: tag.map(|tag| tag.original()) }
            }
            Event::MappingStart(_, anchor, tag) => {
                Said::Mapping { anchor, tag: tag.map(|tag| tag.original()) }
            }
            Event::SequenceEnd | Event::MappingEnd => Said::End,
            Event::Alias(anchor) => Said::Alias(anchor),
            Event::UnresolvedAlias(name) => Said::Unresolved(name.into_owned()),
            _ => return,
        };
        self.values.push(said);
    }
}
