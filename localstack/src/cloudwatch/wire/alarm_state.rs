//! What is done to alarms that are there, and what happened to them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::alarms::{HistoryItem, Reason, State, arn};
use super::alarm::page_size;
use super::alarms::is_of_type;
use super::values::{Number, Time};
use super::{missing, not_found};
use crate::http::{AwsError, Context};
use crate::world::World;

/// Alarms by name.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NamesInput {
    alarm_names: Option<Vec<String>>,
}

/// Deletes alarms; those that are not there are none.
pub(super) fn delete(world: &Arc<World>, context: &Context, input: NamesInput) -> Result<(), AwsError> {
    let names = input.alarm_names.ok_or_else(|| missing("AlarmNames"))?;
    if names.len() > 100 {
        return Err(AwsError::validation(
            "1 validation error detected: Value at 'alarmNames' failed to satisfy constraint: Member must have length \
             less than or equal to 100",
        ));
    }
    world.cloudwatch.shelf(&context.region).alarms.delete(&names);
    Ok(())
}

/// Switches actions on or off.
pub(super) fn actions(
    world: &Arc<World>,
    context: &Context,
    input: NamesInput,
    enabled: bool,
) -> Result<(), AwsError> {
    let alarms = &world.cloudwatch.shelf(&context.region).alarms;
    for name in input.alarm_names.ok_or_else(|| missing("AlarmNames"))? {
        alarms.change(&name, |alarm| alarm.actions.enabled = enabled);
    }
    Ok(())
}

/// The input of `SetAlarmState`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetInput {
    alarm_name: Option<String>,
    state_value: Option<String>,
    state_reason: Option<String>,
    state_reason_data: Option<String>,
}

pub(super) fn unknown_state(text: &str) -> AwsError {
    let set: Vec<&str> = State::ALL.iter().map(|state| state.as_str()).collect();
    AwsError::validation(format!(
        "1 validation error detected: Value '{text}' at 'stateValue' failed to satisfy constraint: Member must satisfy \
         enum value set: [{}]",
        set.join(", ")
    ))
}

/// Moves an alarm to a state until it is evaluated again.
pub(super) fn set(world: &Arc<World>, context: &Context, input: SetInput) -> Result<(), AwsError> {
    let name = input.alarm_name.ok_or_else(|| missing("AlarmName"))?;
    let value = input.state_value.ok_or_else(|| missing("StateValue"))?;
    let state = State::parse(&value).ok_or_else(|| unknown_state(&value))?;
    let text = input.state_reason.ok_or_else(|| missing("StateReason"))?;
    if text.chars().count() > 1023 {
        return Err(AwsError::validation(
            "1 validation error detected: Value at 'stateReason' failed to satisfy constraint: Member must have length \
             less than or equal to 1023",
        ));
    }
    if let Some(data) = &input.state_reason_data
        && serde_json::from_str::<serde::de::IgnoredAny>(data).is_err()
    {
        return Err(AwsError::bad_request("InvalidFormatFault", "StateReasonData is not valid JSON"));
    }
    let now = world.clock.now();
    let reason = Reason { text, data: input.state_reason_data };
    let shelf = world.cloudwatch.shelf(&context.region);
    if !shelf.alarms.move_to(&name, (state, reason), true, now) {
        return Err(not_found("ResourceNotFound", ""));
    }
    shelf.alarms.follow(&|name: &str| arn(world, &context.region, name), now);
    Ok(())
}

/// The input of `DescribeAlarmHistory`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HistoryInput {
    alarm_name: Option<String>,
    #[serde(default)]
    alarm_types: Vec<String>,
    history_item_type: Option<String>,
    start_date: Option<Time>,
    end_date: Option<Time>,
    max_records: Option<Number>,
    next_token: Option<String>,
    scan_by: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ItemShape {
    alarm_name: String,
    alarm_type: &'static str,
    timestamp: Time,
    history_item_type: &'static str,
    history_summary: String,
    history_data: String,
}

/// The output of `DescribeAlarmHistory`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HistoryOutput {
    alarm_history_items: Vec<ItemShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl HistoryInput {
    fn matches(&self, item: &HistoryItem) -> bool {
        self.alarm_name.as_ref().is_none_or(|name| item.alarm == *name)
            && is_of_type(&self.alarm_types, item.is_composite)
            && self.history_item_type.as_ref().is_none_or(|kind| item.kind.as_str() == kind)
            && self.start_date.is_none_or(|start| item.at >= start.0)
            && self.end_date.is_none_or(|end| item.at <= end.0)
    }
}

/// Tells what happened, newest first unless asked otherwise.
pub(super) fn history(
    world: &Arc<World>,
    context: &Context,
    input: HistoryInput,
) -> Result<HistoryOutput, AwsError> {
    let skip: usize = match &input.next_token {
        None => 0,
        Some(token) => {
            let bad = |_| AwsError::bad_request("InvalidNextToken", "The NextToken is invalid.");
            token.parse().map_err(bad)?
        }
    };
    let mut found = world.cloudwatch.shelf(&context.region).alarms.history();
    found.retain(|item| input.matches(item));
    if input.scan_by.as_deref() == Some("TimestampAscending") {
        found.reverse();
    }
    let end = skip.saturating_add(page_size(input.max_records, 100));
    let next_token = (found.len() > end).then(|| end.to_string());
    let page = found.into_iter().take(end).skip(skip).map(|item| ItemShape {
        alarm_name: item.alarm,
        alarm_type: if item.is_composite { "CompositeAlarm" } else { "MetricAlarm" },
        timestamp: Time(item.at),
        history_item_type: item.kind.as_str(),
        history_summary: item.summary,
        history_data: item.data,
    });
    Ok(HistoryOutput { alarm_history_items: page.collect(), next_token })
}
