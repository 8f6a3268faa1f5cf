//! The patterns of names, numbers and ARNs, as messages quote them.

use super::super::arn::is_stream_name;
use crate::http::shape::Pattern;

/// Names of streams and consumers, ids of shards.
pub(super) const NAME: Pattern = Pattern::new("[a-zA-Z0-9_.-]+", is_stream_name);

/// A hash key, in decimal.
pub(super) const HASH_KEY: Pattern = Pattern::new(r"0|([1-9]\d{0,38})", |text| is_number(text, 39));

/// A sequence number, in decimal.
pub(super) const SEQUENCE_NUMBER: Pattern = Pattern::new(r"0|([1-9]\d{0,128})", |text| is_number(text, 129));

/// The reserved id of a stream.
pub(super) const STREAM_ID: Pattern = Pattern::new("[a-z0-9]{20}-[a-z0-9]{3}", |text| {
    let part = |part: &str, length| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    text.split_once('-').is_some_and(|(one, other)| part(one, 20) && part(other, 3))
});

/// A stream's ARN.
pub(super) const STREAM_ARN: Pattern = Pattern::new(r"arn:aws.*:kinesis:.*:\d{12}:stream/\S+", |text| {
    is_arn(text, |resource| resource.strip_prefix("stream/").is_some_and(is_solid))
});

/// The ARN of a stream or of what belongs to one.
pub(super) const RESOURCE_ARN: Pattern =
    Pattern::new(r"arn:aws.*:kinesis:.*:\d{12}:.*(stream|channel|queue)/\S+", |text| {
        let kinds = ["stream/", "channel/", "queue/"];
        is_arn(text, |resource| {
            kinds.iter().any(|kind| {
                resource
                    .match_indices(kind)
                    .any(|(at, _)| resource.get(at + kind.len()..).is_some_and(is_solid))
            })
        })
    });

/// A consumer's ARN.
pub(super) const CONSUMER_ARN: Pattern = Pattern::new(
    r"^(arn):aws.*:kinesis:.*:\d{12}:.*stream\/[a-zA-Z0-9_.-]+\/consumer\/[a-zA-Z0-9_.-]+:[0-9]+",
    |text| {
        is_arn(text, |resource| {
            let path = resource.split_once("stream/").map(|(_, path)| path);
            let parts = path.and_then(|path| path.split_once("/consumer/"));
            parts.is_some_and(|(stream, consumer)| {
                let (name, born) = consumer.rsplit_once(':').unwrap_or_default();
                is_stream_name(stream) && is_stream_name(name) && is_digits(born)
            })
        })
    },
);

/// `arn:aws.*:kinesis:.*:\d{12}:` and then a resource.
fn is_arn(text: &str, is_resource: impl Fn(&str) -> bool) -> bool {
    let Some(rest) = text.strip_prefix("arn:aws") else { return false };
    let Some((_, rest)) = rest.split_once(":kinesis:") else { return false };
    let bounds = |at: usize| rest.get(at + 1..at + 13).zip(rest.get(at + 13..));
    rest.match_indices(':')
        .filter_map(|(at, _)| bounds(at))
        .any(|(account, rest)| is_digits(account) && rest.strip_prefix(':').is_some_and(&is_resource))
}

fn is_solid(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_number(text: &str, most: usize) -> bool {
    text == "0" || (is_digits(text) && text.len() <= most && !text.starts_with('0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_have_no_leading_zero_and_a_bound() {
        for (text, fits) in [("0", true), ("10", true), ("", false), ("01", false), ("-1", false)] {
            assert_eq!(HASH_KEY.matches(text), fits, "{text}");
        }
        assert!(HASH_KEY.matches(&"9".repeat(39)) && !HASH_KEY.matches(&"9".repeat(40)));
        assert!(SEQUENCE_NUMBER.matches(&"9".repeat(129)) && !SEQUENCE_NUMBER.matches(&"9".repeat(130)));
    }

    #[test]
    fn arns_are_told_apart_by_their_resources() {
        let stream = "arn:aws:kinesis:eu-west-1:000000000000:stream/s";
        let consumer = "arn:aws-cn:kinesis:cn-north-1:000000000000:stream/s/consumer/c:1700000000";
        assert!(STREAM_ARN.matches(stream) && STREAM_ARN.matches(consumer));
        assert!(CONSUMER_ARN.matches(consumer) && !CONSUMER_ARN.matches(stream));
        assert!(RESOURCE_ARN.matches("arn:aws:kinesis:eu-west-1:000000000000:queue/q"));
        for text in
            ["", "arn:aws:kinesis", "arn:aws:kinesis::0:stream/s", "arn:aws:firehose::000000000000:stream/s"]
        {
            assert!(!STREAM_ARN.matches(text) && !RESOURCE_ARN.matches(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_pattern_panic(text in "(arn:aws)?(:kinesis:)?[\\d:stream/ä]{0,40}") {
            for pattern in [NAME, HASH_KEY, SEQUENCE_NUMBER, STREAM_ID, STREAM_ARN, RESOURCE_ARN, CONSUMER_ARN] {
                pattern.matches(&text);
            }
        }
    }
}
