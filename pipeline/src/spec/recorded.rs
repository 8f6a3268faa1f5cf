//! What of a file is written down elsewhere: its text without the keys that stand in it.

use super::diagnostic::Place;
use super::model::{AccessKey, Destination};
use super::{Document, Path};

/// What stands for a key.
const MASK: &str = "\"(masked)\"";

/// The shortest key that is looked for where it does not stand.
const SHORTEST: usize = 4;

impl Document {
    /// The text of the file for plans, ledgers and logs: what is secret in it is masked.
    #[must_use]
    pub fn recorded(&self) -> String {
        let keys = self.pipeline.deliveries.iter().filter_map(|(logical, delivery)| match &delivery.to {
            Destination::Http(http) => match &http.key {
                AccessKey::Literal(key) => Some((logical, key)),
                AccessKey::None | AccessKey::Secret(_) => None,
            },
            Destination::S3(_) => None,
        });
        let keys: Vec<_> = keys.collect();
        let mut spans: Vec<_> = keys
            .iter()
            .map(|(logical, _)| Path::of(["deliveries", logical.as_str(), "to", "http", "access-key"]))
            .filter_map(|path| self.positions.span(&Place::Value(path)))
            .filter(|span| self.source.get(span.clone()).is_some())
            .collect();
        spans.sort_by_key(|span| span.start);
        spans.dedup();
        let mut text = self.source.to_string();
        for span in spans.into_iter().rev() {
            text.replace_range(span, MASK);
        }
        // One that stands elsewhere too: behind an anchor, or in a comment. What is shorter is no secret, and in every word.
        for (_, key) in keys.iter().filter(|(_, key)| key.reveal().len() >= SHORTEST) {
            text = text.replace(key.reveal(), "(masked)");
        }
        text
    }
}
