//! The retention of a group: stored and returned. The bound on a group's bytes ends events sooner than days would.

use serde::Deserialize;

use crate::http::AwsError;

use super::super::state::LogsError;
use super::Here;
use super::groups::GroupInput;

/// The numbers of days AWS takes.
const DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// The input of `PutRetentionPolicy`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PutInput {
    log_group_name: String,
    retention_in_days: u32,
}

pub(super) fn put(here: &Here<'_>, input: &PutInput) -> Result<(), AwsError> {
    if !DAYS.contains(&input.retention_in_days) {
        let days = DAYS.map(|days| days.to_string()).join(", ");
        return Err(LogsError::InvalidParameter(format!(
            "1 validation error detected: Value '{}' at 'retentionInDays' failed to satisfy constraint: Member must \
             satisfy enum value set: [{days}]",
            input.retention_in_days
        ))
        .into());
    }
    set(here, &input.log_group_name, Some(input.retention_in_days))
}

pub(super) fn delete(here: &Here<'_>, input: &GroupInput) -> Result<(), AwsError> {
    set(here, &input.log_group_name, None)
}

fn set(here: &Here<'_>, group: &str, days: Option<u32>) -> Result<(), AwsError> {
    here.logs.groups().get_mut(&here.named(group)).ok_or(LogsError::GroupNotFound)?.retention_days = days;
    Ok(())
}
