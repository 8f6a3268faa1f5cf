//! Who we are: the account, asked once.

use tokio::sync::OnceCell;

use super::error::failed;
use crate::cloud::CallError;
use crate::resources::names::Place;

/// The account behind the credentials, in the region of the clients.
#[derive(Debug)]
pub(crate) struct Identity {
    client: aws_sdk_sts::Client,
    region: String,
    place: OnceCell<Place>,
}

impl Identity {
    pub(crate) fn new(clients: &super::Clients, region: &str) -> Self {
        Self { client: clients.sts.clone(), region: region.to_owned(), place: OnceCell::new() }
    }

    /// The account, where it was asked for already.
    pub(crate) fn account(&self) -> Option<&str> {
        self.place.get().map(|place| place.account.as_str())
    }

    /// Account and region; one call, the first time.
    pub(crate) async fn place(&self) -> Result<&Place, CallError> {
        self.place
            .get_or_try_init(|| async {
                let answer = self.client.get_caller_identity().send().await;
                let answer = answer.map_err(|error| failed("sts:GetCallerIdentity", error))?;
                Ok(Place::new(&self.region, answer.account().unwrap_or_default()))
            })
            .await
    }
}
