//! `CopyObject` and `UploadPartCopy`: bytes that are here already.

use std::sync::Arc;

use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopyPartResult, CopySource, ETagCondition,
    MetadataDirective, TaggingDirective, UploadPartCopyInput, UploadPartCopyOutput,
};

use super::super::error::S3Error;
use super::super::object::Object;
use super::Wire;
use super::objects::{headers_of, tags_of};
use super::translate::{Answer, error, etag, ok, timestamp};

fn source(
    wire: &Wire,
    source: &CopySource,
    (if_match, if_none_match): (Option<&ETagCondition>, Option<&ETagCondition>),
) -> Result<(Arc<Object>, String), s3s::S3Error> {
    let CopySource::Bucket { bucket, key, .. } = source else {
        return Err(error("NotImplemented", "Access points are not supported by this endpoint"));
    };
    let object = wire.store.object(bucket, key)?;
    let is = |condition: &ETagCondition| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == object.etag,
    };
    if if_match.is_some_and(|condition| !is(condition)) || if_none_match.is_some_and(is) {
        return Err(S3Error::PreconditionFailed.into());
    }
    Ok((object, format!("{bucket}/{key}")))
}

pub(super) fn copy(wire: &Wire, mut input: CopyObjectInput) -> Answer<CopyObjectOutput> {
    let conditions = (input.copy_source_if_match.as_ref(), input.copy_source_if_none_match.as_ref());
    let (object, from) = source(wire, &input.copy_source, conditions)?;
    let replaces = |directive: Option<&str>, replace| directive == Some(replace);
    let new_headers = replaces(
        input.metadata_directive.as_ref().map(MetadataDirective::as_str),
        MetadataDirective::REPLACE,
    );
    let new_tags =
        replaces(input.tagging_directive.as_ref().map(TaggingDirective::as_str), TaggingDirective::REPLACE);
    if from == format!("{}/{}", input.bucket, input.key) && !new_headers && !new_tags {
        return Err(error(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let mut copied = Object::clone(&object);
    copied.modified = wire.store.clock.now();
    if new_headers {
        copied.headers = headers_of!(input);
    }
    if new_tags {
        copied.tags = tags_of(input.tagging.as_deref())?;
    }
    let copied =
        wire.store.insert(&input.bucket, &input.key, copied, &super::super::condition::Condition::Always)?;
    let result = CopyObjectResult {
        e_tag: Some(etag(&copied.etag)),
        last_modified: Some(timestamp(copied.modified)),
        ..CopyObjectResult::default()
    };
    ok(CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() })
}

pub(super) async fn copy_part(wire: &Wire, input: UploadPartCopyInput) -> Answer<UploadPartCopyOutput> {
    let conditions = (input.copy_source_if_match.as_ref(), input.copy_source_if_none_match.as_ref());
    let (object, _) = source(wire, &input.copy_source, conditions)?;
    let range = match input.copy_source_range.as_deref() {
        None => 0..object.size(),
        Some(text) => {
            let invalid = || {
                error(
                    "InvalidArgument",
                    "The x-amz-copy-source-range value must be of the form bytes=first-last",
                )
            };
            let range = s3s::dto::Range::parse(text).map_err(|_| invalid())?;
            range.check(object.size()).map_err(|_| invalid())?
        }
    };
    let bytes = object.blob.read(range).await.map_err(S3Error::Spill)?;
    let place = (input.upload_id.as_str(), input.part_number);
    let part = wire.store.put_part(&input.bucket, &input.key, place, bytes).await?;
    let result = CopyPartResult {
        e_tag: Some(etag(&part.etag)),
        last_modified: Some(timestamp(part.modified)),
        ..CopyPartResult::default()
    };
    ok(UploadPartCopyOutput { copy_part_result: Some(result), ..UploadPartCopyOutput::default() })
}
