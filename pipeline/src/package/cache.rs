//! Compressed bootstraps, kept: compressing 60 MB takes seconds, and the result is always the same.

use std::fs::{self, File};
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::bootstrap::Bootstrap;
use super::{FORMAT, PackageError, archive, unreadable};

/// How many are kept.
const KEPT: usize = 5;
/// How hard a package is compressed that crosses a network …
const LEVEL: i64 = 6;
/// … and one that stays on this machine.
const LOCAL_LEVEL: i64 = 3;

/// The zip of the bootstrap alone, from the cache or made now.
pub(super) fn compressed(bootstrap: &Bootstrap, local: bool) -> Result<Vec<u8>, PackageError> {
    compressed_in(folder().as_deref(), bootstrap, if local { LOCAL_LEVEL } else { LEVEL })
}

/// As [`compressed`], with the cache in this folder; without one, or where it cannot be used, nothing is kept.
fn compressed_in(folder: Option<&Path>, bootstrap: &Bootstrap, level: i64) -> Result<Vec<u8>, PackageError> {
    let kept =
        folder.map(|folder| folder.join(format!("bootstrap-{}-{FORMAT}-{level}.zip", bootstrap.sha256)));
    if let Some(zip) = kept.as_deref().and_then(|path| fs::read(path).ok()).filter(|zip| is_whole(zip)) {
        return Ok(zip);
    }
    let failed = |error: io::Error| unreadable(&bootstrap.path, &error);
    let mut file = File::open(&bootstrap.path).map_err(failed)?;
    let mut zip = Cursor::new(Vec::new());
    archive::of_bootstrap(&mut zip, &mut file, level).map_err(failed)?;
    let zip = zip.into_inner();
    if let (Some(folder), Some(path)) = (folder, kept)
        && let Err(error) = keep(folder, &path, &zip)
    {
        tracing::debug!(%error, folder = %folder.display(), "the package cache cannot be used");
    }
    Ok(zip)
}

/// A zip ends with its directory, so one that was cut short has none.
fn is_whole(zip: &[u8]) -> bool {
    archive::inspect(zip).is_ok()
}

/// `pipectl` in the user's cache folder.
fn folder() -> Option<PathBuf> {
    let configured = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    Some(configured.or_else(home)?.join("pipectl"))
}

fn keep(folder: &Path, path: &Path, zip: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let temporary = folder.join(format!(".{}.tmp", uuid::Uuid::new_v4()));
    let written = fs::write(&temporary, zip).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written.and_then(|()| forget_oldest(folder))
}

fn forget_oldest(folder: &Path) -> io::Result<()> {
    let mut kept: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // One left behind by a process that was killed is as old as any.
        if name.starts_with("bootstrap-") || name.ends_with(".tmp") {
            kept.push((fs::metadata(&path)?.modified()?, path));
        }
    }
    kept.sort();
    for (_, path) in kept.iter().rev().skip(KEPT) {
        // Another process may have been faster.
        let _ = fs::remove_file(path);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bootstrap(folder: &Path, sha256: &str) -> Bootstrap {
        let path = folder.join("exe");
        fs::write(&path, b"#!/bin/sh\n").expect("written");
        Bootstrap { path, sha256: sha256.to_owned(), architecture: "x86_64" }
    }

    #[test]
    fn the_cache_keeps_only_the_newest() {
        let folder = tempfile::tempdir().expect("a folder");
        let cache = folder.path().join("cache");
        for number in 0..KEPT + 3 {
            compressed_in(Some(&cache), &bootstrap(folder.path(), &number.to_string()), 1).expect("a zip");
        }
        assert_eq!(fs::read_dir(&cache).expect("the cache").count(), KEPT);
    }

    #[test]
    fn a_damaged_entry_is_made_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let bootstrap = bootstrap(folder.path(), "a");
        let whole = compressed_in(Some(folder.path()), &bootstrap, 1).expect("a zip");
        let kept = folder.path().join(format!("bootstrap-a-{FORMAT}-1.zip"));
        fs::write(&kept, &whole[..whole.len() / 2]).expect("damaged");
        assert_eq!(compressed_in(Some(folder.path()), &bootstrap, 1).expect("a zip"), whole);
        assert_eq!(fs::read(&kept).expect("kept"), whole);
    }

    #[test]
    fn a_cache_that_cannot_be_written_is_done_without() {
        let folder = tempfile::tempdir().expect("a folder");
        let bootstrap = bootstrap(folder.path(), "a");
        let nowhere = bootstrap.path.join("not-a-folder");
        assert!(compressed_in(Some(&nowhere), &bootstrap, 1).is_ok());
    }
}
