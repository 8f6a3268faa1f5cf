//! A client that outlives its credentials and a clock that is wrong.
//!
//! The SDK looks credentials up again when the time has come that they name. Those that end before (revoked, rotated,
//! counted by a slow clock) or that name no end (a session in a profile file) it would keep, and every call would be
//! refused until it asks again. Here a refusal asks at once.
//!
//! The SDK learns from every answer how far this machine's clock is off, and signs the next request by the service's. A
//! request is its own first answer where the clock jumps, or at the start; our calls go without the SDK's retries, so the
//! second try that it wants is made here.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::IdentityCache;
use aws_sdk_kinesis::config::retry::RetryConfig;
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::time::Instant;

use super::errors::{Sorted, sort};
use crate::sink::SinkErrorKind;

/// Credentials are looked up anew no more often than this: who gives them out has limits of his own.
const BETWEEN_RENEWALS: Duration = Duration::from_secs(5);

/// The way to Kinesis, shared by the calls of a sink or a source.
#[derive(Debug)]
pub(crate) struct Connection {
    held: Mutex<Held>,
    /// Whether a call was ever let in. What is refused after that was good once, and may be again.
    proven: AtomicBool,
}

#[derive(Clone, Debug)]
struct Held {
    client: Client,
    /// How often credentials were looked up anew, and when last.
    renewals: u64,
    renewed: Option<Instant>,
}

/// What another try may find different.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remedy {
    /// Other credentials.
    Credentials,
    /// The service's time.
    Clock,
}

impl Connection {
    pub(crate) fn new(client: Client) -> Self {
        let held = Held { client, renewals: 0, renewed: None };
        Self { held: Mutex::new(held), proven: AtomicBool::new(false) }
    }

    /// Makes a call, and makes it again where that may help: it was refused before anything of it had an effect.
    pub(crate) async fn call<T, E, F>(&self, mut call: impl FnMut(Client) -> F) -> Result<T, Sorted>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + Error + 'static,
    {
        let held = self.held();
        let mut answer = call(held.client.clone()).await;
        let mut remedy = answer.as_ref().err().and_then(remedy_for);
        let next = match remedy {
            Some(Remedy::Clock) => Some(held.client),
            Some(Remedy::Credentials) => self.renewed(&held),
            None => None,
        };
        if let Some(client) = next {
            answer = call(client).await;
            remedy = answer.as_ref().err().and_then(remedy_for);
        }
        match answer {
            Ok(answer) => {
                self.proven.store(true, Ordering::Relaxed);
                Ok(answer)
            }
            Err(error) => {
                let Sorted { kind, code, message } = sort(&error);
                let passes = remedy.is_some() && self.proven.load(Ordering::Relaxed);
                let kind = if passes { SinkErrorKind::Transient } else { kind };
                Err(Sorted { kind, code, message })
            }
        }
    }

    /// The client at present, for calls that the SDK tries again itself.
    pub(crate) fn client(&self) -> Client {
        self.held().client
    }

    fn held(&self) -> Held {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A client that looks its credentials up anew, unless that was done a moment ago; or the one that another call has
    /// made since this one's was taken.
    fn renewed(&self, used: &Held) -> Option<Client> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.renewals == used.renewals {
            let now = Instant::now();
            if held.renewed.is_some_and(|last| now - last < BETWEEN_RENEWALS) {
                return None;
            }
            let forgetful = held.client.config().to_builder().identity_cache(IdentityCache::lazy().build());
            let client = Client::from_conf(forgetful.build());
            *held = Held { client, renewals: held.renewals + 1, renewed: Some(now) };
            tracing::debug!("the credentials are refused: they are looked up anew");
        }
        Some(held.client.clone())
    }
}

/// The SDK's own retries are off: the producer and the reader know what needs one, and when.
pub(crate) fn no_retries() -> aws_sdk_kinesis::config::Builder {
    aws_sdk_kinesis::config::Builder::new().retry_config(RetryConfig::disabled())
}

fn remedy_for<E>(error: &SdkError<E, HttpResponse>) -> Option<Remedy>
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let SdkError::ServiceError(service) = error else {
        return (&*sort(error).code == "NoCredentials").then_some(Remedy::Credentials);
    };
    match service.err().code()? {
        "ExpiredToken" | "ExpiredTokenException" | "InvalidClientTokenId" | "UnrecognizedClientException" => {
            Some(Remedy::Credentials)
        }
        // Or the secret is wrong, and the second try is refused as well.
        "InvalidSignatureException" | "RequestTimeTooSkewed" | "SignatureDoesNotMatch" => Some(Remedy::Clock),
        _ => None,
    }
}
