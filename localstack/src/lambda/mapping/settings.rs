//! What a mapping does, checked.

use jiff::Timestamp;

use super::filter::Filters;

/// The settings of a mapping that can be changed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// The function's ARN, with the qualifier it was named with.
    pub(crate) function_arn: String,
    /// Most records of a batch.
    pub(crate) batch_size: usize,
    /// How long records are gathered before the function is invoked.
    pub(crate) batching_window_s: u32,
    /// Batches of one shard at a time.
    pub(crate) parallelization: usize,
    /// Older records are given up; never when absent.
    pub(crate) max_age_s: Option<u32>,
    /// Retries after a function error; no limit when absent.
    pub(crate) max_retries: Option<u32>,
    /// Whether a failed batch is halved.
    pub(crate) bisect: bool,
    /// The length of a tumbling window.
    pub(crate) tumbling_ms: Option<i64>,
    /// Which records the function wants.
    pub(crate) filters: Filters,
    /// Who is told of records that were given up.
    pub(crate) on_failure: Option<Destination>,
    /// Whether the function's answer names the items that failed.
    pub(crate) report_failures: bool,
    /// `MetricsConfig.Metrics`: the groups of metrics that are published.
    pub(crate) metrics: Option<Vec<String>>,
    /// `KMSKeyArn`: what AWS encrypts the filters with. Remembered and shown, without effect here.
    pub(crate) kms_key_arn: Option<String>,
}

impl Settings {
    /// What a new mapping has unless told otherwise.
    pub(crate) fn of(function_arn: String) -> Self {
        Self {
            function_arn,
            batch_size: 100,
            batching_window_s: 0,
            parallelization: 1,
            max_age_s: None,
            max_retries: None,
            bisect: false,
            tumbling_ms: None,
            filters: Filters::default(),
            on_failure: None,
            report_failures: false,
            metrics: None,
            kms_key_arn: None,
        }
    }
}

impl Settings {
    /// How long records are gathered, in milliseconds.
    pub(super) fn gathering_ms(&self) -> i64 {
        i64::from(self.batching_window_s) * 1000
    }

    /// Whether the counts of events are published.
    pub(super) fn publishes_counts(&self) -> bool {
        self.metrics.iter().flatten().any(|group| group == "EventCount")
    }
}

/// Who is told of records that were given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// An S3 bucket: written.
    Bucket {
        /// Of its ARN: `aws`, `aws-cn` and the like.
        partition: String,
        /// Its name.
        name: String,
    },
    /// A queue, a topic: there is no such service here, so the log is told instead.
    Elsewhere(String),
}

impl Destination {
    /// Reads the ARN of a queue, a topic or a bucket, or the URL of a Kafka topic.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.starts_with("kafka://") {
            return Some(Self::Elsewhere(text.to_owned()));
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", partition, "s3", "", "", name] if !name.is_empty() && !name.contains('/') => {
                Some(Self::Bucket { partition: (*partition).to_owned(), name: (*name).to_owned() })
            }
            ["arn", _, "sqs" | "sns", region, account, name]
                if !region.is_empty() && !account.is_empty() && !name.is_empty() =>
            {
                Some(Self::Elsewhere(text.to_owned()))
            }
            _ => None,
        }
    }

    /// As the user wrote it.
    pub(crate) fn arn(&self) -> String {
        match self {
            Self::Bucket { partition, name } => format!("arn:{partition}:s3:::{name}"),
            Self::Elsewhere(arn) => arn.clone(),
        }
    }
}

/// Where a mapping begins to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// With the oldest record.
    TrimHorizon,
    /// With what comes from now on.
    Latest,
    /// With what arrived from then on.
    At(Timestamp),
}

impl Start {
    /// As the API writes it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::TrimHorizon => "TRIM_HORIZON",
            Self::Latest => "LATEST",
            Self::At(_) => "AT_TIMESTAMP",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_queues_topics_and_buckets() {
        for bucket in ["arn:aws:s3:::b", "arn:aws-cn:s3:::b"] {
            let destination = Destination::parse(bucket).unwrap();
            assert!(matches!(&destination, Destination::Bucket { name, .. } if name == "b"));
            assert_eq!(destination.arn(), bucket);
        }
        for elsewhere in
            ["arn:aws:sqs:us-east-1:000000000000:q", "arn:aws:sns:us-east-1:000000000000:t", "kafka://topic"]
        {
            assert_eq!(Destination::parse(elsewhere).unwrap().arn(), elsewhere);
        }
        for refused in
            ["", "q", "arn:aws:s3:::", "arn:aws:sqs:::q", "arn:aws:kinesis:us-east-1:000000000000:stream/s"]
        {
            assert_eq!(Destination::parse(refused), None, "{refused}");
        }
    }
}
