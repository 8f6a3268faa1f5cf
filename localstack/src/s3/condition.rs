//! Conditions on reads and writes: `If-Match` and `If-None-Match`.

use super::error::S3Error;
use super::object::Object;

/// What must hold of the object under a key for a write or delete to happen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Condition {
    /// Nothing.
    #[default]
    Always,
    /// There is no object (`If-None-Match: *`).
    Absent,
    /// There is an object (`If-Match: *`).
    Present,
    /// There is an object with this ETag, without quotes (`If-Match: "…"`).
    Matches(String),
}

impl Condition {
    /// Checks the condition against what is there now.
    ///
    /// # Errors
    /// `PreconditionFailed`, or `NoSuchKey` when an ETag is to match and there is nothing, as S3 answers.
    pub(super) fn check(&self, current: Option<&Object>) -> Result<(), S3Error> {
        match (self, current) {
            (Self::Always, _) | (Self::Absent, None) | (Self::Present, Some(_)) => Ok(()),
            (Self::Absent, Some(_)) => Err(S3Error::PreconditionFailed),
            (Self::Present | Self::Matches(_), None) => Err(S3Error::NoSuchKey),
            (Self::Matches(etag), Some(object)) if *etag == object.etag => Ok(()),
            (Self::Matches(_), Some(_)) => Err(S3Error::PreconditionFailed),
        }
    }
}
