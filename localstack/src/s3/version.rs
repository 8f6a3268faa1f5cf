//! Versions of objects: what a bucket keeps of what was under a key before.
//!
//! The current object of a key is in [`Bucket::objects`], where everything that knows no versions looks. What was there
//! before, and delete markers, are in [`Bucket::older`], oldest first: a key whose newest version is a marker is only
//! there.

use std::sync::Arc;

use jiff::Timestamp;
use s3s::dto;
use uuid::Uuid;

use super::blob::Blob;
use super::bucket::Bucket;
use super::error::S3Error;
use super::object::Object;

/// The id of a version; `null` for what was written while versioning was not on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionId(String);

impl Default for VersionId {
    fn default() -> Self {
        Self("null".to_owned())
    }
}

impl From<String> for VersionId {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl VersionId {
    /// One made of random bits.
    pub(super) fn new(random: Uuid) -> Self {
        Self(random.simple().to_string())
    }

    /// As requests and answers have it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_null(&self) -> bool {
        *self == Self::default()
    }
}

/// What stands for an object that was deleted.
#[derive(Debug, Clone)]
pub(super) struct Marker {
    pub(super) version: VersionId,
    pub(super) modified: Timestamp,
    /// Its place in the store's account.
    pub(super) held: Blob,
}

/// A version that is not the current object.
#[derive(Debug, Clone)]
pub(super) enum Older {
    Object(Arc<Object>),
    Marker(Marker),
}

impl Older {
    pub(super) fn version(&self) -> &VersionId {
        match self {
            Self::Object(object) => &object.version,
            Self::Marker(marker) => &marker.version,
        }
    }
}

/// All that a bucket keeps of a key.
#[derive(Debug, Clone, Default)]
pub(super) struct Slot {
    pub(super) object: Option<Arc<Object>>,
    /// Oldest first.
    pub(super) older: Vec<Older>,
}

impl Slot {
    pub(super) fn is_empty(&self) -> bool {
        self.object.is_none() && self.older.is_empty()
    }
}

/// Whether a bucket keeps versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Versioning {
    Never,
    Enabled,
    /// What was kept stays, and the `null` version is written over.
    Suspended,
}

/// What a deletion came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deleted {
    /// There is nothing left, or there was nothing.
    Object,
    /// A marker stands in its place.
    Marked(VersionId),
    /// One version is gone; whether it was a marker.
    Version { marker: bool },
}

impl Bucket {
    /// Whether versions are kept.
    pub(super) fn versioning(&self) -> Versioning {
        let status = self.settings.versioning.as_ref().and_then(|versioning| versioning.status.as_ref());
        match status.map(dto::BucketVersioningStatus::as_str) {
            Some(dto::BucketVersioningStatus::ENABLED) => Versioning::Enabled,
            Some(dto::BucketVersioningStatus::SUSPENDED) => Versioning::Suspended,
            _ => Versioning::Never,
        }
    }

    /// Makes an object the current one of its key. `fresh` is its version, where versions are kept.
    pub(super) fn write(&mut self, key: &str, mut object: Object, fresh: VersionId) -> Arc<Object> {
        object.version = match self.versioning() {
            Versioning::Enabled => fresh,
            Versioning::Suspended | Versioning::Never => VersionId::default(),
        };
        self.make_room(key);
        let object = Arc::new(object);
        self.objects.insert(key.to_owned(), Arc::clone(&object));
        object
    }

    /// Deletes what is under a key now. The marker stands in its place, where versions are kept.
    pub(super) fn remove(&mut self, key: &str, mut marker: Marker) -> Deleted {
        match self.versioning() {
            Versioning::Never => {
                self.objects.remove(key);
                return Deleted::Object;
            }
            Versioning::Enabled => {}
            Versioning::Suspended => marker.version = VersionId::default(),
        }
        self.make_room(key);
        let version = marker.version.clone();
        self.older.entry(key.to_owned()).or_default().push(Older::Marker(marker));
        Deleted::Marked(version)
    }

    /// Takes the current object away from its key: to the older versions, unless it is the `null` version and that is
    /// what will be written.
    fn make_room(&mut self, key: &str) {
        let versioning = self.versioning();
        let current = self.objects.remove(key);
        if versioning == Versioning::Never {
            return;
        }
        let older = self.older.entry(key.to_owned()).or_default();
        older.extend(current.map(Older::Object));
        if versioning == Versioning::Suspended {
            older.retain(|older| !older.version().is_null());
        }
        if older.is_empty() {
            self.older.remove(key);
        }
    }

    /// Deletes one version for good. The one before it becomes current when this one was; what is not there counts as
    /// deleted.
    pub(super) fn remove_version(&mut self, key: &str, version: &str) -> Deleted {
        let mut marker = false;
        if self.objects.get(key).is_some_and(|object| object.version.as_str() == version) {
            self.objects.remove(key);
        } else if let Some(older) = self.older.get_mut(key)
            && let Some(at) = older.iter().position(|older| older.version().as_str() == version)
        {
            marker = matches!(older.remove(at), Older::Marker(_));
        }
        if !self.objects.contains_key(key)
            && let Some(older) = self.older.get_mut(key)
            && let Some(Older::Object(_)) = older.last()
            && let Some(Older::Object(object)) = older.pop()
        {
            self.objects.insert(key.to_owned(), object);
        }
        if self.older.get(key).is_some_and(Vec::is_empty) {
            self.older.remove(key);
        }
        Deleted::Version { marker }
    }

    /// The current object of a key, or one version of it.
    pub(super) fn find(&self, key: &str, version: Option<&str>) -> Result<&Arc<Object>, S3Error> {
        let current = self.objects.get(key);
        let older = self.older.get(key).map(Vec::as_slice).unwrap_or_default();
        let Some(version) = version else {
            return match (current, older.last()) {
                (Some(object), _) => Ok(object),
                (None, Some(Older::Marker(marker))) => {
                    Err(S3Error::Deleted { version: marker.version.clone(), modified: marker.modified })
                }
                _ => Err(S3Error::NoSuchKey),
            };
        };
        if let Some(object) = current.filter(|object| object.version.as_str() == version) {
            return Ok(object);
        }
        match older.iter().find(|older| older.version().as_str() == version) {
            Some(Older::Object(object)) => Ok(object),
            Some(Older::Marker(marker)) => {
                Err(S3Error::IsMarker { version: marker.version.clone(), modified: marker.modified })
            }
            None => Err(S3Error::NoSuchVersion),
        }
    }

    /// The same, to change it.
    pub(super) fn find_mut(&mut self, key: &str, version: Option<&str>) -> Result<&mut Arc<Object>, S3Error> {
        let found = self.find(key, version)?.version.clone();
        let current = self.objects.get_mut(key).filter(|object| object.version == found);
        if let Some(object) = current {
            return Ok(object);
        }
        let mut older = self.older.get_mut(key).into_iter().flatten();
        let found = older.find_map(|older| match older {
            Older::Object(object) if object.version == found => Some(object),
            _ => None,
        });
        found.ok_or(S3Error::NoSuchVersion)
    }

    /// All that is kept of a key.
    pub(super) fn slot(&self, key: &str) -> Slot {
        let older = self.older.get(key).cloned().unwrap_or_default();
        Slot { object: self.objects.get(key).cloned(), older }
    }

    /// Puts all that is kept of a key back.
    pub(super) fn restore(&mut self, key: &str, slot: Slot) {
        self.objects.remove(key);
        self.older.remove(key);
        if let Some(object) = slot.object {
            self.objects.insert(key.to_owned(), object);
        }
        if !slot.older.is_empty() {
            self.older.insert(key.to_owned(), slot.older);
        }
    }

    /// Whether nothing is kept here, no versions and no markers either.
    pub(super) fn is_empty(&self) -> bool {
        self.objects.is_empty() && self.older.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn bucket(status: Option<&'static str>) -> Bucket {
        let mut bucket = Bucket::new("us-east-1".to_owned(), NOW);
        set(&mut bucket, status);
        bucket
    }

    fn set(bucket: &mut Bucket, status: Option<&'static str>) {
        let status = status.map(dto::BucketVersioningStatus::from_static);
        bucket.settings.versioning =
            Some(dto::VersioningConfiguration { status, ..dto::VersioningConfiguration::default() });
    }

    fn fresh() -> VersionId {
        VersionId::new(Uuid::new_v4())
    }

    fn marker() -> Marker {
        Marker { version: fresh(), modified: NOW, held: Blob::default() }
    }

    fn object(etag: &str) -> Object {
        Object { etag: etag.to_owned(), ..Object::default() }
    }

    fn etag(bucket: &Bucket, version: Option<&str>) -> Result<String, &'static str> {
        bucket.find("k", version).map(|object| object.etag.clone()).map_err(|error| error.code())
    }

    #[test]
    fn versions_come_and_go_and_a_marker_hides_them() {
        let mut bucket = bucket(Some("Enabled"));
        let first = bucket.write("k", object("1"), fresh()).version.clone();
        let second = bucket.write("k", object("2"), fresh()).version.clone();
        assert_eq!(etag(&bucket, None).unwrap(), "2");
        assert_eq!(etag(&bucket, Some(first.as_str())).unwrap(), "1");
        let Deleted::Marked(marker) = bucket.remove("k", marker()) else { panic!("no marker") };
        assert_eq!(etag(&bucket, None), Err("NoSuchKey"));
        assert_eq!(etag(&bucket, Some(marker.as_str())), Err("MethodNotAllowed"));
        assert_eq!(etag(&bucket, Some(second.as_str())).unwrap(), "2");
        assert_eq!(bucket.remove_version("k", marker.as_str()), Deleted::Version { marker: true });
        assert_eq!(etag(&bucket, None).unwrap(), "2", "it is back");
        bucket.remove_version("k", second.as_str());
        assert_eq!(etag(&bucket, None).unwrap(), "1");
        bucket.remove_version("k", first.as_str());
        assert!(bucket.is_empty());
        assert_eq!(etag(&bucket, Some(first.as_str())), Err("NoSuchVersion"));
    }

    #[test]
    fn a_suspended_bucket_writes_its_null_version_over() {
        let mut bucket = bucket(None);
        bucket.write("k", object("null"), fresh());
        set(&mut bucket, Some("Enabled"));
        let kept = bucket.write("k", object("kept"), fresh()).version.clone();
        assert_eq!(etag(&bucket, Some("null")).unwrap(), "null");
        set(&mut bucket, Some("Suspended"));
        bucket.write("k", object("over"), fresh());
        assert_eq!(etag(&bucket, Some("null")).unwrap(), "over");
        assert_eq!(etag(&bucket, Some(kept.as_str())).unwrap(), "kept");
        assert_eq!(bucket.remove("k", marker()), Deleted::Marked(VersionId::default()));
        assert_eq!(
            etag(&bucket, Some("null")),
            Err("MethodNotAllowed"),
            "the marker is the null version now"
        );
    }

    proptest! {
        /// Whatever is done: one null version at most, the newest version is either current or a marker, and nothing
        /// empty is kept.
        #[test]
        fn what_is_kept_holds_together(steps in proptest::collection::vec((0..5_u8, 0..8_usize), 0..60)) {
            let mut bucket = bucket(None);
            let mut ids = vec!["null".to_owned()];
            for (step, pick) in steps {
                match step {
                    0 => set(&mut bucket, Some(["Enabled", "Suspended"][pick % 2])),
                    1 | 2 => ids.push(bucket.write("k", object("x"), fresh()).version.as_str().to_owned()),
                    3 => if let Deleted::Marked(id) = bucket.remove("k", marker()) {
                        ids.push(id.as_str().to_owned());
                    },
                    _ => drop(bucket.remove_version("k", &ids[pick % ids.len()].clone())),
                }
                let older = bucket.older.get("k").map(Vec::as_slice);
                prop_assert_ne!(older.map(<[_]>::len), Some(0));
                let older = older.unwrap_or_default();
                let current = bucket.objects.get("k");
                let all = older.iter().map(Older::version).chain(current.map(|object| &object.version));
                prop_assert!(all.filter(|id| id.is_null()).count() <= 1);
                prop_assert!(current.is_some() || !matches!(older.last(), Some(Older::Object(_))));
            }
        }
    }
}
