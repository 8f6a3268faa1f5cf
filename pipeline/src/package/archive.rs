//! The zip: fixed times, order and permissions, so that the same input is the same bytes.

use std::io::{self, Cursor, Read, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// The entry that Lambda starts.
const BOOTSTRAP: &str = "bootstrap";
/// The entry that the built-in function reads its program from.
const PROGRAM: &str = "transform.vrl";

fn options(permissions: u32, level: i64) -> SimpleFileOptions {
    SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(level))
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(permissions)
}

/// Writes a zip of the bootstrap alone.
pub(super) fn of_bootstrap<W: Write + Seek>(to: W, bootstrap: &mut impl Read, level: i64) -> io::Result<()> {
    let mut zip = ZipWriter::new(to);
    zip.start_file(BOOTSTRAP, options(0o755, level))?;
    io::copy(bootstrap, &mut zip)?;
    zip.finish()?;
    Ok(())
}

/// The package of a VRL function: the bootstrap as it was compressed, and the program.
pub(super) fn with_program(bootstrap: &[u8], program: &str) -> io::Result<Vec<u8>> {
    let mut source = ZipArchive::new(Cursor::new(bootstrap))?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::with_capacity(bootstrap.len() + program.len() + 512)));
    zip.raw_copy_file(source.by_index_raw(0)?)?;
    zip.start_file(PROGRAM, options(0o644, 6))?;
    zip.write_all(program.as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

/// The program in the package of a VRL function; `None` when it is another package.
pub(crate) fn program(zip: &[u8]) -> Option<String> {
    /// Longer than any pipeline file may be.
    const MOST: u64 = 16 * 1024 * 1024;
    let mut archive = ZipArchive::new(Cursor::new(zip)).ok()?;
    let mut program = String::new();
    archive.by_name(PROGRAM).ok()?.take(MOST).read_to_string(&mut program).ok()?;
    Some(program)
}

/// What a package of the user's own holds.
pub(super) struct Inside {
    /// Its size, unpacked, as its entries say.
    pub(super) unzipped: u64,
    /// The first bytes of its bootstrap.
    pub(super) head: Vec<u8>,
}

/// Looks into a package of the user's own; the error says what is wrong with it.
pub(super) fn inspect(zip: &[u8]) -> Result<Inside, String> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(|error| error.to_string())?;
    let mut unzipped = 0_u64;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|error| error.to_string())?;
        unzipped = unzipped.saturating_add(entry.size());
    }
    let entry =
        archive.by_name(BOOTSTRAP).map_err(|_| "it has no entry named bootstrap at its top".to_owned())?;
    if entry.unix_mode().is_some_and(|mode| mode & 0o111 == 0) {
        return Err("its bootstrap is not executable".to_owned());
    }
    let mut head = Vec::new();
    entry.take(20).read_to_end(&mut head).map_err(|error| error.to_string())?;
    Ok(Inside { unzipped, head })
}
