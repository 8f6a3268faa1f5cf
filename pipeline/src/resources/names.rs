//! Physical names and ARNs: all known before anything exists, so that everything can be observed at once.

pub use crate::spec::names::{delivery_role, function_consumer, function_role, transform_role};

/// The log group that Lambda writes a function's output to.
#[must_use]
pub fn function_logs(function: &str) -> String {
    format!("/aws/lambda/{function}")
}

/// The log group that Firehose writes a delivery's errors to.
#[must_use]
pub fn delivery_logs(delivery: &str) -> String {
    format!("/aws/kinesisfirehose/{delivery}")
}

/// What a stream's consumer goes by: consumers of several streams may have one name.
#[must_use]
pub fn consumer(stream: &str, consumer: &str) -> String {
    format!("{stream}/{consumer}")
}

/// `1234567` as `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes as lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Where ARNs live: partition, region and account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `aws`, `aws-cn`, `aws-us-gov` …
    pub partition: String,
    /// The region everything of a pipeline is in.
    pub region: String,
    /// The account, twelve digits.
    pub account: String,
}

impl Place {
    /// The place of an account in a region; the partition follows from the region.
    #[must_use]
    pub fn new(region: &str, account: &str) -> Self {
        let partition = match region {
            r if r.starts_with("cn-") => "aws-cn",
            r if r.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        Self { partition: partition.to_owned(), region: region.to_owned(), account: account.to_owned() }
    }

    fn arn(&self, service: &str, rest: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{rest}", self.partition, self.region, self.account)
    }

    /// A stream's ARN.
    #[must_use]
    pub fn stream(&self, name: &str) -> String {
        self.arn("kinesis", &format!("stream/{name}"))
    }

    /// A function's ARN, unqualified.
    #[must_use]
    pub fn function(&self, name: &str) -> String {
        self.arn("lambda", &format!("function:{name}"))
    }

    /// An event source mapping's ARN.
    #[must_use]
    pub fn mapping(&self, uuid: &str) -> String {
        self.arn("lambda", &format!("event-source-mapping:{uuid}"))
    }

    /// An alarm's ARN.
    #[must_use]
    pub fn alarm(&self, name: &str) -> String {
        self.arn("cloudwatch", &format!("alarm:{name}"))
    }

    /// A dashboard's ARN; dashboards belong to no region.
    #[must_use]
    pub fn dashboard(&self, name: &str) -> String {
        format!("arn:{}:cloudwatch::{}:dashboard/{name}", self.partition, self.account)
    }

    /// A delivery stream's ARN.
    #[must_use]
    pub fn delivery(&self, name: &str) -> String {
        self.arn("firehose", &format!("deliverystream/{name}"))
    }

    /// A log group's ARN, without the `:*` that policies need.
    #[must_use]
    pub fn log_group(&self, name: &str) -> String {
        self.arn("logs", &format!("log-group:{name}"))
    }

    /// A role's ARN.
    #[must_use]
    pub fn role(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role/{name}", self.partition, self.account)
    }

    /// A bucket's ARN.
    #[must_use]
    pub fn bucket(&self, name: &str) -> String {
        format!("arn:{}:s3:::{name}", self.partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_follows_from_the_region() {
        assert_eq!(Place::new("cn-north-1", "1").bucket("b"), "arn:aws-cn:s3:::b");
        assert_eq!(Place::new("eu-west-1", "1").role("r"), "arn:aws:iam::1:role/r");
    }
}
