//! Calls of the REST protocol: the method and the path name the operation.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::codec::Codec;
use super::context::Context;
use super::error::AwsError;

/// One call, of Lambda so far.
#[derive(Debug)]
pub(crate) struct RestCall {
    pub(crate) context: Context,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    path: String,
    query: String,
}

impl RestCall {
    pub(crate) fn new(context: Context, parts: http::request::Parts, body: Bytes) -> Self {
        let path = parts.uri.path().to_owned();
        let query = parts.uri.query().unwrap_or_default().to_owned();
        Self { context, method: parts.method, headers: parts.headers, body, path, query }
    }

    /// The path as it was sent, still percent-encoded.
    pub(crate) fn operation(&self) -> &str {
        &self.path
    }

    /// The path's segments, decoded: `/2015-03-31/functions/f/code` gives `["2015-03-31", "functions", "f", "code"]`.
    pub(crate) fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|s| !s.is_empty()).map(percent_decode).collect()
    }

    /// A query parameter's value.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        self.query_all(name).into_iter().next()
    }

    /// All values of a query parameter that may be repeated.
    pub(crate) fn query_all(&self, name: &str) -> Vec<String> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(&self.query).unwrap_or_default();
        pairs.into_iter().filter(|(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// The body as JSON.
    pub(crate) fn input<T: DeserializeOwned>(&self) -> Result<T, AwsError> {
        Codec::Json.decode(&self.body)
    }

    /// An answer in JSON.
    pub(crate) fn output<T: Serialize>(&self, output: &T) -> Result<Answer, AwsError> {
        Ok(Answer::new("application/json", Codec::Json.encode(output)?))
    }
}

/// Decodes `%41` and leaves what is not an escape as it is.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escape =
            (first == b'%').then(|| after.get(..2)).flatten().and_then(|digits| hex::decode(digits).ok());
        match escape {
            Some(decoded) => {
                bytes.extend(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_escapes_are_decoded_and_broken_ones_kept() {
        assert_eq!(percent_decode("arn%3Aaws%3alambda"), "arn:aws:lambda");
        assert_eq!(percent_decode("100%"), "100%");
        assert_eq!(percent_decode("%zz%4"), "%zz%4");
    }
}
