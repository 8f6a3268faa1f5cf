//! Prefix expressions of S3 destinations: `clicks/dt=!{timestamp:yyyy-MM-dd}/`.
//!
//! A prefix is parsed once, when a delivery stream is created or updated, and evaluated once per object.
//! The rules are those of "Understand custom prefixes for Amazon S3 objects" in the Firehose guide.

mod java_time;

use jiff::Zoned;

use self::java_time::Pattern;
use super::error::FirehoseError;
use super::processors::partition::{KeyExpression, KeySource, Partition};

/// What AWS appends to a prefix that names no timestamp.
const DEFAULT_TIMESTAMP: &str = "yyyy/MM/dd/HH/";
/// Longest evaluated prefix, in characters.
const MAX_EVALUATED: usize = 512;

/// Why records ended up under the error prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ErrorOutputType {
    /// The transform failed them.
    Processing,
    /// They have no partition.
    MetadataExtraction,
    /// They are not what CloudWatch Logs sends.
    Decompression,
    /// The HTTP endpoint did not take them.
    HttpEndpoint,
}

impl ErrorOutputType {
    /// The text `!{firehose:error-output-type}` becomes.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Processing => "processing-failed",
            Self::MetadataExtraction => "metadata-extraction-failed",
            Self::Decompression => "decompression-failed",
            Self::HttpEndpoint => "http-endpoint-failed",
        }
    }
}

/// One piece of a prefix.
#[derive(Clone, Debug, PartialEq)]
enum Part {
    Literal(String),
    Timestamp(Pattern),
    RandomString,
    ErrorOutputType,
    PartitionKey(KeyExpression),
}

/// A parsed prefix, ready to be evaluated for each object.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prefix {
    parts: Vec<Part>,
}

/// The two prefixes of an S3 destination, checked against each other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prefixes {
    data: Prefix,
    errors: Prefix,
}

impl Prefixes {
    /// Parses `Prefix` and `ErrorOutputPrefix`, completes them with what AWS implies and checks the rules that
    /// span both. A prefix names partition keys if and only if the destination is `partitioned`.
    pub(crate) fn parse(
        prefix: Option<&str>,
        error_output_prefix: Option<&str>,
        partitioned: bool,
    ) -> Result<Self, FirehoseError> {
        let data = Prefix::parse(prefix.unwrap_or_default(), "Prefix")?;
        if data.has(|part| matches!(part, Part::ErrorOutputType)) {
            return Err(unsatisfied(
                "Prefix must not contain any occurrence of !{firehose:error-output-type}",
            ));
        }
        check_partition_keys(&data, partitioned)?;
        let errors = match error_output_prefix.filter(|text| !text.is_empty()) {
            Some(text) => {
                let errors = Prefix::parse(text, "ErrorOutputPrefix")?;
                if errors.has(|part| matches!(part, Part::PartitionKey(_))) {
                    return Err(FirehoseError::InvalidArgument(
                        "Dynamic Partitioning Namespaces can't be part of an error prefix expression"
                            .to_owned(),
                    ));
                }
                if errors.has_expressions() && !errors.has(|part| matches!(part, Part::ErrorOutputType)) {
                    return Err(unsatisfied(
                        "ErrorOutputPrefix must contain at least one occurrence of !{firehose:error-output-type}",
                    ));
                }
                errors
            }
            None if data.has_expressions() => {
                return Err(unsatisfied(
                    "ErrorOutputPrefix cannot be null or empty when Prefix contains expressions",
                ));
            }
            None => data.clone(),
        };
        // The prefix of a partitioned destination is as it was written.
        let data = if partitioned { data } else { data.completed()? };
        Ok(Self { data, errors: errors.completed_for_errors()? })
    }

    /// The prefix of an object of delivered records. `now` carries the time zone to print in.
    pub(crate) fn data(
        &self,
        now: &Zoned,
        partition: Option<&Partition>,
        random: &mut dyn FnMut() -> String,
    ) -> String {
        self.data.evaluate(now, None, partition, random)
    }

    /// The partition keys the prefix names, in their order.
    pub(crate) fn partition_keys(&self) -> Vec<KeyExpression> {
        let key = |part: &Part| match part {
            Part::PartitionKey(key) => Some(key.clone()),
            _ => None,
        };
        self.data.parts.iter().filter_map(key).collect()
    }

    /// The prefix of an object of failed records.
    pub(crate) fn errors(
        &self,
        kind: ErrorOutputType,
        now: &Zoned,
        random: &mut dyn FnMut() -> String,
    ) -> String {
        self.errors.evaluate(now, Some(kind), None, random)
    }
}

impl Prefix {
    /// Parses a prefix; every `!{` opens an expression.
    fn parse(text: &str, member: &str) -> Result<Self, FirehoseError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("!{") {
            if start > 0 {
                parts.push(Part::Literal(rest[..start].to_owned()));
            }
            let body = &rest[start + 2..];
            let end = body.find('}').ok_or_else(|| {
                unsatisfied("Invalid expression usage: the sequence !{ opens !{namespace:value}, and this one has no }")
            })?;
            parts.push(Part::parse(&body[..end], member)?);
            rest = &body[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        let prefix = Self { parts };
        prefix.check_length(member)?;
        Ok(prefix)
    }

    fn has(&self, wanted: impl Fn(&Part) -> bool) -> bool {
        self.parts.iter().any(wanted)
    }

    fn has_expressions(&self) -> bool {
        self.has(|part| !matches!(part, Part::Literal(_)))
    }

    /// A data prefix without a timestamp gets the default one appended.
    fn completed(mut self) -> Result<Self, FirehoseError> {
        if !self.has(|part| matches!(part, Part::Timestamp(_))) {
            self.parts.push(Part::timestamp(DEFAULT_TIMESTAMP)?);
        }
        Ok(self)
    }

    /// An error prefix without any expression gets the error type and the default timestamp:
    /// `<prefix>processing-failed/yyyy/MM/dd/HH/`. One with expressions stays as it was written. (The guide
    /// says so of an omitted error prefix; that a literal one is completed likewise is an inference.)
    fn completed_for_errors(mut self) -> Result<Self, FirehoseError> {
        if !self.has_expressions() {
            self.parts.push(Part::ErrorOutputType);
            self.parts.push(Part::Literal("/".to_owned()));
            self.parts.push(Part::timestamp(DEFAULT_TIMESTAMP)?);
        }
        Ok(self)
    }

    fn evaluate(
        &self,
        now: &Zoned,
        kind: Option<ErrorOutputType>,
        partition: Option<&Partition>,
        random: &mut dyn FnMut() -> String,
    ) -> String {
        let mut out = String::new();
        let mut keys = 0;
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Timestamp(pattern) => pattern.format_into(now, &mut out),
                Part::RandomString => out.push_str(&random()),
                Part::ErrorOutputType => out.push_str(kind.map_or("", ErrorOutputType::as_str)),
                Part::PartitionKey(_) => {
                    out.push_str(partition.map_or("", |partition| partition.value(keys)));
                    keys += 1;
                }
            }
        }
        out
    }

    /// The limit counts what is evaluated before the implied timestamp is appended; patterns are measured at
    /// an instant whose fields are as wide as they get.
    fn check_length(&self, member: &str) -> Result<(), FirehoseError> {
        let widest = jiff::civil::date(8888, 12, 31)
            .at(23, 59, 59, 0)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map_err(|error| unsatisfied(&error.to_string()))?;
        let mut random = || "0".repeat(RANDOM_LENGTH);
        let evaluated = self.evaluate(&widest, Some(ErrorOutputType::Processing), None, &mut random);
        if evaluated.chars().count() > MAX_EVALUATED {
            let what = if member == "Prefix" { "prefix" } else { member };
            return Err(unsatisfied(&format!("Length of evaluated {what} cannot be greater than 512")));
        }
        Ok(())
    }
}

/// How many characters `!{firehose:random-string}` becomes.
pub(crate) const RANDOM_LENGTH: usize = 11;

impl Part {
    fn timestamp(pattern: &str) -> Result<Self, FirehoseError> {
        Pattern::parse(pattern).map(Self::Timestamp).map_err(|error| {
            unsatisfied(&format!("!{{timestamp:{pattern}}} is not a valid pattern: {error}"))
        })
    }

    fn parse(expression: &str, member: &str) -> Result<Self, FirehoseError> {
        let key = |source, name: &str| Ok(Self::PartitionKey(KeyExpression { source, name: name.into() }));
        match expression.split_once(':') {
            Some(("timestamp", pattern)) => Self::timestamp(pattern),
            Some(("firehose", "random-string")) => Ok(Self::RandomString),
            Some(("firehose", "error-output-type")) => Ok(Self::ErrorOutputType),
            Some(("partitionKeyFromQuery", name)) if !name.is_empty() => key(KeySource::Query, name),
            Some(("partitionKeyFromLambda", name)) if !name.is_empty() => key(KeySource::Lambda, name),
            Some(("firehose" | "partitionKeyFromQuery" | "partitionKeyFromLambda", _)) => {
                Err(unsatisfied(&format!(
                    "Invalid conversion character used in the value of the expression in {member}: !{{{expression}}}"
                )))
            }
            Some((namespace, _)) => Err(unsatisfied(&format!(
                "Namespace to the left of colon ({namespace}) is an invalid keyword!"
            ))),
            None => Err(unsatisfied(&format!("Invalid expression usage: !{{{expression}}} has no colon"))),
        }
    }
}

fn check_partition_keys(data: &Prefix, partitioned: bool) -> Result<(), FirehoseError> {
    let named = data.has(|part| matches!(part, Part::PartitionKey(_)));
    let refused = match (partitioned, named) {
        (true, true) | (false, false) => return Ok(()),
        (false, true) => {
            "Dynamic Partitioning Namespaces can only be part of a prefix expression when Dynamic Partitioning is \
             enabled."
        }
        (true, false) => {
            "S3 Prefix should contain Dynamic Partitioning namespaces when Dynamic Partitioning is enabled"
        }
    };
    Err(FirehoseError::InvalidArgument(refused.to_owned()))
}

/// AWS's sentence around a broken prefix rule, its typing error included.
fn unsatisfied(constraint: &str) -> FirehoseError {
    FirehoseError::InvalidArgument(format!(
        "Ths supplied prefix(es) do not satisfy the following constraint: {constraint}"
    ))
}

#[cfg(test)]
mod tests;
