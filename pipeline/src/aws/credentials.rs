//! The usual credentials, for a command that may run for days.

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, Result, future};

use super::connect::Usual;

/// Goes through the usual chain from its beginning whenever credentials are wanted. The chain's own provider reads the
/// profile files once and keeps what they said: a session that a log-in or a script has renewed there would not be seen
/// before the command is started again.
///
/// The SDK's cache is in front of it: it is asked when credentials end, a quarter of an hour after they were given where
/// they name no end, and by the producer and the reader when they are refused.
#[derive(Clone, Debug)]
pub(super) struct LookedUpAnew(pub(super) Usual);

impl LookedUpAnew {
    async fn look_up(&self) -> Result {
        // Who names a profile means it: the chain would take keys of the environment first, of another account perhaps.
        if let Some(profile) = &self.0.profile {
            let provider = ProfileFileCredentialsProvider::builder().configure(&self.0.provider_config());
            return provider.profile_name(profile).build().provide_credentials().await;
        }
        let config = self.0.loader().load().await;
        let provider = config.credentials_provider();
        let provider = provider.ok_or_else(|| CredentialsError::not_loaded("no chain of credentials"))?;
        provider.provide_credentials().await
    }
}

impl ProvideCredentials for LookedUpAnew {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.look_up())
    }
}
