//! The ledger in a folder: atomic writes by a temporary file and a rename, conditional ones under a file lock.
//!
//! The file lock guards the instant between comparing and renaming; the kernel drops it with its process.
//! A version is the hash of the content, so there is nothing beside the files to keep in step.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use super::store::{Store, StoreError, Version};
use crate::resources::names::hex;

/// A ledger's store in a folder.
#[derive(Clone, Debug)]
pub struct FolderStore {
    root: PathBuf,
}

impl FolderStore {
    /// The store in this folder, which is made at the first write.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Does file work where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Files) -> io::Result<Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        let files = Files { root: self.root.clone() };
        let root = self.root.display().to_string();
        match tokio::task::spawn_blocking(move || work(&files)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(StoreError::Folder(format!("{root}: {error}"))),
            Err(stopped) => Err(StoreError::Folder(format!("{root}: {stopped}"))),
        }
    }
}

struct Files {
    root: PathBuf,
}

impl Files {
    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    fn read(&self, key: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(key)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Holds the folder's guard: one writer at a time, across processes.
    fn guard(&self) -> io::Result<fs::File> {
        fs::create_dir_all(&self.root)?;
        let guard =
            fs::OpenOptions::new().create(true).truncate(false).write(true).open(self.root.join(".guard"))?;
        flock(&guard, FlockOperation::LockExclusive)?;
        Ok(guard)
    }

    /// Puts the content in place at once: a reader, or a crash, sees the old one or the new one.
    fn put(&self, key: &str, content: &[u8]) -> io::Result<Version> {
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        let temporary = folder.join(format!(".{}.{}.tmp", file_name(&path), uuid::Uuid::new_v4()));
        let written = write_durably(&temporary, content).and_then(|()| fs::rename(&temporary, &path));
        if let Err(error) = written {
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        fs::File::open(folder)?.sync_all()?;
        Ok(version_of(content))
    }
}

fn write_durably(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().create_new(true).write(true).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn version_of(content: &[u8]) -> Version {
    Version(hex(&Sha256::digest(content)))
}

#[async_trait]
impl Store for FolderStore {
    fn describe(&self) -> String {
        self.root.display().to_string()
    }

    async fn prepare(&self) -> Result<(), StoreError> {
        self.blocking(|files| fs::create_dir_all(&files.root).map(Ok)).await
    }

    async fn read(&self, key: &str) -> Result<Option<(Vec<u8>, Version)>, StoreError> {
        let key = key.to_owned();
        self.blocking(move |files| {
            Ok(Ok(files.read(&key)?.map(|content| {
                let version = version_of(&content);
                (content, version)
            })))
        })
        .await
    }

    async fn create(&self, key: &str, content: &[u8]) -> Result<Version, StoreError> {
        let (key, content) = (key.to_owned(), content.to_vec());
        self.blocking(move |files| {
            let _guard = files.guard()?;
            if files.read(&key)?.is_some() {
                return Ok(Err(StoreError::Conflict));
            }
            files.put(&key, &content).map(Ok)
        })
        .await
    }

    async fn replace(&self, key: &str, content: &[u8], version: &Version) -> Result<Version, StoreError> {
        let (key, content, version) = (key.to_owned(), content.to_vec(), version.clone());
        self.blocking(move |files| {
            let _guard = files.guard()?;
            match files.read(&key)? {
                Some(there) if version_of(&there) == version => files.put(&key, &content).map(Ok),
                _ => Ok(Err(StoreError::Conflict)),
            }
        })
        .await
    }

    async fn write(&self, key: &str, content: &[u8]) -> Result<(), StoreError> {
        let (key, content) = (key.to_owned(), content.to_vec());
        self.blocking(move |files| {
            let _guard = files.guard()?;
            files.put(&key, &content).map(|_| Ok(()))
        })
        .await
    }

    async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.blocking(move |files| match fs::remove_file(files.path(&key)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(Ok(())),
        })
        .await
    }

    async fn keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let prefix = prefix.to_owned();
        self.blocking(move |files| {
            let entries = match fs::read_dir(files.path(&prefix)) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ok(Vec::new())),
                Err(error) => return Err(error),
            };
            let mut keys = Vec::new();
            for entry in entries {
                let name = entry?.file_name().to_string_lossy().into_owned();
                if !name.starts_with('.') {
                    keys.push(format!("{prefix}{name}"));
                }
            }
            keys.sort();
            Ok(Ok(keys.split_off(keys.len().saturating_sub(1000))))
        })
        .await
    }

    async fn folders(&self) -> Result<Vec<String>, StoreError> {
        self.keys("").await
    }

    async fn remove_if_empty(&self) -> Result<bool, StoreError> {
        self.blocking(|files| {
            let guard = files.guard()?;
            let mut empty = true;
            for entry in fs::read_dir(&files.root)? {
                let entry = entry?;
                if entry.file_type()?.is_dir() {
                    empty &= remove_empty_tree(&entry.path())?;
                } else {
                    empty &= entry.file_name() == ".guard";
                }
            }
            if empty {
                fs::remove_file(files.root.join(".guard"))?;
                // Someone may have begun to write in it: then it is not empty, and stays.
                let _ = fs::remove_dir(&files.root);
            }
            drop(guard);
            Ok(Ok(empty))
        })
        .await
    }
}

/// Removes a folder of nothing but folders, and says whether it was one.
fn remove_empty_tree(path: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if !entry.file_type()?.is_dir() || !remove_empty_tree(&entry.path())? {
            return Ok(false);
        }
    }
    fs::remove_dir(path).map(|()| true)
}
