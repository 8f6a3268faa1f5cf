//! Code packages: zip files kept on disk, named by their hash, unpacked once when first run.
//!
//! Packages live in one temporary folder of this endpoint. A package is removed with the last function version and
//! the last sandbox that uses it. With a data folder the zip files are there, named by their hash, and one goes when
//! the next package comes or at the next start.

mod archive;

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::lock::Lock;
use archive::{MAX_UNPACKED, unpack};

pub(super) use archive::check;

/// Zipped size AWS takes in a request, 50 MiB.
pub(super) const MAX_ZIPPED: usize = 52_428_800;

/// Why a package cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// Not a zip file.
    #[error("Could not unzip uploaded file. Please check your file, then try to upload again.")]
    NotAZip,
    /// No bytes at all.
    #[error("Uploaded file must be a non-empty zip")]
    Empty,
    /// Too large when unpacked.
    #[error("Unzipped size must be smaller than {MAX_UNPACKED} bytes")]
    TooLarge,
    /// An entry that would leave the folder it is unpacked to, or a link.
    #[error(
        "Could not unzip uploaded file: the entry '{0}' does not stay inside the package (links are not supported)"
    )]
    Escapes(String),
    /// The folder for packages cannot be written.
    #[error("the code package could not be stored: {0}")]
    Store(#[from] io::Error),
}

/// A code package on disk.
#[derive(Debug)]
pub(super) struct Package {
    /// SHA-256 of the zip file in base64, AWS's `CodeSha256`.
    pub(super) sha256: String,
    /// Zipped size.
    pub(super) size: u64,
    archive: PathBuf,
    /// Whether the zip file is in the data folder, and outlives this process.
    kept: bool,
    folder: PathBuf,
    unpacked: OnceCell<()>,
}

impl Package {
    /// What stands for the package of a function that has none.
    pub(super) fn none() -> Self {
        let (archive, folder) = (PathBuf::new(), PathBuf::new());
        let kept = true;
        Self { sha256: code_sha256(&[]), size: 0, archive, kept, folder, unpacked: OnceCell::new() }
    }

    /// Whether there is none.
    pub(super) fn is_none(&self) -> bool {
        self.size == 0
    }

    /// The folder with the package's files, unpacked by the first caller.
    pub(super) async fn folder(&self) -> Result<&Path, PackageError> {
        let unpack = || async {
            let (archive, folder) = (self.archive.clone(), self.folder.clone());
            let unpack = move || {
                unpack(&archive, &folder).inspect_err(|_| {
                    // Nobody comes for a part of a package.
                    let _ = fs::remove_dir_all(&folder);
                })
            };
            let done = tokio::task::spawn_blocking(unpack).await;
            done.map_err(io::Error::other)?
        };
        self.unpacked.get_or_try_init(unpack).await?;
        Ok(&self.folder)
    }

    /// The zip file.
    pub(super) async fn archive(&self) -> Result<Bytes, PackageError> {
        Ok(tokio::fs::read(&self.archive).await?.into())
    }
}

impl Drop for Package {
    fn drop(&mut self) {
        // What is left behind goes with the store's folder.
        if !self.kept {
            let _ = fs::remove_file(&self.archive);
        }
        if self.unpacked.initialized() {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// The packages of an endpoint.
#[derive(Debug)]
pub(super) struct PackageStore {
    root: TempDir,
    /// Where zip files are that outlive this process.
    vault: Option<PathBuf>,
    packages: Lock<HashMap<String, Weak<Package>>>,
    /// Serialises writing, so that the same bytes sent twice at a time are written once.
    writing: tokio::sync::Mutex<u64>,
}

impl PackageStore {
    /// A new folder inside the system's temporary folder, and one for zip files in the data folder, where there is one.
    pub(super) fn new(data_dir: Option<&Path>) -> io::Result<Self> {
        let root = tempfile::Builder::new().prefix("pipectl-functions-").tempdir()?;
        let vault = data_dir.map(|folder| folder.join("lambda"));
        vault.as_ref().map_or(Ok(()), fs::create_dir_all)?;
        Ok(Self { root, vault, packages: Lock::default(), writing: tokio::sync::Mutex::new(0) })
    }

    /// The package of this hash, out of the data folder.
    pub(super) fn kept(&self, sha256: &str) -> Result<Arc<Package>, PackageError> {
        if let Some(package) = self.packages.lock().get(sha256).and_then(Weak::upgrade) {
            return Ok(package);
        }
        let vault = self.vault.as_ref().ok_or_else(|| io::Error::other("there is no data folder"))?;
        let archive = vault.join(file_name(sha256));
        let zip = fs::read(&archive)?;
        if code_sha256(&zip) != sha256 {
            return Err(PackageError::NotAZip);
        }
        let folder = self.root.path().join(file_name(sha256)).with_extension("kept");
        Ok(self.add(Package {
            sha256: sha256.to_owned(),
            size: zip.len() as u64,
            archive,
            kept: true,
            folder,
            unpacked: OnceCell::new(),
        }))
    }

    fn add(&self, package: Package) -> Arc<Package> {
        let package = Arc::new(package);
        let mut packages = self.packages.lock();
        packages.retain(|_, package| package.strong_count() > 0);
        packages.insert(package.sha256.clone(), Arc::downgrade(&package));
        package
    }

    /// Removes the zip files in the data folder that no version uses.
    pub(super) fn sweep(&self) {
        let Some(entries) = self.vault.as_ref().and_then(|vault| fs::read_dir(vault).ok()) else { return };
        let packages = self.packages.lock();
        let used: HashSet<String> = packages
            .iter()
            .filter(|(_, package)| package.strong_count() > 0)
            .map(|(sha256, _)| file_name(sha256))
            .collect();
        for entry in entries.filter_map(Result::ok) {
            if entry.file_name().to_str().is_some_and(|name| !used.contains(name)) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    pub(super) fn root(&self) -> &Path {
        self.root.path()
    }

    /// Checks a zip file and keeps it.
    pub(super) async fn keep(&self, zip: Bytes) -> Result<Arc<Package>, PackageError> {
        let mut serial = self.writing.lock().await;
        let sha256 = code_sha256(&zip);
        if let Some(package) = self.packages.lock().get(&sha256).and_then(Weak::upgrade) {
            return Ok(package);
        }
        *serial += 1;
        self.sweep();
        let archive = match &self.vault {
            Some(vault) => vault.join(file_name(&sha256)),
            None => self.root.path().join(format!("{serial}.zip")),
        };
        let folder = self.root.path().join(serial.to_string());
        let size = zip.len() as u64;
        let written = archive.clone();
        let stored = tokio::task::spawn_blocking(move || {
            check(Cursor::new(&zip))?;
            write_whole(&written, &zip).map_err(PackageError::Store)
        });
        stored.await.map_err(io::Error::other)??;
        let kept = self.vault.is_some();
        Ok(self.add(Package { sha256, size, archive, kept, folder, unpacked: OnceCell::new() }))
    }
}

/// A zip file's name in the data folder: the hash, without the characters that mean something to a file system.
fn file_name(sha256: &str) -> String {
    sha256.replace('/', "_").replace('+', "-").replace('=', "") + ".zip"
}

/// A file with this content, or none.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let half = path.with_extension("half");
    fs::write(&half, bytes)?;
    fs::rename(half, path)
}

/// AWS's `CodeSha256` of a zip file.
pub(super) fn code_sha256(zip: &[u8]) -> String {
    BASE64.encode(Sha256::digest(zip))
}

#[cfg(test)]
pub(super) mod tests {
    use std::io::Write as _;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// A zip file with these entries, all with mode 755.
    pub(in crate::lambda) fn zip_of(entries: &[(&str, &[u8])]) -> Bytes {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner().into()
    }

    #[tokio::test]
    async fn a_package_is_unpacked_once_with_its_modes() {
        let store = PackageStore::new(None).unwrap();
        let package =
            store.keep(zip_of(&[("bootstrap", b"#!/bin/sh"), ("lib/data.txt", b"x")])).await.unwrap();
        let folder = package.folder().await.unwrap().to_owned();
        assert_eq!(fs::read(folder.join("lib/data.txt")).unwrap(), b"x");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.join("bootstrap")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o755);
        }
        assert_eq!(package.folder().await.unwrap(), folder);
        drop(package);
        assert!(!folder.exists(), "the last user takes the package along");
    }

    #[tokio::test]
    async fn the_same_bytes_are_one_package() {
        let store = PackageStore::new(None).unwrap();
        let zip = zip_of(&[("bootstrap", b"x")]);
        let (a, b) = tokio::join!(store.keep(zip.clone()), store.keep(zip));
        assert!(Arc::ptr_eq(&a.unwrap(), &b.unwrap()));
    }

    #[tokio::test]
    async fn a_package_that_does_not_unpack_leaves_nothing_behind() {
        let store = PackageStore::new(None).unwrap();
        let content = vec![7; 4096];
        let mut zip = zip_of(&[("a", b"x"), ("b", &content)]).to_vec();
        let at = zip.windows(2).position(|bytes| bytes == b"PK").unwrap() + 60;
        zip[at..at + 20].fill(0xff);
        let package = store.keep(zip.into()).await.unwrap();
        assert!(package.folder().await.is_err());
        assert!(!package.folder.exists());
    }
}
