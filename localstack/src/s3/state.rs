//! All buckets of the endpoint, behind one lock that is never held over a read or write of bytes.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, MutexGuard, OnceLock};

use bytes::Bytes;

use crate::clock::Clock;
use crate::dice::Dice;
use crate::lock::Lock;
use crate::persist::s3::Keeper;
use crate::world::Setting;

use super::blob::{Blob, BlobStore};
use super::bucket::{Bucket, check_name};
use super::condition::Condition;
use super::error::S3Error;
use super::image::Entry;
use super::object::{Object, ObjectHeaders, etag_of};

/// Most buckets of one endpoint: AWS's quota of an account.
const MAX_BUCKETS: usize = 10_000;
/// Largest object written in one request.
const MAX_PUT_SIZE: u64 = 5 * 1024 * 1024 * 1024;

/// The object store of the endpoint.
#[derive(Debug)]
pub struct S3 {
    pub(super) clock: Clock,
    pub(super) dice: Dice,
    pub(super) blobs: BlobStore,
    buckets: Lock<BTreeMap<String, Bucket>>,
    /// Where changes are written to disk; in memory only without it.
    pub(super) keeper: OnceLock<Keeper>,
}

/// An object to write.
#[derive(Debug, Clone, Default)]
pub struct NewObject {
    /// Its bytes.
    pub body: Bytes,
    /// What is said about them.
    pub headers: ObjectHeaders,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// A checksum that was verified: algorithm in lower case, base64 value.
    pub checksum: Option<(String, String)>,
    /// What must hold for the write to happen.
    pub condition: Condition,
}

impl S3 {
    /// No buckets yet; what memory does not hold goes to unnamed files in the data folder (the system's temporary
    /// folder without one).
    #[must_use]
    pub fn new(setting: &Setting) -> Self {
        Self {
            clock: setting.clock,
            dice: setting.dice.clone(),
            blobs: BlobStore::new(setting.data_dir.clone()),
            buckets: Lock::default(),
            keeper: OnceLock::new(),
        }
    }

    pub(super) fn buckets(&self) -> MutexGuard<'_, BTreeMap<String, Bucket>> {
        self.buckets.lock()
    }

    /// Runs `f` on a bucket.
    pub(super) fn with_bucket<T>(
        &self,
        name: &str,
        f: impl FnOnce(&mut Bucket) -> Result<T, S3Error>,
    ) -> Result<T, S3Error> {
        f(self.buckets().get_mut(name).ok_or(S3Error::NoSuchBucket)?)
    }

    /// Creates a bucket.
    ///
    /// # Errors
    /// A name AWS refuses, a bucket that is there already, or too many.
    pub fn create_bucket(&self, name: &str, region: &str) -> Result<(), S3Error> {
        check_name(name)?;
        let now = self.clock.now();
        let mut buckets = self.buckets();
        if buckets.contains_key(name) {
            return Err(S3Error::BucketAlreadyOwnedByYou);
        }
        if buckets.len() >= MAX_BUCKETS {
            return Err(S3Error::TooManyBuckets);
        }
        let bucket = Bucket::new(region.to_owned(), now);
        self.note(|| Entry::bucket(name, &bucket))?;
        buckets.insert(name.to_owned(), bucket);
        Ok(())
    }

    /// Deletes an empty bucket.
    ///
    /// # Errors
    /// No such bucket, or objects in it.
    pub fn delete_bucket(&self, name: &str) -> Result<(), S3Error> {
        let mut buckets = self.buckets();
        let bucket = buckets.get(name).ok_or(S3Error::NoSuchBucket)?;
        if !bucket.objects.is_empty() {
            return Err(S3Error::BucketNotEmpty);
        }
        self.note(|| Entry::BucketGone { name: name.to_owned() })?;
        buckets.remove(name);
        Ok(())
    }

    /// Whether there is such a bucket.
    #[must_use]
    pub fn bucket_exists(&self, name: &str) -> bool {
        self.buckets().contains_key(name)
    }

    /// Writes an object, whatever was there.
    ///
    /// # Errors
    /// No such bucket, or no room.
    pub async fn put_object(
        &self,
        bucket: &str,
        key: &str,
        body: Bytes,
        headers: ObjectHeaders,
    ) -> Result<Arc<Object>, S3Error> {
        self.put(bucket, key, NewObject { body, headers, ..NewObject::default() }).await
    }

    /// Writes an object if its condition holds: checked and written under one lock, so of two writers with
    /// [`Condition::Absent`] exactly one wins.
    ///
    /// # Errors
    /// No such bucket, a condition that does not hold, or no room.
    pub async fn put(&self, bucket: &str, key: &str, new: NewObject) -> Result<Arc<Object>, S3Error> {
        if new.body.len() as u64 > MAX_PUT_SIZE {
            return Err(S3Error::EntityTooLarge);
        }
        if !self.bucket_exists(bucket) {
            return Err(S3Error::NoSuchBucket);
        }
        let etag = etag_of(&new.body);
        let blob = self.blobs.keep(new.body).await?;
        let object = Object {
            blob,
            etag,
            modified: self.clock.now(),
            headers: new.headers,
            tags: new.tags,
            checksum: new.checksum,
        };
        self.insert(bucket, key, object, &new.condition)
    }

    pub(super) fn insert(
        &self,
        name: &str,
        key: &str,
        object: Object,
        condition: &Condition,
    ) -> Result<Arc<Object>, S3Error> {
        self.with_bucket(name, |bucket| {
            condition.check(bucket.objects.get(key).map(|object| &**object))?;
            self.note(|| Entry::object(name, key, &object))?;
            let object = Arc::new(object);
            bucket.objects.insert(key.to_owned(), Arc::clone(&object));
            Ok(object)
        })
    }

    /// The object under a key; its bytes are read through [`Blob::read`].
    ///
    /// # Errors
    /// No such bucket or key.
    pub fn object(&self, bucket: &str, key: &str) -> Result<Arc<Object>, S3Error> {
        self.with_bucket(bucket, |bucket| bucket.objects.get(key).cloned().ok_or(S3Error::NoSuchKey))
    }

    /// The bytes of an object.
    ///
    /// # Errors
    /// No such bucket or key, or a spill file that cannot be read.
    pub async fn read(&self, bucket: &str, key: &str) -> Result<Bytes, S3Error> {
        let blob: Blob = self.object(bucket, key)?.blob.clone();
        Ok(blob.read_all().await?)
    }

    /// Replaces the tags of an object.
    pub(super) fn retag(&self, name: &str, key: &str, tags: BTreeMap<String, String>) -> Result<(), S3Error> {
        self.with_bucket(name, |bucket| {
            let object = bucket.objects.get_mut(key).ok_or(S3Error::NoSuchKey)?;
            let mut retagged = Object::clone(object);
            retagged.tags = tags;
            self.note(|| Entry::object(name, key, &retagged))?;
            *object = Arc::new(retagged);
            Ok(())
        })
    }

    /// Deletes an object; one that is not there counts as deleted, as on S3.
    ///
    /// # Errors
    /// No such bucket, or a condition that does not hold.
    pub fn delete_object(&self, name: &str, key: &str, condition: &Condition) -> Result<(), S3Error> {
        self.with_bucket(name, |bucket| {
            condition.check(bucket.objects.get(key).map(|object| &**object))?;
            if bucket.objects.contains_key(key) {
                self.note(|| Entry::ObjectGone { bucket: name.to_owned(), key: key.to_owned() })?;
                bucket.objects.remove(key);
            }
            Ok(())
        })
    }

    /// The keys of a bucket that start with a prefix, in order.
    ///
    /// # Errors
    /// No such bucket.
    pub fn keys(&self, bucket: &str, prefix: &str) -> Result<Vec<String>, S3Error> {
        self.with_bucket(bucket, |bucket| {
            let from = bucket.objects.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
            Ok(from.map(|(key, _)| key).take_while(|key| key.starts_with(prefix)).cloned().collect())
        })
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        // What was kept stays on disk: only objects that are deleted take their files with them.
        self.blobs.retain();
    }
}
