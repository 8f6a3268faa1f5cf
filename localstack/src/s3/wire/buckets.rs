//! Buckets: create, head, list, locate, delete.

use s3s::dto::{
    Bucket, BucketLocationConstraint, CreateBucketInput, CreateBucketOutput, DeleteBucketInput,
    DeleteBucketOutput, GetBucketLocationInput, GetBucketLocationOutput, HeadBucketInput, HeadBucketOutput,
    ListBucketsInput, ListBucketsOutput, Owner,
};

use super::super::error::S3Error;
use super::Wire;
use super::translate::{Answer, error, ok, timestamp};

/// The region whose buckets have no location constraint.
const CLASSIC: &str = "us-east-1";

/// Who owns everything here.
pub(super) fn owner(wire: &Wire) -> Owner {
    Owner { display_name: Some("pipectl".to_owned()), id: Some(format!("{:0>64}", wire.account)) }
}

pub(super) fn create(wire: &Wire, input: &CreateBucketInput) -> Answer<CreateBucketOutput> {
    let constraint = input
        .create_bucket_configuration
        .as_ref()
        .and_then(|configuration| configuration.location_constraint.as_ref())
        .map(|constraint| constraint.as_str().to_owned())
        .filter(|constraint| !constraint.is_empty());
    let incompatible = |which: &str| {
        let text =
            "location constraint is incompatible for the region specific endpoint this request was sent to.";
        error("IllegalLocationConstraintException", format!("The {which} {text}"))
    };
    let region = match constraint {
        None if wire.region == CLASSIC => CLASSIC.to_owned(),
        None => return Err(incompatible("unspecified")),
        Some(region) if region == CLASSIC => {
            return Err(error("InvalidLocationConstraint", "The specified location-constraint is not valid"));
        }
        Some(region) if region == wire.region || wire.region == CLASSIC => region,
        Some(region) => return Err(incompatible(&region)),
    };
    match wire.store.create_bucket(&input.bucket, &region) {
        // In the oldest region creating one's own bucket again is no error.
        Err(S3Error::BucketAlreadyOwnedByYou) if region == CLASSIC => {}
        created => created?,
    }
    ok(CreateBucketOutput { location: Some(format!("/{}", input.bucket)) })
}

pub(super) fn head(wire: &Wire, input: &HeadBucketInput) -> Answer<HeadBucketOutput> {
    let region = wire.store.with_bucket(&input.bucket, |bucket| Ok(bucket.region.clone()))?;
    ok(HeadBucketOutput { bucket_region: Some(region), ..HeadBucketOutput::default() })
}

pub(super) fn locate(wire: &Wire, input: &GetBucketLocationInput) -> Answer<GetBucketLocationOutput> {
    let region = wire.store.with_bucket(&input.bucket, |bucket| Ok(bucket.region.clone()))?;
    let constraint = (region != CLASSIC).then(|| BucketLocationConstraint::from(region));
    ok(GetBucketLocationOutput { location_constraint: constraint })
}

pub(super) fn delete(wire: &Wire, input: &DeleteBucketInput) -> Answer<DeleteBucketOutput> {
    wire.store.delete_bucket(&input.bucket)?;
    ok(DeleteBucketOutput::default())
}

pub(super) fn list(wire: &Wire, input: &ListBucketsInput) -> Answer<ListBucketsOutput> {
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let after = input.continuation_token.as_deref().unwrap_or_default();
    let limit = input.max_buckets.and_then(|max| usize::try_from(max).ok()).unwrap_or(10_000).max(1);
    let mut found: Vec<Bucket> = wire
        .store
        .buckets()
        .iter()
        .filter(|(name, bucket)| {
            name.starts_with(prefix)
                && name.as_str() > after
                && input.bucket_region.as_ref().is_none_or(|region| *region == bucket.region)
        })
        .take(limit + 1)
        .map(|(name, bucket)| Bucket {
            bucket_region: Some(bucket.region.clone()),
            creation_date: Some(timestamp(bucket.created)),
            name: Some(name.clone()),
        })
        .collect();
    let more = found.len() > limit;
    found.truncate(limit);
    let token = found.last().filter(|_| more).and_then(|bucket| bucket.name.clone());
    ok(ListBucketsOutput {
        buckets: Some(found),
        continuation_token: token,
        owner: Some(owner(wire)),
        prefix: input.prefix.clone(),
    })
}
