//! Buckets and objects as they are written to disk: what [`crate::persist`] keeps of the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::blob::{Blob, Vault};
use super::bucket::{Bucket, Settings};
use super::error::S3Error;
use super::object::{Object, ObjectHeaders};
use super::state::S3;
use crate::persist::DataDirError;
use crate::persist::s3::Keeper;

/// One change of the store.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Entry {
    /// A bucket is there, with these settings. Its objects stay.
    Bucket { name: String, region: String, created: Timestamp, settings: Box<Settings> },
    /// A bucket is gone.
    BucketGone { name: String },
    /// An object is there, or says something else than before.
    Object { bucket: String, key: String, object: Box<ObjectImage> },
    /// An object is gone.
    ObjectGone { bucket: String, key: String },
}

/// An object: its bytes are files.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ObjectImage {
    /// The files with its bytes, in order: number and length.
    pub(crate) blobs: Vec<(u64, u64)>,
    etag: String,
    modified: Timestamp,
    headers: ObjectHeaders,
    tags: BTreeMap<String, String>,
    checksum: Option<(String, String)>,
}

/// A bucket, as the entries so far tell it.
#[derive(Debug)]
pub(crate) struct BucketImage {
    region: String,
    created: Timestamp,
    settings: Box<Settings>,
    /// Its objects by key.
    pub(crate) objects: BTreeMap<String, ObjectImage>,
}

impl BucketImage {
    /// The files with the bytes of its objects: number and length.
    pub(crate) fn blobs(&self) -> impl Iterator<Item = (u64, u64)> {
        self.objects.values().flat_map(|object| object.blobs.iter().copied())
    }
}

impl Entry {
    /// What it makes of the buckets before it.
    pub(crate) fn apply(self, buckets: &mut BTreeMap<String, BucketImage>) {
        match self {
            Self::Bucket { name, region, created, settings } => {
                let objects = buckets.remove(&name).map(|bucket| bucket.objects).unwrap_or_default();
                buckets.insert(name, BucketImage { region, created, settings, objects });
            }
            Self::BucketGone { name } => drop(buckets.remove(&name)),
            Self::Object { bucket, key, object } => {
                if let Some(bucket) = buckets.get_mut(&bucket) {
                    bucket.objects.insert(key, *object);
                }
            }
            Self::ObjectGone { bucket, key } => {
                if let Some(bucket) = buckets.get_mut(&bucket) {
                    bucket.objects.remove(&key);
                }
            }
        }
    }

    pub(super) fn bucket(name: &str, bucket: &Bucket) -> Self {
        let settings = Box::new(bucket.settings.clone());
        Self::Bucket {
            name: name.to_owned(),
            region: bucket.region.clone(),
            created: bucket.created,
            settings,
        }
    }

    pub(super) fn object(bucket: &str, key: &str, object: &Object) -> Self {
        let object = ObjectImage {
            blobs: object.blob.files(),
            etag: object.etag.clone(),
            modified: object.modified,
            headers: object.headers.clone(),
            tags: object.tags.clone(),
            checksum: object.checksum.clone(),
        };
        Self::Object { bucket: bucket.to_owned(), key: key.to_owned(), object: Box::new(object) }
    }
}

impl S3 {
    /// Writes a change to the data folder, if there is one. Called before the change is made, under the buckets' lock.
    pub(super) fn note(&self, entry: impl FnOnce() -> Entry) -> Result<(), S3Error> {
        match self.keeper.get() {
            Some(keeper) => Ok(keeper.append(&entry())?),
            None => Ok(()),
        }
    }

    /// Writes the settings that differ from what was written last, and the journal afresh when it has grown old.
    pub(crate) fn keep_settings(&self) -> Result<(), DataDirError> {
        let Some(keeper) = self.keeper.get() else { return Ok(()) };
        let mut buckets = self.buckets();
        let mut keep = || {
            for (name, bucket) in buckets.iter_mut() {
                let text = serde_json::to_string(&bucket.settings)?;
                if bucket.kept != text {
                    keeper.append(&Entry::bucket(name, bucket))?;
                    bucket.kept = text;
                }
            }
            if keeper.is_mostly_history(|| buckets.values().map(|bucket| bucket.objects.len() + 1).sum()) {
                keeper.rewrite(buckets.iter().flat_map(|(name, bucket)| entries(name, bucket)))?;
            }
            Ok(())
        };
        keep().map_err(DataDirError::io("write", keeper.path()))
    }

    /// Brings buckets back, and keeps what changes from now on.
    pub(crate) fn restore(&self, images: BTreeMap<String, BucketImage>, vault: Arc<Vault>, keeper: Keeper) {
        let mut buckets = self.buckets();
        for (name, image) in images {
            let mut bucket = Bucket::new(image.region, image.created);
            bucket.settings = *image.settings;
            bucket.kept = serde_json::to_string(&bucket.settings).unwrap_or_default();
            for (key, object) in image.objects {
                let blob: Blob = self.blobs.restored(&vault, &object.blobs);
                let ObjectImage { etag, modified, headers, tags, checksum, .. } = object;
                let object = Object { blob, etag, modified, headers, tags, checksum };
                bucket.objects.insert(key, Arc::new(object));
            }
            buckets.insert(name, bucket);
        }
        self.blobs.keep_in(vault);
        let _ = self.keeper.set(keeper);
    }
}

fn entries<'a>(name: &'a str, bucket: &'a Bucket) -> impl Iterator<Item = Entry> + 'a {
    let objects = bucket.objects.iter().map(|(key, object)| Entry::object(name, key, object));
    std::iter::once(Entry::bucket(name, bucket)).chain(objects)
}

/// Ownership controls as the names of their rules: the one setting whose type `serde` does not know.
pub(super) mod ownership {
    use s3s::dto::{ObjectOwnership, OwnershipControls, OwnershipControlsRule};
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        controls: &Option<OwnershipControls>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let names = controls.as_ref().map(|controls| {
            controls.rules.iter().map(|rule| rule.object_ownership.as_str().to_owned()).collect::<Vec<_>>()
        });
        names.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<OwnershipControls>, D::Error> {
        let names = Option::<Vec<String>>::deserialize(deserializer)?;
        let rule = |name| OwnershipControlsRule { object_ownership: ObjectOwnership::from(name) };
        Ok(names.map(|names| OwnershipControls { rules: names.into_iter().map(rule).collect() }))
    }
}
