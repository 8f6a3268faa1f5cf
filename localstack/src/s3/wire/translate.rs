//! Small translations between the store's words and the protocol's.

use std::convert::Infallible;
use std::time::SystemTime;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use s3s::dto;
use s3s::{S3ErrorCode, S3Response};

use super::super::condition::Condition;
use super::super::error::S3Error;
use super::super::version::{VersionId, Versioning};
use crate::clock::http_date;

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
        match &cause {
            S3Error::TooManyBuckets => translated.set_status_code(::http::StatusCode::BAD_REQUEST),
            S3Error::InvalidPartNumber => {
                translated.set_status_code(::http::StatusCode::RANGE_NOT_SATISFIABLE)
            }
            S3Error::Deleted { version, modified } | S3Error::IsMarker { version, modified } => {
                translated.set_headers(marker_headers(version, *modified));
            }
            _ => {}
        }
        translated
    }
}

/// How an answer says that there is a delete marker.
fn marker_headers(version: &VersionId, modified: jiff::Timestamp) -> HeaderMap {
    let modified = http_date(modified);
    let headers = [
        ("x-amz-delete-marker", "true"),
        ("x-amz-version-id", version.as_str()),
        ("last-modified", modified.as_str()),
    ];
    let header = |(name, text): (&'static str, &str)| {
        Some((HeaderName::from_static(name), HeaderValue::from_str(text).ok()?))
    };
    headers.into_iter().filter_map(header).collect()
}

/// The version of an answer: none where no versions are kept.
pub(super) fn version_id(version: &VersionId, versioning: Versioning) -> Option<String> {
    (versioning != Versioning::Never).then(|| version.as_str().to_owned())
}

/// A storage class to keep: none for the standard one.
pub(super) fn storage_class(class: Option<&dto::StorageClass>) -> Result<Option<String>, s3s::S3Error> {
    const CLASSES: [&str; 8] = [
        "STANDARD",
        "REDUCED_REDUNDANCY",
        "STANDARD_IA",
        "ONEZONE_IA",
        "INTELLIGENT_TIERING",
        "GLACIER",
        "DEEP_ARCHIVE",
        "GLACIER_IR",
    ];
    match class.map(dto::StorageClass::as_str) {
        Some(class) if !CLASSES.contains(&class) => {
            Err(error("InvalidStorageClass", "The storage class you specified is not valid"))
        }
        class => Ok(class.filter(|class| *class != "STANDARD").map(str::to_owned)),
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
            (S3Error::NoSuchVersion, 404),
            (S3Error::InvalidPartNumber, 416),
            (S3Error::IsMarker { version: VersionId::default(), modified: jiff::Timestamp::UNIX_EPOCH }, 405),
            (S3Error::Deleted { version: VersionId::default(), modified: jiff::Timestamp::UNIX_EPOCH }, 404),
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
