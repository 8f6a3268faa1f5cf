//! Small translations between the store's words and the protocol's.

use std::convert::Infallible;
use std::time::SystemTime;

use s3s::dto;
use s3s::{S3ErrorCode, S3Response};

use super::super::condition::Condition;
use super::super::error::S3Error;

/// Answers of this service.
pub(super) type Answer<T> = Result<S3Response<T>, s3s::S3Error>;

/// A plain answer.
pub(super) fn ok<T>(output: T) -> Answer<T> {
    Ok(S3Response::new(output))
}

/// An error of the protocol by its code.
pub(super) fn error(code: &str, message: impl Into<String>) -> s3s::S3Error {
    let code = code.parse::<S3ErrorCode>().unwrap_or_else(|never: Infallible| match never {});
    s3s::S3Error::with_message(code, message.into())
}

/// A 404 whose code `s3s` may not know.
pub(super) fn not_found(code: &str, message: &str) -> s3s::S3Error {
    let mut error = error(code, message);
    error.set_status_code(::http::StatusCode::NOT_FOUND);
    error
}

impl From<S3Error> for s3s::S3Error {
    fn from(cause: S3Error) -> Self {
        let mut translated = error(cause.code(), cause.to_string());
        if matches!(cause, S3Error::TooManyBuckets) {
            translated.set_status_code(::http::StatusCode::BAD_REQUEST);
        }
        translated
    }
}

/// An ETag header's value.
pub(super) fn etag(value: &str) -> dto::ETag {
    dto::ETag::Strong(value.to_owned())
}

/// A time.
pub(super) fn timestamp(at: jiff::Timestamp) -> dto::Timestamp {
    SystemTime::from(at).into()
}

/// A size; the protocol counts in signed numbers.
pub(super) fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// The condition of a write.
pub(super) fn write_condition(
    if_match: Option<dto::ETagCondition>,
    if_none_match: Option<dto::ETagCondition>,
) -> Result<Condition, s3s::S3Error> {
    match (if_match, if_none_match) {
        (None, None) => Ok(Condition::Always),
        (None, Some(dto::ETagCondition::Any)) => Ok(Condition::Absent),
        (Some(dto::ETagCondition::Any), None) => Ok(Condition::Present),
        (Some(dto::ETagCondition::ETag(etag)), None) => Ok(Condition::Matches(etag.into_value())),
        _ => Err(error(
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
        )),
    }
}

/// Percent-encodes a key as `encoding-type=url` asks for.
pub(super) fn url_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' | b'*' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_so_that_xml_and_clients_can_read_them() {
        assert_eq!(url_encode("a b/c+d=é\n"), "a%20b/c%2Bd%3D%C3%A9%0A");
    }

    #[test]
    fn conditions_are_those_s3_knows() {
        let any = || Some(dto::ETagCondition::Any);
        assert_eq!(write_condition(None, any()).unwrap(), Condition::Absent);
        assert_eq!(write_condition(any(), None).unwrap(), Condition::Present);
        let tag = Some(dto::ETagCondition::ETag(etag("x")));
        assert_eq!(write_condition(tag.clone(), None).unwrap(), Condition::Matches("x".to_owned()));
        assert!(write_condition(None, tag).is_err());
    }

    #[test]
    fn every_error_of_the_store_has_a_status_of_its_own_kind() {
        for (cause, status) in [
            (S3Error::NoSuchBucket, 404),
            (S3Error::NoSuchKey, 404),
            (S3Error::NoSuchUpload, 404),
            (S3Error::BucketAlreadyOwnedByYou, 409),
            (S3Error::BucketNotEmpty, 409),
            (S3Error::TooManyBuckets, 400),
            (S3Error::InvalidBucketName, 400),
            (S3Error::PreconditionFailed, 412),
            (S3Error::InvalidPart, 400),
            (S3Error::EntityTooSmall, 400),
            (S3Error::EntityTooLarge, 400),
            (S3Error::Full(1), 503),
        ] {
            let code = cause.code();
            let translated = s3s::S3Error::from(cause);
            assert_eq!(translated.status_code().map(|status| status.as_u16()), Some(status), "{code}");
        }
    }
}
