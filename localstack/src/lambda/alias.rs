//! Aliases: names for versions, which may share invocations out between two of them.

use std::collections::BTreeMap;

use uuid::Uuid;

/// A name for a version.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alias {
    /// `$LATEST` or a number.
    pub(super) version: String,
    pub(super) description: String,
    /// Which other version gets how much: one at most, from 0 to 1.
    pub(super) weights: BTreeMap<String, f64>,
    /// A new one for each change.
    pub(super) revision: Uuid,
    /// What the other version is owed of invocations so far.
    pub(super) owed: f64,
}

impl Alias {
    /// An alias of a version.
    pub(super) fn new(
        version: String,
        description: String,
        weights: BTreeMap<String, f64>,
        revision: Uuid,
    ) -> Self {
        Self { version, description, weights, revision, owed: 0.0 }
    }

    /// Whether invocations may go to a version.
    pub(super) fn names(&self, version: &str) -> bool {
        self.version == version || self.weights.contains_key(version)
    }

    /// The version of the next invocation. AWS draws lots; here the shares come out exactly, and the same calls give the
    /// same versions.
    pub(super) fn next(&mut self) -> &str {
        let Some((other, weight)) = self.weights.iter().next() else { return &self.version };
        self.owed += weight;
        if self.owed < 1.0 - f64::EPSILON {
            return &self.version;
        }
        self.owed -= 1.0;
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invocations_are_shared_out_by_weight() {
        let mut alias =
            Alias::new("1".into(), String::new(), BTreeMap::from([("2".into(), 0.25)]), Uuid::nil());
        let versions: Vec<String> = (0..8).map(|_| alias.next().to_owned()).collect();
        assert_eq!(versions, ["1", "1", "1", "2", "1", "1", "1", "2"]);
        let mut whole = Alias::new("$LATEST".into(), String::new(), BTreeMap::new(), Uuid::nil());
        assert_eq!(whole.next(), "$LATEST");
    }
}
