//! What of a file is written down elsewhere: its text without the keys that stand in it.

use std::collections::HashSet;
use std::ops::Range;

use super::diagnostic::Place;
use super::{Document, FileInputs, Origin, Path};

/// What stands for a key.
const MASK: &str = "\"(masked)\"";

/// The shortest key that is looked for where it does not stand.
const SHORTEST: usize = 4;

impl Document {
    /// The text of the file for plans, ledgers and logs: what is secret in it is masked.
    #[must_use]
    pub fn recorded(&self) -> String {
        let keys = self.keys();
        let mut spans: Vec<_> = keys.iter().filter_map(|(logical, _)| self.own_span(logical)).collect();
        spans.sort_by_key(|span| span.start);
        spans.dedup();
        let mut text = self.source.to_string();
        for span in spans.into_iter().rev() {
            text.replace_range(span, MASK);
        }
        without(&keys, &text)
    }

    /// What else went into it, for the same.
    #[must_use]
    pub fn recorded_inputs(&self) -> FileInputs {
        let (keys, mut inputs) = (self.keys(), self.inputs.clone());
        for overlay in &mut inputs.overlays {
            overlay.text = without(&keys, &overlay.text);
        }
        let feeding = self.feeding();
        for (name, variable) in inputs.variables.iter_mut().filter(|(_, variable)| !variable.sensitive) {
            if feeding.contains(name) {
                variable.close(&self.pipeline.name, name);
            } else {
                variable.value = without(&keys, &variable.value);
            }
        }
        inputs
    }

    /// The keys that the file holds, with the deliveries that send them.
    fn keys(&self) -> Vec<(&str, &str)> {
        self.pipeline.literal_keys().collect()
    }

    /// The variables that keys are made from.
    fn feeding(&self) -> HashSet<String> {
        let paths = self.pipeline.literal_keys().map(|(logical, _)| access_key(logical));
        paths.flat_map(|path| self.positions.variables_at(&path)).collect()
    }

    /// Where the key of a delivery stands in the file's own text; nothing where it is made from variables, or stands in an
    /// overlay.
    fn own_span(&self, logical: &str) -> Option<Range<usize>> {
        let path = access_key(logical);
        if self.origin(&path) != Origin::Text {
            return None;
        }
        let span = self.positions.span(&Place::Value(path))?;
        let before = self.sources.bytes(self.file).start + self.within.start;
        let span = span.start.checked_sub(before)?..span.end.checked_sub(before)?;
        self.source.get(span.clone()).map(|_| span)
    }
}

fn access_key(logical: &str) -> Path {
    Path::of(["deliveries", logical, "to", "http", "access-key"])
}

/// The text without the keys, where one stands elsewhere too: behind an anchor, or in a comment. What is shorter is no
/// secret, and in every word.
fn without(keys: &[(&str, &str)], text: &str) -> String {
    let long = keys.iter().filter(|(_, key)| key.len() >= SHORTEST);
    long.fold(text.to_owned(), |text, (_, key)| text.replace(key, "(masked)"))
}
