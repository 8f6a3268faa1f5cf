//! Where bytes live: in memory up to a budget, beyond it in unnamed temporary files, both bounded.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};

use crate::lock::Lock;

use super::error::S3Error;

/// What the store holds in memory before it writes to files.
const MEMORY_BUDGET: u64 = 256 * 1024 * 1024;
/// What the store holds in files.
const FILE_BUDGET: u64 = 16 * 1024 * 1024 * 1024;
/// Added to each blob's account, so that a flood of empty objects is bounded too.
const OVERHEAD: u64 = 512;

/// Counts bytes against a budget.
#[derive(Debug)]
struct Meter {
    used: AtomicU64,
    budget: u64,
}

impl Meter {
    fn new(budget: u64) -> Arc<Self> {
        Arc::new(Self { used: AtomicU64::new(0), budget })
    }

    fn reserve(self: &Arc<Self>, bytes: u64) -> Option<Reservation> {
        let fits = |used: u64| used.checked_add(bytes).filter(|total| *total <= self.budget);
        let reserved = self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok();
        reserved.then(|| Reservation { meter: Arc::clone(self), bytes })
    }

    fn reserve_anyway(self: &Arc<Self>, bytes: u64) -> Reservation {
        self.used.fetch_add(bytes, Ordering::Relaxed);
        Reservation { meter: Arc::clone(self), bytes }
    }
}

/// Bytes taken from a budget, given back on drop.
#[derive(Debug)]
struct Reservation {
    meter: Arc<Meter>,
    bytes: u64,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.meter.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[derive(Debug)]
enum Place {
    Memory(Bytes),
    File(Lock<File>),
    /// In the file of [`Segment::kept`].
    Kept,
}

/// The folder of the files that outlive the process, one for each segment.
#[derive(Debug)]
pub(crate) struct Vault {
    folder: PathBuf,
    next: AtomicU64,
    /// Set at the end of the process: what goes out of memory then stays on disk.
    retains: AtomicBool,
}

impl Vault {
    /// A folder whose next file has this number.
    pub(crate) fn new(folder: PathBuf, next: u64) -> Arc<Self> {
        Arc::new(Self { folder, next: AtomicU64::new(next), retains: AtomicBool::new(false) })
    }

    fn path(&self, id: u64) -> PathBuf {
        self.folder.join(id.to_string())
    }

    /// Removes a file. One that cannot be removed is named by no object, and goes at the next start.
    pub(crate) fn remove(&self, id: u64) {
        let _ = fs::remove_file(self.path(id));
    }

    /// Writes bytes to a new file.
    fn write(self: &Arc<Self>, bytes: &[u8]) -> io::Result<Kept> {
        let kept = Kept { vault: Arc::clone(self), id: self.next.fetch_add(1, Ordering::Relaxed) };
        fs::write(self.path(kept.id), bytes)?;
        Ok(kept)
    }
}

/// A file in a vault; it goes with the last segment that has it.
#[derive(Debug)]
struct Kept {
    vault: Arc<Vault>,
    id: u64,
}

impl Drop for Kept {
    fn drop(&mut self) {
        if !self.vault.retains.load(Ordering::Relaxed) {
            self.vault.remove(self.id);
        }
    }
}

#[derive(Debug)]
struct Segment {
    place: Place,
    length: u64,
    kept: Option<Kept>,
    _reserved: Reservation,
}

impl Segment {
    fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let as_usize = |n: u64| usize::try_from(n).map_err(io::Error::other);
        match &self.place {
            Place::Memory(bytes) => Ok(bytes.slice(as_usize(range.start)?..as_usize(range.end)?)),
            Place::File(file) => read_part(&mut file.lock(), range.start, as_usize(range.end - range.start)?),
            Place::Kept => {
                let kept =
                    self.kept.as_ref().ok_or_else(|| io::Error::other("a segment without its file"))?;
                let mut file = File::open(kept.vault.path(kept.id))?;
                read_part(&mut file, range.start, as_usize(range.end - range.start)?)
            }
        }
    }
}

fn read_part(file: &mut File, start: u64, length: usize) -> io::Result<Bytes> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = vec![0; length];
    file.read_exact(&mut bytes)?;
    Ok(bytes.into())
}

/// Immutable bytes; a clone shares them, and the last one gone frees them.
#[derive(Debug, Clone, Default)]
pub struct Blob {
    segments: Vec<Arc<Segment>>,
}

impl Blob {
    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.segments.iter().map(|segment| segment.length).sum()
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// These blobs one after another, without a copy.
    pub(super) fn concat<'a>(blobs: impl IntoIterator<Item = &'a Self>) -> Self {
        Self { segments: blobs.into_iter().flat_map(|blob| blob.segments.iter().cloned()).collect() }
    }

    /// The files that keep the bytes: number and length, in order.
    pub(super) fn files(&self) -> Vec<(u64, u64)> {
        let kept = |segment: &Arc<Segment>| Some((segment.kept.as_ref()?.id, segment.length));
        self.segments.iter().filter_map(kept).collect()
    }

    /// The bytes of a range; what lies beyond the end is left out.
    ///
    /// # Errors
    /// When a spill file cannot be read.
    pub async fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let wanted = self.slices(range);
        if wanted.iter().all(|(segment, _)| matches!(segment.place, Place::Memory(_))) {
            return gather(&wanted);
        }
        tokio::task::spawn_blocking(move || gather(&wanted)).await.map_err(io::Error::other)?
    }

    /// All the bytes.
    ///
    /// # Errors
    /// When a spill file cannot be read.
    pub async fn read_all(&self) -> io::Result<Bytes> {
        self.read(0..self.len()).await
    }

    fn slices(&self, range: Range<u64>) -> Vec<(Arc<Segment>, Range<u64>)> {
        let mut wanted = Vec::new();
        let mut offset = 0;
        for segment in &self.segments {
            let start = range.start.clamp(offset, offset + segment.length) - offset;
            let end = range.end.clamp(offset, offset + segment.length) - offset;
            if start < end {
                wanted.push((Arc::clone(segment), start..end));
            }
            offset += segment.length;
        }
        wanted
    }
}

fn gather(wanted: &[(Arc<Segment>, Range<u64>)]) -> io::Result<Bytes> {
    if let [(segment, range)] = wanted {
        return segment.read(range.clone());
    }
    let mut bytes = BytesMut::new();
    for (segment, range) in wanted {
        bytes.extend_from_slice(&segment.read(range.clone())?);
    }
    Ok(bytes.freeze())
}

/// Makes blobs within the budgets.
#[derive(Debug)]
pub(super) struct BlobStore {
    memory: Arc<Meter>,
    files: Arc<Meter>,
    /// Where spill files go; the system's folder for temporary files without one.
    folder: Option<PathBuf>,
    /// Where all bytes are kept beside the process; nowhere without a data folder.
    vault: OnceLock<Arc<Vault>>,
}

impl BlobStore {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self::with_budgets(folder, MEMORY_BUDGET, FILE_BUDGET)
    }

    fn with_budgets(folder: Option<PathBuf>, memory: u64, files: u64) -> Self {
        Self { memory: Meter::new(memory), files: Meter::new(files), folder, vault: OnceLock::new() }
    }

    /// A place in the account for something that has no bytes of its own, such as a copy, and takes this much memory
    /// beside.
    pub(super) fn account(&self, beside: usize) -> Result<Blob, S3Error> {
        let wanted = OVERHEAD + beside as u64;
        let reserved = self.memory.reserve(wanted).or_else(|| self.files.reserve(wanted));
        let reserved = reserved.ok_or(S3Error::Full(self.files.budget))?;
        let place = Place::Memory(Bytes::new());
        Ok(Blob { segments: vec![Arc::new(Segment { place, length: 0, kept: None, _reserved: reserved })] })
    }

    /// Keeps bytes, in memory while that lasts; what is kept with them takes this much memory beside.
    pub(super) async fn keep(&self, bytes: Bytes, beside: usize) -> Result<Blob, S3Error> {
        let length = bytes.len() as u64;
        let wanted = length + OVERHEAD + beside as u64;
        let in_memory = self.memory.reserve(wanted);
        let reserved = match &in_memory {
            Some(_) => None,
            None => Some(self.files.reserve(wanted).ok_or(S3Error::Full(self.files.budget))?),
        };
        let kept = match self.vault.get().cloned() {
            Some(vault) => Some(
                blocking({
                    let bytes = bytes.clone();
                    move || vault.write(&bytes)
                })
                .await?,
            ),
            None => None,
        };
        let (place, reserved) = match (in_memory, reserved) {
            (Some(reserved), _) => (Place::Memory(bytes), reserved),
            (None, Some(reserved)) if kept.is_some() => (Place::Kept, reserved),
            (None, Some(reserved)) => {
                let folder = self.folder.clone();
                let file = blocking(move || spill(folder, &bytes)).await?;
                (Place::File(Lock::new(file)), reserved)
            }
            (None, None) => return Err(S3Error::Full(self.files.budget)),
        };
        Ok(Blob { segments: vec![Arc::new(Segment { place, length, kept, _reserved: reserved })] })
    }

    /// Keeps all bytes in this vault from now on.
    pub(super) fn keep_in(&self, vault: Arc<Vault>) {
        let _ = self.vault.set(vault);
    }

    /// The bytes in these files of a vault. They count against the budget of files, and past it too: they are there.
    pub(super) fn restored(&self, vault: &Arc<Vault>, files: &[(u64, u64)]) -> Blob {
        let segments = files.iter().map(|(id, length)| {
            let kept = Some(Kept { vault: Arc::clone(vault), id: *id });
            let reserved = self.files.reserve_anyway(length + OVERHEAD);
            Arc::new(Segment { place: Place::Kept, length: *length, kept, _reserved: reserved })
        });
        Blob { segments: segments.collect() }
    }

    /// From now on files stay on disk when their segments go.
    pub(super) fn retain(&self) {
        if let Some(vault) = self.vault.get() {
            vault.retains.store(true, Ordering::Relaxed);
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// The file has no name, so the system removes it with its last handle, whatever becomes of this process.
fn spill(folder: Option<PathBuf>, bytes: &[u8]) -> io::Result<File> {
    let mut file = match folder {
        Some(folder) => tempfile::tempfile_in(folder)?,
        None => tempfile::tempfile()?,
    };
    file.write_all(bytes)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_beyond_the_memory_budget_live_in_files_and_read_the_same() {
        let store = BlobStore::with_budgets(None, 2 * OVERHEAD, 1024 * 1024);
        let in_memory = store.keep(Bytes::from_static(b"hello "), 0).await.unwrap();
        let in_file = store.keep(Bytes::from(vec![b'w'; 2000]), 0).await.unwrap();
        assert!(matches!(in_file.segments[0].place, Place::File(_)));
        let both = Blob::concat([&in_memory, &in_file]);
        assert_eq!(both.len(), 2006);
        assert_eq!(both.read(4..8).await.unwrap(), "o ww");
        assert_eq!(both.read_all().await.unwrap().len(), 2006);
        assert_eq!(both.read(2005..9999).await.unwrap(), "w");
        assert!(both.read(9000..9999).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn room_comes_back_when_the_last_clone_is_gone() {
        let store = BlobStore::with_budgets(None, OVERHEAD + 10, 0);
        let first = store.keep(Bytes::from_static(b"0123456789"), 0).await.unwrap();
        let clone = first.clone();
        drop(first);
        assert!(matches!(store.keep(Bytes::from_static(b"x"), 0).await, Err(S3Error::Full(_))));
        drop(clone);
        assert!(store.keep(Bytes::from_static(b"x"), 0).await.is_ok());
    }
}
