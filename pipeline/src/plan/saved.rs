//! A plan in a file: bound to the pipeline file it was made from with its overlays and variables, to the ledger's
//! revision, and to what was observed.
//!
//! What was observed is bound by planning again before a saved plan is carried out. A difference that changes
//! nothing in the plan (the shard count under an autoscaler, traffic, another's tag) is none; every other one
//! is, and is named.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{BucketData, Plan, Selection, Step};
use crate::resources::names::hex;
use crate::spec::vars::Seals;

/// The version of the file's format.
const FORMAT: u32 = 1;

/// A plan and what it is bound to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedPlan {
    /// The version of this format; first in the file, so that it is told before all else.
    #[serde(rename = "pipectl-plan")]
    pub format: u32,
    /// The version of the program that made it.
    pub made_by: String,
    /// When.
    pub made: Timestamp,
    /// SHA-256 of the pipeline file's text.
    pub file_sha256: String,
    /// What becomes of buckets that have to go.
    pub bucket_data: BucketData,
    /// Whether the consumers that others registered go with their stream.
    #[serde(default)]
    pub delete_consumers: bool,
    /// What was picked out.
    pub selection: Selection,
    /// SHA-256 of the plan below as compact JSON: a plan that was cut off or edited is refused.
    pub plan_sha256: String,
    /// The plan.
    pub plan: Plan,
}

/// Why a file is no plan that can be carried out.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// It is no plan at all.
    #[error("it is not a plan of pipectl: {0}")]
    NotAPlan(String),
    /// It was made by a newer program.
    #[error("it has format {0}, which this pipectl does not know")]
    Newer(u64),
    /// Its content is not what was written.
    #[error("its content is not what `plan -o` wrote: it was cut off or edited")]
    Damaged,
}

impl SavedPlanError {
    /// The way out.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            SavedPlanError::NotAPlan(_) => {
                "`pipectl plan -o FILE` writes one; the pipeline file goes with -f"
            }
            SavedPlanError::Newer(_) => "use the pipectl that made it, or plan again",
            SavedPlanError::Damaged => "plan again",
        }
    }
}

impl SavedPlan {
    /// A plan to be saved.
    #[must_use]
    pub fn new(
        plan: Plan,
        bucket_data: BucketData,
        delete_consumers: bool,
        selection: Selection,
        now: Timestamp,
    ) -> Self {
        Self {
            format: FORMAT,
            made_by: env!("CARGO_PKG_VERSION").to_owned(),
            made: now,
            file_sha256: digest(plan.source.as_bytes()),
            bucket_data,
            delete_consumers,
            selection,
            plan_sha256: of_plan(&plan),
            plan,
        }
    }

    /// Its bytes, to be written to a file. Sensitive values are sealed in them; the rest of the environment of functions
    /// is not, so that nobody else should be able to read them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(&self.to_json()).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    pub(super) fn to_json(&self) -> Value {
        // Plain data with text keys always has a JSON form.
        let mut json = serde_json::to_value(self).unwrap_or_default();
        json["plan"] = sealed(&self.plan);
        json
    }

    /// The plan with its sensitive values, taken from the same plan made anew. Those that are not the same now stay
    /// sealed.
    #[must_use]
    pub fn opened(&self, now: &Plan) -> Plan {
        let mut plan = self.plan.clone();
        for step in &mut plan.steps {
            let same = now.steps.iter().find(|is| is.kind == step.kind && is.name == step.name);
            let Some(desired) = same.and_then(|is| is.desired.as_ref()) else { continue };
            if desired.secrets.is_empty() {
                continue;
            }
            let mut json = serde_json::to_value(&*step).unwrap_or_default();
            Seals::of(&desired.name, &desired.secrets).open(&mut json);
            let Ok(opened) = serde_json::from_value::<Step>(json) else { continue };
            *step = opened;
            if let Some(wanted) = &mut step.desired {
                wanted.secrets.clone_from(&desired.secrets);
            }
        }
        plan
    }

    /// Reads what [`SavedPlan::to_bytes`] wrote.
    ///
    /// # Errors
    /// It is something else, of a newer format, or was changed since.
    pub fn read(bytes: &[u8]) -> Result<Self, SavedPlanError> {
        Self::of_json(serde_json::from_slice(bytes).map_err(not)?)
    }

    pub(super) fn of_json(value: Value) -> Result<Self, SavedPlanError> {
        match value.get("pipectl-plan").and_then(Value::as_u64) {
            None => return Err(SavedPlanError::NotAPlan("it does not begin with a format".to_owned())),
            Some(format) if format > u64::from(FORMAT) => return Err(SavedPlanError::Newer(format)),
            Some(_) => {}
        }
        let saved: Self = serde_json::from_value(value).map_err(not)?;
        if of_plan(&saved.plan) == saved.plan_sha256 { Ok(saved) } else { Err(SavedPlanError::Damaged) }
    }

    /// Whether the pipeline file still says what the plan was made from.
    #[must_use]
    pub fn is_of_file(&self, source: &str) -> bool {
        self.file_sha256 == digest(source.as_bytes())
    }
}

pub(super) fn not(error: serde_json::Error) -> SavedPlanError {
    SavedPlanError::NotAPlan(error.to_string())
}

fn of_plan(plan: &Plan) -> String {
    digest(&serde_json::to_vec(&sealed(plan)).unwrap_or_default())
}

/// A plan as JSON, with seals in place of sensitive values.
fn sealed(plan: &Plan) -> Value {
    let mut json = serde_json::to_value(plan).unwrap_or_default();
    for (at, step) in plan.steps.iter().enumerate() {
        if let Some(desired) = step.desired.as_ref().filter(|desired| !desired.secrets.is_empty()) {
            Seals::of(&desired.name, &desired.secrets).close(&mut json["steps"][at]);
        }
    }
    json
}

fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::plan::{PLAN_FORMAT, Purpose};
    use crate::spec::FileInputs;

    pub(in super::super) fn saved() -> SavedPlan {
        let plan = Plan {
            format: PLAN_FORMAT,
            pipeline: "p".into(),
            purpose: Purpose::Apply,
            account: "000000000000".into(),
            region: "eu-west-1".into(),
            source: "name: p".into(),
            based_on: 3,
            steps: Vec::new(),
            notes: vec!["a note".into()],
            footprint: Vec::new(),
            losses: Vec::new(),
            refusals: Vec::new(),
            left_out: Vec::new(),
            returns_to: None,
            inputs: FileInputs::default(),
        };
        SavedPlan::new(plan, BucketData::Refuse, false, Selection::default(), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let saved = saved();
        assert_eq!(SavedPlan::read(&saved.to_bytes()).expect("a plan"), saved);
        assert!(saved.is_of_file("name: p") && !saved.is_of_file("name: q"));
    }

    #[test]
    fn an_edited_cut_newer_or_foreign_file_is_refused() {
        let bytes = saved().to_bytes();
        let text = String::from_utf8(bytes.clone()).expect("text");
        let read = |text: &str| SavedPlan::read(text.as_bytes());
        assert!(matches!(read(&text.replace("a note", "b note")), Err(SavedPlanError::Damaged)));
        assert!(matches!(read(&text[..text.len() / 2]), Err(SavedPlanError::NotAPlan(_))));
        let newer = text.replace("\"pipectl-plan\": 1", "\"pipectl-plan\": 2");
        assert!(matches!(read(&newer), Err(SavedPlanError::Newer(2))));
        assert!(matches!(read("name: p"), Err(SavedPlanError::NotAPlan(_))));
        assert!(matches!(read("{}"), Err(SavedPlanError::NotAPlan(_))));
    }
}
