//! From a file to a tree: bytes, text, YAML, each within limits.

mod build;
mod syntax;
mod text;

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path as FilePath;
use std::sync::Arc;

use super::code::Code;
use super::diagnostic::{Diagnostic, Place};

pub(super) use build::{Root, documents, several, tree};
pub(super) use text::Text;

/// Biggest pipeline file that is read: fifty streams with their transforms take a twentieth of it.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;

/// Why bytes are no text to work on.
pub(super) enum NotText {
    /// More than [`MAX_FILE_BYTES`].
    TooBig(Box<Diagnostic>),
    /// Not UTF-8; `readable` has the bytes up to the bad one, to show them.
    NotUtf8 {
        /// The text with replacement characters.
        readable: Arc<str>,
        /// The finding.
        problem: Box<Diagnostic>,
    },
}

/// The bytes of a file; never reads more than [`MAX_FILE_BYTES`] and one.
pub(super) fn bytes(path: &FilePath) -> Result<Vec<u8>, Box<Diagnostic>> {
    let file = File::open(path).map_err(|cause| unreadable(path, &cause))?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        let message = format!("{} is a folder, not a pipeline file", path.display());
        let help = format!("name the file: -f {}", path.join("pipeline.yaml").display());
        return Err(Box::new(Diagnostic::error(Code::Unreadable, Place::File, message).help(help)));
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|cause| unreadable(path, &cause))?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(Box::new(too_big()));
    }
    Ok(bytes)
}

/// The text of a file, without a byte-order mark.
pub(super) fn text(bytes: &[u8]) -> Result<Arc<str>, NotText> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(NotText::TooBig(Box::new(too_big())));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Arc::from(text)),
        Err(cause) => {
            let at = cause.valid_up_to();
            let readable: Arc<str> = Arc::from(String::from_utf8_lossy(bytes));
            let place = Place::Bytes(at..at + char::REPLACEMENT_CHARACTER.len_utf8());
            let problem = Diagnostic::error(Code::NotUtf8, place, "the file holds bytes that are not UTF-8")
                .label(format!("byte 0x{:02x}", bytes[at]))
                .help("save the file as UTF-8");
            Err(NotText::NotUtf8 { readable, problem: Box::new(problem) })
        }
    }
}

fn too_big() -> Diagnostic {
    Diagnostic::error(
        Code::TooBig,
        Place::File,
        format!("the file is bigger than {} MiB, the most a pipeline file may have", MAX_FILE_BYTES >> 20),
    )
    .help("is it the right file? Data goes to `pipectl produce`, big programs into a transform's `package`")
}

fn unreadable(path: &FilePath, cause: &std::io::Error) -> Box<Diagnostic> {
    let shown = path.display();
    Box::new(match cause.kind() {
        ErrorKind::NotFound => {
            Diagnostic::error(Code::NoSuchFile, Place::File, format!("there is no file {shown}"))
                .help("`pipectl init` writes a starter pipeline, `-f FILE` names another file")
        }
        _ => Diagnostic::error(Code::Unreadable, Place::File, format!("{shown} cannot be read: {cause}")),
    })
}
