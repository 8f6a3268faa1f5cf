//! CloudWatch Logs over AWS JSON: one file per group of operations.

mod checks;
mod events;
mod groups;
mod retention;
mod streams;
mod tags;

use std::sync::Arc;

use crate::http::{Answer, AwsError, Context, JsonCall};
use crate::world::World;

use super::state::LogsError;

impl From<LogsError> for AwsError {
    fn from(error: LogsError) -> Self {
        let code = match &error {
            LogsError::GroupNotFound | LogsError::StreamNotFound => "ResourceNotFoundException",
            LogsError::GroupExists | LogsError::StreamExists => "ResourceAlreadyExistsException",
            LogsError::TooManyGroups => "LimitExceededException",
            LogsError::Pattern(_) | LogsError::InvalidParameter(_) => "InvalidParameterException",
        };
        Self::bad_request(code, error.to_string())
    }
}

/// The ARN of a group, as tags name it. Most operations show it with `:*` behind it.
fn group_arn(context: &Context, group: &str) -> String {
    format!("arn:aws:logs:{}:{}:log-group:{group}", context.region, context.account)
}

/// The group an identifier names: its name, or its ARN with or without `:*`.
fn group_of(identifier: &str) -> &str {
    let name = identifier.split_once(":log-group:").map_or(identifier, |(_, name)| name);
    name.strip_suffix(":*").unwrap_or(name)
}

/// Answers one call.
pub(crate) async fn serve(world: &Arc<World>, call: &JsonCall) -> Result<Answer, AwsError> {
    let (logs, context) = (&*world.logs, &call.context);
    match call.operation() {
        "CreateLogGroup" => call.nothing(groups::create(logs, call.input()?)?),
        "DeleteLogGroup" => call.nothing(groups::delete(logs, &call.input()?)?),
        "DescribeLogGroups" => call.output(&groups::describe(logs, context, &call.input()?)?),
        "PutRetentionPolicy" => call.nothing(retention::put(logs, &call.input()?)?),
        "DeleteRetentionPolicy" => call.nothing(retention::delete(logs, &call.input()?)?),
        "CreateLogStream" => call.nothing(streams::create(logs, &call.input()?)?),
        "DeleteLogStream" => call.nothing(streams::delete(logs, &call.input()?)?),
        "DescribeLogStreams" => call.output(&streams::describe(logs, context, &call.input()?)?),
        "PutLogEvents" => call.output(&events::put(logs, call.input()?)?),
        "GetLogEvents" => call.output(&events::read(logs, &call.input()?)?),
        "FilterLogEvents" => call.output(&events::filter(logs, &call.input()?)?),
        "TagResource" => call.nothing(tags::tag(logs, call.input()?)?),
        "UntagResource" => call.nothing(tags::untag(logs, &call.input()?)?),
        "ListTagsForResource" => call.output(&tags::list(logs, &call.input()?)?),
        "TagLogGroup" => call.nothing(tags::tag_group(logs, call.input()?)?),
        "UntagLogGroup" => call.nothing(tags::untag_group(logs, &call.input()?)?),
        "ListTagsLogGroup" => call.output(&tags::list_group(logs, &call.input()?)?),
        other => Err(AwsError::unknown_operation(other)),
    }
}
