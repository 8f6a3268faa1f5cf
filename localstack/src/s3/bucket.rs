//! One bucket: its objects, uploads in progress and settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use s3s::dto;
use serde::{Deserialize, Serialize};

use super::error::S3Error;
use super::multipart::Upload;
use super::object::Object;
use super::version::Older;

/// What is configured on a bucket. Versions are kept and functions notified as configured; the rest is stored and
/// returned, and what S3 would do about it (expire, encrypt, deny) is not done.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(super) tags: Option<Vec<dto::Tag>>,
    pub(super) versioning: Option<dto::VersioningConfiguration>,
    pub(super) lifecycle: Option<dto::BucketLifecycleConfiguration>,
    pub(super) encryption: Option<dto::ServerSideEncryptionConfiguration>,
    pub(super) notification: Option<dto::NotificationConfiguration>,
    pub(super) public_access: Option<dto::PublicAccessBlockConfiguration>,
    pub(super) policy: Option<String>,
    #[serde(with = "super::image::ownership")]
    pub(super) ownership: Option<dto::OwnershipControls>,
    pub(super) cors: Option<dto::CORSConfiguration>,
    #[serde(default)]
    pub(super) logging: Option<Logging>,
}

/// Where access would be logged.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Logging {
    pub(super) bucket: String,
    pub(super) prefix: String,
}

/// A bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) region: String,
    pub(super) created: Timestamp,
    /// What is under each key now.
    pub(super) objects: BTreeMap<String, Arc<Object>>,
    /// What was there before and delete markers, oldest first; see `version`.
    pub(super) older: BTreeMap<String, Vec<Older>>,
    pub(super) uploads: BTreeMap<String, Upload>,
    pub(super) settings: Settings,
    /// The settings as they are in the data folder; empty without one.
    pub(super) kept: String,
}

impl Bucket {
    pub(super) fn new(region: String, created: Timestamp) -> Self {
        Self {
            region,
            created,
            objects: BTreeMap::new(),
            older: BTreeMap::new(),
            uploads: BTreeMap::new(),
            settings: super::wire::of_new_bucket(),
            kept: String::new(),
        }
    }
}

/// Checks a name against S3's rules for general purpose buckets.
pub(super) fn check_name(name: &str) -> Result<(), S3Error> {
    let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let bytes = name.as_bytes();
    let valid = (3..=63).contains(&bytes.len())
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes.iter().copied().all(inside)
        && !name.contains("..")
        && name.parse::<std::net::Ipv4Addr>().is_err();
    if valid { Ok(()) } else { Err(S3Error::InvalidBucketName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_s3s_rules() {
        for good in ["abc", "click-stream.lake", "0a0", &"a".repeat(63)] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["ab", "-ab", "ab-", "Abc", "a_b", "a..b", "10.0.0.1", "", &"a".repeat(64)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
