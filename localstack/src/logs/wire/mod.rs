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

use super::group::GroupId;
use super::state::{Logs, LogsError};

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

/// The log groups as a call sees them: those of its region.
struct Here<'a> {
    logs: &'a Logs,
    context: &'a Context,
}

impl Here<'_> {
    /// The ARN of a group, as tags name it. Most operations show it with `:*` behind it.
    fn group_arn(&self, group: &str) -> String {
        format!("arn:aws:logs:{}:{}:log-group:{group}", self.context.region, self.context.account)
    }

    /// The group of a name.
    fn named(&self, name: &str) -> GroupId {
        GroupId::new(&self.context.region, name)
    }

    /// The group an identifier names: its name, or its ARN with or without `:*`. Groups of other regions are not there.
    fn group(&self, identifier: &str) -> Result<GroupId, LogsError> {
        let (arn, name) = identifier.split_once(":log-group:").unwrap_or(("", identifier));
        if arn.split(':').nth(3).is_some_and(|region| region != self.context.region) {
            return Err(LogsError::GroupNotFound);
        }
        Ok(self.named(name.strip_suffix(":*").unwrap_or(name)))
    }
}

/// Answers one call.
pub(crate) async fn serve(world: &Arc<World>, call: &JsonCall) -> Result<Answer, AwsError> {
    let here = &Here { logs: &world.logs, context: &call.context };
    match call.operation() {
        "CreateLogGroup" => call.nothing(groups::create(here, call.input()?)?),
        "DeleteLogGroup" => call.nothing(groups::delete(here, &call.input()?)?),
        "DescribeLogGroups" => call.output(&groups::describe(here, &call.input()?)?),
        "PutRetentionPolicy" => call.nothing(retention::put(here, &call.input()?)?),
        "DeleteRetentionPolicy" => call.nothing(retention::delete(here, &call.input()?)?),
        "CreateLogStream" => call.nothing(streams::create(here, &call.input()?)?),
        "DeleteLogStream" => call.nothing(streams::delete(here, &call.input()?)?),
        "DescribeLogStreams" => call.output(&streams::describe(here, &call.input()?)?),
        "PutLogEvents" => call.output(&events::put(here, call.input()?)?),
        "GetLogEvents" => call.output(&events::read(here, &call.input()?)?),
        "FilterLogEvents" => call.output(&events::filter(here, &call.input()?)?),
        "TagResource" => call.nothing(tags::tag(here, call.input()?)?),
        "UntagResource" => call.nothing(tags::untag(here, &call.input()?)?),
        "ListTagsForResource" => call.output(&tags::list(here, &call.input()?)?),
        "TagLogGroup" => call.nothing(tags::tag_group(here, call.input()?)?),
        "UntagLogGroup" => call.nothing(tags::untag_group(here, &call.input()?)?),
        "ListTagsLogGroup" => call.output(&tags::list_group(here, &call.input()?)?),
        other => Err(AwsError::unknown_operation(other)),
    }
}
