//! Control-plane state as JSON files, each replaced whole.
//!
//! A change is written before it is answered. Calls that change the same service at a time share a write: who waits
//! for the file finds, as a rule, that the write before it had its change in it already.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use super::DataDirError;
use super::folder::Folder;
use super::upgrade::{WITH_REGIONS, Writers};
use crate::world::World;

/// How the name of a file ends that is not complete yet.
pub(super) const HALF: &str = ".half";

/// A service whose state is one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Iam,
    Lambda,
    Mappings,
    Firehose,
    CloudWatch,
    Logs,
}

impl Part {
    pub(super) const ALL: [Self; 6] =
        [Self::Iam, Self::Lambda, Self::Mappings, Self::Firehose, Self::CloudWatch, Self::Logs];

    /// The parts that an operation may have changed. What carries data, not settings, is left to the sweep.
    pub(super) fn of(service: &str, operation: &str) -> &'static [Self] {
        let carries_data =
            ["Invoke", "InvokeAsync", "PutRecord", "PutRecordBatch", "PutMetricData", "PutLogEvents"];
        if carries_data.contains(&operation) {
            return &[];
        }
        match service {
            "iam" => &[Self::Iam],
            "lambda" if operation.contains("EventSourceMapping") => &[Self::Mappings],
            // By the ARN of a function or a mapping.
            "lambda" if operation.ends_with("Resource") => &[Self::Lambda, Self::Mappings],
            "lambda" => &[Self::Lambda],
            "firehose" => &[Self::Firehose],
            "monitoring" => &[Self::CloudWatch],
            "logs" => &[Self::Logs],
            _ => &[],
        }
    }

    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Iam => "iam.json",
            Self::Lambda => "lambda.json",
            Self::Mappings => "mappings.json",
            Self::Firehose => "firehose.json",
            Self::CloudWatch => "cloudwatch.json",
            Self::Logs => "logs.json",
        }
    }

    /// What its file holds, as bytes and as JSON; nothing without one.
    fn read(self, folder: &Folder) -> Result<Option<(Vec<u8>, Value)>, DataDirError> {
        let path = folder.path().join(self.file());
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DataDirError::io("read", &path)(error)),
        };
        let value = serde_json::from_slice(&bytes).map_err(|error| folder.damaged(&path, error))?;
        Ok(Some((bytes, value)))
    }

    fn save(self, world: &World) -> Result<Value, serde_json::Error> {
        match self {
            Self::Iam => world.iam.save(),
            Self::Lambda => world.lambda.save(),
            Self::Mappings => world.lambda.save_mappings(world.clock.now()),
            Self::Firehose => world.firehose.save(),
            Self::CloudWatch => Ok(Value::Null),
            Self::Logs => world.logs.save(),
        }
    }

    async fn load(self, world: &Arc<World>, value: Value) -> Result<(), String> {
        match self {
            Self::Iam => world.iam.load(value).map_err(|error| error.to_string()),
            Self::Lambda => world.lambda.load(world, value).await,
            Self::Mappings => world.lambda.load_mappings(world, value),
            Self::Firehose => crate::firehose::load(world, value),
            Self::CloudWatch => Ok(()),
            Self::Logs => world.logs.load(value).map_err(|error| error.to_string()),
        }
    }
}

/// What each file holds now, by its hash; nothing was written yet where there is none.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    written: [tokio::sync::Mutex<Option<u64>>; 6],
}

impl Snapshots {
    fn slot(&self, part: Part) -> &tokio::sync::Mutex<Option<u64>> {
        match part {
            Part::Iam => &self.written[0],
            Part::Lambda => &self.written[1],
            Part::Firehose => &self.written[2],
            Part::CloudWatch => &self.written[3],
            Part::Logs => &self.written[4],
            Part::Mappings => &self.written[5],
        }
    }

    /// Writes a part's file if it is not what is in it already.
    pub(super) async fn write(&self, part: Part, folder: &Folder, world: &World) -> Result<(), DataDirError> {
        let path = folder.path().join(part.file());
        let mut written = self.slot(part).lock().await;
        let state = part.save(world).map_err(|error| folder.damaged(&path, error))?;
        if state.is_null() {
            return Ok(());
        }
        let text = state.to_string();
        let hash = hash(text.as_bytes());
        if *written == Some(hash) {
            return Ok(());
        }
        let writing = tokio::task::spawn_blocking({
            let path = path.clone();
            move || write_atomically(&path, text.as_bytes())
        });
        writing.await.map_err(|error| DataDirError::io("write", &path)(io::Error::other(error)))??;
        *written = Some(hash);
        Ok(())
    }

    /// Reads a part's file, if there is one.
    pub(super) async fn restore(
        &self,
        part: Part,
        folder: &Folder,
        world: &Arc<World>,
    ) -> Result<(), DataDirError> {
        let Some((bytes, mut value)) = part.read(folder)? else { return Ok(()) };
        if part == Part::Logs && folder.is_before(WITH_REGIONS) {
            value = writers(folder)?.settle(value, &world.region);
        }
        let path = folder.path().join(part.file());
        part.load(world, value).await.map_err(|what| folder.damaged(&path, what))?;
        *self.slot(part).lock().await = Some(hash(&bytes));
        Ok(())
    }
}

/// Who writes to which log group, from what an older program wrote.
fn writers(folder: &Folder) -> Result<Writers, DataDirError> {
    let mut writers = Writers::default();
    let damaged = |part: Part| move |error| folder.damaged(&folder.path().join(part.file()), error);
    if let Some((_, functions)) = Part::Lambda.read(folder)? {
        writers.functions(functions).map_err(damaged(Part::Lambda))?;
    }
    if let Some((_, deliveries)) = Part::Firehose.read(folder)? {
        writers.deliveries(deliveries).map_err(damaged(Part::Firehose))?;
    }
    Ok(writers)
}

pub(super) fn hash(bytes: &[u8]) -> u64 {
    use std::hash::{DefaultHasher, Hasher as _};
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// Replaces a file: whoever reads it, at whatever moment this process ends, finds the old content or the new.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), DataDirError> {
    let mut half = path.as_os_str().to_owned();
    half.push(HALF);
    let half = PathBuf::from(half);
    let write = || {
        let mut file = File::create(&half)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&half, path)?;
        match path.parent() {
            // The rename is on the disk when its folder is.
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    };
    write().map_err(DataDirError::io("write", path))
}
