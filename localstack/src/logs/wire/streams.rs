//! Log streams: created, described, deleted.

use serde::{Deserialize, Serialize};

use crate::http::AwsError;

use super::super::group::LogStream;
use super::super::state::LogsError;
use super::{Here, checks};

/// Streams of a page at most.
const PAGE: usize = 50;

/// An input that names a stream.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StreamInput {
    log_group_name: String,
    log_stream_name: String,
}

pub(super) fn create(here: &Here<'_>, input: &StreamInput) -> Result<(), AwsError> {
    checks::stream_name(&input.log_stream_name)?;
    Ok(here.logs.create_stream(&here.named(&input.log_group_name), &input.log_stream_name)?)
}

pub(super) fn delete(here: &Here<'_>, input: &StreamInput) -> Result<(), AwsError> {
    Ok(here.logs.delete_stream(&here.named(&input.log_group_name), &input.log_stream_name)?)
}

/// The input of `DescribeLogStreams`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeInput {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    #[serde(default)]
    descending: bool,
    limit: Option<usize>,
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StreamShape {
    log_stream_name: String,
    creation_time: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_timestamp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ingestion_time: Option<i64>,
    upload_sequence_token: String,
    arn: String,
    stored_bytes: u64,
}

/// The output of `DescribeLogStreams`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DescribeOutput {
    log_streams: Vec<StreamShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn describe(here: &Here<'_>, input: &DescribeInput) -> Result<DescribeOutput, AwsError> {
    let by_time = input.order_by.as_deref() == Some("LastEventTime");
    if by_time && input.log_stream_name_prefix.is_some() {
        let message = "Cannot order by LastEventTime with a logStreamNamePrefix.";
        return Err(LogsError::InvalidParameter(message.to_owned()).into());
    }
    let invalid = || LogsError::InvalidParameter("The specified nextToken is invalid.".to_owned());
    let skip: usize =
        input.next_token.as_deref().map(str::parse).transpose().map_err(|_| invalid())?.unwrap_or(0);
    let limit = input.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let named = input.log_group_name.as_deref().or(input.log_group_identifier.as_deref()).unwrap_or_default();
    let id = here.group(named)?;
    let groups = here.logs.groups();
    let group = groups.get(&id).ok_or(LogsError::GroupNotFound)?;
    let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
    let mut streams: Vec<&LogStream> =
        group.streams.values().filter(|stream| stream.name.starts_with(prefix)).collect();
    if by_time {
        streams
            .sort_by_key(|stream| (stream.last_event_ms.unwrap_or(stream.created_ms), stream.name.clone()));
    } else {
        streams.sort_by(|a, b| a.name.cmp(&b.name));
    }
    if input.descending {
        streams.reverse();
    }
    let more = streams.len() > skip.saturating_add(limit);
    let arn = here.group_arn(id.name());
    let shape = |stream: &LogStream| StreamShape {
        log_stream_name: stream.name.to_string(),
        creation_time: stream.created_ms,
        first_event_timestamp: stream.first_event_ms,
        last_event_timestamp: stream.last_event_ms,
        last_ingestion_time: stream.last_ingested_ms,
        upload_sequence_token: stream.batches.to_string(),
        arn: format!("{arn}:log-stream:{}", stream.name),
        stored_bytes: 0,
    };
    let log_streams = streams.into_iter().skip(skip).take(limit).map(shape).collect();
    Ok(DescribeOutput { log_streams, next_token: more.then(|| (skip + limit).to_string()) })
}
