//! Lambda event source mappings of Kinesis streams, by the function that reads.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::DateTime;
use aws_sdk_lambda::types::{
    DestinationConfig, EventSourceMappingConfiguration, EventSourcePosition, Filter, FilterCriteria,
    FunctionResponseType, OnFailure,
};
use jiff::Timestamp;
use serde_json::Value;

use super::error::failed;
use super::{Identity, stream_consumer};
use crate::cloud::{CallError, Control, Meaning};
use crate::resources::Observed;
use crate::resources::mapping::{
    MappingChange, MappingSettings, MappingSource, MappingSpec, MappingState, StartingPosition,
};
use crate::resources::tags::{PIPELINE, TagChange, TagMap};

/// What Lambda calls no limit.
const WITHOUT_LIMIT: i32 = -1;

pub(super) struct Mappings {
    pub(super) client: Client,
    pub(super) kinesis: aws_sdk_kinesis::Client,
    pub(super) identity: Arc<Identity>,
}

/// A mapping as it was found.
struct Found {
    configuration: EventSourceMappingConfiguration,
    arn: String,
    tags: TagMap,
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn limit(number: Option<u32>) -> i32 {
    number.map_or(WITHOUT_LIMIT, whole)
}

/// The filters. An empty structure takes away those that are there.
fn filters(settings: &MappingSettings) -> FilterCriteria {
    let filters =
        settings.filters.iter().map(|pattern| Filter::builder().pattern(pattern.to_string()).build());
    let filters: Vec<Filter> = filters.collect();
    FilterCriteria::builder().set_filters((!filters.is_empty()).then_some(filters)).build()
}

/// Who is told of failures. An empty structure resets.
fn destinations(settings: &MappingSettings) -> DestinationConfig {
    let failure = settings.on_failure.as_ref().map(|arn| OnFailure::builder().destination(arn).build());
    DestinationConfig::builder().set_on_failure(failure).build()
}

/// What the function's answer may hold. An empty list resets.
fn responses(settings: &MappingSettings) -> Vec<FunctionResponseType> {
    settings.partial.then_some(FunctionResponseType::ReportBatchItemFailures).into_iter().collect()
}

/// What an ARN of a stream, or of a consumer of one, names.
fn source(arn: &str) -> MappingSource {
    match arn.split_once("/consumer/") {
        Some((stream, consumer)) => MappingSource {
            stream_arn: stream.to_owned(),
            consumer: Some(consumer.split(':').next().unwrap_or_default().to_owned()),
        },
        None => MappingSource { stream_arn: arn.to_owned(), consumer: None },
    }
}

fn start(configuration: &EventSourceMappingConfiguration) -> Option<StartingPosition> {
    match configuration.starting_position()? {
        EventSourcePosition::Latest => Some(StartingPosition::Latest),
        EventSourcePosition::TrimHorizon => Some(StartingPosition::TrimHorizon),
        EventSourcePosition::AtTimestamp => {
            let at = configuration.starting_position_timestamp()?;
            // Whole milliseconds are what the wire format keeps.
            let at = Timestamp::from_millisecond(at.to_millis().ok()?).ok()?;
            Some(StartingPosition::At(at))
        }
        _ => None,
    }
}

fn settings(configuration: &EventSourceMappingConfiguration, state: &str) -> MappingSettings {
    let number = |value: Option<i32>, usual| value.and_then(|it| u32::try_from(it).ok()).unwrap_or(usual);
    let limit = |value: Option<i32>| value.and_then(|it| u32::try_from(it).ok());
    let failure = configuration.destination_config().and_then(DestinationConfig::on_failure);
    let patterns = configuration.filter_criteria().map(FilterCriteria::filters).unwrap_or_default();
    // A pattern that is no JSON is none of ours, and differs from any.
    let pattern = |filter: &Filter| {
        let text = filter.pattern().unwrap_or_default();
        serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
    };
    let partial = FunctionResponseType::ReportBatchItemFailures;
    MappingSettings {
        batch_size: number(configuration.batch_size(), 100),
        window_seconds: number(configuration.maximum_batching_window_in_seconds(), 0),
        parallel: number(configuration.parallelization_factor(), 1),
        tumbling_seconds: number(configuration.tumbling_window_in_seconds(), 0),
        retries: limit(configuration.maximum_retry_attempts()),
        max_age_seconds: limit(configuration.maximum_record_age_in_seconds()),
        bisect: configuration.bisect_batch_on_function_error().unwrap_or(false),
        partial: configuration.function_response_types().contains(&partial),
        on_failure: failure.and_then(OnFailure::destination).map(str::to_owned),
        filters: patterns.iter().map(pattern).collect(),
        enabled: !matches!(state, "Disabled" | "Disabling"),
    }
}

impl Mappings {
    /// The mapping by which a function reads a stream: ours, should someone have made others.
    async fn find(&self, function: &str) -> Result<Option<Found>, CallError> {
        let answer = self.client.list_event_source_mappings().function_name(function).send().await;
        let answer = match answer.map_err(|error| failed("lambda:ListEventSourceMappings", error)) {
            Ok(answer) => answer,
            Err(error) if error.meaning == Meaning::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let reads_kinesis = |configuration: &EventSourceMappingConfiguration| {
            configuration.event_source_arn().is_some_and(|arn| arn.split(':').nth(2) == Some("kinesis"))
        };
        let mut first = None;
        for configuration in answer.event_source_mappings.unwrap_or_default() {
            if !reads_kinesis(&configuration) {
                continue;
            }
            let arn = self.arn(&configuration).await?;
            // One that goes while it is looked at may have lost its tags already.
            let tags = self.tags(&arn).await?.unwrap_or_default();
            let found = Found { configuration, arn, tags };
            if found.tags.contains_key(PIPELINE) {
                return Ok(Some(found));
            }
            first.get_or_insert(found);
        }
        Ok(first)
    }

    async fn arn(&self, configuration: &EventSourceMappingConfiguration) -> Result<String, CallError> {
        if let Some(arn) = configuration.event_source_mapping_arn() {
            return Ok(arn.to_owned());
        }
        Ok(self.identity.place().await?.mapping(configuration.uuid().unwrap_or_default()))
    }

    async fn tags(&self, arn: &str) -> Result<Option<TagMap>, CallError> {
        let answer = self.client.list_tags().resource(arn).send().await;
        match answer.map_err(|error| failed("lambda:ListTags", error)) {
            Ok(answer) => Ok(Some(answer.tags.unwrap_or_default().into_iter().collect())),
            Err(error) if error.meaning == Meaning::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn found(&self, call: &'static str, function: &str) -> Result<Found, CallError> {
        let missing = || CallError::local(call, Meaning::NotFound, "no such mapping");
        self.find(function).await?.ok_or_else(missing)
    }

    /// Whether the consumer of this ARN is no more; one that was registered again has another ARN.
    async fn is_gone(&self, arn: &str, source: &MappingSource) -> Result<bool, CallError> {
        let Some(consumer) = &source.consumer else { return Ok(false) };
        let found = stream_consumer::describe(&self.kinesis, &source.stream_arn, consumer).await?;
        Ok(found.is_none_or(|found| found.consumer_arn() != arn))
    }

    /// The ARN that a new mapping is to read.
    async fn source_arn(&self, call: &'static str, source: &MappingSource) -> Result<String, CallError> {
        let Some(consumer) = &source.consumer else { return Ok(source.stream_arn.clone()) };
        let found = stream_consumer::describe(&self.kinesis, &source.stream_arn, consumer).await?;
        let missing = || CallError::local(call, Meaning::Invalid, format!("there is no consumer {consumer}"));
        Ok(found.ok_or_else(missing)?.consumer_arn().to_owned())
    }

    async fn update(&self, function: &str, settings: &MappingSettings) -> Result<(), CallError> {
        const CALL: &str = "lambda:UpdateEventSourceMapping";
        let found = self.found(CALL, function).await?;
        // What is left out stays as it is, so that everything is said, resets included.
        let request = self
            .client
            .update_event_source_mapping()
            .uuid(found.configuration.uuid().unwrap_or_default())
            .batch_size(whole(settings.batch_size))
            .maximum_batching_window_in_seconds(whole(settings.window_seconds))
            .parallelization_factor(whole(settings.parallel))
            .tumbling_window_in_seconds(whole(settings.tumbling_seconds))
            .maximum_retry_attempts(limit(settings.retries))
            .maximum_record_age_in_seconds(limit(settings.max_age_seconds))
            .bisect_batch_on_function_error(settings.bisect)
            .set_function_response_types(Some(responses(settings)))
            .destination_config(destinations(settings))
            .filter_criteria(filters(settings))
            .enabled(settings.enabled);
        request.send().await.map(drop).map_err(|error| failed(CALL, error))
    }
}

#[async_trait]
impl Control<MappingSpec> for Mappings {
    async fn observe(&self, name: &str) -> Result<Option<Observed<MappingState>>, CallError> {
        let Some(Found { configuration, arn, tags }) = self.find(name).await? else { return Ok(None) };
        let source_arn = configuration.event_source_arn().unwrap_or_default();
        let source = source(source_arn);
        let status = configuration.state().unwrap_or("Enabled").to_owned();
        let state = MappingState {
            consumer_gone: self.is_gone(source_arn, &source).await?,
            last_result: configuration.last_processing_result().unwrap_or_default().to_owned(),
            start: start(&configuration),
            modified: super::time(configuration.last_modified()),
            settings: settings(&configuration, &status),
            source,
            status,
        };
        Ok(Some(Observed { id: arn, tags, state }))
    }

    async fn create(&self, name: &str, spec: &MappingSpec, tags: &TagMap) -> Result<(), CallError> {
        const CALL: &str = "lambda:CreateEventSourceMapping";
        let settings = &spec.settings;
        let mut request = self
            .client
            .create_event_source_mapping()
            .function_name(name)
            .event_source_arn(self.source_arn(CALL, &spec.source).await?)
            .batch_size(whole(settings.batch_size))
            .maximum_batching_window_in_seconds(whole(settings.window_seconds))
            .parallelization_factor(whole(settings.parallel))
            .tumbling_window_in_seconds(whole(settings.tumbling_seconds))
            .maximum_retry_attempts(limit(settings.retries))
            .maximum_record_age_in_seconds(limit(settings.max_age_seconds))
            .bisect_batch_on_function_error(settings.bisect)
            .set_function_response_types(Some(responses(settings)))
            .enabled(settings.enabled)
            .set_tags(Some(tags.clone().into_iter().collect()));
        if settings.on_failure.is_some() {
            request = request.destination_config(destinations(settings));
        }
        if !settings.filters.is_empty() {
            request = request.filter_criteria(filters(settings));
        }
        request = match spec.start {
            StartingPosition::Latest => request.starting_position(EventSourcePosition::Latest),
            StartingPosition::TrimHorizon => request.starting_position(EventSourcePosition::TrimHorizon),
            StartingPosition::At(at) => request
                .starting_position(EventSourcePosition::AtTimestamp)
                .starting_position_timestamp(DateTime::from_millis(at.as_millisecond())),
        };
        request.send().await.map(drop).map_err(|error| failed(CALL, error))
    }

    async fn change(&self, name: &str, change: &MappingChange) -> Result<(), CallError> {
        match change {
            MappingChange::Settings(settings) => self.update(name, settings).await,
        }
    }

    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError> {
        let Found { arn, .. } = self.found("lambda:TagResource", name).await?;
        if !change.set.is_empty() {
            let set = change.set.clone().into_iter().collect();
            let sent = self.client.tag_resource().resource(&arn).set_tags(Some(set)).send().await;
            sent.map_err(|error| failed("lambda:TagResource", error))?;
        }
        if !change.remove.is_empty() {
            let keys = Some(change.remove.clone());
            let sent = self.client.untag_resource().resource(&arn).set_tag_keys(keys).send().await;
            sent.map_err(|error| failed("lambda:UntagResource", error))?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), CallError> {
        const CALL: &str = "lambda:DeleteEventSourceMapping";
        let found = self.found(CALL, name).await?;
        let uuid = found.configuration.uuid().unwrap_or_default();
        let sent = self.client.delete_event_source_mapping().uuid(uuid).send().await;
        sent.map(drop).map_err(|error| failed(CALL, error))
    }
}
