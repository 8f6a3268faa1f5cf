//! An object and what is stored beside its bytes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use md5::{Digest as _, Md5};
use serde::{Deserialize, Serialize};

use super::blob::Blob;
use super::version::VersionId;

/// What a writer says about an object, returned with it as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectHeaders {
    /// `Content-Type`; `binary/octet-stream` when none is given, as on AWS.
    pub content_type: Option<String>,
    /// `Content-Encoding`, such as `gzip`.
    pub content_encoding: Option<String>,
    /// `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// `Content-Language`.
    pub content_language: Option<String>,
    /// `Cache-Control`.
    pub cache_control: Option<String>,
    /// `x-amz-meta-*`, keys in lower case.
    pub metadata: BTreeMap<String, String>,
}

impl ObjectHeaders {
    /// What they take in memory, about.
    pub(super) fn weight(&self) -> usize {
        let texts = [
            &self.content_type,
            &self.content_encoding,
            &self.content_disposition,
            &self.content_language,
            &self.cache_control,
        ];
        let texts = texts.into_iter().flatten().map(String::len).sum::<usize>();
        texts + weight(&self.metadata)
    }
}

/// What pairs of texts take in memory, about.
pub(super) fn weight(pairs: &BTreeMap<String, String>) -> usize {
    pairs.iter().map(|(key, value)| key.len() + value.len() + 64).sum()
}

/// A stored object. Cloning shares the bytes.
#[derive(Debug, Clone, Default)]
pub struct Object {
    /// Its bytes.
    pub blob: Blob,
    /// MD5 in hex, or for a multipart upload the MD5 of MD5s with `-<parts>`. Without quotes.
    pub etag: String,
    /// When it was written.
    pub modified: Timestamp,
    /// What the writer said about it.
    pub headers: ObjectHeaders,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The checksum that came with it.
    pub checksum: Option<(String, String)>,
    /// Its version; `null` unless the bucket keeps versions.
    pub version: VersionId,
    /// `STANDARD` without one.
    pub storage_class: Option<String>,
    /// The sizes of the parts it was uploaded in; none when it came in one piece.
    pub parts: Vec<u64>,
}

impl Object {
    /// Length in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.blob.len()
    }
}

/// The ETag of bytes stored in one piece.
pub(super) fn etag_of(bytes: &[u8]) -> String {
    hex::encode(Md5::digest(bytes))
}

/// The ETag of a multipart upload, from its parts' ETags in order.
pub(super) fn etag_of_parts<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut hasher = Md5::new();
    let mut count = 0;
    for part in parts {
        hasher.update(hex::decode(part).unwrap_or_default());
        count += 1;
    }
    format!("{}-{count}", hex::encode(hasher.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn etags_are_what_s3_gives() {
        assert_eq!(etag_of(b""), "d41d8cd98f00b204e9800998ecf8427e");
        let part = etag_of(b"hello");
        let expected = hex::encode(Md5::digest(Md5::digest(b"hello")));
        assert_eq!(etag_of_parts([part.as_str()].into_iter()), format!("{expected}-1"));
    }
}
