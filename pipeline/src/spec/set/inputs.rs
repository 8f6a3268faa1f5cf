//! What a pipeline file was filled in with: overlays and the values of variables, as plans and revisions keep them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::vars::{is_sealed, seal};

/// The overlays and variables that went into a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileInputs {
    /// The overlays, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlays: Vec<OverlayText>,
    /// The variables that were used, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, VariableInput>,
}

/// An overlay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OverlayText {
    /// The file, as it was named.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VariableInput {
    /// The value; of one that is sensitive or goes into a key a seal, by which the value is recognised and not read.
    pub value: String,
    /// Whether it is sensitive.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
    /// Where it came from, in words.
    pub from: String,
}

impl VariableInput {
    /// Whether the value is not to be read here.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.sensitive || is_sealed(&self.value)
    }

    /// Puts a seal in place of the value.
    pub(crate) fn close(&mut self, pipeline: &str, name: &str) {
        self.value = seal(pipeline, &format!("vars.{name}"), &self.value);
    }
}

impl FileInputs {
    /// Whether the file stands for itself.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.overlays.is_empty() && self.variables.is_empty()
    }

    /// The values of a pipeline's variables, as they are kept.
    pub(super) fn variables(
        pipeline: &str,
        values: BTreeMap<String, (String, bool, String)>,
    ) -> BTreeMap<String, VariableInput> {
        let kept = |(name, (value, sensitive, from)): (String, (String, bool, String))| {
            let value = if sensitive { seal(pipeline, &format!("vars.{name}"), &value) } else { value };
            (name, VariableInput { value, sensitive, from })
        };
        values.into_iter().map(kept).collect()
    }

    /// The variables whose values are not the same, or which only one of the two has.
    #[must_use]
    pub fn changed_variables(&self, other: &Self) -> Vec<String> {
        let names: std::collections::BTreeSet<&String> =
            self.variables.keys().chain(other.variables.keys()).collect();
        let value = |inputs: &Self, name: &String| inputs.variables.get(name).map(|it| it.value.clone());
        names.into_iter().filter(|name| value(self, name) != value(other, name)).cloned().collect()
    }

    /// The overlays whose texts are not the same, or which only one of the two has; all of them when they are the same
    /// ones in another order. What they are called does not count.
    #[must_use]
    pub fn changed_overlays(&self, other: &Self) -> Vec<String> {
        let texts = |inputs: &Self| inputs.overlays.iter().map(|it| it.text.clone()).collect::<Vec<_>>();
        if texts(self) == texts(other) {
            return Vec::new();
        }
        let lacks =
            |inputs: &Self, overlay: &OverlayText| !inputs.overlays.iter().any(|it| it.text == overlay.text);
        let gone = self.overlays.iter().filter(|overlay| lacks(other, overlay));
        let new = other.overlays.iter().filter(|overlay| lacks(self, overlay));
        let mut changed: Vec<String> = gone.chain(new).map(|overlay| overlay.file.clone()).collect();
        changed.sort();
        changed.dedup();
        if changed.is_empty() {
            // The same ones in another order.
            changed.extend(other.overlays.iter().map(|overlay| overlay.file.clone()));
        }
        changed
    }
}
