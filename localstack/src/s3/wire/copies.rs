//! `CopyObject` and `UploadPartCopy`: bytes that are here already.

use std::sync::Arc;

use s3s::dto::{
    CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopyPartResult, CopySource, ETagCondition,
    MetadataDirective, TaggingDirective, UploadPartCopyInput, UploadPartCopyOutput,
};

use super::super::blob::Blob;
use super::super::condition::Condition;
use super::super::error::S3Error;
use super::super::notification::event::EventName;
use super::super::object::{Object, weight};
use super::Wire;
use super::objects::{headers_of, tags_of, versioning};
use super::translate::{Answer, error, etag, ok, storage_class, timestamp, version_id};

fn source(
    wire: &Wire,
    source: &CopySource,
    (if_match, if_none_match): (Option<&ETagCondition>, Option<&ETagCondition>),
) -> Result<(Arc<Object>, String), s3s::S3Error> {
    let CopySource::Bucket { bucket, key, version_id } = source else {
        return Err(error("NotImplemented", "Access points are not supported by this endpoint"));
    };
    let object = match wire.store.version(bucket, key, version_id.as_deref()) {
        Err(S3Error::IsMarker { .. }) => {
            let message =
                "The source of a copy request may not specifically refer to a delete marker by version id.";
            return Err(error("InvalidRequest", message));
        }
        found => found?,
    };
    let is = |condition: &ETagCondition| match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.value() == object.etag,
    };
    if if_match.is_some_and(|condition| !is(condition)) || if_none_match.is_some_and(is) {
        return Err(S3Error::PreconditionFailed.into());
    }
    let version = version_id.as_ref().map(|version| format!("?versionId={version}")).unwrap_or_default();
    Ok((object, format!("{bucket}/{key}{version}")))
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
    let class = storage_class(input.storage_class.as_ref())?;
    let itself = from == format!("{}/{}", input.bucket, input.key);
    if itself && !new_headers && !new_tags && class == object.storage_class {
        return Err(error(
            "InvalidRequest",
            "This copy request is illegal because it is trying to copy an object to itself without changing the \
             object's metadata, storage class, website redirect location or encryption attributes.",
        ));
    }
    let mut copied = Object::clone(&object);
    copied.modified = wire.store.clock.now();
    copied.storage_class = class;
    if new_headers {
        copied.headers = headers_of!(input);
    }
    if new_tags {
        copied.tags = tags_of(input.tagging.as_deref())?;
    }
    // A copy shares its source's bytes; what is beside them it has for itself.
    let beside = input.key.len() + copied.headers.weight() + weight(&copied.tags);
    copied.blob = Blob::concat([&copied.blob, &wire.store.blobs.account(beside)?]);
    let event = (EventName::Copy, &wire.caller);
    let copied = wire.store.insert((&input.bucket, &input.key), copied, &Condition::Always, event)?;
    let result = CopyObjectResult {
        e_tag: Some(etag(&copied.etag)),
        last_modified: Some(timestamp(copied.modified)),
        ..CopyObjectResult::default()
    };
    let bucket = from.split('/').next().unwrap_or_default();
    ok(CopyObjectOutput {
        copy_object_result: Some(result),
        copy_source_version_id: version_id(&object.version, versioning(wire, bucket)?),
        version_id: version_id(&copied.version, versioning(wire, &input.bucket)?),
        ..CopyObjectOutput::default()
    })
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
