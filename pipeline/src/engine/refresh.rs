//! A refresh: the ledger takes what is there for what was left, and nothing on AWS is changed.

use jiff::Timestamp;

use super::{ApplyOptions, Engine, Error};
use crate::ledger::{Learned, Lease, Owner};
use crate::plan::{Drift, Here, Refresh};
use crate::spec::model::Pipeline;

impl Engine {
    /// What the ledger would learn from a look; what drifted is drift no more then. Changes nothing.
    ///
    /// # Errors
    /// As [`Engine::drift`].
    pub async fn refresh_plan(&self, pipeline: &Pipeline) -> Result<(Drift, Refresh), Error> {
        let (drift, seen) = self.drifted(pipeline).await?;
        let here = Here { pipeline: &pipeline.name, region: self.region() };
        let refresh = Refresh::of(here, drift.clone(), seen.remembered(), &seen.observed);
        Ok((drift, refresh))
    }

    /// Writes what was learned into the ledger, under the lock; answers the number of the revision that says it.
    ///
    /// # Errors
    /// The lock is held, the ledger moved since the look, or it cannot be written.
    pub async fn refresh(&self, refresh: &Refresh, options: &ApplyOptions) -> Result<u64, Error> {
        let owner = Owner::this_process(&options.actor);
        let failed = |error| Error::of_ledger(error, self.endpoint());
        let lock = self.ledger.lock(&refresh.pipeline, &owner, Lease::default(), options.lock_timeout).await;
        let lock = lock.map_err(failed)?;
        let learned = Learned {
            based_on: refresh.based_on,
            records: refresh.records.clone(),
            actor: &owner.actor,
            commit: options.commit.as_ref(),
            now: Timestamp::now(),
        };
        let number = self.ledger.learn(&lock, learned).await;
        // What was written stands whether or not the lock could be given back; it ends by itself.
        if let Err(error) = lock.release().await {
            tracing::warn!(error = %error.told(), "the lock was not given back, and ends by itself");
        }
        number.map_err(failed)
    }
}
