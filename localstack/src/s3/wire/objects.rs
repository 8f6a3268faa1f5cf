//! Objects: put, delete, and their tags.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::StreamExt as _;
use s3s::dto::{
    self, ChecksumType, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput,
    DeletedObject, GetObjectTaggingInput, GetObjectTaggingOutput, PutObjectInput, PutObjectOutput,
    StreamingBlob,
};

use super::super::condition::Condition;
use super::super::state::{Deletion, NewObject};
use super::super::version::{Deleted, Versioning};
use super::Wire;
use super::checksums::{claimed, show_checksum};
use super::translate::{Answer, error, etag, ok, storage_class, version_id, write_condition};

/// Most objects of one `DeleteObjects`.
const MAX_DELETED: usize = 1000;

/// Reads a request's body; `unsign` has put it into memory already.
pub(super) async fn body_of(body: Option<StreamingBlob>) -> Result<Bytes, s3s::S3Error> {
    let Some(mut body) = body else { return Ok(Bytes::new()) };
    let failed = |_| error("IncompleteBody", "The request body ended early");
    let Some(first) = body.next().await else { return Ok(Bytes::new()) };
    let first = first.map_err(failed)?;
    let mut rest = Vec::new();
    while let Some(chunk) = body.next().await {
        rest.extend_from_slice(&chunk.map_err(failed)?);
    }
    if rest.is_empty() { Ok(first) } else { Ok([first, rest.into()].concat().into()) }
}

/// The headers to keep, of an input that has a member for each.
macro_rules! headers_of {
    ($input:expr) => {
        $crate::s3::object::ObjectHeaders {
            content_type: $input.content_type.take(),
            content_encoding: $input.content_encoding.take().filter(|encoding| !encoding.is_empty()),
            content_disposition: $input.content_disposition.take(),
            content_language: $input.content_language.take(),
            cache_control: $input.cache_control.take(),
            metadata: $input.metadata.take().unwrap_or_default().into_iter().collect(),
        }
    };
}
pub(super) use headers_of;

/// Tags from the `x-amz-tagging` header: a query string.
pub(super) fn tags_of(header: Option<&str>) -> Result<BTreeMap<String, String>, s3s::S3Error> {
    let pairs = header.map(serde_urlencoded::from_str::<Vec<(String, String)>>).transpose();
    let invalid =
        |_| error("InvalidArgument", "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded");
    Ok(pairs.map_err(invalid)?.unwrap_or_default().into_iter().collect())
}

pub(super) async fn put(wire: &Wire, mut input: PutObjectInput) -> Answer<PutObjectOutput> {
    let condition = write_condition(input.if_match.take(), input.if_none_match.take())?;
    let body = body_of(input.body.take()).await?;
    let checksum = claimed!(input).verify(&body)?;
    let new = NewObject {
        body,
        headers: headers_of!(input),
        tags: tags_of(input.tagging.as_deref())?,
        checksum: checksum.clone(),
        condition,
        storage_class: storage_class(input.storage_class.as_ref())?,
        caller: wire.caller.clone(),
    };
    let object = wire.store.put(&input.bucket, &input.key, new).await?;
    let mut output = PutObjectOutput {
        e_tag: Some(etag(&object.etag)),
        checksum_type: checksum.as_ref().map(|_| ChecksumType::from_static(ChecksumType::FULL_OBJECT)),
        version_id: version_id(&object.version, versioning(wire, &input.bucket)?),
        ..PutObjectOutput::default()
    };
    show_checksum!(output, &checksum);
    ok(output)
}

pub(super) fn delete(wire: &Wire, input: DeleteObjectInput) -> Answer<DeleteObjectOutput> {
    let deletion = Deletion {
        version: input.version_id.as_deref(),
        condition: write_condition(input.if_match, None)?,
        caller: wire.caller.clone(),
    };
    let deleted = wire.store.delete(&input.bucket, &input.key, &deletion)?;
    let (delete_marker, version_id) = match deleted {
        Deleted::Object => (None, None),
        Deleted::Marked(version) => (Some(true), Some(version.as_str().to_owned())),
        Deleted::Version { marker } => (marker.then_some(true), input.version_id),
    };
    ok(DeleteObjectOutput { delete_marker, version_id, ..DeleteObjectOutput::default() })
}

pub(super) fn delete_many(wire: &Wire, input: DeleteObjectsInput) -> Answer<DeleteObjectsOutput> {
    if input.delete.objects.is_empty() || input.delete.objects.len() > MAX_DELETED {
        let message =
            "The XML you provided was not well-formed or did not validate against our published schema";
        return Err(error("MalformedXML", message));
    }
    wire.store.with_bucket(&input.bucket, |_| Ok(()))?;
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in input.delete.objects {
        let deletion = Deletion {
            version: object.version_id.as_deref(),
            condition: object.e_tag.map_or(Condition::Always, |etag| Condition::Matches(etag.into_value())),
            caller: wire.caller.clone(),
        };
        match wire.store.delete(&input.bucket, &object.key, &deletion) {
            Ok(done) => deleted.push(deleted_object(object.key, object.version_id, done)),
            Err(cause) => errors.push(dto::Error {
                code: Some(cause.code().to_owned()),
                key: Some(object.key),
                message: Some(cause.to_string()),
                version_id: object.version_id,
            }),
        }
    }
    let shown = (!input.delete.quiet.unwrap_or_default()).then_some(deleted);
    ok(DeleteObjectsOutput { deleted: shown, errors: Some(errors), request_charged: None })
}

fn deleted_object(key: String, version_id: Option<String>, deleted: Deleted) -> DeletedObject {
    let (delete_marker, delete_marker_version_id) = match deleted {
        Deleted::Object => (None, None),
        Deleted::Marked(version) => (Some(true), Some(version.as_str().to_owned())),
        Deleted::Version { marker: true } => (Some(true), version_id.clone()),
        Deleted::Version { marker: false } => (None, None),
    };
    DeletedObject { delete_marker, delete_marker_version_id, key: Some(key), version_id }
}

/// `PutObjectTagging`.
pub(super) fn put_tags(
    wire: &Wire,
    input: dto::PutObjectTaggingInput,
) -> Answer<dto::PutObjectTaggingOutput> {
    let place = (input.bucket.as_str(), input.key.as_str());
    let version_id = retag(wire, place, input.version_id.as_deref(), input.tagging.tag_set)?;
    ok(dto::PutObjectTaggingOutput { version_id })
}

/// `DeleteObjectTagging`.
pub(super) fn delete_tags(
    wire: &Wire,
    input: &dto::DeleteObjectTaggingInput,
) -> Answer<dto::DeleteObjectTaggingOutput> {
    let place = (input.bucket.as_str(), input.key.as_str());
    let version_id = retag(wire, place, input.version_id.as_deref(), Vec::new())?;
    ok(dto::DeleteObjectTaggingOutput { version_id })
}

/// Replaces the tags of an object and answers its version.
fn retag(
    wire: &Wire,
    (bucket, key): (&str, &str),
    version: Option<&str>,
    tags: Vec<dto::Tag>,
) -> Result<Option<String>, s3s::S3Error> {
    let tags = tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect();
    let object = wire.store.retag((bucket, key), version, tags, &wire.caller)?;
    Ok(version_id(&object.version, versioning(wire, bucket)?))
}

/// The tags of an object, and its version.
pub(super) fn tags(wire: &Wire, input: &GetObjectTaggingInput) -> Answer<GetObjectTaggingOutput> {
    let object = wire.store.version(&input.bucket, &input.key, input.version_id.as_deref())?;
    let tag =
        |(key, value): (&String, &String)| dto::Tag { key: Some(key.clone()), value: Some(value.clone()) };
    let version_id = version_id(&object.version, versioning(wire, &input.bucket)?);
    ok(GetObjectTaggingOutput { tag_set: object.tags.iter().map(tag).collect(), version_id })
}

/// Whether a bucket keeps versions, and its answers name them.
pub(super) fn versioning(wire: &Wire, bucket: &str) -> Result<Versioning, s3s::S3Error> {
    Ok(wire.store.with_bucket(bucket, |bucket| Ok(bucket.versioning()))?)
}
