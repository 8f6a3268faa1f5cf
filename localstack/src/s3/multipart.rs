//! Multipart uploads: parts on their way to become an object.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::blob::Blob;
use super::error::S3Error;
use super::object::{ObjectHeaders, etag_of_parts};

/// S3's least size of every part but the last.
const MIN_PART_SIZE: u64 = 5 * 1024 * 1024;

/// A part as it was uploaded.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) blob: Blob,
    pub(super) etag: String,
    pub(super) modified: Timestamp,
}

/// Parts put together.
#[derive(Debug)]
pub(super) struct Assembled {
    pub(super) blob: Blob,
    pub(super) etag: String,
    /// How large each part was.
    pub(super) parts: Vec<u64>,
}

/// An upload in progress.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) key: String,
    pub(super) headers: ObjectHeaders,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) storage_class: Option<String>,
    pub(super) started: Timestamp,
    pub(super) parts: BTreeMap<i32, Part>,
}

impl Upload {
    /// Puts the named parts together.
    ///
    /// # Errors
    /// Parts out of order, missing, with another ETag, or too small.
    pub(super) fn assemble(&self, named: &[(i32, Option<String>)]) -> Result<Assembled, S3Error> {
        if named.is_empty() {
            return Err(S3Error::InvalidPart);
        }
        if named.windows(2).any(|pair| pair[0].0 >= pair[1].0) {
            return Err(S3Error::InvalidPartOrder);
        }
        let mut parts = Vec::with_capacity(named.len());
        for (number, etag) in named {
            let part = self.parts.get(number).ok_or(S3Error::InvalidPart)?;
            if etag.as_ref().is_some_and(|etag| *etag != part.etag) {
                return Err(S3Error::InvalidPart);
            }
            parts.push(part);
        }
        if parts.iter().rev().skip(1).any(|part| part.blob.len() < MIN_PART_SIZE) {
            return Err(S3Error::EntityTooSmall);
        }
        let blob = Blob::concat(parts.iter().map(|part| &part.blob));
        let etag = etag_of_parts(parts.iter().map(|part| part.etag.as_str()));
        Ok(Assembled { blob, etag, parts: parts.iter().map(|part| part.blob.len()).collect() })
    }
}
