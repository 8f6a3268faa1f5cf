//! Where a mapping reads: a stream, or a consumer of a stream with enhanced fan-out.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::kinesis::{ConsumerArn, Stream, StreamArn};

/// A stream, read by itself or through one of its consumers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EventSource {
    /// A stream.
    Stream(StreamArn),
    /// A consumer of one.
    Consumer(ConsumerArn),
}

impl EventSource {
    /// The stream.
    pub(crate) fn stream(&self) -> &StreamArn {
        match self {
            Self::Stream(arn) => arn,
            Self::Consumer(arn) => arn.stream(),
        }
    }

    /// Whether the consumer is registered, where one is named.
    pub(super) fn is_registered(&self, stream: &Stream, now: Timestamp) -> bool {
        let Self::Consumer(arn) = self else { return true };
        stream.with(now, |state| {
            let mut consumers = state.consumers.all(now.as_millisecond());
            consumers.any(|consumer| consumer.name == arn.name() && consumer.born() == arn.born())
        })
    }
}

impl fmt::Display for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stream(arn) => arn.fmt(f),
            Self::Consumer(arn) => arn.fmt(f),
        }
    }
}

/// A text that names neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoEventSource;

impl FromStr for EventSource {
    type Err = NoEventSource;

    fn from_str(text: &str) -> Result<Self, NoEventSource> {
        let stream = || text.parse().map(Self::Stream);
        text.parse().map(Self::Consumer).or_else(|_| stream()).map_err(|_| NoEventSource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_and_consumers_are_read_as_they_are_written() {
        let stream = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
        let consumer = format!("{stream}/consumer/fan-out:1540591608");
        for text in [stream, &consumer] {
            assert_eq!(text.parse::<EventSource>().unwrap().to_string(), text);
        }
        assert_eq!(consumer.parse::<EventSource>().unwrap().stream().to_string(), stream);
    }

    #[test]
    fn other_sources_are_refused() {
        for text in [
            "",
            "arn:aws:sqs:us-east-1:000000000000:q",
            "arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/",
            "arn:aws:kinesis:us-east-1:000000000000:stream/s/consumer/c",
        ] {
            assert_eq!(text.parse::<EventSource>(), Err(NoEventSource), "{text}");
        }
    }
}
