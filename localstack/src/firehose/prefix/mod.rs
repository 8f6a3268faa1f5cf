//! Prefix expressions of S3 destinations: `clicks/dt=!{timestamp:yyyy-MM-dd}/`.
//!
//! A prefix is parsed once, when a delivery stream is created or updated, and evaluated once per object.
//! The rules are those of "Understand custom prefixes for Amazon S3 objects" in the Firehose guide.

mod java_time;

use jiff::Zoned;

use self::java_time::Pattern;
use super::error::FirehoseError;

/// What AWS appends to a prefix that names no timestamp.
const DEFAULT_TIMESTAMP: &str = "yyyy/MM/dd/HH/";
/// Longest evaluated prefix, in characters.
const MAX_EVALUATED: usize = 512;

/// Why records ended up under the error prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorOutputType {
    /// The transform failed them.
    ProcessingFailed,
}

impl ErrorOutputType {
    /// The text `!{firehose:error-output-type}` becomes.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ProcessingFailed => "processing-failed",
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
    /// span both.
    pub(crate) fn parse(
        prefix: Option<&str>,
        error_output_prefix: Option<&str>,
    ) -> Result<Self, FirehoseError> {
        let data = Prefix::parse(prefix.unwrap_or_default())?;
        if data.has(|part| matches!(part, Part::ErrorOutputType)) {
            return Err(unsatisfied("Prefix cannot contain !{firehose:error-output-type}"));
        }
        let errors = match error_output_prefix.filter(|text| !text.is_empty()) {
            Some(text) => {
                let errors = Prefix::parse(text)?;
                if errors.has_expressions() && !errors.has(|part| matches!(part, Part::ErrorOutputType)) {
                    return Err(unsatisfied(
                        "ErrorOutputPrefix must contain at least one instance of !{firehose:error-output-type} \
                         when it contains expressions",
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
        let prefixes = Self { data: data.completed()?, errors: errors.completed_for_errors()? };
        Ok(prefixes)
    }

    /// The prefix of an object of delivered records. `now` carries the time zone to print in.
    pub(crate) fn data(&self, now: &Zoned, random: &mut dyn FnMut() -> String) -> String {
        self.data.evaluate(now, None, random)
    }

    /// The prefix of an object of failed records.
    pub(crate) fn errors(
        &self,
        kind: ErrorOutputType,
        now: &Zoned,
        random: &mut dyn FnMut() -> String,
    ) -> String {
        self.errors.evaluate(now, Some(kind), random)
    }
}

impl Prefix {
    /// Parses a prefix; every `!{` opens an expression.
    fn parse(text: &str) -> Result<Self, FirehoseError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("!{") {
            if start > 0 {
                parts.push(Part::Literal(rest[..start].to_owned()));
            }
            let body = &rest[start + 2..];
            let end = body.find('}').ok_or_else(|| {
                unsatisfied("the sequence !{ can only appear in !{namespace:value} expressions, and this one has no }")
            })?;
            parts.push(Part::parse(&body[..end])?);
            rest = &body[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        let prefix = Self { parts };
        prefix.check_length()?;
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
        random: &mut dyn FnMut() -> String,
    ) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Timestamp(pattern) => pattern.format_into(now, &mut out),
                Part::RandomString => out.push_str(&random()),
                Part::ErrorOutputType => out.push_str(kind.map_or("", ErrorOutputType::as_str)),
            }
        }
        out
    }

    /// The limit counts what is evaluated before the implied timestamp is appended; patterns are measured at
    /// an instant whose fields are as wide as they get.
    fn check_length(&self) -> Result<(), FirehoseError> {
        let widest = jiff::civil::date(8888, 12, 31)
            .at(23, 59, 59, 0)
            .to_zoned(jiff::tz::TimeZone::UTC)
            .map_err(|error| unsatisfied(&error.to_string()))?;
        let evaluated = self
            .evaluate(&widest, Some(ErrorOutputType::ProcessingFailed), &mut || "0".repeat(RANDOM_LENGTH));
        if evaluated.chars().count() > MAX_EVALUATED {
            return Err(unsatisfied("a prefix cannot be greater than 512 characters after it is evaluated"));
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

    fn parse(expression: &str) -> Result<Self, FirehoseError> {
        match expression.split_once(':') {
            Some(("timestamp", pattern)) => Self::timestamp(pattern),
            Some(("firehose", "random-string")) => Ok(Self::RandomString),
            Some(("firehose", "error-output-type")) => Ok(Self::ErrorOutputType),
            Some(("partitionKeyFromQuery" | "partitionKeyFromLambda", _)) => Err(FirehoseError::InvalidArgument(
                "Prefix cannot contain partitionKeyFromQuery or partitionKeyFromLambda when dynamic partitioning \
                 is not enabled; this endpoint does not offer dynamic partitioning yet"
                    .to_owned(),
            )),
            _ => Err(unsatisfied(&format!(
                "!{{{expression}}} is not an expression; use !{{timestamp:pattern}}, !{{firehose:random-string}} \
                 or !{{firehose:error-output-type}}"
            ))),
        }
    }
}

/// AWS's sentence around a broken prefix rule, its typing error included.
fn unsatisfied(constraint: &str) -> FirehoseError {
    FirehoseError::InvalidArgument(format!(
        "Ths supplied prefix(es) do not satisfy the following constraint: {constraint}"
    ))
}

#[cfg(test)]
mod tests;
