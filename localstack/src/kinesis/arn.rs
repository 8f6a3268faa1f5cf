//! The name of a stream in the world: `arn:aws:kinesis:REGION:ACCOUNT:stream/NAME`, and of a consumer of it:
//! that, `/consumer/NAME:` and the second of its registration.

use std::fmt;
use std::str::FromStr;

/// A stream's ARN, in its parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamArn {
    region: String,
    account: String,
    name: String,
}

impl StreamArn {
    /// The ARN of the stream with this name.
    pub fn new(region: impl Into<String>, account: impl Into<String>, name: impl Into<String>) -> Self {
        Self { region: region.into(), account: account.into(), name: name.into() }
    }

    /// The region it is in.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account it belongs to.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The stream's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for StreamArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "arn:aws:kinesis:{}:{}:stream/{}", self.region, self.account, self.name)
    }
}

/// A text that is no stream's ARN, and no consumer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the ARN of a stream: expected arn:aws:kinesis:REGION:ACCOUNT:stream/NAME")]
pub struct ParseStreamArnError(String);

impl FromStr for StreamArn {
    type Err = ParseStreamArnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts[..] {
            ["arn", partition, "kinesis", region, account, resource]
                if partition.starts_with("aws") && is_account(account) =>
            {
                let name = resource.strip_prefix("stream/").filter(|name| is_stream_name(name));
                name.map(|name| Self::new(region, account, name))
            }
            _ => None,
        }
        .ok_or_else(|| ParseStreamArnError(text.to_owned()))
    }
}

/// A consumer's ARN, in its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerArn {
    stream: StreamArn,
    name: String,
    born: i64,
}

impl ConsumerArn {
    /// The ARN of the consumer of this name that was registered in this second since the epoch.
    pub fn new(stream: StreamArn, name: impl Into<String>, born: i64) -> Self {
        Self { stream, name: name.into(), born }
    }

    /// The stream it reads.
    pub fn stream(&self) -> &StreamArn {
        &self.stream
    }

    /// The consumer's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When it was registered, in seconds since the epoch.
    pub fn born(&self) -> i64 {
        self.born
    }
}

impl fmt::Display for ConsumerArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/consumer/{}:{}", self.stream, self.name, self.born)
    }
}

impl FromStr for ConsumerArn {
    type Err = ParseStreamArnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let broken = || ParseStreamArnError(text.to_owned());
        let (stream, consumer) = text.split_once("/consumer/").ok_or_else(broken)?;
        let (name, born) =
            consumer.rsplit_once(':').filter(|(name, _)| is_stream_name(name)).ok_or_else(broken)?;
        Ok(Self::new(stream.parse()?, name, born.parse().map_err(|_| broken())?))
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `[a-zA-Z0-9_.-]+`, the pattern of stream names and shard ids.
pub(crate) fn is_stream_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_is_read_as_it_is_written() {
        let arn = StreamArn::new("eu-west-1", "000000000000", "clicks.v-1_a");
        assert_eq!(arn.to_string().parse(), Ok(arn));
    }

    #[test]
    fn a_consumers_arn_is_read_as_it_is_written() {
        let arn = ConsumerArn::new(StreamArn::new("eu-west-1", "000000000000", "s"), "c-1", 1_700_000_000);
        assert_eq!(
            arn.to_string(),
            "arn:aws:kinesis:eu-west-1:000000000000:stream/s/consumer/c-1:1700000000"
        );
        assert_eq!(arn.to_string().parse(), Ok(arn));
        for text in ["", "arn:aws:kinesis:eu-west-1:000000000000:stream/s", "x/consumer/c:1"] {
            assert!(text.parse::<ConsumerArn>().is_err(), "{text}");
        }
    }

    #[test]
    fn other_resources_and_broken_arns_are_refused() {
        for text in [
            "",
            "arn:aws:kinesis",
            "arn:aws:firehose:us-east-1:000000000000:stream/a",
            "arn:aws:kinesis:us-east-1:000000000000:stream/",
            "arn:aws:kinesis:us-east-1:00000000000:stream/a",
            "arn:aws:kinesis:us-east-1:000000000000:stream/a/consumer/b:1",
        ] {
            assert!(text.parse::<StreamArn>().is_err(), "{text}");
        }
    }
}
