//! Where a mapping reads: a stream, or a consumer of a stream with enhanced fan-out.

use std::fmt;
use std::str::FromStr;

use crate::kinesis::StreamArn;

/// A stream, read by itself or through one of its consumers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventSource {
    stream: StreamArn,
    /// `NAME:TIMESTAMP`.
    consumer: Option<String>,
}

impl EventSource {
    /// The stream.
    pub(crate) fn stream(&self) -> &StreamArn {
        &self.stream
    }
}

impl fmt::Display for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.consumer {
            Some(consumer) => write!(f, "{}/consumer/{consumer}", self.stream),
            None => self.stream.fmt(f),
        }
    }
}

/// A text that names neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoEventSource;

impl FromStr for EventSource {
    type Err = NoEventSource;

    fn from_str(text: &str) -> Result<Self, NoEventSource> {
        let (stream, consumer) = match text.split_once("/consumer/") {
            Some((stream, consumer)) => (stream, Some(consumer)),
            None => (text, None),
        };
        let named = |consumer: &str| {
            let (name, created) = consumer.split_once(':').unwrap_or((consumer, ""));
            !name.is_empty() && !created.is_empty() && created.bytes().all(|byte| byte.is_ascii_digit())
        };
        if consumer.is_some_and(|consumer| !named(consumer)) {
            return Err(NoEventSource);
        }
        let stream = stream.parse().map_err(|_| NoEventSource)?;
        Ok(Self { stream, consumer: consumer.map(str::to_owned) })
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
