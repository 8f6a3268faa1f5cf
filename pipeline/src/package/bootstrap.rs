//! The executable that functions run: the running one where it fits, else a file the user gives.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use object::elf::{EM_AARCH64, EM_X86_64, FileHeader64, Machine};
use object::read::elf::FileHeader;
use object::{Endianness, ReadCache, ReadRef};
use sha2::{Digest, Sha256};

use super::{PackageError, UNZIPPED_LIMIT, unreadable};
use crate::resources::names::hex;

/// Amazon Linux 2023 has glibc 2.34.
const GLIBC_IN_LAMBDA: (u32, u32) = (2, 34);
/// Where Linux shows the running executable, even when its file was replaced meanwhile.
const RUNNING: &str = "/proc/self/exe";

/// The architecture of this machine, as Lambda names it.
pub(crate) const HOST: &str = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };

/// An executable that was looked at and found fit.
#[derive(Debug)]
pub(super) struct Bootstrap {
    pub(super) path: PathBuf,
    pub(super) sha256: String,
    pub(super) architecture: &'static str,
}

impl Bootstrap {
    /// Looks at the given file, or at the running executable.
    pub(super) fn inspect(given: Option<&Path>, local: bool) -> Result<Self, PackageError> {
        let path = given.unwrap_or(Path::new(RUNNING)).to_owned();
        if given.is_none() && !cfg!(target_os = "linux") {
            return Err(PackageError::Misfit("it was not built for Linux".to_owned()));
        }
        let mut file = File::open(&path).map_err(|error| unreadable(&path, &error))?;
        let size = file.metadata().map_err(|error| unreadable(&path, &error))?.len();
        if size > UNZIPPED_LIMIT && !local {
            let what = path.display().to_string();
            return Err(PackageError::TooLarge { what, state: "unzipped", size, limit: UNZIPPED_LIMIT });
        }
        let architecture = fits(&mut file, local).map_err(|reason| match given {
            Some(path) => PackageError::BadBootstrap { path: path.display().to_string(), reason },
            None => PackageError::Misfit(reason),
        })?;
        let sha256 = hash(&mut file).map_err(|error| unreadable(&path, &error))?;
        Ok(Self { path, sha256, architecture })
    }
}

fn hash(file: &mut File) -> io::Result<String> {
    file.rewind()?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 20]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// The architecture of an executable that Lambda could run, or why it could not.
fn fits(file: &mut File, local: bool) -> Result<&'static str, String> {
    let mut head = [0; 20];
    let mut read = 0;
    while read < head.len() {
        match file.read(&mut head[read..]).map_err(|error| error.to_string())? {
            0 => break,
            some => read += some,
        }
    }
    if head.starts_with(b"#!") {
        return Ok(HOST);
    }
    let architecture = architecture_of(&head[..read])
        .ok_or("it is neither an x86_64 or arm64 executable for Linux nor a script")?;
    if local {
        return Ok(architecture);
    }
    let data = ReadCache::new(file);
    match glibc_needed(&data).map_err(|error| format!("its ELF headers cannot be read: {error}"))? {
        Some(needed) if needed > GLIBC_IN_LAMBDA => Err(format!(
            "it needs glibc {}.{}, and Lambda's provided.al2023 has {}.{}",
            needed.0, needed.1, GLIBC_IN_LAMBDA.0, GLIBC_IN_LAMBDA.1
        )),
        _ => Ok(architecture),
    }
}

/// The architecture that a 64-bit little-endian ELF header names, as Lambda names it.
pub(super) fn architecture_of(head: &[u8]) -> Option<&'static str> {
    let elf = head.starts_with(&[0x7f, b'E', b'L', b'F', 2, 1]);
    let machine = head.get(18..20).filter(|_| elf)?;
    match Machine(u16::from_le_bytes(machine.try_into().ok()?)) {
        EM_X86_64 => Some("x86_64"),
        EM_AARCH64 => Some("arm64"),
        _ => None,
    }
}

/// The newest glibc whose symbols an executable asks for; `None` when it asks for none.
fn glibc_needed<'data, R: ReadRef<'data>>(data: R) -> object::Result<Option<(u32, u32)>> {
    let header = FileHeader64::<Endianness>::parse(data)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, data)?;
    let Some((mut libraries, strings)) = sections.gnu_verneed(endian, data)? else { return Ok(None) };
    let strings = sections.strings(endian, data, strings)?;
    let mut newest = None;
    while let Some((_, mut versions)) = libraries.next()? {
        while let Some(version) = versions.next()? {
            newest = newest.max(glibc_version(version.name(endian, strings)?));
        }
    }
    Ok(newest)
}

/// `GLIBC_2.34` is (2, 34).
fn glibc_version(name: &[u8]) -> Option<(u32, u32)> {
    let mut parts = std::str::from_utf8(name).ok()?.strip_prefix("GLIBC_")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(glibc_version(b"GLIBC_2.4") < glibc_version(b"GLIBC_2.34"));
        assert!(glibc_version(b"GLIBC_2.2.5") < Some(GLIBC_IN_LAMBDA));
        assert_eq!(glibc_version(b"GLIBC_PRIVATE"), None);
        assert_eq!(glibc_version(b"GCC_3.0"), None);
    }

    #[test]
    fn the_running_test_is_an_executable_of_this_machine_that_needs_some_glibc() {
        let file = File::open(RUNNING).expect("the running executable");
        let needed = glibc_needed(&ReadCache::new(file)).expect("an ELF file");
        assert!(needed.is_some_and(|needed| needed >= (2, 2)), "{needed:?}");
        let fit = Bootstrap::inspect(None, true).expect("fit for this machine");
        assert_eq!(fit.architecture, HOST);
        assert_eq!(fit.sha256.len(), 64);
    }

    #[test]
    fn a_text_file_is_no_bootstrap_and_a_script_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("bootstrap");
        std::fs::write(&path, "hello").expect("written");
        let refused = Bootstrap::inspect(Some(&path), false).expect_err("no executable");
        assert!(matches!(refused, PackageError::BadBootstrap { .. }), "{refused}");
        std::fs::write(&path, "#!/bin/sh\n").expect("written");
        assert_eq!(Bootstrap::inspect(Some(&path), false).expect("a script").architecture, HOST);
    }
}
