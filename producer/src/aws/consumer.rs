//! Enhanced fan-out over the SDK: a consumer that is registered or found, and its subscriptions.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::StalledStreamProtectionConfig;
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kinesis::operation::describe_stream_consumer::builders::DescribeStreamConsumerFluentBuilder;
use aws_sdk_kinesis::operation::subscribe_to_shard::SubscribeToShardOutput;
use aws_sdk_kinesis::primitives::DateTime;
use aws_sdk_kinesis::types::error::SubscribeToShardEventStreamError as Exception;
use aws_sdk_kinesis::types::{
    ConsumerDescription, ConsumerStatus, ShardIteratorType, StartingPosition, SubscribeToShardEvent,
    SubscribeToShardEventStream,
};
use aws_smithy_types::event_stream::RawMessage;
use pipectl_shards::ShardId;
use tokio::time::{Instant, sleep};

use crate::aws::connection::{Connection, no_retries};
use crate::aws::source::{arrived, children, malformed, of_source, source_error};
use crate::outcome::SequenceNumber;
use crate::read::{FanOut, Position, Pushed, SourceError, SourceErrorKind, Subscription};

/// How long a consumer may take to become ACTIVE, or to go away.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks at a consumer.
const GLANCE: Duration = Duration::from_millis(500);

/// A consumer of a stream, to which each shard gives 2 MiB a second of its own. AWS charges for it by the hour as
/// long as it is registered.
#[derive(Clone, Debug)]
pub struct KinesisConsumer {
    connection: Arc<Connection>,
    arn: String,
    name: String,
    registered: bool,
}

/// Why there is no consumer to read with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsumerError {
    /// It could not be registered.
    #[error("cannot register the consumer {name}: {error}")]
    Register {
        /// Its name.
        name: String,
        /// What happened.
        error: SourceError,
    },
    /// It could not be looked at.
    #[error("cannot describe the consumer {name}: {error}")]
    Describe {
        /// Its name.
        name: String,
        /// What happened.
        error: SourceError,
    },
    /// It does not become active.
    #[error("the consumer {name} is {status} and does not become ACTIVE")]
    NotActive {
        /// Its name.
        name: String,
        /// Its status, as AWS writes it.
        status: String,
    },
    /// It could not be deregistered, and goes on costing.
    #[error("cannot deregister the consumer {name}: {error}")]
    Deregister {
        /// Its name.
        name: String,
        /// What happened.
        error: SourceError,
    },
}

impl KinesisConsumer {
    /// The consumer with this name, registered where there is none; [`active`](Self::active) waits until it can be
    /// read with. One that is being deleted is waited for, and registered anew.
    ///
    /// # Errors
    /// See [`ConsumerError`].
    pub async fn register(client: Client, stream_arn: &str, name: &str) -> Result<Self, ConsumerError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let call = client.register_stream_consumer().stream_arn(stream_arn).consumer_name(name);
            let registered = match call.send().await.map_err(|error| source_error(&error)) {
                Ok(answer) => answer.consumer,
                // There is one by that name.
                Err(error) if &*error.code == "ResourceInUseException" => None,
                Err(error) => return Err(ConsumerError::Register { name: name.to_owned(), error }),
            };
            if let Some(consumer) = registered {
                let (arn, name) = (consumer.consumer_arn, name.to_owned());
                return Ok(Self {
                    connection: Arc::new(Connection::new(client)),
                    arn,
                    name,
                    registered: true,
                });
            }
            let call = client.describe_stream_consumer().stream_arn(stream_arn).consumer_name(name);
            let found = described(call, name).await?;
            let going = ConsumerStatus::Deleting;
            if let Some(found) = found.filter(|found| found.consumer_status != going) {
                let (arn, name) = (found.consumer_arn, name.to_owned());
                return Ok(Self {
                    connection: Arc::new(Connection::new(client)),
                    arn,
                    name,
                    registered: false,
                });
            }
            if Instant::now() >= until {
                let status = going.as_str().to_owned();
                return Err(ConsumerError::NotActive { name: name.to_owned(), status });
            }
            sleep(GLANCE).await;
        }
    }

    /// Waits until it is ACTIVE.
    ///
    /// # Errors
    /// See [`ConsumerError`].
    pub async fn active(&self) -> Result<(), ConsumerError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let call = self.connection.client().describe_stream_consumer().consumer_arn(&self.arn);
            // Nothing: it is not known everywhere yet.
            let found = described(call, &self.name).await?;
            let status = found.map_or(ConsumerStatus::Creating, |found| found.consumer_status);
            if status == ConsumerStatus::Active {
                return Ok(());
            }
            if status == ConsumerStatus::Deleting || Instant::now() >= until {
                let (name, status) = (self.name.clone(), status.as_str().to_owned());
                return Err(ConsumerError::NotActive { name, status });
            }
            sleep(GLANCE).await;
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was registered here, and not found.
    #[must_use]
    pub fn was_registered(&self) -> bool {
        self.registered
    }

    /// Ends its registration, and with it every subscription.
    ///
    /// # Errors
    /// See [`ConsumerError::Deregister`].
    pub async fn deregister(&self) -> Result<(), ConsumerError> {
        let call = |client: Client| client.deregister_stream_consumer().consumer_arn(&self.arn).send();
        match self.connection.call(call).await.map_err(of_source) {
            Ok(_) => Ok(()),
            Err(error) if &*error.code == "ResourceNotFoundException" => Ok(()),
            Err(error) => Err(ConsumerError::Deregister { name: self.name.clone(), error }),
        }
    }
}

/// What a call tells of a consumer; nothing where it is not there.
async fn described(
    call: DescribeStreamConsumerFluentBuilder,
    name: &str,
) -> Result<Option<ConsumerDescription>, ConsumerError> {
    match call.send().await.map_err(|error| source_error(&error)) {
        Ok(answer) => Ok(answer.consumer_description),
        Err(error) if &*error.code == "ResourceNotFoundException" => Ok(None),
        Err(error) => Err(ConsumerError::Describe { name: name.to_owned(), error }),
    }
}

#[async_trait]
impl FanOut for KinesisConsumer {
    async fn subscribe(
        &self,
        shard: ShardId,
        position: &Position,
    ) -> Result<Box<dyn Subscription>, SourceError> {
        // Its events come when there are records: a quiet connection is no stalled one. Silence is the reader's to
        // judge.
        let config = || no_retries().stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let start = starting(position)?;
        let subscribe = |client: Client| {
            client
                .subscribe_to_shard()
                .consumer_arn(&self.arn)
                .shard_id(shard.to_string())
                .starting_position(start.clone())
                .customize()
                .config_override(config())
                .send()
        };
        match self.connection.call(subscribe).await.map_err(of_source) {
            Ok(output) => Ok(Box::new(Events(output))),
            // Another subscription began less than five seconds ago, one whose answer was lost perhaps.
            Err(error) if &*error.code == "ResourceInUseException" => {
                Err(SourceError { kind: SourceErrorKind::Transient, ..error })
            }
            Err(error) => Err(error),
        }
    }
}

fn starting(position: &Position) -> Result<StartingPosition, SourceError> {
    let builder = StartingPosition::builder();
    let builder = match position {
        Position::Latest => builder.r#type(ShardIteratorType::Latest),
        Position::TrimHorizon => builder.r#type(ShardIteratorType::TrimHorizon),
        Position::At(time) => builder
            .r#type(ShardIteratorType::AtTimestamp)
            .timestamp(DateTime::from_nanos(time.as_nanosecond()).unwrap_or(DateTime::from_secs(0))),
        Position::AtSequence(sequence) => {
            builder.r#type(ShardIteratorType::AtSequenceNumber).sequence_number(sequence.as_str())
        }
        Position::After(sequence) => {
            builder.r#type(ShardIteratorType::AfterSequenceNumber).sequence_number(sequence.as_str())
        }
    };
    builder.build().map_err(|error| malformed(&error.to_string()))
}

/// The events of one subscription.
struct Events(SubscribeToShardOutput);

#[async_trait]
impl Subscription for Events {
    async fn next(&mut self) -> Result<Option<Pushed>, SourceError> {
        loop {
            match self.0.event_stream.recv().await {
                Ok(None) => return Ok(None),
                Ok(Some(SubscribeToShardEventStream::SubscribeToShardEvent(event))) => {
                    return Ok(Some(pushed(event)));
                }
                // An event of a kind that is not known yet.
                Ok(Some(_)) => {}
                Err(error) => return Err(broken(&error)),
            }
        }
    }
}

fn pushed(event: SubscribeToShardEvent) -> Pushed {
    let children = children(event.child_shards());
    // At the end of a shard there is none, which the SDK reads as an empty text.
    let ended = event.continuation_sequence_number.is_empty() || !event.child_shards().is_empty();
    let continuation = (!ended).then(|| SequenceNumber::new(&event.continuation_sequence_number));
    let behind = Duration::from_millis(u64::try_from(event.millis_behind_latest).unwrap_or(0));
    Pushed { records: event.records.into_iter().map(arrived).collect(), continuation, behind, children }
}

/// Why a subscription broke.
fn broken(error: &SdkError<Exception, RawMessage>) -> SourceError {
    let SdkError::ServiceError(service) = error else {
        return SourceError {
            kind: SourceErrorKind::Transient,
            code: "SubscriptionBroke".into(),
            message: error.to_string().into(),
        };
    };
    let (kind, code) = sorted(service.err());
    let message = service.err().message().unwrap_or("no message");
    SourceError { kind, code: code.into(), message: message.into() }
}

/// What to do about an exception, and its code: it comes as an event, whose header names it and whose body does not.
fn sorted(exception: &Exception) -> (SourceErrorKind, &str) {
    match exception {
        Exception::ResourceInUseException(_) => (SourceErrorKind::TakenOver, "ResourceInUseException"),
        Exception::ResourceNotFoundException(_) => (SourceErrorKind::Fatal, "ResourceNotFoundException"),
        Exception::InternalFailureException(_) => (SourceErrorKind::Transient, "InternalFailureException"),
        Exception::KmsThrottlingException(_) => (SourceErrorKind::Throttled, "KMSThrottlingException"),
        Exception::KmsDisabledException(_) => (SourceErrorKind::Fatal, "KMSDisabledException"),
        Exception::KmsInvalidStateException(_) => (SourceErrorKind::Fatal, "KMSInvalidStateException"),
        Exception::KmsAccessDeniedException(_) => (SourceErrorKind::Fatal, "KMSAccessDeniedException"),
        Exception::KmsNotFoundException(_) => (SourceErrorKind::Fatal, "KMSNotFoundException"),
        Exception::KmsOptInRequired(_) => (SourceErrorKind::Fatal, "KMSOptInRequired"),
        // One that is not known yet: the next subscription may do, or say it again.
        other => (SourceErrorKind::Transient, other.code().unwrap_or("UnknownError")),
    }
}
