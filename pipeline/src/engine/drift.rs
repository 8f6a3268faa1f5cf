//! What is not as the last apply left it.

use super::observe::Look;
use super::{Engine, Error};
use crate::plan::Drift;
use crate::resources::{self, Context};
use crate::spec::model::Pipeline;

impl Engine {
    /// Looks at all that the pipeline has, and tells what is not as the last apply left it. Changes nothing.
    ///
    /// # Errors
    /// What cannot be observed, and code of functions that cannot be read.
    pub async fn drift(&self, pipeline: &Pipeline) -> Result<Drift, Error> {
        let outline = resources::outline(pipeline);
        let code = async { self.packages.resolve(pipeline).await.map_err(Error::Package) };
        let place = async { self.identity.place().await.map_err(|error| self.call(error)) };
        let seen = self.see(&pipeline.name, &outline, Look::Whole, |_| false);
        let (place, code, seen) = tokio::try_join!(place, code, seen)?;
        let graph = resources::desired(pipeline, &Context { place: place.clone(), code });
        Ok(Drift::find(&pipeline.name, seen.revision(), seen.remembered(), &graph, &seen.observed))
    }
}
