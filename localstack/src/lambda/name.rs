//! How a caller may name a function: name, partial ARN or ARN, each with or without a qualifier; and what a function is
//! called among those of all regions.

use super::error::LambdaError;

/// Longest function name AWS takes.
const MAX_NAME: usize = 64;

/// A function's own name, such as `clickstream-parse`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FunctionName(String);

impl FunctionName {
    /// The name as text.
    #[must_use]
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which function it is: names are unique within a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FunctionId {
    /// Such as `eu-west-1`.
    pub(super) region: String,
    /// Its name there.
    pub(super) name: FunctionName,
}

/// A function as a caller named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FunctionRef {
    /// The region that its ARN says; a name alone says none.
    pub(super) region: Option<String>,
    pub(super) name: FunctionName,
    pub(super) qualifier: Option<String>,
}

impl FunctionRef {
    /// Reads any of the forms `name`, `name:1`, `123456789012:function:name`, `function:name` and a full ARN.
    pub(super) fn parse(text: &str) -> Result<Self, LambdaError> {
        let (before, rest) = match text.split_once("function:") {
            Some((before, rest)) if before.is_empty() || before.ends_with(':') => (before, rest),
            _ => ("", text),
        };
        let (name, qualifier) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (rest, None),
        };
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let name_fits = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(word);
        let qualifier_fits = qualifier
            .is_none_or(|q| q == "$LATEST" || (!q.is_empty() && q.len() <= 128 && q.bytes().all(word)));
        if name_fits && qualifier_fits {
            return Ok(Self {
                region: region(before).map(str::to_owned),
                name: FunctionName(name.to_owned()),
                qualifier: qualifier.map(str::to_owned),
            });
        }
        Err(LambdaError::Validation(format!(
            "1 validation error detected: Value '{text}' at 'functionName' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{{2}}(-gov)?-[a-z]+-\\d{{1}}:)?\
             (\\d{{12}}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?"
        )))
    }

    /// The same function with the qualifier of the query string, where there is one.
    pub(super) fn qualified(mut self, qualifier: Option<String>) -> Self {
        if qualifier.is_some() {
            self.qualifier = qualifier;
        }
        self
    }

    /// The version asked for; the unpublished one unless said otherwise.
    pub(super) fn version(&self) -> &str {
        self.qualifier.as_deref().unwrap_or(LATEST)
    }
}

/// The region in what stands before `function:`. It may be an account's id alone.
fn region(before: &str) -> Option<&str> {
    let mut parts = before.split(':');
    match parts.next()? {
        "arn" => parts.nth(2).filter(|region| !region.is_empty()),
        first => first.contains('-').then_some(first),
    }
}

/// The name of the unpublished version.
pub(super) const LATEST: &str = "$LATEST";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_aws_takes_names_the_same_function() {
        for text in [
            "my-fn",
            "function:my-fn",
            "000000000000:function:my-fn",
            "us-east-1:000000000000:function:my-fn",
            "arn:aws:lambda:us-east-1:000000000000:function:my-fn",
        ] {
            let parsed = FunctionRef::parse(text).unwrap();
            assert_eq!((parsed.name.as_str(), parsed.version()), ("my-fn", "$LATEST"), "{text}");
            let parsed = FunctionRef::parse(&format!("{text}:7")).unwrap();
            assert_eq!((parsed.name.as_str(), parsed.version()), ("my-fn", "7"), "{text}");
        }
    }

    #[test]
    fn an_arn_says_the_region_whole_or_in_part_and_nothing_else_does() {
        let arn = "arn:aws:lambda:eu-west-1:000000000000:function:my-fn:live";
        for text in [arn, "eu-west-1:000000000000:function:my-fn"] {
            assert_eq!(FunctionRef::parse(text).unwrap().region.as_deref(), Some("eu-west-1"), "{text}");
        }
        for text in ["my-fn", "my-fn:7", "function:my-fn", "000000000000:function:my-fn"] {
            assert_eq!(FunctionRef::parse(text).unwrap().region, None, "{text}");
        }
    }

    #[test]
    fn what_aws_refuses_is_refused() {
        for text in ["", "a b", "a/b", "ä", "f:", "f:a b", &"x".repeat(65)] {
            assert!(FunctionRef::parse(text).is_err(), "{text}");
        }
    }
}
