//! Zip files of code: what is refused before they are kept, and how they are unpacked.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use super::PackageError;

/// Unpacked size AWS takes, 250 MiB.
pub(super) const MAX_UNPACKED: u64 = 262_144_000;
/// Most files of a package; AWS has no number, the size above limits it.
const MAX_ENTRIES: usize = 100_000;
/// Longest name of a file or folder in bytes, as file systems have it.
const MAX_COMPONENT: usize = 255;
/// Length of a zip file's end record without its comment.
const END_RECORD: i64 = 22;

/// Checks a package by its directory: names that stay inside, no links, sizes within the bound.
pub(in super::super) fn check(zip: impl Read + Seek) -> Result<(), PackageError> {
    let mut archive = ZipArchive::new(zip).map_err(|_| PackageError::NotAZip)?;
    if archive.is_empty() {
        return Err(PackageError::Empty);
    }
    if archive.len() > MAX_ENTRIES {
        return Err(PackageError::TooLarge);
    }
    let mut total: u64 = 0;
    let mut paths = HashMap::with_capacity(archive.len());
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|_| PackageError::NotAZip)?;
        let path = entry.enclosed_name().filter(|_| !entry.is_symlink());
        let Some(path) = path else {
            return Err(PackageError::Escapes(String::from_utf8_lossy(entry.name_raw()).into_owned()));
        };
        let too_long = path.iter().any(|component| component.len() > MAX_COMPONENT);
        let is_dir = entry.is_dir();
        let taken = paths.insert(path, is_dir);
        if too_long || taken.is_some_and(|was_dir| !(was_dir && is_dir)) {
            return Err(PackageError::NotAZip);
        }
        total = total.saturating_add(entry.size());
    }
    if total > MAX_UNPACKED {
        return Err(PackageError::TooLarge);
    }
    let is_file = |path: &Path| paths.get(path) == Some(&false);
    if paths.keys().any(|path| path.ancestors().skip(1).any(is_file)) {
        return Err(PackageError::NotAZip);
    }
    names_are_unique(archive)
}

/// Checks that the archive has as many entries as its end record counts: read entries are kept by their name, so two
/// with the same one have become one.
fn names_are_unique(archive: ZipArchive<impl Read + Seek>) -> Result<(), PackageError> {
    let entries = archive.len();
    let length = END_RECORD + i64::try_from(archive.comment().len()).unwrap_or_default();
    let mut zip = archive.into_inner();
    let mut end = [0; 12];
    zip.seek(SeekFrom::End(-length))?;
    zip.read_exact(&mut end)?;
    let counted = usize::from(u16::from_le_bytes([end[10], end[11]]));
    // A count of all ones is kept elsewhere; bytes after the archive leave nothing to compare with.
    if end.starts_with(b"PK\x05\x06") && counted != usize::from(u16::MAX) && counted != entries {
        return Err(PackageError::NotAZip);
    }
    Ok(())
}

/// Unpacks a checked package. The sizes in its directory may lie, so the bytes are counted as they come.
pub(super) fn unpack(archive: &Path, folder: &Path) -> Result<(), PackageError> {
    let mut archive = ZipArchive::new(File::open(archive)?).map_err(|_| PackageError::NotAZip)?;
    // A first try that failed half way may have left files.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir(folder)?;
    let mut room = MAX_UNPACKED;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|_| PackageError::NotAZip)?;
        let name = || String::from_utf8_lossy(entry.name_raw()).into_owned();
        let path = folder.join(entry.enclosed_name().ok_or_else(|| PackageError::Escapes(name()))?);
        if entry.is_dir() {
            fs::create_dir_all(&path)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mode = entry.unix_mode();
        let mut file = File::create(&path)?;
        let written = io::copy(&mut (&mut entry).take(room + 1), &mut file)?;
        room = room.checked_sub(written).ok_or(PackageError::TooLarge)?;
        set_mode(&file, mode)?;
    }
    Ok(())
}

#[cfg(unix)]
fn set_mode(file: &File, mode: Option<u32>) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    // A zip made without modes has none; AWS then makes files readable. The owner can always read, to run and remove.
    let mode = mode.unwrap_or(0o644) & 0o777 | 0o400;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_file: &File, _mode: Option<u32>) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::super::tests::zip_of;
    use super::*;

    #[test]
    fn entries_that_leave_the_folder_are_refused() {
        for name in ["../evil", "a/../../evil", "/../evil"] {
            let checked = check(Cursor::new(zip_of(&[(name, b"x")])));
            assert!(matches!(checked, Err(PackageError::Escapes(_))), "{name}: {checked:?}");
        }
    }

    #[test]
    fn entries_that_cannot_all_be_unpacked_are_refused() {
        let long = "x".repeat(256);
        for names in [["lib", "lib/a"], ["a/b/c", "a/b"], ["a", "./a"], ["a", long.as_str()]] {
            let checked = check(Cursor::new(zip_of(&names.map(|name| (name, &b"x"[..])))));
            assert!(matches!(checked, Err(PackageError::NotAZip)), "{names:?}: {checked:?}");
        }
        let mut twice = zip_of(&[("first", b"x"), ("other", b"x")]).to_vec();
        while let Some(at) = twice.windows(5).position(|name| name == b"other") {
            twice[at..at + 5].copy_from_slice(b"first");
        }
        assert!(matches!(check(Cursor::new(twice)), Err(PackageError::NotAZip)));
        assert!(check(Cursor::new(zip_of(&[("lib/a", b"x"), ("lib/b", b"x"), ("library", b"x")]))).is_ok());
    }

    #[test]
    fn links_are_refused() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        let zip = writer.finish().unwrap();
        assert!(matches!(check(zip), Err(PackageError::Escapes(_))));
    }

    #[test]
    fn what_is_not_a_zip_or_holds_nothing_is_refused() {
        assert!(matches!(check(Cursor::new(b"not a zip".as_slice())), Err(PackageError::NotAZip)));
        assert!(matches!(check(Cursor::new(zip_of(&[]))), Err(PackageError::Empty)));
    }

    #[test]
    fn a_package_that_unpacks_to_too_much_is_refused_by_its_directory() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let block = vec![0_u8; 1024 * 1024];
        for n in 0..251 {
            writer.start_file(format!("f{n}"), SimpleFileOptions::default()).unwrap();
            writer.write_all(&block).unwrap();
        }
        assert!(matches!(check(writer.finish().unwrap()), Err(PackageError::TooLarge)));
    }
}
