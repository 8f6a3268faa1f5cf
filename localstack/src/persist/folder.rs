//! The data folder itself: whose it is, which format it has, and who uses it.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::snapshot::{HALF, Part};
use super::{DataDirError, make_folder, write_atomically};

/// The format this program writes; it reads those before as well ([`super::upgrade`]). It grows when an older program
/// could not read what is written.
///
/// 2: functions, mappings and log groups are of a region, so that a name may be there more than once.
const FORMAT: u32 = 2;

/// Says that a folder is ours, and its format.
const MARK: &str = "pipectl.json";
/// Held locked while an endpoint runs; its content is the process id.
const LOCK: &str = "lock";
/// What the services keep beside the file that each part has.
const FOLDERS: [&str; 5] = ["firehose", "kinesis", "lambda", "s3", "spill"];

#[derive(Debug, Serialize, Deserialize)]
struct Mark {
    format: u32,
    #[serde(rename = "writtenBy")]
    written_by: String,
}

/// A data folder in use by this process.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// The format of what is in it.
    format: u32,
    /// The system gives the lock back when the file is closed, however this process ends.
    _lock: File,
}

impl Folder {
    /// Takes a folder, which is made where it is missing.
    ///
    /// # Errors
    /// Someone else uses it, it is not ours, or a newer program wrote it; it is left as it was then.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        make_folder(path)?;
        let path = path.canonicalize().map_err(DataDirError::io("open the folder", path))?;
        let mark = path.join(MARK);
        let known = match fs::read(&mark) {
            Ok(bytes) => Some(readable(&path, &mark, &bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(DataDirError::io("read", &mark)(error)),
        };
        if known.is_none() && !is_empty(&path)? {
            return Err(DataDirError::Foreign { folder: path });
        }
        let lock = lock(&path)?;
        let folder = Self { path, format: known.as_ref().map_or(FORMAT, |mark| mark.format), _lock: lock };
        if known.is_none() {
            folder.write_mark()?;
        }
        Ok(folder)
    }

    /// Whether what is in it was written before this format.
    pub(super) fn is_before(&self, format: u32) -> bool {
        self.format < format
    }

    /// Says that all of it is in this program's format.
    pub(super) fn write_mark(&self) -> Result<(), DataDirError> {
        let written_by = format!("pipectl {}", env!("CARGO_PKG_VERSION"));
        let mine = Mark { format: FORMAT, written_by };
        let text = serde_json::to_vec_pretty(&mine).unwrap_or_default();
        write_atomically(&self.path.join(MARK), &text)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The error for a file in it that cannot be read.
    pub(crate) fn damaged(&self, file: &Path, what: impl std::fmt::Display) -> DataDirError {
        let file = file.strip_prefix(&self.path).unwrap_or(file).to_owned();
        DataDirError::Damaged { folder: self.path.clone(), file, what: what.to_string() }
    }
}

/// Empties a data folder, whatever its format. The folder stays, with nothing of an endpoint in it.
///
/// # Errors
/// An endpoint uses it, or it is no data folder.
pub fn reset(path: &Path) -> Result<(), DataDirError> {
    if !path.join(MARK).exists() {
        let is_nothing = !path.exists() || is_empty(path)?;
        return if is_nothing { Ok(()) } else { Err(DataDirError::Foreign { folder: path.to_owned() }) };
    }
    let lock = lock(path)?;
    let files = Part::ALL.map(Part::file);
    for file in files {
        remove(&path.join(format!("{file}{HALF}")))?;
    }
    for name in FOLDERS.iter().chain(&files).chain(&[MARK, LOCK]) {
        remove(&path.join(name))?;
    }
    drop(lock);
    Ok(())
}

fn readable(folder: &Path, mark: &Path, bytes: &[u8]) -> Result<Mark, DataDirError> {
    let known: Mark = serde_json::from_slice(bytes).map_err(|error| DataDirError::Damaged {
        folder: folder.to_owned(),
        file: mark.strip_prefix(folder).unwrap_or(mark).to_owned(),
        what: error.to_string(),
    })?;
    if known.format > FORMAT {
        let folder = folder.to_owned();
        return Err(DataDirError::Newer { folder, found: known.format, readable: FORMAT });
    }
    Ok(known)
}

/// A lock without a mark is what a start leaves behind that was killed at once.
fn is_empty(path: &Path) -> Result<bool, DataDirError> {
    let entries = fs::read_dir(path).map_err(DataDirError::io("read the folder", path))?;
    Ok(entries.filter_map(Result::ok).all(|entry| {
        let name = entry.file_name();
        name == LOCK || name.to_string_lossy().ends_with(super::snapshot::HALF)
    }))
}

fn lock(folder: &Path) -> Result<File, DataDirError> {
    let path = folder.join(LOCK);
    let open = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = open.map_err(DataDirError::io("open", &path))?;
    match lock_soon(&file) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let pid = fs::read_to_string(&path).unwrap_or_default().trim().to_owned();
            return Err(DataDirError::InUse { folder: folder.to_owned(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(DataDirError::io("lock", &path)(error)),
    }
    let write = |file: &mut File| {
        file.set_len(0)?;
        writeln!(file, "{}", std::process::id())
    };
    write(&mut file).map_err(DataDirError::io("write", &path))?;
    Ok(file)
}

/// A process that starts another shares its open files with it for the moment between fork and exec, so that a lock may
/// outlive its endpoint by that much: it is asked for again before the folder counts as in use.
fn lock_soon(file: &File) -> Result<(), TryLockError> {
    for _ in 0..20 {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            settled => return settled,
        }
    }
    file.try_lock()
}

fn remove(path: &Path) -> Result<(), DataDirError> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(DataDirError::io("remove", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_use_is_refused_with_the_process_that_uses_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = Folder::open(folder.path()).unwrap();
        let error = Folder::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("by the process {}:", std::process::id())), "{error}");
        assert!(matches!(reset(folder.path()), Err(DataDirError::InUse { .. })));
        drop(first);
        Folder::open(folder.path()).unwrap();
    }

    #[test]
    fn a_folder_of_something_else_is_neither_used_nor_emptied() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("thesis.tex"), "years").unwrap();
        assert!(matches!(Folder::open(folder.path()), Err(DataDirError::Foreign { .. })));
        assert!(matches!(reset(folder.path()), Err(DataDirError::Foreign { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_newer_format_is_refused_as_it_is_and_a_reset_is_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let mark = r#"{"format": 99, "writtenBy": "pipectl 9.0.0"}"#;
        fs::write(folder.path().join(MARK), mark).unwrap();
        fs::write(folder.path().join("iam.json"), "in words of tomorrow").unwrap();
        fs::write(folder.path().join("mappings.json"), "in words of tomorrow").unwrap();
        fs::write(folder.path().join("mappings.json.half"), "in wor").unwrap();
        fs::create_dir(folder.path().join("firehose")).unwrap();
        let error = Folder::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("format 99") && error.contains("pipectl local reset --data-dir"), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join(MARK)).unwrap(), mark);
        reset(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        Folder::open(folder.path()).unwrap();
    }

    #[test]
    fn a_mark_that_cannot_be_read_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(MARK), "{").unwrap();
        assert!(matches!(Folder::open(folder.path()), Err(DataDirError::Damaged { .. })));
    }
}
