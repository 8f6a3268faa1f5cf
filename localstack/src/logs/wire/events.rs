//! Log events: put, read back by stream, filtered by group.

use serde::{Deserialize, Serialize};

use crate::http::AwsError;

use super::super::event::{LogEvent, StoredEvent};
use super::super::filter::FilterPattern;
use super::super::state::LogsError;
use super::{Here, checks};

/// Events of a batch and of a page; bytes of a batch, with 26 for each event.
const MAX_EVENTS: usize = 10_000;
const MAX_BATCH: usize = 1_048_576;
/// Bytes of a page: an answer stays near AWS's 1 MB.
const MAX_PAGE: usize = 1_048_576;
/// How far an event may lie ahead and behind, in milliseconds: 2 hours and 14 days.
const AHEAD_MS: i64 = 2 * 3_600_000;
const BEHIND_MS: i64 = 14 * 86_400_000;
/// What a batch may span.
const SPAN_MS: i64 = 86_400_000;

#[derive(Debug, Deserialize)]
struct EventInput {
    timestamp: i64,
    message: String,
}

/// The input of `PutLogEvents`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutInput {
    log_group_name: String,
    log_stream_name: String,
    log_events: Vec<EventInput>,
}

/// Which events of a batch were left out: the index of the first that is too new, and those before which all are too old.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Rejected {
    #[serde(skip_serializing_if = "Option::is_none")]
    too_new_log_event_start_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    too_old_log_event_end_index: Option<usize>,
}

/// The output of `PutLogEvents`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutOutput {
    next_sequence_token: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejected_log_events_info: Option<Rejected>,
}

fn check_batch(events: &[EventInput]) -> Result<(), LogsError> {
    let refuse = |message: &str| Err(LogsError::InvalidParameter(message.to_owned()));
    let size: usize = events.iter().map(|event| event.message.len() + 26).sum();
    if events.is_empty() || events.len() > MAX_EVENTS {
        return refuse("A batch has 1 to 10000 log events.");
    }
    if size > MAX_BATCH {
        return refuse(
            "Upload too large: the maximum batch size is 1048576 bytes, 26 of them for each event.",
        );
    }
    if events.iter().any(|event| event.message.is_empty()) {
        return refuse("Log event message is empty.");
    }
    if events.windows(2).any(|pair| pair[0].timestamp > pair[1].timestamp) {
        return refuse("Log events in a single PutLogEvents request must be in chronological order.");
    }
    let first = events.first().map_or(0, |event| event.timestamp);
    let last = events.last().map_or(0, |event| event.timestamp);
    if first < 0 || last.saturating_sub(first) > SPAN_MS {
        return refuse(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        );
    }
    Ok(())
}

/// Splits off what is too old or too new. The events are in order.
fn accept(events: Vec<EventInput>, now_ms: i64) -> (Vec<LogEvent>, Option<Rejected>) {
    let old = events.iter().take_while(|event| event.timestamp < now_ms - BEHIND_MS).count();
    let new = events.iter().position(|event| event.timestamp > now_ms + AHEAD_MS);
    let rejected = Rejected {
        too_new_log_event_start_index: new,
        too_old_log_event_end_index: (old > 0).then_some(old),
    };
    let kept = events.into_iter().take(new.unwrap_or(usize::MAX)).skip(old);
    let kept = kept.map(|event| LogEvent { timestamp_ms: event.timestamp, message: event.message }).collect();
    (kept, (rejected != Rejected::default()).then_some(rejected))
}

pub(super) fn put(here: &Here<'_>, input: PutInput) -> Result<PutOutput, AwsError> {
    checks::stream_name(&input.log_stream_name)?;
    check_batch(&input.log_events)?;
    let now_ms = here.logs.now_ms();
    let (events, rejected) = accept(input.log_events, now_ms);
    let mut groups = here.logs.groups();
    let group = groups.get_mut(&here.named(&input.log_group_name)).ok_or(LogsError::GroupNotFound)?;
    if !group.append(&input.log_stream_name, events, now_ms) {
        return Err(LogsError::StreamNotFound.into());
    }
    let batches = group.streams.get(input.log_stream_name.as_str()).map_or(0, |stream| stream.batches);
    Ok(PutOutput { next_sequence_token: format!("{batches:056}"), rejected_log_events_info: rejected })
}

/// The input of `GetLogEvents`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReadInput {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    start_from_head: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EventShape {
    timestamp: i64,
    message: String,
    ingestion_time: i64,
}

/// The output of `GetLogEvents`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReadOutput {
    events: Vec<EventShape>,
    next_forward_token: String,
    next_backward_token: String,
}

/// Where a page starts: the sequence number it goes forward from, or backward to.
#[derive(Debug, Clone, Copy)]
enum Cursor {
    Forward(u64),
    Backward(u64),
}

impl Cursor {
    fn of(input: &ReadInput) -> Result<Self, LogsError> {
        let invalid = || LogsError::InvalidParameter("The specified nextToken is invalid.".to_owned());
        let Some(token) = &input.next_token else {
            return Ok(if input.start_from_head { Self::Forward(0) } else { Self::Backward(u64::MAX) });
        };
        let (kind, sequence) = token.split_once('/').ok_or_else(invalid)?;
        let sequence = sequence.parse().map_err(|_| invalid())?;
        match kind {
            "f" => Ok(Self::Forward(sequence)),
            "b" => Ok(Self::Backward(sequence)),
            _ => Err(invalid()),
        }
    }
}

/// As many as fit a page, in the order given.
fn page<'a>(events: impl Iterator<Item = &'a StoredEvent>, limit: usize) -> Vec<&'a StoredEvent> {
    let mut bytes = 0;
    let fits = |event: &&StoredEvent| {
        bytes += event.size();
        bytes <= MAX_PAGE
    };
    let mut events = events.take(limit).peekable();
    // One that is larger than a page by itself still has to come through.
    match events.peek().map(|event| event.size() > MAX_PAGE) {
        Some(true) => events.take(1).collect(),
        _ => events.take_while(fits).collect(),
    }
}

pub(super) fn read(here: &Here<'_>, input: &ReadInput) -> Result<ReadOutput, AwsError> {
    let cursor = Cursor::of(input)?;
    let limit = input.limit.unwrap_or(MAX_EVENTS).clamp(1, MAX_EVENTS);
    let name = input.log_group_name.as_deref().or(input.log_group_identifier.as_deref()).unwrap_or_default();
    let id = here.group(name)?;
    let groups = here.logs.groups();
    let group = groups.get(&id).ok_or(LogsError::GroupNotFound)?;
    if !group.streams.contains_key(input.log_stream_name.as_str()) {
        return Err(LogsError::StreamNotFound.into());
    }
    let wanted = |event: &&StoredEvent| {
        *event.stream == *input.log_stream_name
            && input.start_time.is_none_or(|start| event.timestamp_ms >= start)
            && input.end_time.is_none_or(|end| event.timestamp_ms < end)
    };
    let found = match cursor {
        Cursor::Forward(from) => {
            page(group.events.iter().filter(|e| e.sequence >= from).filter(wanted), limit)
        }
        Cursor::Backward(to) => {
            let mut found = page(group.events.iter().rev().filter(|e| e.sequence < to).filter(wanted), limit);
            found.reverse();
            found
        }
    };
    let reached = match cursor {
        Cursor::Forward(sequence) => sequence,
        Cursor::Backward(sequence) => sequence.min(group.events.back().map_or(0, |last| last.sequence + 1)),
    };
    Ok(ReadOutput {
        next_forward_token: format!("f/{:056}", found.last().map_or(reached, |last| last.sequence + 1)),
        next_backward_token: format!("b/{:056}", found.first().map_or(reached, |first| first.sequence)),
        events: found
            .into_iter()
            .map(|event| EventShape {
                timestamp: event.timestamp_ms,
                message: event.message.to_string(),
                ingestion_time: event.ingested_ms,
            })
            .collect(),
    })
}

/// The input of `FilterLogEvents`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FilterInput {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FilteredShape {
    log_stream_name: String,
    timestamp: i64,
    message: String,
    ingestion_time: i64,
    event_id: String,
}

/// The output of `FilterLogEvents`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FilterOutput {
    events: Vec<FilteredShape>,
    searched_log_streams: Vec<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) fn filter(here: &Here<'_>, input: &FilterInput) -> Result<FilterOutput, AwsError> {
    let pattern = FilterPattern::parse(input.filter_pattern.as_deref().unwrap_or_default());
    let pattern = pattern.map_err(LogsError::from)?;
    let invalid = || LogsError::InvalidParameter("The specified nextToken is invalid.".to_owned());
    let from: u64 =
        input.next_token.as_deref().map(str::parse).transpose().map_err(|_| invalid())?.unwrap_or(0);
    let limit = input.limit.unwrap_or(MAX_EVENTS).clamp(1, MAX_EVENTS);
    let name = input.log_group_name.as_deref().or(input.log_group_identifier.as_deref()).unwrap_or_default();
    let id = here.group(name)?;
    let groups = here.logs.groups();
    let group = groups.get(&id).ok_or(LogsError::GroupNotFound)?;
    let wanted = |event: &&StoredEvent| {
        event.sequence >= from
            && input.log_stream_names.as_ref().is_none_or(|names| names.iter().any(|n| *event.stream == **n))
            && input.log_stream_name_prefix.as_ref().is_none_or(|prefix| event.stream.starts_with(prefix))
            && input.start_time.is_none_or(|start| event.timestamp_ms >= start)
            && input.end_time.is_none_or(|end| event.timestamp_ms <= end)
            && pattern.matches(&event.message)
    };
    let found = page(group.events.iter().filter(wanted), limit);
    let next = found.last().map_or(from, |last| last.sequence + 1);
    let more = group.events.iter().filter(wanted).any(|event| event.sequence >= next);
    Ok(FilterOutput {
        events: found
            .into_iter()
            .map(|event| FilteredShape {
                log_stream_name: event.stream.to_string(),
                timestamp: event.timestamp_ms,
                message: event.message.to_string(),
                ingestion_time: event.ingested_ms,
                event_id: event.id(),
            })
            .collect(),
        searched_log_streams: Vec::new(),
        next_token: more.then(|| next.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(timestamp: i64) -> EventInput {
        EventInput { timestamp, message: "x".to_owned() }
    }

    #[test]
    fn events_out_of_awss_window_are_left_out_and_counted() {
        let now = 100 * 86_400_000;
        let day = 86_400_000;
        let (kept, rejected) = accept(vec![event(now - 15 * day), event(now), event(now + day)], now);
        assert_eq!(kept.len(), 1);
        let expected =
            Rejected { too_new_log_event_start_index: Some(2), too_old_log_event_end_index: Some(1) };
        assert_eq!(rejected, Some(expected));
        assert_eq!(accept(vec![event(now)], now).1, None);
    }

    #[test]
    fn batches_aws_would_refuse_are_refused() {
        assert!(check_batch(&[event(1), event(2)]).is_ok());
        assert!(check_batch(&[]).is_err());
        assert!(check_batch(&[event(2), event(1)]).is_err());
        assert!(check_batch(&[event(0), event(SPAN_MS + 1)]).is_err());
        let big = EventInput { timestamp: 0, message: "x".repeat(MAX_BATCH) };
        assert!(check_batch(&[big]).is_err());
    }
}
