//! Who may do what with a bucket: its policy, kept and shown, and the access control list that every bucket has.

use s3s::dto;

use super::settings::{self, get as setting, with};
use super::translate::{Answer, error, ok};
use super::{Wire, buckets};

/// `GetBucketPolicy`.
pub(super) fn get(wire: &Wire, input: &dto::GetBucketPolicyInput) -> Answer<dto::GetBucketPolicyOutput> {
    let policy = setting(wire, &input.bucket, |settings| settings.policy.clone(), settings::NO_POLICY)?;
    ok(dto::GetBucketPolicyOutput { policy: Some(policy) })
}

/// `PutBucketPolicy`.
pub(super) fn put(wire: &Wire, input: dto::PutBucketPolicyInput) -> Answer<dto::PutBucketPolicyOutput> {
    if serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&input.policy).is_err() {
        return Err(error("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'"));
    }
    with(wire, &input.bucket, |settings| settings.policy = Some(input.policy))?;
    ok(dto::PutBucketPolicyOutput::default())
}

/// `DeleteBucketPolicy`.
pub(super) fn delete(
    wire: &Wire,
    input: &dto::DeleteBucketPolicyInput,
) -> Answer<dto::DeleteBucketPolicyOutput> {
    with(wire, &input.bucket, |settings| settings.policy = None)?;
    ok(dto::DeleteBucketPolicyOutput::default())
}

/// `GetBucketAcl`: all is the owner's.
pub(super) fn acl(wire: &Wire, input: &dto::GetBucketAclInput) -> Answer<dto::GetBucketAclOutput> {
    with(wire, &input.bucket, |_| ())?;
    let owner = buckets::owner(wire);
    let grantee = dto::Grantee {
        display_name: owner.display_name.clone(),
        email_address: None,
        id: owner.id.clone(),
        type_: dto::Type::from_static(dto::Type::CANONICAL_USER),
        uri: None,
    };
    let permission = Some(dto::Permission::from_static(dto::Permission::FULL_CONTROL));
    ok(dto::GetBucketAclOutput {
        grants: Some(vec![dto::Grant { grantee: Some(grantee), permission }]),
        owner: Some(owner),
    })
}
