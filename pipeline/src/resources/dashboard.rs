//! CloudWatch dashboards: one for each pipeline, that shows what runs through it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tags::TagMap;
use super::{Difference, Facts, Properties, Readiness};

/// What is wanted of a dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DashboardSpec {
    /// Its widgets, as CloudWatch takes them.
    pub body: Value,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DashboardState {
    /// Its widgets.
    pub body: Value,
}

/// One mutation of a dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DashboardChange {
    /// Sets its widgets, all of them.
    Put(Box<Value>),
}

impl Properties for DashboardSpec {
    type State = DashboardState;
    type Change = DashboardChange;

    fn created(&self) -> DashboardState {
        DashboardState { body: self.body.clone() }
    }

    fn compare(&self, state: &DashboardState, _tags: &TagMap) -> Difference<DashboardChange> {
        let mut difference = Difference::default();
        if state.body != self.body {
            let widgets =
                |body: &Value| format!("{} widgets", body["widgets"].as_array().map_or(0, Vec::len));
            let (there, wanted) = (widgets(&state.body), widgets(&self.body));
            // The same number of them says little; that they differ is what counts.
            let wanted = if there == wanted { format!("{wanted}, others") } else { wanted };
            difference.note("widgets", Some(there), Some(wanted), String::clone);
            difference.changes.push(DashboardChange::Put(Box::new(self.body.clone())));
        }
        difference
    }
}

impl Facts for DashboardState {
    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        vec![("widgets", self.body["widgets"].as_array().map_or(0, Vec::len).to_string())]
    }
}
