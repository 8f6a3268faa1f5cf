//! Whether a request carries a signature of the right form, and where. Whether it is a good one is another question.
//!
//! AWS looks at the form first, and tells all that is missing in one message. Kinesis asks for it here always, so that
//! a client which does not sign is found out on a laptop; other services only where signatures are verified.

use http::header::{AUTHORIZATION, DATE};
use http::request::Parts;

use super::{Kind, Refusal};

const DATE_HEADER: &str = "x-amz-date";
const ALGORITHM: &str = "X-Amz-Algorithm";

/// What the query of a presigned request must hold.
const IN_QUERY: [&str; 5] =
    [ALGORITHM, "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"];

/// What the `Authorization` header must hold.
const IN_HEADER: [&str; 3] = ["Credential", "Signature", "SignedHeaders"];

/// Where a request's signature is; refused where that is not one place, or where a part of it is missing.
pub(crate) fn check(parts: &Parts) -> Result<Kind, Refusal> {
    let header = parts.headers.get(AUTHORIZATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let query = parts.uri.query().unwrap_or_default();
    let is_presigned = value_in(query.split('&'), ALGORITHM).is_some();
    match (header, is_presigned) {
        (Some(_), true) => Err(Refusal::Twice),
        (None, false) => Err(Refusal::Missing),
        (Some(header), false) => {
            let has_date = parts.headers.contains_key(DATE_HEADER) || parts.headers.contains_key(DATE);
            in_header(&header, has_date).map(|()| Kind::Header)
        }
        (None, true) => in_query(query).map(|()| Kind::Query),
    }
}

fn in_header(header: &str, has_date: bool) -> Result<(), Refusal> {
    let fields = || header.split([',', ' ']).skip(1).filter(|field| !field.is_empty());
    let missing = IN_HEADER.iter().filter(|name| value_in(fields(), name).is_none_or(str::is_empty));
    let mut message: String =
        missing.map(|name| format!("Authorization header requires '{name}' parameter. ")).collect();
    if !has_date {
        message += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
    }
    if message.is_empty() {
        return Ok(());
    }
    Err(Refusal::Incomplete(message + &format!("Authorization={header}")))
}

fn in_query(query: &str) -> Result<(), Refusal> {
    let missing = IN_QUERY.iter().filter(|name| value_in(query.split('&'), name).is_none_or(str::is_empty));
    let message: String =
        missing.map(|name| format!("AWS query-string parameters must include '{name}'. ")).collect();
    if message.is_empty() {
        return Ok(());
    }
    Err(Refusal::IncompleteQuery(message + "Re-examine the query-string parameters."))
}

/// The value of `name=value` among these; empty without `=`.
fn value_in<'a>(mut fields: impl Iterator<Item = &'a str>, name: &str) -> Option<&'a str> {
    fields.find_map(|field| {
        let (key, value) = field.split_once('=').unwrap_or((field, ""));
        (key == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::super::Dialect;
    use super::*;

    fn found(uri: &str, headers: &[(&str, &str)]) -> (String, String) {
        let mut builder = http::Request::builder().uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        let (parts, ()) = builder.body(()).unwrap().into_parts();
        let error = check(&parts).map_err(|refusal| refusal.error(Dialect::Json)).err();
        error.map(|error| (error.code.into_owned(), error.message)).unwrap_or_default()
    }

    #[test]
    fn a_signature_of_the_right_form_is_fine_in_header_and_query() {
        let header = "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b, Signature=c";
        assert_eq!(found("/", &[("authorization", header), ("x-amz-date", "d")]), Default::default());
        let query =
            "/?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-SignedHeaders=d&X-Amz-Date=e";
        assert_eq!(found(query, &[]), Default::default());
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(found("/", &[]).0, "MissingAuthenticationTokenException");
        assert_eq!(found("/?X-Amz-Algorithm", &[("authorization", "X")]).0, "InvalidSignatureException");
        let (code, message) =
            found("/", &[("authorization", "AWS4- Signature=b,Credential=a"), ("date", "d")]);
        assert_eq!(code, "IncompleteSignatureException");
        assert_eq!(
            message,
            "Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4- Signature=b,Credential=a"
        );
        let (_, message) =
            found("/?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=e", &[]);
        assert_eq!(
            message,
            "AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters."
        );
    }
}
