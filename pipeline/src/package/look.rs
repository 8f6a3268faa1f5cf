//! Looks at a package of the user's own before anybody plans with it, for whoever only checks a file.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::{PackageError, ZIP_LIMIT, zip_source};
use crate::aws::connect::is_loopback;
use crate::spec::PackageProblem;
use crate::spec::model::Architecture;

/// Looks whether there is a package at `path` that Lambda takes, as planning with it would. An endpoint on this machine takes
/// any size.
///
/// # Errors
/// It is missing, or it is no package for Lambda, or for another architecture.
pub fn check(
    path: &Path,
    wanted: Option<Architecture>,
    endpoint: Option<&str>,
) -> Result<(), PackageProblem> {
    let shown = path.display();
    let size = match fs::metadata(path) {
        Ok(there) if there.is_dir() => {
            return Err(wrong(&PackageError::BadZip {
                path: shown.to_string(),
                reason: "it is a folder".to_owned(),
            }));
        }
        Ok(there) => there.len(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(PackageProblem {
                missing: true,
                message: format!("there is no file {shown}"),
                help: "build it before `plan`, which reads it; its path is relative to the pipeline file"
                    .to_owned(),
            });
        }
        Err(error) => return Err(wrong(&super::unreadable(path, &error))),
    };
    let local = endpoint.is_some_and(is_loopback);
    if size > ZIP_LIMIT && !local {
        let (what, state) = (shown.to_string(), "zipped");
        return Err(wrong(&PackageError::TooLarge { what, state, size, limit: ZIP_LIMIT }));
    }
    let source = zip_source(path.to_owned(), wanted, local).map_err(|error| wrong(&error))?;
    match wanted.filter(|wanted| wanted.name() != source.architecture) {
        Some(wanted) => {
            let (what, built) = (shown.to_string(), source.architecture);
            Err(wrong(&PackageError::Architecture { what, built, wanted: wanted.name() }))
        }
        None => Ok(()),
    }
}

/// What planning would say.
fn wrong(error: &PackageError) -> PackageProblem {
    PackageProblem { missing: false, message: error.to_string(), help: error.hint() }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    const HERE: Option<&str> = Some("http://127.0.0.1:4566");

    fn zip(folder: &Path, entry: &str, content: &[u8]) -> std::path::PathBuf {
        let path = folder.join("own.zip");
        let mut zip = zip::ZipWriter::new(fs::File::create(&path).expect("a file"));
        let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
        zip.start_file(entry, options).expect("an entry");
        zip.write_all(content).expect("written");
        zip.finish().expect("a zip");
        path
    }

    #[test]
    fn a_package_that_lambda_takes_is_no_problem() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = zip(folder.path(), "bootstrap", b"#!/bin/sh\n");
        assert_eq!(check(&path, None, None), Ok(()));
        assert_eq!(check(&path, Some(Architecture::Arm), None), Ok(()), "a script runs on either");
    }

    #[test]
    fn one_that_is_not_there_is_missing_and_every_other_problem_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let missing = check(&folder.path().join("a.zip"), None, None).expect_err("it is not there");
        assert!(missing.missing && missing.message.contains("a.zip"), "{missing:?}");
        let is_folder = check(folder.path(), None, None).expect_err("it is a folder");
        assert!(!is_folder.missing && is_folder.message.contains("folder"), "{is_folder:?}");
        let text = folder.path().join("text.zip");
        fs::write(&text, "not a zip").expect("written");
        let no_zip = check(&text, None, None).expect_err("it is text");
        assert!(!no_zip.missing && no_zip.message.contains("not a Lambda package"), "{no_zip:?}");
        let other = check(&zip(folder.path(), "main", b"x"), None, None).expect_err("it has no bootstrap");
        assert!(other.message.contains("bootstrap") && other.help.contains("cargo lambda"), "{other:?}");
    }

    #[test]
    fn one_that_was_built_for_something_else_is_told_apart() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut elf = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 62, 0];
        let path = zip(folder.path(), "bootstrap", &elf);
        assert_eq!(check(&path, Some(Architecture::X86), None), Ok(()));
        let wrong = check(&path, Some(Architecture::Arm), None).expect_err("it is for x86_64");
        assert!(wrong.message.contains("x86_64") && wrong.message.contains("arm64"), "{wrong:?}");
        elf[18] = 183;
        assert_eq!(check(&zip(folder.path(), "bootstrap", &elf), Some(Architecture::Arm), None), Ok(()));
    }

    #[test]
    fn one_that_is_too_large_for_lambda_is_not_too_large_for_this_machine() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("own.zip");
        let file = fs::File::create(&path).expect("a file");
        file.set_len(ZIP_LIMIT + 1).expect("a file with a hole");
        let large = check(&path, None, None).expect_err("it is too large");
        assert!(large.message.contains("zipped") && large.message.contains("52428800"), "{large:?}");
        let here = check(&path, None, HERE).expect_err("it is no zip");
        assert!(here.message.contains("not a Lambda package"), "{here:?}");
    }
}
