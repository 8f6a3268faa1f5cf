//! Multipart uploads of the store: started, filled part by part, completed or given up.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::condition::Condition;
use super::error::S3Error;
use super::multipart::{Assembled, Part, Upload};
use super::notification::event::{Caller, EventName};
use super::object::{Object, ObjectHeaders, etag_of};
use super::state::S3;

/// Most uploads in progress in one bucket.
const MAX_UPLOADS: usize = 10_000;

impl S3 {
    /// Starts an upload and answers its id.
    pub(super) fn start_upload(
        &self,
        bucket: &str,
        key: &str,
        (headers, storage_class): (ObjectHeaders, Option<String>),
        tags: BTreeMap<String, String>,
    ) -> Result<String, S3Error> {
        let started = self.clock.now();
        self.with_bucket(bucket, |bucket| {
            if bucket.uploads.len() >= MAX_UPLOADS {
                return Err(S3Error::Full(0));
            }
            let id = self.dice.uuid("upload", key).simple().to_string();
            let (key, parts) = (key.to_owned(), BTreeMap::new());
            let upload = Upload { key, headers, tags, storage_class, started, parts };
            bucket.uploads.insert(id.clone(), upload);
            Ok(id)
        })
    }

    /// Runs `f` on an upload of a key.
    pub(super) fn with_upload<T>(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        f: impl FnOnce(&mut Upload) -> Result<T, S3Error>,
    ) -> Result<T, S3Error> {
        self.with_bucket(bucket, |bucket| match bucket.uploads.get_mut(id) {
            Some(upload) if upload.key == key => f(upload),
            _ => Err(S3Error::NoSuchUpload),
        })
    }

    /// Keeps a part, replacing an earlier one of its number.
    pub(super) async fn put_part(
        &self,
        bucket: &str,
        key: &str,
        (id, number): (&str, i32),
        body: Bytes,
    ) -> Result<Part, S3Error> {
        let etag = etag_of(&body);
        self.with_upload(bucket, key, id, |_| Ok(()))?;
        let part = Part { blob: self.blobs.keep(body, 0).await?, etag, modified: self.clock.now() };
        self.with_upload(bucket, key, id, |upload| {
            upload.parts.insert(number, part.clone());
            Ok(part)
        })
    }

    /// Makes the named parts an object. The upload stays when that fails, so it can be tried again.
    pub(super) fn complete_upload(
        &self,
        bucket: &str,
        key: &str,
        id: &str,
        (named, condition): (&[(i32, Option<String>)], &Condition),
        caller: &Caller,
    ) -> Result<Arc<Object>, S3Error> {
        let upload = self.with_upload(bucket, key, id, |upload| Ok(upload.clone()))?;
        let Assembled { blob, etag, parts } = upload.assemble(named)?;
        let object = Object {
            blob,
            etag,
            modified: self.clock.now(),
            headers: upload.headers,
            tags: upload.tags,
            storage_class: upload.storage_class,
            parts,
            ..Object::default()
        };
        let object =
            self.insert((bucket, key), object, condition, (EventName::CompleteMultipartUpload, caller))?;
        self.abort_upload(bucket, key, id)?;
        Ok(object)
    }

    /// Gives an upload up and frees its parts.
    pub(super) fn abort_upload(&self, bucket: &str, key: &str, id: &str) -> Result<(), S3Error> {
        self.with_upload(bucket, key, id, |_| Ok(()))?;
        self.with_bucket(bucket, |bucket| {
            bucket.uploads.remove(id);
            Ok(())
        })
    }
}
