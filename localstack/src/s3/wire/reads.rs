//! Reading objects: get, head, and their attributes. Whole, a range of bytes, or one part of an upload; the current
//! version or another.

use std::ops::Range;
use std::sync::Arc;

use futures::stream;
use s3s::dto::{
    self, ChecksumType, GetObjectAttributesInput, GetObjectAttributesOutput, GetObjectAttributesParts,
    GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput, StreamingBlob,
};

use super::super::blob::Blob;
use super::super::error::S3Error;
use super::super::object::{Object, ObjectHeaders};
use super::Wire;
use super::checksums::show_checksum;
use super::objects::versioning;
use super::translate::{Answer, error, etag, ok, size, timestamp, version_id};

/// Bytes of a large object read at a time.
const CHUNK: u64 = 1024 * 1024;
/// Parts of an answer about them at most.
const MAX_PARTS: i32 = 1000;

/// What a read asks for: the members that `GetObjectInput` and `HeadObjectInput` share.
struct Read<'a> {
    bucket: &'a str,
    key: &'a str,
    version: Option<&'a str>,
    range: Option<&'a dto::Range>,
    part: Option<i32>,
    checksum: bool,
    conditions: Conditions<'a>,
}

/// The conditions of a read, in the order S3 checks them.
struct Conditions<'a> {
    if_match: Option<&'a dto::ETagCondition>,
    if_none_match: Option<&'a dto::ETagCondition>,
    modified_since: Option<&'a dto::Timestamp>,
    unmodified_since: Option<&'a dto::Timestamp>,
}

/// Reads an input that has these members.
macro_rules! read_of {
    ($input:expr) => {
        Read {
            bucket: &$input.bucket,
            key: &$input.key,
            version: $input.version_id.as_deref(),
            range: $input.range.as_ref(),
            part: $input.part_number,
            checksum: $input.checksum_mode.is_some(),
            conditions: Conditions {
                if_match: $input.if_match.as_ref(),
                if_none_match: $input.if_none_match.as_ref(),
                modified_since: $input.if_modified_since.as_ref(),
                unmodified_since: $input.if_unmodified_since.as_ref(),
            },
        }
    };
}

impl Conditions<'_> {
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
        match self.if_match {
            Some(condition) if !is(condition) => return Err(failed()),
            None if self.unmodified_since.is_some_and(|limit| modified > *limit) => return Err(failed()),
            _ => {}
        }
        match self.if_none_match {
            Some(condition) if is(condition) => Err(unchanged()),
            None if self.modified_since.is_some_and(|limit| modified <= *limit) => Err(unchanged()),
            _ => Ok(()),
        }
    }
}

/// What a read found.
struct Found {
    object: Arc<Object>,
    version_id: Option<String>,
    /// The bytes wanted.
    window: Range<u64>,
    /// The `Content-Range` that says so, unless all are.
    content_range: Option<String>,
    /// How many parts there are, where one was asked for.
    parts: Option<i32>,
    /// Whether the checksum of the whole is asked for and fits.
    checksum: bool,
}

fn find(wire: &Wire, read: &Read<'_>) -> Result<Found, s3s::S3Error> {
    let object = wire.store.version(read.bucket, read.key, read.version)?;
    read.conditions.check(&object)?;
    let window = match (read.range, read.part) {
        (Some(_), Some(_)) => {
            let message = "Cannot specify both Range header and partNumber query parameter";
            return Err(error("InvalidRequest", message));
        }
        (Some(range), None) => {
            let refused = |_| error("InvalidRange", "The requested range is not satisfiable");
            Some(range.check(object.size()).map_err(refused)?)
        }
        (None, Some(part)) => Some(part_of(&object, part)?),
        (None, None) => None,
    };
    let content_range = window
        .as_ref()
        .filter(|window| !window.is_empty())
        .map(|window| format!("bytes {}-{}/{}", window.start, window.end.saturating_sub(1), object.size()));
    Ok(Found {
        version_id: version_id(&object.version, versioning(wire, read.bucket)?),
        checksum: read.checksum && content_range.is_none(),
        parts: read.part.and_then(|_| count(&object)),
        window: window.unwrap_or(0..object.size()),
        content_range,
        object,
    })
}

/// How many parts an object was uploaded in; none when it came in one piece.
fn count(object: &Object) -> Option<i32> {
    i32::try_from(object.parts.len()).ok().filter(|count| *count > 0)
}

/// Where a part's bytes are. An object that came in one piece is its own first part.
fn part_of(object: &Object, part: i32) -> Result<Range<u64>, S3Error> {
    let index = usize::try_from(part).ok().and_then(|part| part.checked_sub(1));
    let index = index.ok_or(S3Error::InvalidPartNumber)?;
    if object.parts.is_empty() && index == 0 {
        return Ok(0..object.size());
    }
    let length = object.parts.get(index).ok_or(S3Error::InvalidPartNumber)?;
    let start: u64 = object.parts[..index].iter().sum();
    Ok(start..start + length)
}

/// Fills the members that `GetObjectOutput` and `HeadObjectOutput` share.
macro_rules! describe {
    ($output:expr, $found:expr) => {{
        let (output, found): (_, &Found) = ($output, $found);
        let (object, headers): (&Object, &ObjectHeaders) = (&found.object, &found.object.headers);
        let binary = || "binary/octet-stream".to_owned();
        output.accept_ranges = Some("bytes".to_owned());
        output.content_length = Some(size(found.window.end - found.window.start));
        output.content_range = found.content_range.clone();
        output.parts_count = found.parts;
        output.version_id = found.version_id.clone();
        output.storage_class = object.storage_class.clone().map(dto::StorageClass::from);
        output.e_tag = Some(etag(&object.etag));
        output.last_modified = Some(timestamp(object.modified));
        output.content_type = Some(headers.content_type.clone().unwrap_or_else(binary));
        output.content_encoding = headers.content_encoding.clone();
        output.content_disposition = headers.content_disposition.clone();
        output.content_language = headers.content_language.clone();
        output.cache_control = headers.cache_control.clone();
        output.metadata =
            (!headers.metadata.is_empty()).then(|| headers.metadata.clone().into_iter().collect());
        if found.checksum && object.checksum.is_some() {
            show_checksum!(output, &object.checksum);
            output.checksum_type = Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT));
        }
    }};
}

pub(super) async fn get(wire: &Wire, input: &GetObjectInput) -> Answer<GetObjectOutput> {
    let found = find(wire, &read_of!(input))?;
    let mut output = GetObjectOutput::default();
    describe!(&mut output, &found);
    output.tag_count = i32::try_from(found.object.tags.len()).ok().filter(|count| *count > 0);
    output.body = Some(stream_of(&found.object, found.window).await?);
    ok(output)
}

/// Small bodies in one piece, large ones piece by piece so that a reader does not have to fit into memory.
async fn stream_of(object: &Arc<Object>, window: Range<u64>) -> Result<StreamingBlob, s3s::S3Error> {
    let blob = object.blob.clone();
    if window.end - window.start <= CHUNK {
        let bytes = blob.read(window).await.map_err(S3Error::Spill)?;
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
    let found = find(wire, &read_of!(input))?;
    let mut output = HeadObjectOutput::default();
    describe!(&mut output, &found);
    ok(output)
}

/// The attributes asked for, and no others.
pub(super) fn attributes(wire: &Wire, input: &GetObjectAttributesInput) -> Answer<GetObjectAttributesOutput> {
    let object = wire.store.version(&input.bucket, &input.key, input.version_id.as_deref())?;
    let asked = |name| input.object_attributes.iter().any(|attribute| attribute.as_str() == name);
    let mut output = GetObjectAttributesOutput {
        last_modified: Some(timestamp(object.modified)),
        version_id: version_id(&object.version, versioning(wire, &input.bucket)?),
        ..GetObjectAttributesOutput::default()
    };
    output.e_tag = asked("ETag").then(|| etag(&object.etag));
    output.object_size = asked("ObjectSize").then(|| size(object.size()));
    if asked("StorageClass") {
        let class = object.storage_class.clone().unwrap_or_else(|| "STANDARD".to_owned());
        output.storage_class = Some(dto::StorageClass::from(class));
    }
    if asked("Checksum") && object.checksum.is_some() {
        let mut checksum = dto::Checksum::default();
        show_checksum!(checksum, &object.checksum);
        checksum.checksum_type = Some(ChecksumType::from_static(ChecksumType::FULL_OBJECT));
        output.checksum = Some(checksum);
    }
    if asked("ObjectParts") && !object.parts.is_empty() {
        output.object_parts = Some(parts(&object, input));
    }
    ok(output)
}

fn parts(object: &Object, input: &GetObjectAttributesInput) -> GetObjectAttributesParts {
    let after = input.part_number_marker.unwrap_or_default();
    let limit = input.max_parts.unwrap_or(MAX_PARTS).clamp(0, MAX_PARTS);
    let numbered = (1..).zip(&object.parts).filter(|(number, _)| *number > after);
    let mut parts: Vec<dto::ObjectPart> = numbered
        .map(|(number, length)| dto::ObjectPart {
            part_number: Some(number),
            size: Some(size(*length)),
            ..dto::ObjectPart::default()
        })
        .collect();
    let most = usize::try_from(limit).unwrap_or_default();
    let is_truncated = parts.len() > most;
    parts.truncate(most);
    GetObjectAttributesParts {
        is_truncated: Some(is_truncated),
        max_parts: Some(limit),
        next_part_number_marker: parts.last().and_then(|part| part.part_number),
        part_number_marker: Some(after),
        // S3 lists the parts only of uploads whose parts had checksums; their sizes are of use without them.
        parts: Some(parts),
        total_parts_count: count(object),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_where_they_were_uploaded() {
        let object = Object { parts: vec![5, 3, 2], ..Object::default() };
        assert_eq!(part_of(&object, 1).unwrap(), 0..5);
        assert_eq!(part_of(&object, 3).unwrap(), 8..10);
        for wrong in [-1, 0, 4] {
            assert!(matches!(part_of(&object, wrong), Err(S3Error::InvalidPartNumber)), "{wrong}");
        }
        assert_eq!(part_of(&Object::default(), 1).unwrap(), 0..0);
        assert!(part_of(&Object::default(), 2).is_err());
    }
}
