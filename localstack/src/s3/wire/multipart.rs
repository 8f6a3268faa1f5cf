//! Multipart uploads.

use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    ListMultipartUploadsInput, ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload,
    Part, UploadPartInput, UploadPartOutput,
};
use s3s::s3_error;

use super::Wire;
use super::buckets::owner;
use super::checksums::{claimed, show_checksum};
use super::objects::{body_of, headers_of, tags_of, versioning};
use super::translate::{
    Answer, error, etag, ok, size, storage_class, timestamp, version_id, write_condition,
};

/// Parts of an upload, and lines of a page of them.
const MAX_PARTS: i32 = 10_000;
const PAGE: i32 = 1000;

pub(super) fn create(
    wire: &Wire,
    mut input: CreateMultipartUploadInput,
) -> Answer<CreateMultipartUploadOutput> {
    let tags = tags_of(input.tagging.as_deref())?;
    let class = storage_class(input.storage_class.as_ref())?;
    let said = (headers_of!(input), class);
    let id = wire.store.start_upload(&input.bucket, &input.key, said, tags)?;
    ok(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(id),
        checksum_algorithm: input.checksum_algorithm,
        ..CreateMultipartUploadOutput::default()
    })
}

pub(super) async fn put_part(wire: &Wire, mut input: UploadPartInput) -> Answer<UploadPartOutput> {
    if !(1..=MAX_PARTS).contains(&input.part_number) {
        let message = "Part number must be an integer between 1 and 10000, inclusive";
        return Err(error("InvalidArgument", message));
    }
    let body = body_of(input.body.take()).await?;
    let checksum = claimed!(input).verify(&body)?;
    let place = (input.upload_id.as_str(), input.part_number);
    let part = wire.store.put_part(&input.bucket, &input.key, place, body).await?;
    let mut output = UploadPartOutput { e_tag: Some(etag(&part.etag)), ..UploadPartOutput::default() };
    show_checksum!(output, &checksum);
    ok(output)
}

pub(super) fn complete(
    wire: &Wire,
    input: CompleteMultipartUploadInput,
) -> Answer<CompleteMultipartUploadOutput> {
    let condition = write_condition(input.if_match, input.if_none_match)?;
    let parts = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
    if parts.is_empty() {
        return Err(s3_error!(
            MalformedXML,
            "The XML you provided was not well-formed or did not validate against our published schema"
        ));
    }
    let named: Vec<(i32, Option<String>)> = parts
        .into_iter()
        .map(|part| (part.part_number.unwrap_or_default(), part.e_tag.map(s3s::dto::ETag::into_value)))
        .collect();
    let (bucket, key) = (input.bucket, input.key);
    let what = (&named[..], &condition);
    let object = wire.store.complete_upload(&bucket, &key, &input.upload_id, what, &wire.caller)?;
    let version_id = version_id(&object.version, versioning(wire, &bucket)?);
    ok(CompleteMultipartUploadOutput {
        location: Some(format!("/{bucket}/{key}")),
        version_id,
        bucket: Some(bucket),
        key: Some(key),
        e_tag: Some(etag(&object.etag)),
        ..CompleteMultipartUploadOutput::default()
    })
}

pub(super) fn abort(wire: &Wire, input: &AbortMultipartUploadInput) -> Answer<AbortMultipartUploadOutput> {
    wire.store.abort_upload(&input.bucket, &input.key, &input.upload_id)?;
    ok(AbortMultipartUploadOutput::default())
}

pub(super) fn list(wire: &Wire, input: ListMultipartUploadsInput) -> Answer<ListMultipartUploadsOutput> {
    let prefix = input.prefix.clone().unwrap_or_default();
    let owner = owner(wire);
    let mut uploads = wire.store.with_bucket(&input.bucket, |bucket| {
        let wanted = bucket.uploads.iter().filter(|(_, upload)| upload.key.starts_with(&prefix));
        let shape = wanted.map(|(id, upload)| MultipartUpload {
            initiated: Some(timestamp(upload.started)),
            key: Some(upload.key.clone()),
            owner: Some(owner.clone()),
            upload_id: Some(id.clone()),
            ..MultipartUpload::default()
        });
        Ok(shape.collect::<Vec<_>>())
    })?;
    uploads.sort_by(|a, b| (&a.key, &a.upload_id).cmp(&(&b.key, &b.upload_id)));
    ok(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        prefix: input.prefix,
        is_truncated: Some(false),
        max_uploads: Some(PAGE),
        uploads: Some(uploads),
        ..ListMultipartUploadsOutput::default()
    })
}

pub(super) fn list_parts(wire: &Wire, input: ListPartsInput) -> Answer<ListPartsOutput> {
    let limit = input.max_parts.unwrap_or(PAGE).clamp(1, PAGE);
    let after = input.part_number_marker.unwrap_or(0);
    let count = usize::try_from(limit).unwrap_or_default();
    let (parts, more) = wire.store.with_upload(&input.bucket, &input.key, &input.upload_id, |upload| {
        let mut wanted = upload.parts.range(after.saturating_add(1)..);
        let shape = |(number, part): (&i32, &super::super::multipart::Part)| Part {
            e_tag: Some(etag(&part.etag)),
            last_modified: Some(timestamp(part.modified)),
            part_number: Some(*number),
            size: Some(size(part.blob.len())),
            ..Part::default()
        };
        let parts: Vec<Part> = wanted.by_ref().take(count).map(shape).collect();
        Ok((parts, wanted.next().is_some()))
    })?;
    ok(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        is_truncated: Some(more),
        max_parts: Some(limit),
        next_part_number_marker: parts.last().and_then(|part| part.part_number),
        part_number_marker: Some(after),
        owner: Some(owner(wire)),
        parts: Some(parts),
        ..ListPartsOutput::default()
    })
}
