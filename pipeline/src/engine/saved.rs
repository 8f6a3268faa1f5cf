//! Whether a saved plan may still be carried out: everything it was made from is as it was.

use super::{Engine, Error, PlanOptions};
use crate::plan::{Moved, Plan, Purpose, SavedPlan, moved};
use crate::spec::model::Pipeline;

impl Engine {
    /// Plans again in the same way, and compares: the pipeline file with its overlays and variables, the ledger's revision
    /// and everything that was observed have to be as they were when the plan was made. `now` says what the file is
    /// made from; how to plan, the saved plan says. What is to be carried out is the saved plan with the sensitive values
    /// that it does not keep.
    ///
    /// # Errors
    /// What moved, each of it; or as [`Engine::plan`].
    pub async fn verify(
        &self,
        saved: &SavedPlan,
        pipeline: &Pipeline,
        now: &PlanOptions,
    ) -> Result<Plan, Error> {
        let moved_inputs = inputs_moved(saved, now);
        if !moved_inputs.is_empty() {
            return Err(Error::Moved(moved_inputs));
        }
        self.check_place(&saved.plan).await?;
        let now = self.again(saved, pipeline, now).await?;
        let plan = saved.opened(&now);
        let moved = moved(&plan, &now);
        if moved.is_empty() { Ok(plan) } else { Err(Error::Moved(moved)) }
    }

    async fn again(&self, saved: &SavedPlan, pipeline: &Pipeline, now: &PlanOptions) -> Result<Plan, Error> {
        let options = PlanOptions {
            bucket_data: saved.bucket_data,
            delete_consumers: saved.delete_consumers,
            selection: saved.selection.clone(),
            // What the plan was made from is looked at as closely as it can be.
            trust_tags: false,
            ..now.clone()
        };
        match saved.plan.purpose {
            Purpose::Apply => self.plan(pipeline, &options).await,
            Purpose::Destroy => self.destroy_plan(pipeline, &options).await,
        }
    }
}

/// What the pipeline is made from and is not as it was.
fn inputs_moved(saved: &SavedPlan, now: &PlanOptions) -> Vec<Moved> {
    let inputs = &saved.plan.inputs;
    let file = (!saved.is_of_file(&now.source)).then_some(Moved::File);
    let overlays = inputs.changed_overlays(&now.inputs).into_iter().map(Moved::Overlay);
    let variables = inputs.changed_variables(&now.inputs).into_iter().map(Moved::Variable);
    file.into_iter().chain(overlays).chain(variables).collect()
}
