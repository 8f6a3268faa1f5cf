//! What is configured on a bucket: stored and returned.
//!
//! What S3 would do about most of it, it does not do here: objects do not expire, and policies deny nothing. Versions
//! (`versions`) and notifications (`notifications`) have their effect.

use s3s::dto;

use super::super::bucket::Settings;
use super::Wire;
use super::translate::not_found;

/// Runs `f` on a bucket's settings.
pub(super) fn with<T>(
    wire: &Wire,
    bucket: &str,
    f: impl FnOnce(&mut Settings) -> T,
) -> Result<T, s3s::S3Error> {
    Ok(wire.store.with_bucket(bucket, |bucket| Ok(f(&mut bucket.settings)))?)
}

/// Reads a setting, or answers that it is not there.
pub(super) fn get<T>(
    wire: &Wire,
    bucket: &str,
    pick: impl FnOnce(&Settings) -> Option<T>,
    (code, message): (&str, &str),
) -> Result<T, s3s::S3Error> {
    with(wire, bucket, |settings| pick(settings))?.ok_or_else(|| not_found(code, message))
}

/// For settings that are never there.
pub(super) fn never<T>(wire: &Wire, bucket: &str, missing: (&str, &str)) -> Result<T, s3s::S3Error> {
    get(wire, bucket, |_| None, missing)
}

/// Codes and messages of settings that are not there.
pub(super) const NO_TAGS: (&str, &str) = ("NoSuchTagSet", "The TagSet does not exist");
pub(super) const NO_POLICY: (&str, &str) = ("NoSuchBucketPolicy", "The bucket policy does not exist");
pub(super) const NO_CORS: (&str, &str) = ("NoSuchCORSConfiguration", "The CORS configuration does not exist");
pub(super) const NO_LIFECYCLE: (&str, &str) =
    ("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist");
pub(super) const NO_OWNERSHIP: (&str, &str) =
    ("OwnershipControlsNotFoundError", "The bucket ownership controls were not found");
pub(super) const NO_PUBLIC_ACCESS: (&str, &str) =
    ("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found");
pub(super) const NO_WEBSITE: (&str, &str) =
    ("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration");
pub(super) const NO_REPLICATION: (&str, &str) =
    ("ReplicationConfigurationNotFoundError", "The replication configuration was not found");
pub(super) const NO_LOCK: (&str, &str) =
    ("ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket");

/// What S3 encrypts with unless told otherwise.
pub(super) fn default_encryption() -> dto::ServerSideEncryptionConfiguration {
    dto::ServerSideEncryptionConfiguration {
        rules: vec![dto::ServerSideEncryptionRule {
            apply_server_side_encryption_by_default: Some(dto::ServerSideEncryptionByDefault {
                kms_master_key_id: None,
                sse_algorithm: dto::ServerSideEncryption::from_static(dto::ServerSideEncryption::AES256),
            }),
            bucket_key_enabled: Some(false),
        }],
    }
}

/// The settings of a new bucket: public access blocked, the owner owns all objects.
pub(in super::super) fn of_new_bucket() -> Settings {
    Settings {
        public_access: Some(dto::PublicAccessBlockConfiguration {
            block_public_acls: Some(true),
            block_public_policy: Some(true),
            ignore_public_acls: Some(true),
            restrict_public_buckets: Some(true),
        }),
        ownership: Some(dto::OwnershipControls {
            rules: vec![dto::OwnershipControlsRule {
                object_ownership: dto::ObjectOwnership::from_static(
                    dto::ObjectOwnership::BUCKET_OWNER_ENFORCED,
                ),
            }],
        }),
        ..Settings::default()
    }
}
