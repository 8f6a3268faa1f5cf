//! The files of `localstack/host/`, carried in the binary and written where they can run.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::HostError;

macro_rules! carried {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../host/", $path)))),*]
    };
}

/// Path under the folder, and content.
const FILES: &[(&str, &str)] = carried![
    "kinesis-child.cjs",
    "layout",
    "plugin/pipectl_localstack_host/__init__.py",
    "plugin/pipectl_localstack_host/executor.py",
    "plugin/pipectl_localstack_host/firehose_event.py",
    "plugin/pipectl_localstack_host/kinesis_source.py",
    "plugin/pipectl_localstack_host/parent.py",
    "plugin/pipectl_localstack_host/plugins.py",
    "plugin/pipectl_localstack_host/python_bootstrap.py",
    "plugin/pipectl_localstack_host/runtime_api.py",
    "plugin/pipectl_localstack_host/sandbox.py",
    "plugin/pipectl_localstack_host/shapes.py",
    "plugin/pyproject.toml",
    "setup",
    "start",
];

/// The folder `setup` installs into when told nothing else: the rule of `localstack/host/layout`.
pub(super) fn cache_folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    resolve(variable("PIPECTL_LOCALSTACK_HOME"), variable("XDG_CACHE_HOME"), variable("HOME"))
}

fn resolve(named: Option<OsString>, cache: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(named.into());
    }
    let cache = cache.map(PathBuf::from).or_else(|| Some(PathBuf::from(home?).join(".cache")))?;
    Some(cache.join("pipectl").join("localstack-4.14.0"))
}

/// Writes the files under `install` and returns their folder. It is named after their content, so another
/// version of pipectl has another, and one that is there is complete.
pub(super) fn write_to(install: &Path) -> Result<PathBuf, HostError> {
    let folder = install.join(format!("host-{}", fingerprint()));
    if folder.is_dir() {
        return Ok(folder);
    }
    let written = write_aside(install, &folder);
    written.map_err(|source| HostError::Write { path: folder.clone(), source })?;
    Ok(folder)
}

fn write_aside(install: &Path, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(install)?;
    let aside = tempfile::Builder::new().prefix(".host-").tempdir_in(install)?;
    for (name, content) in FILES {
        let path = aside.path().join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, content)?;
    }
    match fs::rename(aside.path(), folder) {
        // Someone else was faster, with the same content.
        Err(_) if folder.is_dir() => Ok(()),
        renamed => renamed,
    }
}

fn fingerprint() -> String {
    let mut digest = Sha256::new();
    for (name, content) in FILES {
        digest.update(name.as_bytes());
        digest.update([0]);
        digest.update(content.as_bytes());
        digest.update([0]);
    }
    hex::encode(&digest.finalize()[..6])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every file below a folder, as paths relative to it.
    fn files_below(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files_below(root, &path, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }

    #[test]
    fn every_file_that_runs_is_carried() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("host");
        let mut on_disk = BTreeSet::new();
        files_below(&root, &root, &mut on_disk);
        let built = |path: &String| {
            path.contains("__pycache__") || path.contains("egg-info") || path.contains("/build/")
        };
        on_disk.retain(|path| !built(path) && path != "README.md" && path != ".gitignore");
        let carried: BTreeSet<String> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(carried, on_disk);
    }

    #[test]
    fn what_is_written_is_what_is_carried_and_a_second_time_changes_nothing() {
        let install = tempfile::tempdir().unwrap();
        let folder = write_to(install.path()).unwrap();
        for (name, content) in FILES {
            assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), *content, "{name}");
        }
        fs::write(folder.join("layout"), "touched").unwrap();
        assert_eq!(write_to(install.path()).unwrap(), folder);
        assert_eq!(fs::read_to_string(folder.join("layout")).unwrap(), "touched");
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let install = tempfile::tempdir().unwrap();
        let file = install.path().join("file");
        fs::write(&file, "").unwrap();
        let error = write_to(&file).unwrap_err();
        assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
    }

    #[test]
    fn the_install_folder_is_the_one_the_scripts_take() {
        let text = |value: &str| Some(OsString::from(value));
        assert_eq!(resolve(text("/named"), text("/cache"), text("/home/me")), Some("/named".into()));
        let cached = Some(PathBuf::from("/cache/pipectl/localstack-4.14.0"));
        assert_eq!(resolve(None, text("/cache"), text("/home/me")), cached);
        let home = Some(PathBuf::from("/home/me/.cache/pipectl/localstack-4.14.0"));
        assert_eq!(resolve(None, None, text("/home/me")), home);
        assert_eq!(resolve(None, None, None), None);
    }
}
