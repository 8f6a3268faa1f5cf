//! Streams on disk: a folder each, with a journal in segments.
//!
//! An entry is either the stream's settings and shards, or records with their shards and places. Before records come
//! to a shard, an entry has named that shard, so reading the entries in order gives the stream. Each segment begins
//! with an entry of the first kind: the oldest segments can go as soon as the last of their records has expired.
//! What is on disk is thereby bounded by what is in memory, and one segment.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use pipectl_shards::ShardId;
use serde::Deserialize;
use uuid::Uuid;

use super::folder::Folder;
use super::journal::{Journal, Reading, entry};
use super::{DataDirError, make_folder, write_atomically};
use crate::kinesis::{Image, Record, Sequence, Shape, State, Stream, StreamArn};
use crate::world::World;

/// A segment that is longer is followed by the next.
const SEGMENT: u64 = 32 << 20;
/// Marks an entry of settings.
const SETTINGS: u8 = b'S';
/// Marks an entry of records.
const RECORDS: u8 = b'R';

/// An entry of settings, read.
#[derive(Debug, Deserialize)]
struct Settings {
    arn: String,
    created: Timestamp,
    next: u64,
    newest: i64,
    stream: Image,
}

/// A segment that is complete, and the place of its last record.
#[derive(Debug)]
struct Sealed {
    path: PathBuf,
    last: u64,
}

/// Where a stream is written.
#[derive(Debug)]
pub(crate) struct Tail {
    folder: PathBuf,
    arn: String,
    created: Timestamp,
    journal: Option<Journal>,
    number: u64,
    /// The place of the last record in the segment that is written.
    last: u64,
    sealed: Vec<Sealed>,
    shape: Option<Shape>,
    image: Box<str>,
    records: Vec<u8>,
    is_removed: bool,
}

impl Tail {
    fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            arn: String::new(),
            created: Timestamp::UNIX_EPOCH,
            journal: None,
            number: 0,
            last: 0,
            sealed: Vec::new(),
            shape: None,
            image: Box::default(),
            records: Vec::new(),
            is_removed: false,
        }
    }

    /// Whose tail it is.
    pub(crate) fn name(&mut self, arn: &StreamArn, created: Timestamp) {
        self.arn = arn.to_string();
        self.created = created;
    }

    /// The shape of the settings that were written last.
    pub(crate) fn shape(&self) -> Option<Shape> {
        self.shape
    }

    /// Takes a record down; [`write`](Self::write) writes it.
    pub(crate) fn record(&mut self, shard: ShardId, record: &Record) {
        let key = record.partition_key.as_bytes();
        let buffer = &mut self.records;
        buffer.extend_from_slice(&shard.number().to_le_bytes());
        buffer.extend_from_slice(&record.sequence.number().to_le_bytes());
        buffer.extend_from_slice(&record.arrived.to_le_bytes());
        for part in [key, &record.data] {
            buffer.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_le_bytes());
            buffer.extend_from_slice(part);
        }
        self.last = self.last.max(record.sequence.number());
    }

    /// Writes settings that changed, and the records that were taken down. What fails to be written is not tried
    /// again: its callers are told. `oldest` is the place of the oldest record that is still wanted.
    pub(crate) fn write(
        &mut self,
        settings: Option<(Shape, String)>,
        place: (u64, i64),
        oldest: impl FnOnce() -> Option<u64>,
    ) -> io::Result<()> {
        let prune = settings.is_some();
        let changed = settings.filter(|(shape, image)| self.shape != Some(*shape) || *self.image != **image);
        if changed.is_none() && self.records.is_empty() {
            if prune && !self.sealed.is_empty() {
                self.prune(oldest());
            }
            return Ok(());
        }
        let is_new = changed.is_some();
        if let Some((shape, image)) = changed {
            (self.shape, self.image) = (Some(shape), image.into_boxed_str());
        }
        let is_full = self.journal.as_ref().is_none_or(|journal| journal.length() >= SEGMENT);
        let written = self.append(is_new || is_full, is_full, place);
        self.records.clear();
        // A burst of large records must not keep its buffer for ever.
        self.records.shrink_to(1 << 20);
        if written.is_err() {
            // The next write starts with the settings again.
            self.shape = None;
        }
        if is_full || prune {
            self.prune(oldest());
        }
        written
    }

    fn append(&mut self, with_settings: bool, start_segment: bool, place: (u64, i64)) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(self.records.len() + 64);
        if with_settings {
            let (next, newest) = place;
            let (arn, created) = (serde_json::json!(self.arn), serde_json::json!(self.created));
            let stream = &self.image;
            let text = format!(
                r#"{{"arn":{arn},"created":{created},"next":{next},"newest":{newest},"stream":{stream}}}"#
            );
            entry(&mut bytes, |buffer| {
                buffer.push(SETTINGS);
                buffer.extend_from_slice(text.as_bytes());
            });
        }
        if !self.records.is_empty() {
            entry(&mut bytes, |buffer| {
                buffer.push(RECORDS);
                buffer.extend_from_slice(&self.records);
            });
        }
        if start_segment {
            self.start_segment()?;
        }
        self.journal.as_mut().map_or(Ok(()), |journal| journal.append(&bytes))
    }

    fn start_segment(&mut self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let next = Journal::create(&segment(&self.folder, self.number + 1), &[])?;
        if self.journal.replace(next).is_some() {
            self.sealed.push(Sealed { path: segment(&self.folder, self.number), last: self.last });
        }
        self.number += 1;
        Ok(())
    }

    /// Removes the segments whose records have all gone.
    fn prune(&mut self, oldest: Option<u64>) {
        self.sealed.retain(|segment| {
            let is_wanted = oldest.is_some_and(|oldest| oldest <= segment.last);
            is_wanted || fs::remove_file(&segment.path).is_err()
        });
    }

    /// Removes everything: the stream is gone.
    pub(crate) fn remove(&mut self) -> io::Result<()> {
        if !self.is_removed {
            self.journal = None;
            fs::remove_dir_all(&self.folder)?;
            self.is_removed = true;
        }
        Ok(())
    }
}

fn segment(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.log"))
}

/// Where new streams are written.
#[derive(Debug)]
pub(crate) struct Keeper {
    folder: PathBuf,
}

impl Keeper {
    /// A place for one more stream.
    pub(crate) fn tail(&self) -> io::Result<Tail> {
        let folder = self.folder.join(Uuid::new_v4().simple().to_string());
        fs::create_dir_all(&folder)?;
        Ok(Tail::new(folder))
    }
}

/// Brings all streams back, and the secret of shard iterators with them.
pub(super) fn restore(folder: &Folder, world: &Arc<World>) -> Result<(), DataDirError> {
    let root = folder.path().join("kinesis");
    make_folder(&root)?;
    seal(folder, &root, world)?;
    let mut streams = Vec::new();
    let entries = fs::read_dir(&root).map_err(DataDirError::io("read the folder", &root))?;
    for entry in entries {
        let path = entry.map_err(DataDirError::io("read the folder", &root))?.path();
        if path.is_dir() {
            streams.extend(stream(folder, &path, world)?);
        }
    }
    world.kinesis.restore(streams, Keeper { folder: root }, world.clock.now());
    Ok(())
}

/// Shard iterators of an earlier run stay good as long as they would have.
fn seal(folder: &Folder, root: &Path, world: &World) -> Result<(), DataDirError> {
    let path = root.join("seal");
    match fs::read(&path) {
        Ok(bytes) => {
            let secret = <[u8; 16]>::try_from(bytes.as_slice());
            world.kinesis.seal().go_on_with(secret.map_err(|error| folder.damaged(&path, error))?);
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            write_atomically(&path, &world.kinesis.seal().secret())
        }
        Err(error) => Err(DataDirError::io("read", &path)(error)),
    }
}

/// One stream; nothing where it is gone by now, or where its creation was never answered.
fn stream(folder: &Folder, path: &Path, world: &World) -> Result<Option<Stream>, DataDirError> {
    let mut loading = Loading { state: None, name: None, last: 0 };
    let mut tail = Tail::new(path.to_owned());
    let numbers = segments(path)?;
    for (index, number) in numbers.iter().enumerate() {
        let file = segment(path, *number);
        let mut reading = Reading::open(folder, &file)?;
        while let Some(content) = reading.next(folder)? {
            loading.take(content).ok_or_else(|| folder.damaged(&file, "an entry makes no sense"))?;
        }
        tail.number = *number;
        let is_last = index + 1 == numbers.len();
        let is_whole = reading.is_whole();
        if !is_whole && !is_last {
            return Err(folder.damaged(&file, "it ends within an entry, and another file follows it"));
        }
        let has_entries = reading.cut()?;
        if has_entries {
            tail.sealed.push(Sealed { path: file, last: loading.last });
        } else {
            fs::remove_file(&file).map_err(DataDirError::io("remove", &file))?;
        }
    }
    let (Some(state), Some((arn, created))) = (loading.state, loading.name) else {
        fs::remove_dir_all(path).map_err(DataDirError::io("remove", path))?;
        return Ok(None);
    };
    tail.last = loading.last;
    tail.name(&arn, created);
    let now = world.clock.now();
    Stream::restored((arn, created), state, tail, world.kinesis.terms(), now)
        .map_err(DataDirError::io("write to the folder", path))
}

pub(super) fn segments(path: &Path) -> Result<Vec<u64>, DataDirError> {
    let entries = fs::read_dir(path).map_err(DataDirError::io("read the folder", path))?;
    let names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
    let mut numbers: Vec<u64> =
        names.filter_map(|name| name.to_str()?.strip_suffix(".log")?.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// A stream on its way from its entries.
struct Loading {
    state: Option<State>,
    name: Option<(StreamArn, Timestamp)>,
    last: u64,
}

impl Loading {
    /// Takes an entry; nothing if it makes no sense after those before it.
    fn take(&mut self, content: &[u8]) -> Option<()> {
        let (kind, rest) = content.split_first()?;
        match *kind {
            SETTINGS => {
                let settings: Settings = serde_json::from_slice(rest).ok()?;
                self.name = Some((settings.arn.parse().ok()?, settings.created));
                let place = (settings.next, settings.newest);
                self.state = Some(State::of_image(settings.stream, place, self.state.take())?);
                Some(())
            }
            RECORDS => {
                let mut rest = Bytes::copy_from_slice(rest);
                let state = self.state.as_mut()?;
                while !rest.is_empty() {
                    let (shard, record) = record(&mut rest)?;
                    self.last = self.last.max(record.sequence.number());
                    state.take_back(shard, record)?;
                }
                Some(())
            }
            _ => None,
        }
    }
}

fn record(bytes: &mut Bytes) -> Option<(ShardId, Record)> {
    let shard = ShardId::new(u64::from_le_bytes(array(bytes)?));
    let sequence = Sequence::of(u64::from_le_bytes(array(bytes)?));
    let arrived = i64::from_le_bytes(array(bytes)?);
    let key = part(bytes)?;
    // A copy: one small record that is still wanted must not hold the whole entry in memory.
    let data = Bytes::copy_from_slice(&part(bytes)?);
    let partition_key = std::str::from_utf8(&key).ok()?.into();
    Some((shard, Record { sequence, arrived, partition_key, data }))
}

fn array<const N: usize>(bytes: &mut Bytes) -> Option<[u8; N]> {
    if bytes.len() < N {
        return None;
    }
    bytes.split_to(N).as_ref().try_into().ok()
}

fn part(bytes: &mut Bytes) -> Option<Bytes> {
    let length = usize::try_from(u32::from_le_bytes(array(bytes)?)).ok()?;
    (bytes.len() >= length).then(|| bytes.split_to(length))
}
