//! A checkpoint on disk.
//!
//! ```json
//! {
//!   "pipectl_checkpoint": 1,
//!   "stream": "arn:aws:kinesis:eu-west-1:123456789012:stream/clickstream-events",
//!   "created": "2026-11-01T08:00:00Z",
//!   "origin": "trim-horizon",
//!   "shards": {
//!     "shardId-000000000000": { "ended": true },
//!     "shardId-000000000001": { "sequence": "4967…", "sub_sequence": 17, "time": "2026-11-21T07:00:00Z" },
//!     "shardId-000000000002": { "passed": "4967…" }
//!   }
//! }
//! ```
//!
//! It is written to a file beside it, synced and renamed, so it is whole at every moment, also after a crash of the
//! machine. While it is open a lock beside it keeps a second reader away, and the stream's ARN and birthday in it
//! another stream's reader.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pipectl_shards::ShardId;
use serde::{Deserialize, Serialize};

use crate::outcome::SequenceNumber;
use crate::read::checkpoint::{Checkpoint, Origin, Place, Progress};

/// The format that is written, and the newest that is read.
const FORMAT: u32 = 1;

/// No checkpoint is longer: this is a hundred bytes for each of half a million shards.
const MAX_BYTES: u64 = 64 << 20;

/// Which stream it is: the name of one that was deleted can be given to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamIdentity {
    /// Its ARN.
    pub arn: String,
    /// When it was created.
    pub created: Option<Timestamp>,
}

/// The file of one reading of one stream. Dropping it lets go of the lock.
#[derive(Debug)]
pub struct CheckpointFile {
    path: PathBuf,
    stream: StreamIdentity,
    lock: PathBuf,
    /// Held, not used.
    _locked: File,
}

/// Why a checkpoint cannot be read or kept. Each names the file.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Another reader has it open.
    #[error("{} is in use by another reader", .0.display())]
    InUse(PathBuf),
    /// The file, or one beside it, cannot be read or written.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// It is no checkpoint of this program, or a damaged one.
    #[error("{} is no checkpoint: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A later version of this program wrote it.
    #[error("{} has format {format} of checkpoints; this version reads up to {FORMAT}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// It belongs to another stream.
    #[error("{} is a checkpoint of {found}, not of {wanted}", path.display())]
    OtherStream {
        /// The file.
        path: PathBuf,
        /// The stream it is of.
        found: String,
        /// The stream that is read.
        wanted: String,
    },
    /// It belongs to a stream of the same name that was deleted since.
    #[error("{} is a checkpoint of an earlier stream {arn}, created {found}; this one was created {wanted}", path.display())]
    EarlierStream {
        /// The file.
        path: PathBuf,
        /// The stream.
        arn: String,
        /// When the stream of the checkpoint was created.
        found: Timestamp,
        /// When the stream that is read was created.
        wanted: Timestamp,
    },
}

impl CheckpointFile {
    /// Takes the file for a reading of this stream; it need not be there yet.
    ///
    /// # Errors
    /// [`CheckpointError::InUse`] and [`CheckpointError::Io`].
    pub fn open(path: &Path, stream: StreamIdentity) -> Result<Self, CheckpointError> {
        let lock = beside(path, ".lock");
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&lock);
        let locked = opened.map_err(failed("make the lock", &lock))?;
        match locked.try_lock() {
            Ok(()) if is_at(&locked, &lock) => {}
            // Its last holder has just removed it, and somebody else may have made another.
            Ok(()) | Err(TryLockError::WouldBlock) => return Err(CheckpointError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed("lock", &lock)(error)),
        }
        Ok(Self { path: path.to_owned(), stream, lock, _locked: locked })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was written last; nothing where the file is not there.
    ///
    /// # Errors
    /// [`CheckpointError`], for a file that is no checkpoint of this stream.
    pub fn read(&self) -> Result<Option<Checkpoint>, CheckpointError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &self.path)(error)),
        };
        let mut text = String::new();
        let read = file.take(MAX_BYTES).read_to_string(&mut text);
        read.map_err(failed("read", &self.path))?;
        let malformed = |reason| CheckpointError::Malformed { path: self.path.clone(), reason };
        let version: Version = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        if version.pipectl_checkpoint > FORMAT {
            let format = version.pipectl_checkpoint;
            return Err(CheckpointError::Newer { path: self.path.clone(), format });
        }
        let kept: Kept = serde_json::from_str(&text).map_err(|error| malformed(error.to_string()))?;
        self.check(&kept)?;
        kept.checkpoint().map(Some).map_err(malformed)
    }

    /// Puts a checkpoint in place of the last one, at once and for good.
    ///
    /// # Errors
    /// [`CheckpointError::Io`]; the last one is then still there.
    pub fn write(&mut self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        let new = beside(&self.path, ".new");
        let text = Kept::of(&self.stream, checkpoint).text();
        let write = || -> io::Result<()> {
            let mut file = File::create(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        write().map_err(failed("write", &new))?;
        fs::rename(&new, &self.path).map_err(failed("replace", &self.path))?;
        sync_folder(&self.path).map_err(failed("sync the folder of", &self.path))
    }

    fn check(&self, kept: &Kept) -> Result<(), CheckpointError> {
        let path = self.path.clone();
        if kept.stream != self.stream.arn {
            let (found, wanted) = (kept.stream.clone(), self.stream.arn.clone());
            return Err(CheckpointError::OtherStream { path, found, wanted });
        }
        match (kept.created, self.stream.created) {
            (Some(found), Some(wanted)) if found != wanted => {
                Err(CheckpointError::EarlierStream { path, arn: kept.stream.clone(), found, wanted })
            }
            _ => Ok(()),
        }
    }
}

impl Drop for CheckpointFile {
    fn drop(&mut self) {
        // Only litter is left when this fails: what locks is not the file but its lock.
        let _ = fs::remove_file(&self.lock);
    }
}

/// The number of the format alone, whatever else there is.
#[derive(Deserialize)]
struct Version {
    pipectl_checkpoint: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    pipectl_checkpoint: u32,
    stream: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created: Option<Timestamp>,
    origin: String,
    shards: BTreeMap<String, Reached>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Reached {
    Ended {
        ended: bool,
    },
    At {
        sequence: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sub_sequence: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        time: Option<Timestamp>,
    },
    Passed {
        passed: String,
    },
}

impl Kept {
    fn of(stream: &StreamIdentity, checkpoint: &Checkpoint) -> Self {
        let origin = match checkpoint.origin() {
            Origin::TrimHorizon => "trim-horizon".to_owned(),
            Origin::At(time) => time.to_string(),
        };
        let shards = checkpoint.shards().map(|(shard, progress)| (shard.to_string(), Reached::of(progress)));
        Self {
            pipectl_checkpoint: FORMAT,
            stream: stream.arn.clone(),
            created: stream.created,
            origin,
            shards: shards.collect(),
        }
    }

    fn text(&self) -> String {
        // Strings, numbers and maps with text for keys: nothing in it can fail.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    fn checkpoint(&self) -> Result<Checkpoint, String> {
        let origin = match self.origin.as_str() {
            "trim-horizon" => Origin::TrimHorizon,
            time => Origin::At(
                time.parse()
                    .map_err(|_| format!("its origin `{time}` is neither `trim-horizon` nor a time"))?,
            ),
        };
        let shards = self.shards.iter().map(|(shard, reached)| {
            let id: ShardId =
                shard.parse().map_err(|error: pipectl_shards::ParseShardIdError| error.to_string())?;
            let progress = reached.progress();
            Ok((id, progress.ok_or_else(|| format!("the sequence number of {shard} is no number"))?))
        });
        Ok(Checkpoint::with(origin, shards.collect::<Result<Vec<_>, String>>()?))
    }
}

impl Reached {
    fn of(progress: &Progress) -> Self {
        match progress {
            Progress::Ended => Self::Ended { ended: true },
            Progress::At(Place { sequence, sub_sequence, time }) => {
                Self::At { sequence: sequence.as_str().to_owned(), sub_sequence: *sub_sequence, time: *time }
            }
            Progress::Passed(number) => Self::Passed { passed: number.as_str().to_owned() },
        }
    }

    fn progress(&self) -> Option<Progress> {
        match self {
            Self::Ended { ended } => ended.then_some(Progress::Ended),
            Self::At { sequence, sub_sequence, time } => {
                let (sequence, sub_sequence, time) = (number(sequence)?, *sub_sequence, *time);
                Some(Progress::At(Place { sequence, sub_sequence, time }))
            }
            Self::Passed { passed } => number(passed).map(Progress::Passed),
        }
    }
}

/// A sequence number: up to 128 digits, the first of them no zero.
fn number(text: &str) -> Option<SequenceNumber> {
    let is_number = (1..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    is_number.then(|| SequenceNumber::new(text))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CheckpointError {
    let path = path.to_owned();
    move |source| CheckpointError::Io { what, path, source }
}

/// Whether an open file is the one at this path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |metadata: io::Result<fs::Metadata>| metadata.ok().map(|data| (data.dev(), data.ino()));
    let place_of_file = place(file.metadata());
    place_of_file.is_some() && place_of_file == place(fs::metadata(path))
}

#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    // A file that is open is not removed there.
    true
}

/// A rename is kept once the folder is.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
