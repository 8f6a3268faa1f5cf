//! Buckets and objects as they are written to disk: what [`crate::persist`] keeps of the store.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::blob::{Blob, Vault};
use super::bucket::{Bucket, Settings};
use super::error::S3Error;
use super::object::{Object, ObjectHeaders};
use super::state::S3;
use super::version::{Marker, Older, Slot, VersionId};
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
    /// All that is kept of a key whose versions are kept.
    Key { bucket: String, key: String, object: Option<Box<ObjectImage>>, older: Vec<OlderImage> },
}

/// A version that is not the current object.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum OlderImage {
    /// What was there before.
    Object(Box<ObjectImage>),
    /// A delete marker: its version and when it was made.
    Marker(String, Timestamp),
}

impl OlderImage {
    /// The files with its bytes: number and length.
    pub(crate) fn blobs(&self) -> &[(u64, u64)] {
        match self {
            Self::Object(object) => &object.blobs,
            Self::Marker(..) => &[],
        }
    }

    fn of(older: &Older) -> Self {
        match older {
            Older::Object(object) => Self::Object(Box::new(ObjectImage::of(object))),
            Older::Marker(marker) => Self::Marker(marker.version.as_str().to_owned(), marker.modified),
        }
    }
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
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    storage_class: Option<String>,
    #[serde(default)]
    parts: Vec<u64>,
}

impl ObjectImage {
    fn of(object: &Object) -> Self {
        Self {
            blobs: object.blob.files(),
            etag: object.etag.clone(),
            modified: object.modified,
            headers: object.headers.clone(),
            tags: object.tags.clone(),
            checksum: object.checksum.clone(),
            version: Some(object.version.as_str().to_owned()),
            storage_class: object.storage_class.clone(),
            parts: object.parts.clone(),
        }
    }

    fn object(self, blob: Blob) -> Arc<Object> {
        let Self { etag, modified, headers, tags, checksum, version, storage_class, parts, .. } = self;
        let version = version.map(VersionId::from).unwrap_or_default();
        Arc::new(Object { blob, etag, modified, headers, tags, checksum, version, storage_class, parts })
    }
}

/// A bucket, as the entries so far tell it.
#[derive(Debug)]
pub(crate) struct BucketImage {
    region: String,
    created: Timestamp,
    settings: Box<Settings>,
    /// Its objects by key.
    pub(crate) objects: BTreeMap<String, ObjectImage>,
    /// Its older versions by key.
    pub(crate) older: BTreeMap<String, Vec<OlderImage>>,
}

impl BucketImage {
    /// The files with the bytes of its objects: number and length.
    pub(crate) fn blobs(&self) -> impl Iterator<Item = (u64, u64)> {
        let older = self.older.values().flatten().flat_map(OlderImage::blobs);
        self.objects.values().flat_map(|object| &object.blobs).chain(older).copied()
    }
}

impl Entry {
    /// What it makes of the buckets before it.
    pub(crate) fn apply(self, buckets: &mut BTreeMap<String, BucketImage>) {
        match self {
            Self::Bucket { name, region, created, settings } => {
                let before = buckets.remove(&name).map(|bucket| (bucket.objects, bucket.older));
                let (objects, older) = before.unwrap_or_default();
                buckets.insert(name, BucketImage { region, created, settings, objects, older });
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
            Self::Key { bucket, key, object, older } => {
                let Some(bucket) = buckets.get_mut(&bucket) else { return };
                match object {
                    Some(object) => drop(bucket.objects.insert(key.clone(), *object)),
                    None => drop(bucket.objects.remove(&key)),
                }
                if older.is_empty() {
                    bucket.older.remove(&key);
                } else {
                    bucket.older.insert(key, older);
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

    /// What became of a key. Where no versions are kept it is the object, or that there is none.
    pub(super) fn change(bucket: &str, key: &str, (before, after): (&Slot, &Slot)) -> Self {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        let object = after.object.as_ref().map(|object| Box::new(ObjectImage::of(object)));
        match object {
            Some(object) if before.older.is_empty() && after.older.is_empty() => {
                Self::Object { bucket, key, object }
            }
            None if before.older.is_empty() && after.older.is_empty() => Self::ObjectGone { bucket, key },
            object => {
                Self::Key { bucket, key, object, older: after.older.iter().map(OlderImage::of).collect() }
            }
        }
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
            if keeper.is_mostly_history(|| {
                buckets.values().map(|bucket| bucket.objects.len() + bucket.older.len() + 1).sum()
            }) {
                keeper.rewrite(buckets.iter().flat_map(|(name, bucket)| entries(name, bucket)))?;
            }
            Ok(())
        };
        keep().map_err(DataDirError::io("write", keeper.path()))
    }

    /// Every bucket is gone, and every object in it.
    pub(crate) fn reset(&self) -> io::Result<()> {
        let mut buckets = self.buckets();
        if let Some(keeper) = self.keeper.get() {
            keeper.rewrite(std::iter::empty())?;
        }
        buckets.clear();
        Ok(())
    }

    /// Brings buckets back, and keeps what changes from now on.
    pub(crate) fn restore(&self, images: BTreeMap<String, BucketImage>, vault: Arc<Vault>, keeper: Keeper) {
        let mut buckets = self.buckets();
        for (name, image) in images {
            let mut bucket = Bucket::new(image.region, image.created);
            bucket.settings = *image.settings;
            bucket.kept = serde_json::to_string(&bucket.settings).unwrap_or_default();
            for (key, object) in image.objects {
                let blob = self.blobs.restored(&vault, &object.blobs);
                bucket.objects.insert(key, object.object(blob));
            }
            for (key, older) in image.older {
                let older = older.into_iter().map(|older| match older {
                    OlderImage::Object(object) => {
                        let blob = self.blobs.restored(&vault, &object.blobs);
                        Older::Object(object.object(blob))
                    }
                    OlderImage::Marker(version, modified) => {
                        let version = VersionId::from(version);
                        Older::Marker(Marker { version, modified, held: Blob::default() })
                    }
                });
                bucket.older.insert(key, older.collect());
            }
            buckets.insert(name, bucket);
        }
        self.blobs.keep_in(vault);
        let _ = self.keeper.set(keeper);
    }
}

fn entries<'a>(name: &'a str, bucket: &'a Bucket) -> impl Iterator<Item = Entry> + 'a {
    let keys =
        bucket.objects.keys().chain(bucket.older.keys().filter(|key| !bucket.objects.contains_key(*key)));
    let changes = keys.map(move |key| Entry::change(name, key, (&Slot::default(), &bucket.slot(key))));
    std::iter::once(Entry::bucket(name, bucket)).chain(changes)
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
