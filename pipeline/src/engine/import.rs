//! A file of what runs.

use super::{Engine, Error};
use crate::import::{self, Failure, Imported, Wanted};

impl Engine {
    /// Writes the file of what runs: what is wanted, and what that refers to. Changes nothing.
    ///
    /// # Errors
    /// What cannot be observed, and nothing there that a file could hold.
    pub async fn import(&self, wanted: &Wanted) -> Result<Imported, Error> {
        let place = self.identity.place().await.map_err(|error| self.call(error))?;
        let failed = |failure| match failure {
            Failure::Call(error) => self.call(error),
            Failure::Import(error) => Error::Import(error),
        };
        let account =
            import::look(wanted, place, &self.cloud, self.inventory.as_ref()).await.map_err(failed)?;
        import::import(&account, wanted, &self.cloud).await.map_err(failed)
    }
}
