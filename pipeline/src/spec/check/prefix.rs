//! Firehose prefix expressions: `clicks/dt=!{timestamp:yyyy-MM-dd}/`.
//!
//! Source: "Understand custom prefixes for Amazon S3 objects" in the Firehose developer guide. Firehose says
//! of a bad expression only that it is bad, and only when the delivery stream is made.

use std::ops::Range;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::PartitionKeys;
use super::date_pattern;
use super::fields::{Found, Given};
use super::suggest;

/// Longest prefix after it is evaluated; what is written can only be checked without its expressions.
const MOST: usize = 512;

const NAMESPACES: [&str; 4] = ["timestamp", "firehose", "partitionKeyFromQuery", "partitionKeyFromLambda"];

/// Which of the two prefixes it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// `prefix`.
    Data,
    /// `errors`.
    Errors,
}

/// A prefix that Firehose takes.
#[derive(Clone, Debug)]
pub(crate) struct Prefix {
    /// As it is written.
    pub(crate) text: String,
    /// Whether it has an expression at all.
    pub(crate) has_expressions: bool,
    /// Whether it has `!{firehose:error-output-type}`.
    pub(crate) names_error_type: bool,
    /// The keys of dynamic partitioning that it names.
    pub(crate) keys: PartitionKeys,
}

/// What is wrong with a piece of a prefix.
struct Misfit {
    bytes: Range<usize>,
    message: String,
    help: String,
}

/// Reads a prefix; each expression that is wrong is a finding of its own.
pub(crate) fn read(given: &Given<'_>, r#use: Use, found: &mut Found) -> Option<Prefix> {
    let text = given.text(found)?;
    let before = found.len();
    let mut prefix = Prefix {
        text: text.to_owned(),
        has_expressions: false,
        names_error_type: false,
        keys: PartitionKeys::default(),
    };
    let mut fixed = text.len();
    let mut at = 0;
    while let Some(start) = text[at..].find("!{").map(|offset| at + offset) {
        prefix.has_expressions = true;
        let Some(length) = text[start..].find('}') else {
            let misfit = Misfit {
                bytes: start..text.len(),
                message: "the expression has no closing brace".to_owned(),
                help: "an expression is `!{namespace:value}`".to_owned(),
            };
            found.push(misfit.diagnostic(given));
            break;
        };
        let inside = start + 2..start + length;
        fixed -= length + 1;
        match expression(text, &inside, r#use) {
            Err(misfit) => found.push(misfit.diagnostic(given)),
            Ok("error-output-type") => prefix.names_error_type = true,
            Ok(_) if text[inside.clone()].starts_with("timestamp:") => {
                let pattern = inside.start + "timestamp:".len()..inside.end;
                date_pattern::check(&text[pattern.clone()], pattern.start, given, found);
            }
            Ok(key) if text[inside.clone()].starts_with("partitionKeyFromQuery:") => {
                prefix.keys.query.insert(key.to_owned());
            }
            Ok(key) if text[inside.clone()].starts_with("partitionKeyFromLambda:") => {
                prefix.keys.lambda.insert(key.to_owned());
            }
            Ok(_) => {}
        }
        at = start + length + 1;
    }
    if fixed > MOST {
        let message = format!("the prefix has {fixed} characters beside its expressions; {MOST} is the most");
        found.push(Diagnostic::error(Code::InvalidPrefix, given.place(), message));
    }
    if text.starts_with('/') {
        found.push(
            Diagnostic::warning(
                Code::Unsuitable,
                given.place(),
                "a slash at the start makes a folder without a name",
            )
            .help(format!("write \"{}\"", text.trim_start_matches('/'))),
        );
    }
    let errors = found[before..].iter().any(|item| item.severity == super::super::Severity::Error);
    (!errors).then_some(prefix)
}

/// The value of one expression, `inside` being what its braces hold.
fn expression<'t>(text: &'t str, inside: &Range<usize>, r#use: Use) -> Result<&'t str, Misfit> {
    let misfit = |bytes: Range<usize>, message: String, help: String| Misfit { bytes, message, help };
    let Some((namespace, value)) = text[inside.clone()].split_once(':') else {
        return Err(misfit(
            inside.clone(),
            format!("`{}` is not an expression", &text[inside.clone()]),
            "an expression is `!{namespace:value}`, such as `!{timestamp:yyyy-MM-dd}`".to_owned(),
        ));
    };
    let namespace_bytes = inside.start..inside.start + namespace.len();
    let value_bytes = namespace_bytes.end + 1..inside.end;
    match (namespace, value) {
        ("timestamp", "") => Err(misfit(
            inside.clone(),
            "the timestamp has no pattern".to_owned(),
            "for example `!{timestamp:yyyy/MM/dd}`".to_owned(),
        )),
        ("timestamp", _) | ("firehose", "random-string") => Ok(value),
        ("firehose", "error-output-type") if r#use == Use::Errors => Ok(value),
        ("firehose", "error-output-type") => Err(misfit(
            inside.clone(),
            "only `errors` can name the type of an error".to_owned(),
            "take the expression away, or write it into `errors`".to_owned(),
        )),
        ("firehose", _) => Err(misfit(
            value_bytes,
            format!("Firehose has no value `{value}`"),
            match suggest::nearest(value, ["error-output-type", "random-string"]) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "it has `error-output-type` and `random-string`".to_owned(),
            },
        )),
        ("partitionKeyFromQuery" | "partitionKeyFromLambda", "") => Err(misfit(
            inside.clone(),
            "the key has no name".to_owned(),
            format!("for example `!{{{namespace}:customer}}`"),
        )),
        ("partitionKeyFromQuery" | "partitionKeyFromLambda", _) if r#use == Use::Data => Ok(value),
        ("partitionKeyFromQuery" | "partitionKeyFromLambda", _) => Err(misfit(
            namespace_bytes,
            "what failed is not partitioned, so only `prefix` can have keys".to_owned(),
            "partition by time: `!{timestamp:yyyy-MM-dd}`".to_owned(),
        )),
        _ => Err(misfit(
            namespace_bytes,
            format!("Firehose has no namespace `{namespace}`"),
            match suggest::nearest(namespace, NAMESPACES) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "it has `timestamp` and `firehose`".to_owned(),
            },
        )),
    }
}

impl Misfit {
    fn diagnostic(self, given: &Given<'_>) -> Diagnostic {
        let place = Place::Within(given.path.clone(), self.bytes);
        Diagnostic::error(Code::InvalidPrefix, place, self.message).help(self.help)
    }
}
