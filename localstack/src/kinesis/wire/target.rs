//! Which stream an operation is about: by name in the caller's region, or by ARN.

use std::sync::Arc;

use pipectl_shards::ShardId;
use serde::Deserialize;

use super::super::stream::{invalid, not_found};
use super::super::token::Seal;
use super::super::{Stream, StreamArn};
use crate::http::{AwsError, Context, JsonCall};
use crate::world::World;

/// The members that most inputs begin with.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Target {
    pub(crate) stream_name: Option<String>,
    #[serde(rename = "StreamARN")]
    pub(crate) stream_arn: Option<String>,
}

impl Target {
    /// The stream they name.
    pub(crate) fn find(&self, world: &World, context: &Context) -> Result<Arc<Stream>, AwsError> {
        let arn = self.arn(world, context)?;
        world.kinesis.stream(&arn, world.clock.now())
    }

    /// The ARN of the stream they name, whether there is one or not.
    pub(crate) fn arn(&self, world: &World, context: &Context) -> Result<StreamArn, AwsError> {
        let Some(text) = &self.stream_arn else {
            let neither =
                || invalid("Either StreamARN or StreamName must be provided; neither was.".to_owned());
            let name = self.stream_name.as_ref().ok_or_else(neither)?;
            return Ok(StreamArn::new(&context.region, world.kinesis.account(), name));
        };
        let arn = parse_arn(text, context)?;
        match &self.stream_name {
            Some(name) if name != arn.name() => Err(invalid(format!(
                "StreamARN {text} does not match StreamName {name}: give one of them, or the same stream in both."
            ))),
            _ if arn.account() != world.kinesis.account() => Err(not_found(&arn)),
            _ => Ok(arn),
        }
    }
}

/// A stream's ARN, which has passed its pattern; the pattern lets more pass than names a stream. A stream of another
/// region than the call's is not there.
pub(crate) fn parse_arn(text: &str, context: &Context) -> Result<StreamArn, AwsError> {
    let arn: StreamArn = text.parse().map_err(|_| {
        invalid(format!("Invalid ARN {text}: expected arn:aws:kinesis:REGION:ACCOUNT:stream/NAME"))
    })?;
    if arn.region() == context.region { Ok(arn) } else { Err(not_found(&arn)) }
}

/// The shard that a text names. AWS looks at the number only: `shardId-5`, `any-00005` and `5` are the same.
pub(crate) fn shard_id(text: &str) -> Option<ShardId> {
    let number = match text.split('-').nth(1) {
        Some(number) if !number.is_empty() => number,
        _ => text,
    };
    let is_plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse::<u64>().ok().filter(|number| is_plain && *number <= 2_147_483_647);
    number.map(ShardId::new)
}

/// What may say which stream a call is about, in any operation.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Named {
    stream_name: Option<String>,
    #[serde(rename = "StreamARN")]
    stream_arn: Option<String>,
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
    #[serde(rename = "ConsumerARN")]
    consumer_arn: Option<String>,
    next_token: Option<String>,
}

impl Named {
    fn stream(self, seal: &Seal) -> Option<String> {
        /// A page of a stream's shards or consumers.
        #[derive(Deserialize)]
        struct Page {
            arn: String,
        }
        let of_token = |token: String| seal.open::<Page>(&token).map(|page| page.arn);
        let arn = [self.stream_arn, self.resource_arn, self.consumer_arn].into_iter().flatten().next();
        let arn = arn.or_else(|| self.next_token.and_then(of_token));
        let of_arn = |arn: String| {
            let stream = arn.split_once("/consumer/").map_or(arn.as_str(), |(stream, _)| stream);
            stream.parse::<StreamArn>().ok().map(|arn| arn.name().to_owned())
        };
        self.stream_name.or_else(|| arn.and_then(of_arn))
    }
}

/// The name of the stream that a call is about, as far as it can be read without knowing the operation.
pub(crate) fn named(world: &World, call: &JsonCall) -> Option<String> {
    call.input::<Named>().ok()?.stream(world.kinesis.seal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_named_in_many_ways() {
        const ARN: &str = "arn:aws:kinesis:eu-west-1:000000000000:stream/s";
        let seal = Seal::new(&crate::dice::Dice::default());
        let token = seal.seal(&serde_json::json!({ "arn": ARN, "after": "shardId-000000000001" }));
        for input in [
            serde_json::json!({ "StreamName": "s" }),
            serde_json::json!({ "StreamARN": ARN }),
            serde_json::json!({ "ResourceARN": ARN }),
            serde_json::json!({ "ResourceARN": format!("{ARN}/consumer/c:1700000000") }),
            serde_json::json!({ "ConsumerARN": format!("{ARN}/consumer/c:1700000000") }),
            serde_json::json!({ "NextToken": token }),
        ] {
            let named: Named = serde_json::from_value(input.clone()).unwrap();
            assert_eq!(named.stream(&seal).as_deref(), Some("s"), "{input}");
        }
        let of_no_stream = seal.seal(&"the last name of a list of streams");
        for input in [serde_json::json!({}), serde_json::json!({ "NextToken": of_no_stream })] {
            let named: Named = serde_json::from_value(input.clone()).unwrap();
            assert_eq!(named.stream(&seal), None, "{input}");
        }
    }

    #[test]
    fn a_shard_is_known_by_its_number() {
        for text in ["shardId-000000000005", "shardId-5", "x-5", "-5", "5"] {
            assert_eq!(shard_id(text), Some(ShardId::new(5)), "{text}");
        }
        for text in ["", "shardId-", "2147483648", "2.14E4", "ABKLFD8", "+5"] {
            assert_eq!(shard_id(text), None, "{text}");
        }
    }
}
