//! Why an operation on the store failed, with the code AWS gives it.

use jiff::Timestamp;

use super::version::VersionId;

/// An error of the store. Its text is AWS's message.
#[derive(Debug, thiserror::Error)]
pub enum S3Error {
    /// No bucket of that name.
    #[error("The specified bucket does not exist")]
    NoSuchBucket,
    /// No object under that key.
    #[error("The specified key does not exist.")]
    NoSuchKey,
    /// No version of that id.
    #[error("The specified version does not exist.")]
    NoSuchVersion,
    /// The newest version of the key is a delete marker.
    #[error("The specified key does not exist.")]
    Deleted {
        /// The marker's version.
        version: VersionId,
        /// When it was made.
        modified: Timestamp,
    },
    /// The version asked for is a delete marker.
    #[error("The specified method is not allowed against this resource.")]
    IsMarker {
        /// The marker's version.
        version: VersionId,
        /// When it was made.
        modified: Timestamp,
    },
    /// A part of an object that has no such part.
    #[error("The requested partnumber is not satisfiable")]
    InvalidPartNumber,
    /// No multipart upload of that id.
    #[error(
        "The specified multipart upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
    )]
    NoSuchUpload,
    /// The caller's own bucket is there already.
    #[error("Your previous request to create the named bucket succeeded and you already own it.")]
    BucketAlreadyOwnedByYou,
    /// A bucket with objects in it cannot be deleted.
    #[error("The bucket you tried to delete is not empty")]
    BucketNotEmpty,
    /// More buckets than an account has.
    #[error("You have attempted to create more buckets than allowed")]
    TooManyBuckets,
    /// The bucket's name breaks AWS's rules.
    #[error("The specified bucket is not valid.")]
    InvalidBucketName,
    /// A conditional request whose condition does not hold.
    #[error("At least one of the pre-conditions you specified did not hold")]
    PreconditionFailed,
    /// A part named on completion that was not uploaded, or whose ETag differs.
    #[error(
        "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
    )]
    InvalidPart,
    /// Parts not in ascending order.
    #[error("The list of parts was not in ascending order. Parts must be ordered by part number.")]
    InvalidPartOrder,
    /// A part other than the last below 5 MiB.
    #[error("Your proposed upload is smaller than the minimum allowed size")]
    EntityTooSmall,
    /// A body larger than S3 takes.
    #[error("Your proposed upload exceeds the maximum allowed size")]
    EntityTooLarge,
    /// The store's bound on memory and disk is reached: delete objects to go on.
    #[error("The local object store is full ({0} bytes); delete objects to make room")]
    Full(u64),
    /// Large objects live in files; one could not be written or read.
    #[error("the local object store could not use its spill file: {0}")]
    Spill(#[from] std::io::Error),
}

impl S3Error {
    /// AWS's error code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchBucket => "NoSuchBucket",
            Self::NoSuchKey | Self::Deleted { .. } => "NoSuchKey",
            Self::NoSuchVersion => "NoSuchVersion",
            Self::IsMarker { .. } => "MethodNotAllowed",
            Self::InvalidPartNumber => "InvalidPartNumber",
            Self::NoSuchUpload => "NoSuchUpload",
            Self::BucketAlreadyOwnedByYou => "BucketAlreadyOwnedByYou",
            Self::BucketNotEmpty => "BucketNotEmpty",
            Self::TooManyBuckets => "TooManyBuckets",
            Self::InvalidBucketName => "InvalidBucketName",
            Self::PreconditionFailed => "PreconditionFailed",
            Self::InvalidPart => "InvalidPart",
            Self::InvalidPartOrder => "InvalidPartOrder",
            Self::EntityTooSmall => "EntityTooSmall",
            Self::EntityTooLarge => "EntityTooLarge",
            Self::Full(_) => "ServiceUnavailable",
            Self::Spill(_) => "InternalError",
        }
    }
}
