//! All buckets of the endpoint, behind one lock that is never held over a read or write of bytes.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, MutexGuard, OnceLock, Weak};

use bytes::Bytes;

use crate::clock::Clock;
use crate::dice::Dice;
use crate::lock::Lock;
use crate::persist::s3::Keeper;
use crate::world::{Setting, World};

use super::blob::{Blob, BlobStore};
use super::bucket::{Bucket, check_name};
use super::condition::Condition;
use super::error::S3Error;
use super::image::Entry;
use super::notification::event::{Caller, Detail, EventName, Happened};
use super::notification::rules::targets;
use super::object::{Object, ObjectHeaders, etag_of, weight};
use super::version::{Deleted, Marker, VersionId, Versioning};

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
    /// Whose functions hear of what happens here.
    pub(super) world: OnceLock<Weak<World>>,
    /// The last event's place among all.
    sequence: AtomicU64,
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
    /// `STANDARD` without one.
    pub storage_class: Option<String>,
    /// Who writes it.
    pub caller: Caller,
}

/// What to delete.
#[derive(Debug, Clone, Default)]
pub(super) struct Deletion<'a> {
    /// One version, for good.
    pub(super) version: Option<&'a str>,
    pub(super) condition: Condition,
    pub(super) caller: Caller,
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
            world: OnceLock::new(),
            sequence: AtomicU64::new(0),
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
        if !bucket.is_empty() {
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
        let blob = self.blobs.keep(new.body, key.len() + new.headers.weight() + weight(&new.tags)).await?;
        let object = Object {
            blob,
            etag,
            modified: self.clock.now(),
            headers: new.headers,
            tags: new.tags,
            checksum: new.checksum,
            storage_class: new.storage_class,
            ..Object::default()
        };
        self.insert((bucket, key), object, &new.condition, (EventName::Put, &new.caller))
    }

    /// Makes an object the current one of its key, if the condition holds, and tells who is to hear of it.
    pub(super) fn insert(
        &self,
        (name, key): (&str, &str),
        object: Object,
        condition: &Condition,
        (event, caller): (EventName, &Caller),
    ) -> Result<Arc<Object>, S3Error> {
        let fresh = VersionId::new(self.dice.uuid("version", key));
        let (object, happened) = self.with_bucket(name, |bucket| {
            condition.check(bucket.objects.get(key).map(|object| &**object))?;
            let object = self.change(bucket, (name, key), |bucket| bucket.write(key, object, fresh))?;
            let happened = self.happened(bucket, (name, key), (event, Detail::of(&object)), caller);
            Ok((object, happened))
        })?;
        self.tell(&happened);
        Ok(object)
    }

    /// Changes what is kept of a key, and writes that to the data folder; all is as before when it cannot be written.
    fn change<T>(
        &self,
        bucket: &mut Bucket,
        (name, key): (&str, &str),
        f: impl FnOnce(&mut Bucket) -> T,
    ) -> Result<T, S3Error> {
        let before = bucket.slot(key);
        let done = f(bucket);
        let after = bucket.slot(key);
        if before.is_empty() && after.is_empty() {
            return Ok(done);
        }
        match self.note(|| Entry::change(name, key, (&before, &after))) {
            Ok(()) => Ok(done),
            Err(error) => {
                bucket.restore(key, before);
                Err(error)
            }
        }
    }

    /// What happened, for those who are to hear of it.
    fn happened(
        &self,
        bucket: &Bucket,
        (name, key): (&str, &str),
        (event, detail): (EventName, Detail),
        caller: &Caller,
    ) -> Happened {
        let configuration = bucket.settings.notification.as_ref();
        let at = self.clock.now();
        // Later is larger, also within a nanosecond and after a restart.
        let nanos = u64::try_from(at.as_nanosecond()).unwrap_or_default();
        let later = |last: u64| Some(nanos.max(last + 1));
        let last =
            self.sequence.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later).unwrap_or_default();
        Happened {
            name: event,
            bucket: name.to_owned(),
            region: bucket.region.clone(),
            key: key.to_owned(),
            at,
            detail,
            sequencer: nanos.max(last + 1),
            caller: caller.clone(),
            targets: configuration.map(|rules| targets(rules, event, key)).unwrap_or_default(),
        }
    }

    /// The object under a key; its bytes are read through [`Blob::read`].
    ///
    /// # Errors
    /// No such bucket or key.
    pub fn object(&self, bucket: &str, key: &str) -> Result<Arc<Object>, S3Error> {
        self.version(bucket, key, None)
    }

    /// One version of an object, or the current one.
    ///
    /// # Errors
    /// No such bucket, key or version, or a delete marker.
    pub fn version(&self, bucket: &str, key: &str, version: Option<&str>) -> Result<Arc<Object>, S3Error> {
        self.with_bucket(bucket, |bucket| bucket.find(key, version).cloned())
    }

    /// The bytes of an object.
    ///
    /// # Errors
    /// No such bucket or key, or a spill file that cannot be read.
    pub async fn read(&self, bucket: &str, key: &str) -> Result<Bytes, S3Error> {
        let blob: Blob = self.object(bucket, key)?.blob.clone();
        Ok(blob.read_all().await?)
    }

    /// Replaces the tags of an object, and answers it.
    pub(super) fn retag(
        &self,
        (name, key): (&str, &str),
        version: Option<&str>,
        tags: BTreeMap<String, String>,
        caller: &Caller,
    ) -> Result<Arc<Object>, S3Error> {
        let event = if tags.is_empty() { EventName::TaggingDelete } else { EventName::TaggingPut };
        let (object, happened) = self.with_bucket(name, |bucket| {
            let object = self.change(bucket, (name, key), |bucket| {
                let object = bucket.find_mut(key, version)?;
                let mut retagged = Object::clone(object);
                retagged.tags = tags;
                *object = Arc::new(retagged);
                Ok::<_, S3Error>(Arc::clone(object))
            })??;
            let happened = self.happened(bucket, (name, key), (event, Detail::of(&object)), caller);
            Ok((object, happened))
        })?;
        self.tell(&happened);
        Ok(object)
    }

    /// Deletes an object; one that is not there counts as deleted, as on S3.
    ///
    /// # Errors
    /// No such bucket, or a condition that does not hold.
    pub fn delete_object(&self, name: &str, key: &str, condition: &Condition) -> Result<(), S3Error> {
        let deletion = Deletion { condition: condition.clone(), ..Deletion::default() };
        self.delete(name, key, &deletion).map(drop)
    }

    /// Deletes an object or a version of it.
    pub(super) fn delete(&self, name: &str, key: &str, deletion: &Deletion<'_>) -> Result<Deleted, S3Error> {
        let version = VersionId::new(self.dice.uuid("version", key));
        let mut marker = Marker { version, modified: self.clock.now(), held: Blob::default() };
        let (deleted, happened) = self.with_bucket(name, |bucket| {
            deletion.condition.check(bucket.objects.get(key).map(|object| &**object))?;
            // Whatever makes room works in a full store too.
            if deletion.version.is_none() && bucket.versioning() != Versioning::Never {
                marker.held = self.blobs.account(key.len())?;
            }
            let was_there = !bucket.slot(key).is_empty();
            let deleted = self.change(bucket, (name, key), |bucket| match deletion.version {
                Some(version) => bucket.remove_version(key, version),
                None => bucket.remove(key, marker),
            })?;
            let told = Detail::of_deleted(&deleted, deletion.version);
            let is_change = was_there || matches!(deleted, Deleted::Marked(_));
            let happened = is_change.then(|| self.happened(bucket, (name, key), told, &deletion.caller));
            Ok((deleted, happened))
        })?;
        if let Some(happened) = happened {
            self.tell(&happened);
        }
        Ok(deleted)
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
