//! Whether a saved plan may still be carried out: everything it was made from is as it was.

use super::{Engine, Error, PlanOptions};
use crate::plan::{Moved, Plan, Purpose, SavedPlan, moved};
use crate::spec::model::Pipeline;

impl Engine {
    /// Plans again in the same way, and compares: the pipeline file, the ledger's revision and everything that
    /// was observed have to be as they were when the plan was made.
    ///
    /// # Errors
    /// What moved, each of it; or as [`Engine::plan`].
    pub async fn verify(&self, saved: &SavedPlan, pipeline: &Pipeline, source: &str) -> Result<(), Error> {
        if !saved.is_of_file(source) {
            return Err(Error::Moved(vec![Moved::File]));
        }
        self.check_place(&saved.plan).await?;
        let now = self.again(saved, pipeline, source).await?;
        let moved = moved(&saved.plan, &now);
        if moved.is_empty() { Ok(()) } else { Err(Error::Moved(moved)) }
    }

    async fn again(&self, saved: &SavedPlan, pipeline: &Pipeline, source: &str) -> Result<Plan, Error> {
        let options = PlanOptions {
            source: source.to_owned(),
            bucket_data: saved.bucket_data,
            selection: saved.selection.clone(),
            // What the plan was made from is looked at as closely as it can be.
            trust_tags: false,
        };
        match saved.plan.purpose {
            Purpose::Apply => self.plan(pipeline, &options).await,
            Purpose::Destroy => self.destroy_plan(pipeline, &options).await,
        }
    }
}
