//! Which stream an operation is about: by name in the caller's region, or by ARN.

use std::sync::Arc;

use serde::Deserialize;

use super::super::arn::is_stream_name;
use super::super::stream::{invalid, not_found};
use super::super::{Stream, StreamArn};
use crate::http::{AwsError, Context, Violations};
use crate::world::World;

/// The pattern of names, quoted in messages.
pub(crate) const NAME_PATTERN: &str = "[a-zA-Z0-9_.-]+";
const ARN_PATTERN: &str = r"arn:aws.*:kinesis:.*:\d{12}:stream/\S+";

/// The members that most inputs begin with.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Target {
    pub(crate) stream_name: Option<String>,
    #[serde(rename = "StreamARN")]
    pub(crate) stream_arn: Option<String>,
}

impl Target {
    /// Checks the members' form.
    pub(crate) fn validate(&self, violations: &mut Violations) {
        check_name(violations, "streamName", self.stream_name.as_deref());
        let is_arn = |text: &str| text.parse::<StreamArn>().is_ok();
        violations.pattern("streamARN", self.stream_arn.as_deref(), ARN_PATTERN, is_arn);
    }

    /// As [`validate`](Self::validate), for operations that check nothing else.
    pub(crate) fn check(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        self.validate(&mut violations);
        violations.check()
    }

    /// The stream they name.
    pub(crate) fn find(&self, world: &World, context: &Context) -> Result<Arc<Stream>, AwsError> {
        let arn = self.arn(world, context)?;
        world.kinesis.stream(&arn, world.clock.now())
    }

    fn arn(&self, world: &World, context: &Context) -> Result<StreamArn, AwsError> {
        let Some(text) = &self.stream_arn else {
            let name = self.stream_name.as_ref().ok_or_else(|| {
                invalid("Either StreamARN or StreamName must be provided; neither was.".to_owned())
            })?;
            return Ok(StreamArn::new(&context.region, world.kinesis.account(), name));
        };
        let arn = parse_arn(text)?;
        match &self.stream_name {
            Some(name) if name != arn.name() => Err(invalid(format!(
                "StreamARN {text} does not match StreamName {name}: give one of them, or the same stream in both."
            ))),
            _ if arn.account() != world.kinesis.account() => Err(not_found(&arn)),
            _ => Ok(arn),
        }
    }
}

/// The stream of a `ResourceARN`.
pub(crate) fn find_resource(world: &World, resource_arn: Option<&String>) -> Result<Arc<Stream>, AwsError> {
    let mut violations = Violations::default();
    violations.required("resourceARN", resource_arn);
    violations.check()?;
    let arn = parse_arn(resource_arn.map(String::as_str).unwrap_or_default())?;
    world.kinesis.stream(&arn, world.clock.now())
}

fn parse_arn(text: &str) -> Result<StreamArn, AwsError> {
    text.parse().map_err(|_| {
        invalid(format!("Invalid ARN {text}: expected arn:aws:kinesis:REGION:ACCOUNT:stream/NAME"))
    })
}

/// The constraints on names.
pub(crate) fn check_name(violations: &mut Violations, member: &str, name: Option<&str>) {
    violations.pattern(member, name, NAME_PATTERN, is_stream_name);
    violations.length(member, name, 1, 128);
}
