//! Buckets and objects on disk: a journal of what was put and deleted, and the bytes in files beside it.
//!
//! The bytes of an object are written before the entry that names them, and removed after the entry that replaces or
//! deletes it: whenever the process ends, every entry finds its bytes. Files that no entry names are what a killed
//! process left, and go at the next start. The journal is written afresh when most of its entries are history.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::journal::{Journal, Reading, entry};
use super::{DataDirError, make_folder};
use crate::lock::Lock;
use crate::s3::{BucketImage, Entry, ObjectImage, OlderImage, S3, Vault};

/// Entries a journal may have beyond four times what is alive before it is written afresh.
const HISTORY: usize = 10_000;

/// The journal of a store.
#[derive(Debug)]
pub(crate) struct Keeper {
    path: PathBuf,
    open: Lock<Open>,
}

#[derive(Debug)]
struct Open {
    journal: Journal,
    entries: usize,
}

impl Keeper {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends an entry.
    pub(crate) fn append(&self, entry: &Entry) -> io::Result<()> {
        let mut bytes = Vec::new();
        encode(&mut bytes, entry)?;
        let mut open = self.open.lock();
        open.journal.append(&bytes)?;
        open.entries += 1;
        Ok(())
    }

    /// Whether most entries are history, so many being alive.
    pub(crate) fn is_mostly_history(&self, alive: impl FnOnce() -> usize) -> bool {
        let entries = self.open.lock().entries;
        entries > HISTORY && entries > HISTORY + alive().saturating_mul(4)
    }

    /// Writes the journal afresh.
    pub(crate) fn rewrite(&self, entries: impl Iterator<Item = Entry>) -> io::Result<()> {
        let half = self.path.with_extension("half");
        match fs::remove_file(&half) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut open = self.open.lock();
        let mut fresh = Open { journal: Journal::create(&half, &[])?, entries: 0 };
        let mut bytes = Vec::new();
        for entry in entries {
            encode(&mut bytes, &entry)?;
            fresh.entries += 1;
            if bytes.len() > 1 << 20 {
                fresh.journal.append(&bytes)?;
                bytes.clear();
            }
        }
        fresh.journal.append(&bytes)?;
        fs::rename(&half, &self.path)?;
        *open = fresh;
        Ok(())
    }
}

fn encode(bytes: &mut Vec<u8>, what: &Entry) -> io::Result<()> {
    let text = serde_json::to_vec(what)?;
    entry(bytes, |buffer| buffer.extend_from_slice(&text));
    Ok(())
}

/// Brings buckets and objects back.
pub(super) fn restore(folder: &Folder, s3: &S3) -> Result<(), DataDirError> {
    let root = folder.path().join("s3");
    let blobs = root.join("blobs");
    make_folder(&blobs)?;
    let path = root.join("journal.log");
    let (mut buckets, entries) = read(folder, &path)?;
    let opened = if entries.is_some() { Journal::append_to(&path) } else { Journal::create(&path, &[]) };
    let journal = opened.map_err(DataDirError::io("open", &path))?;
    let (known, largest) = known(&blobs)?;
    drop_without_bytes(&mut buckets, &known);
    let wanted: BTreeSet<u64> = buckets.values().flat_map(BucketImage::blobs).map(|(id, _)| id).collect();
    let vault = Vault::new(blobs, largest + 1);
    for id in known.keys().filter(|id| !wanted.contains(id)) {
        vault.remove(*id);
    }
    let open = Lock::new(Open { journal, entries: entries.unwrap_or_default() });
    s3.restore(buckets, vault, Keeper { path, open });
    Ok(())
}

/// The buckets as the journal tells, and how many entries it has; no number where there is no journal.
fn read(
    folder: &Folder,
    path: &Path,
) -> Result<(BTreeMap<String, BucketImage>, Option<usize>), DataDirError> {
    let mut buckets = BTreeMap::new();
    if !path.exists() {
        return Ok((buckets, None));
    }
    let mut entries = 0;
    let mut reading = Reading::open(folder, path)?;
    while let Some(content) = reading.next(folder)? {
        let entry: Entry = serde_json::from_slice(content).map_err(|error| folder.damaged(path, error))?;
        entry.apply(&mut buckets);
        entries += 1;
    }
    let has_entries = reading.cut()?;
    if !has_entries {
        fs::remove_file(path).map_err(DataDirError::io("remove", path))?;
    }
    Ok((buckets, has_entries.then_some(entries)))
}

/// The files with bytes by their number, and the largest number.
fn known(blobs: &Path) -> Result<(BTreeMap<u64, u64>, u64), DataDirError> {
    let listed = fs::read_dir(blobs).map_err(DataDirError::io("read the folder", blobs))?;
    let mut known = BTreeMap::new();
    for file in listed {
        let file = file.map_err(DataDirError::io("read the folder", blobs))?;
        let length = file.metadata().map_err(DataDirError::io("read", &file.path()))?.len();
        if let Some(id) = file.file_name().to_str().and_then(|name| name.parse().ok()) {
            known.insert(id, length);
        }
    }
    let largest = known.keys().next_back().copied().unwrap_or_default();
    Ok((known, largest))
}

/// A power failure may have taken the bytes of the newest objects, which were not forced to the disk.
fn drop_without_bytes(buckets: &mut BTreeMap<String, BucketImage>, known: &BTreeMap<u64, u64>) {
    for (name, bucket) in buckets {
        let is_there = |key: &str, blobs: &[(u64, u64)]| {
            let is_there = blobs.iter().all(|(id, length)| known.get(id) == Some(length));
            if !is_there {
                tracing::warn!(bucket = name, key, "the bytes of an object are missing: it is left out");
            }
            is_there
        };
        bucket.objects.retain(|key, object: &mut ObjectImage| is_there(key, &object.blobs));
        bucket.older.retain(|key, older: &mut Vec<OlderImage>| {
            older.retain(|version| is_there(key, version.blobs()));
            !older.is_empty()
        });
    }
}
