//! The plans of several pipelines in one file, in the order in which they are carried out.
//!
//! A file of one plan is that plan and nothing around it, so that what was saved before there were sets is read as ever.

use serde_json::{Value, json};

use super::saved::{SavedPlan, SavedPlanError, not};

/// The version of the file's format.
const FORMAT: u64 = 1;

/// What the file begins with.
const NAME: &str = "pipectl-plans";

/// Saved plans, one for each pipeline, at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedPlans(pub Vec<SavedPlan>);

impl SavedPlans {
    /// Their bytes, to be written to a file; what [`SavedPlan::to_bytes`] says of one holds for all.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        if let [only] = &self.0[..] {
            return only.to_bytes();
        }
        let plans: Vec<Value> = self.0.iter().map(SavedPlan::to_json).collect();
        let mut bytes =
            serde_json::to_vec_pretty(&json!({ NAME: FORMAT, "plans": plans })).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Reads what [`SavedPlans::to_bytes`] wrote.
    ///
    /// # Errors
    /// It is something else, of a newer format, or one of the plans was changed since.
    pub fn read(bytes: &[u8]) -> Result<Self, SavedPlanError> {
        let mut value: Value = serde_json::from_slice(bytes).map_err(not)?;
        let Some(format) = value.get(NAME) else { return Ok(Self(vec![SavedPlan::of_json(value)?])) };
        match format.as_u64() {
            Some(FORMAT) => {}
            Some(newer) if newer > FORMAT => return Err(SavedPlanError::Newer(newer)),
            _ => return Err(SavedPlanError::NotAPlan("it does not begin with a format".to_owned())),
        }
        let Value::Array(plans) = value["plans"].take() else {
            return Err(SavedPlanError::NotAPlan("it holds no plans".to_owned()));
        };
        let plans: Vec<SavedPlan> = plans.into_iter().map(SavedPlan::of_json).collect::<Result<_, _>>()?;
        let mut names: Vec<&str> = plans.iter().map(|saved| saved.plan.pipeline.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() || names.len() < plans.len() {
            return Err(SavedPlanError::NotAPlan("it does not hold one plan for each pipeline".to_owned()));
        }
        Ok(Self(plans))
    }
}

#[cfg(test)]
mod tests {
    use super::super::saved::tests::saved;
    use super::*;

    fn two() -> SavedPlans {
        let (one, mut other) = (saved(), saved().plan);
        other.pipeline = "q".into();
        let other = SavedPlan::new(other, one.bucket_data, false, one.selection.clone(), one.made);
        SavedPlans(vec![one, other])
    }

    #[test]
    fn one_plan_is_written_as_itself_and_several_keep_their_order() {
        let one = SavedPlans(vec![saved()]);
        assert_eq!(one.to_bytes(), saved().to_bytes());
        assert_eq!(SavedPlans::read(&one.to_bytes()).expect("a plan"), one);
        assert_eq!(SavedPlans::read(&two().to_bytes()).expect("plans"), two());
    }

    #[test]
    fn a_file_with_an_edited_plan_a_plan_twice_or_of_a_newer_format_is_refused() {
        let text = String::from_utf8(two().to_bytes()).expect("text");
        let read = |text: &str| SavedPlans::read(text.as_bytes());
        assert!(matches!(read(&text.replacen("a note", "b note", 1)), Err(SavedPlanError::Damaged)));
        let newer = text.replace("\"pipectl-plans\": 1", "\"pipectl-plans\": 2");
        assert!(matches!(read(&newer), Err(SavedPlanError::Newer(2))));
        let twice = SavedPlans(vec![saved(), saved()]).to_bytes();
        assert!(matches!(SavedPlans::read(&twice), Err(SavedPlanError::NotAPlan(_))));
        for none in
            ["{\"pipectl-plans\": 1}", "{\"pipectl-plans\": 1, \"plans\": []}", "{\"pipectl-plans\": \"x\"}"]
        {
            assert!(matches!(read(none), Err(SavedPlanError::NotAPlan(_))), "{none}");
        }
    }
}
