//! Writing over a file of the user's, so that a kill at any moment leaves the old text or the new one.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::error::{CommandError, Kind};

/// Puts a new text in place of a file at once, so that nobody ever sees half of it. A link stays a link, and
/// permissions stay.
pub(crate) fn file(path: &Path, text: &str) -> Result<(), CommandError> {
    let failed = |cause| CommandError::wrap(Kind::File, format!("cannot write `{}`", path.display()), cause);
    let real = fs::canonicalize(path).map_err(failed)?;
    let folder = real.parent().unwrap_or_else(|| Path::new("."));
    let permissions = fs::metadata(&real).map_err(failed)?.permissions();
    if permissions.readonly() {
        return Err(failed(std::io::Error::new(
            std::io::ErrorKind::PermissionDenied,
            "the file is read-only",
        )));
    }
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    fs::set_permissions(file.path(), permissions).map_err(failed)?;
    file.persist(&real).map_err(|cause| failed(cause.error))?;
    Ok(())
}
