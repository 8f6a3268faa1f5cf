//! State that outlives the process: what `--data-dir` keeps, and how.
//!
//! | what | where | when it is written |
//! |---|---|---|
//! | streams and their records | `kinesis/ID/00000001.log`, an append-only journal in segments ([`kinesis`]) | before the put is answered |
//! | objects and buckets | `s3/journal.log`, the bytes under `s3/blobs/` ([`s3`]) | before the put is answered |
//! | what deliveries have not delivered | `firehose/ID/00000001.log`, likewise ([`firehose`]) | before the put is answered |
//! | functions, event source mappings, deliveries, roles, log groups | one JSON file each, replaced whole ([`snapshot`]) | before the change is answered |
//! | what moves by itself: log lines, states, how far a mapping has come | the same files | once a second, and at the end |
//!
//! **Invariant:** what was acknowledged has been handed to the operating system, so it survives `kill -9`. It is not
//! forced to the disk for each put: a power failure may take the last seconds of records and objects with it, and of
//! what streams and buckets were set to. The JSON files are forced to the disk.
//!
//! Not kept: alarms and dashboards, events that wait in the queue of asynchronous invocations (they are lost with the
//! process, without a word to their destinations), points of metrics, warm processes of functions, functions in this
//! process, how often a mapping has tried its batch. What a mapping had done in the last second before a `kill -9` it
//! gives to its function again, as AWS may as well; where it works on several batches of a shard at a time, so does it
//! with what was done after the oldest record that was not, however long ago.
//!
//! **Invariant:** nothing here throws away what it does not understand. A folder that is not ours, that a newer
//! program wrote, that another process uses or that is damaged is refused as it is ([`DataDirError`]); the one
//! exception is the end of a journal that a killed process did not finish, which nobody was told of. What an older
//! program wrote is read, and brought to this format once all of it could be ([`upgrade`]).

pub(crate) mod firehose;
mod folder;
mod journal;
pub(crate) mod kinesis;
pub(crate) mod s3;
mod snapshot;
mod upgrade;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use std::{fs, io};

pub use folder::{Folder, reset};
pub(crate) use snapshot::write_atomically;

use crate::layers::Call;
use crate::world::World;
use snapshot::{Part, Snapshots};

/// How often is looked whether something changed by itself.
const SWEEP: Duration = Duration::from_secs(1);

/// Why a data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// Another endpoint keeps its state there.
    #[error("the data folder {folder} is in use by the process {pid}: end it, or take another folder")]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// The process id of the other endpoint, as it wrote it.
        pid: String,
    },
    /// There are files in it that no endpoint wrote.
    #[error("{folder} is not empty and no data folder of pipectl: take a new or an empty folder")]
    Foreign {
        /// The folder.
        folder: PathBuf,
    },
    /// A newer program wrote it.
    #[error(
        "the data folder {folder} was written by a newer pipectl (format {found}; this one reads {readable}): use that \
         one, or start afresh with `pipectl local reset --data-dir {folder}`"
    )]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// The format of the folder.
        found: u32,
        /// The format this program knows.
        readable: u32,
    },
    /// A file is not as it was written.
    #[error(
        "{file} in the data folder is damaged ({what}); nothing was changed: bring back a copy of the folder, or start \
         afresh with `pipectl local reset --data-dir {folder}`"
    )]
    Damaged {
        /// The folder.
        folder: PathBuf,
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The system refused.
    #[error("cannot {doing} {path}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl DataDirError {
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

/// The state of one world on disk.
#[derive(Debug)]
pub(crate) struct Persist {
    folder: Folder,
    snapshots: Snapshots,
}

impl Persist {
    /// Takes a folder; it is locked until this is dropped.
    pub(crate) fn open(path: &Path) -> Result<Self, DataDirError> {
        Ok(Self { folder: Folder::open(path)?, snapshots: Snapshots::default() })
    }

    /// Where the folder is: absolute, without links.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Brings back what the folder holds into an empty world, and keeps what changes in it from now on.
    pub(crate) async fn restore(self, world: &Arc<World>) -> Result<(), DataDirError> {
        for part in [Part::Iam, Part::Logs, Part::CloudWatch, Part::Lambda] {
            self.snapshots.restore(part, &self.folder, world).await?;
        }
        s3::restore(&self.folder, &world.s3)?;
        kinesis::restore(&self.folder, world)?;
        // Last what reads streams, calls functions and writes objects from the moment it is there.
        world.firehose.go_on_with(firehose::restore(&self.folder)?);
        for part in [Part::Mappings, Part::Firehose] {
            self.snapshots.restore(part, &self.folder, world).await?;
        }
        if self.folder.is_before(upgrade::WITH_REGIONS) {
            // The mark last: a folder that was not upgraded to the end is upgraded again.
            for part in Part::ALL {
                self.snapshots.write(part, &self.folder, world).await?;
            }
            self.folder.write_mark()?;
            tracing::info!(folder = %self.folder.path().display(), "the data folder of an older pipectl was upgraded");
        }
        let kept = Arc::new(self);
        let sweeping = Arc::clone(&kept);
        // The task holds the world weakly: the world holds what is kept.
        let (weak, stopping) = (Arc::downgrade(world), world.stopping.clone());
        world.tasks.spawn(async move {
            while tokio::time::timeout(SWEEP, stopping.cancelled()).await.is_err() {
                let Some(world) = weak.upgrade() else { return };
                sweeping.sweep(&world).await;
            }
        });
        let _ = world.persist.set(kept);
        Ok(())
    }

    /// Writes what a call may have changed. Called before it is answered.
    pub(crate) async fn after(&self, world: &World, call: &Call) -> Result<(), DataDirError> {
        match call.service {
            "kinesis" if !call.operation.starts_with("PutRecord") => self.keep_streams(world),
            "s3" if !call.operation.ends_with("Object") => world.s3.keep_settings(),
            service => {
                for part in Part::of(service, &call.operation) {
                    self.snapshots.write(*part, &self.folder, world).await?;
                }
                Ok(())
            }
        }
    }

    fn keep_streams(&self, world: &World) -> Result<(), DataDirError> {
        let kept = world.kinesis.keep(world.clock.now());
        kept.map_err(DataDirError::io("write to the folder", &self.folder.path().join("kinesis")))
    }

    /// Writes what changed by itself.
    pub(crate) async fn sweep(&self, world: &World) {
        if let Err(error) = self.keep_streams(world) {
            tracing::error!(error = %chain(&error), "the state was not written");
        }
        for part in Part::ALL {
            if let Err(error) = self.snapshots.write(part, &self.folder, world).await {
                tracing::error!(error = %chain(&error), "the state was not written");
            }
        }
    }
}

/// An error and its cause in one line.
fn chain(error: &DataDirError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

/// Makes a folder and those above it.
fn make_folder(path: &Path) -> Result<(), DataDirError> {
    fs::create_dir_all(path).map_err(DataDirError::io("create the folder", path))
}
