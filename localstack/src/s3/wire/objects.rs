//! Objects: put, get, head, delete, and their tags.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use s3s::dto::{
    self, ChecksumType, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput,
    DeletedObject, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, PutObjectInput,
    PutObjectOutput, StreamingBlob,
};

use super::super::blob::Blob;
use super::super::condition::Condition;
use super::super::object::{Object, ObjectHeaders};
use super::super::state::NewObject;
use super::Wire;
use super::checksums::{claimed, show_checksum};
use super::translate::{Answer, error, etag, ok, size, timestamp, write_condition};

/// Bytes of a large object read at a time.
const CHUNK: u64 = 1024 * 1024;
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
    };
    let object = wire.store.put(&input.bucket, &input.key, new).await?;
    let mut output = PutObjectOutput {
        e_tag: Some(etag(&object.etag)),
        checksum_type: checksum.as_ref().map(|_| ChecksumType::from_static(ChecksumType::FULL_OBJECT)),
        ..PutObjectOutput::default()
    };
    show_checksum!(output, &checksum);
    ok(output)
}

/// The conditions of a read, in the order S3 checks them.
struct ReadConditions {
    if_match: Option<dto::ETagCondition>,
    if_none_match: Option<dto::ETagCondition>,
    modified_since: Option<dto::Timestamp>,
    unmodified_since: Option<dto::Timestamp>,
}

impl ReadConditions {
    fn check(&self, object: &Object) -> Result<(), s3s::S3Error> {
        let is = |condition: &dto::ETagCondition| match condition {
            dto::ETagCondition::Any => true,
            dto::ETagCondition::ETag(etag) => etag.value() == object.etag,
        };
        // HTTP's dates have no fractions.
        let seconds = jiff::Timestamp::from_second(object.modified.as_second()).unwrap_or(object.modified);
        let modified = timestamp(seconds);
        let failed =
            || error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
        let unchanged = || error("NotModified", "Not Modified");
        match &self.if_match {
            Some(condition) if !is(condition) => return Err(failed()),
            None if self.unmodified_since.as_ref().is_some_and(|limit| modified > *limit) => {
                return Err(failed());
            }
            _ => {}
        }
        match &self.if_none_match {
            Some(condition) if is(condition) => Err(unchanged()),
            None if self.modified_since.as_ref().is_some_and(|limit| modified <= *limit) => Err(unchanged()),
            _ => Ok(()),
        }
    }
}

/// Fills the members that `GetObjectOutput` and `HeadObjectOutput` share.
macro_rules! describe {
    ($output:expr, $object:expr, $whole:expr) => {{
        let (output, object, headers): (_, &Object, &ObjectHeaders) = ($output, $object, &$object.headers);
        let binary = || "binary/octet-stream".to_owned();
        output.accept_ranges = Some("bytes".to_owned());
        output.e_tag = Some(etag(&object.etag));
        output.last_modified = Some(timestamp(object.modified));
        output.content_type = Some(headers.content_type.clone().unwrap_or_else(binary));
        output.content_encoding = headers.content_encoding.clone();
        output.content_disposition = headers.content_disposition.clone();
        output.content_language = headers.content_language.clone();
        output.cache_control = headers.cache_control.clone();
        output.metadata =
            (!headers.metadata.is_empty()).then(|| headers.metadata.clone().into_iter().collect());
        if $whole && object.checksum.is_some() {
            show_checksum!(output, &object.checksum);
            output.checksum_type = Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT));
        }
    }};
}

/// The bytes wanted, and the `Content-Range` to say so.
fn window(range: Option<&dto::Range>, object: &Object) -> Result<(Range<u64>, Option<String>), s3s::S3Error> {
    let Some(range) = range else { return Ok((0..object.size(), None)) };
    let refused = |_| error("InvalidRange", "The requested range is not satisfiable");
    let window = range.check(object.size()).map_err(refused)?;
    let header = format!("bytes {}-{}/{}", window.start, window.end.saturating_sub(1), object.size());
    Ok((window, Some(header)))
}

pub(super) async fn get(wire: &Wire, input: &GetObjectInput) -> Answer<GetObjectOutput> {
    let object = wire.store.object(&input.bucket, &input.key)?;
    let conditions = ReadConditions {
        if_match: input.if_match.clone(),
        if_none_match: input.if_none_match.clone(),
        modified_since: input.if_modified_since.clone(),
        unmodified_since: input.if_unmodified_since.clone(),
    };
    conditions.check(&object)?;
    let (window, content_range) = window(input.range.as_ref(), &object)?;
    let mut output = GetObjectOutput {
        content_length: Some(size(window.end - window.start)),
        content_range,
        ..GetObjectOutput::default()
    };
    let whole = output.content_range.is_none() && input.checksum_mode.is_some();
    describe!(&mut output, &object, whole);
    output.tag_count = i32::try_from(object.tags.len()).ok().filter(|count| *count > 0);
    output.body = Some(stream_of(&object, window).await?);
    ok(output)
}

/// Small bodies in one piece, large ones piece by piece so that a reader does not have to fit into memory.
async fn stream_of(object: &Arc<Object>, window: Range<u64>) -> Result<StreamingBlob, s3s::S3Error> {
    let blob = object.blob.clone();
    if window.end - window.start <= CHUNK {
        let bytes = blob.read(window).await.map_err(super::super::error::S3Error::Spill)?;
        return Ok(StreamingBlob::from(s3s::Body::from(bytes)));
    }
    let pieces = stream::try_unfold((blob, window), |(blob, left): (Blob, Range<u64>)| async move {
        if left.is_empty() {
            return Ok::<_, std::io::Error>(None);
        }
        let end = left.end.min(left.start + CHUNK);
        let bytes = blob.read(left.start..end).await?;
        Ok(Some((bytes, (blob, end..left.end))))
    });
    Ok(StreamingBlob::wrap(pieces))
}

pub(super) fn head(wire: &Wire, input: &HeadObjectInput) -> Answer<HeadObjectOutput> {
    let object = wire.store.object(&input.bucket, &input.key)?;
    let conditions = ReadConditions {
        if_match: input.if_match.clone(),
        if_none_match: input.if_none_match.clone(),
        modified_since: input.if_modified_since.clone(),
        unmodified_since: input.if_unmodified_since.clone(),
    };
    conditions.check(&object)?;
    let (window, content_range) = window(input.range.as_ref(), &object)?;
    let mut output = HeadObjectOutput {
        content_length: Some(size(window.end - window.start)),
        content_range,
        ..HeadObjectOutput::default()
    };
    let whole = output.content_range.is_none() && input.checksum_mode.is_some();
    describe!(&mut output, &object, whole);
    ok(output)
}

pub(super) fn delete(wire: &Wire, input: DeleteObjectInput) -> Answer<DeleteObjectOutput> {
    let condition = write_condition(input.if_match, None)?;
    wire.store.delete_object(&input.bucket, &input.key, &condition)?;
    ok(DeleteObjectOutput::default())
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
        let condition = object.e_tag.map_or(Condition::Always, |etag| Condition::Matches(etag.into_value()));
        match wire.store.delete_object(&input.bucket, &object.key, &condition) {
            Ok(()) => deleted.push(DeletedObject { key: Some(object.key), ..DeletedObject::default() }),
            Err(cause) => errors.push(dto::Error {
                code: Some(cause.code().to_owned()),
                key: Some(object.key),
                message: Some(cause.to_string()),
                version_id: None,
            }),
        }
    }
    let shown = (!input.delete.quiet.unwrap_or_default()).then_some(deleted);
    ok(DeleteObjectsOutput { deleted: shown, errors: Some(errors), request_charged: None })
}

/// Replaces the tags of an object.
pub(super) fn retag(wire: &Wire, bucket: &str, key: &str, tags: Vec<dto::Tag>) -> Result<(), s3s::S3Error> {
    let tags = tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect();
    wire.store.retag(bucket, key, tags)?;
    Ok(())
}

/// The tags of an object.
pub(super) fn tags(wire: &Wire, bucket: &str, key: &str) -> Result<Vec<dto::Tag>, s3s::S3Error> {
    let object = wire.store.object(bucket, key)?;
    let tag =
        |(key, value): (&String, &String)| dto::Tag { key: Some(key.clone()), value: Some(value.clone()) };
    Ok(object.tags.iter().map(tag).collect())
}
