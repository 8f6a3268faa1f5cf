//! Which files are meant, and how one is replaced: whole or not at all.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use pipectl_pipeline::spec::MAX_FILE_BYTES;

use crate::error::{CommandError, Kind};

/// Folders that are nobody's own text.
const PASSED_OVER: [&str; 2] = ["target", "node_modules"];
/// The deepest folder that is looked into.
const MAX_DEPTH: usize = 16;
/// How much of a file is read to know whether it is ours.
const HEAD: u64 = 64 * 1024;

/// The files that were named, and the pipeline files of the folders that were, each once.
pub(super) fn find(named: &[PathBuf]) -> Result<Vec<PathBuf>, CommandError> {
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() {
            let before = files.len();
            walk(path, 0, &mut files)?;
            if files.len() == before {
                let message = format!("there is no pipeline file in `{}`", path.display());
                return Err(CommandError::new(Kind::File, message).hint(
                    "a file in a folder counts when it says `apiVersion: pipectl/…`; others are named",
                ));
            }
        } else {
            files.push(path.clone());
        }
    }
    let mut seen = std::collections::HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), CommandError> {
    let failed =
        |cause| CommandError::wrap(Kind::File, format!("cannot look into `{}`", folder.display()), cause);
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(failed)?;
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let hidden = name.starts_with('.');
        // A folder behind a link may be any folder, this one too.
        if path.is_dir() && !path.is_symlink() {
            if !hidden && !PASSED_OVER.contains(&name) && depth < MAX_DEPTH {
                walk(&path, depth + 1, files)?;
            }
        } else if !hidden && (name.ends_with(".yaml") || name.ends_with(".yml")) && is_ours(&path)? {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a file says that it is one of pipectl's; there is much other YAML.
fn is_ours(path: &Path) -> Result<bool, CommandError> {
    let bytes = head(path, HEAD)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(text.lines().any(|line| line.starts_with("apiVersion:") && line.contains("pipectl/")))
}

/// The bytes of a file; of one that is too big for a pipeline file, enough to be refused.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, CommandError> {
    head(path, MAX_FILE_BYTES as u64 + 1)
}

fn head(path: &Path, most: u64) -> Result<Vec<u8>, CommandError> {
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(|cause| {
        CommandError::wrap(Kind::File, format!("cannot read `{}`", path.display()), cause)
    })?;
    Ok(bytes)
}
