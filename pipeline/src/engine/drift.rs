//! What moved outside since the last apply.

use super::observe::{Look, Seen};
use super::{Engine, Error};
use crate::plan::{Drift, Here};
use crate::resources::{self, Context};
use crate::spec::model::Pipeline;

impl Engine {
    /// Finds what is not as the last apply left it. Changes nothing.
    ///
    /// # Errors
    /// What cannot be observed, and code of functions that cannot be read.
    pub async fn drift(&self, pipeline: &Pipeline) -> Result<Drift, Error> {
        Ok(self.drifted(pipeline).await?.0)
    }

    /// The same, and all that was seen for it.
    pub(super) async fn drifted(&self, pipeline: &Pipeline) -> Result<(Drift, Seen), Error> {
        let outline = resources::outline(pipeline);
        let code = async { self.packages.resolve(pipeline).await.map_err(Error::Package) };
        let place = async { self.identity.place().await.map_err(|error| self.call(error)) };
        let seen = self.see(&pipeline.name, &outline, Look::Whole, |_| false);
        let (place, code, seen) = tokio::try_join!(place, code, seen)?;
        let graph = resources::desired(pipeline, &Context { place: place.clone(), code });
        let here = Here { pipeline: &pipeline.name, region: &place.region };
        let drift = Drift::find(here, seen.revision(), seen.remembered(), &graph, &seen.observed);
        Ok((drift, seen))
    }
}
