//! Opens what lines come from, and sees by its first bytes whether it is gzip.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

use crate::input::InputError;

const BUFFER: usize = 256 * 1024;

/// How every gzip member begins.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Lines of a file, gzip or not, of one member or more.
///
/// # Errors
/// The file cannot be opened.
pub fn open_file(path: &Path) -> Result<Box<dyn BufRead + Send>, InputError> {
    let open = || {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
        }
        sniffed(file)
    };
    open().map_err(|source| InputError::Open { name: path.display().to_string(), source })
}

/// Lines of standard input, gzip or not. Waits for the first bytes.
///
/// # Errors
/// Standard input cannot be read.
pub fn open_stdin() -> Result<Box<dyn BufRead + Send>, InputError> {
    sniffed(io::stdin()).map_err(|source| InputError::Open { name: "standard input".to_owned(), source })
}

/// The plain bytes of `reader`, whether it is gzip or not.
///
/// # Errors
/// The first bytes cannot be read.
pub fn sniffed(mut reader: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    // A pipe may give one byte at first.
    let mut head = Vec::with_capacity(GZIP_MAGIC.len());
    reader.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut head)?;
    let gzip = head == GZIP_MAGIC;
    let whole = BufReader::with_capacity(BUFFER, io::Cursor::new(head).chain(reader));
    Ok(if gzip {
        Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(whole)))
    } else {
        Box::new(whole)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    fn read(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        sniffed(io::Cursor::new(bytes))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn plain_and_gzip_are_told_apart_by_their_first_bytes() {
        assert_eq!(read(b"one\ntwo".to_vec()).expect("plain"), "one\ntwo");
        assert_eq!(read(gzip(b"one\ntwo")).expect("gzip"), "one\ntwo");
        assert_eq!(read(Vec::new()).expect("empty"), "");
        assert_eq!(read(b"\x1f".to_vec()).expect("one byte"), "\x1f");
    }

    #[test]
    fn all_members_of_a_gzip_file_are_read() {
        assert_eq!(read([gzip(b"one\n"), gzip(b"two\n")].concat()).expect("gzip"), "one\ntwo\n");
    }

    #[test]
    fn a_gzip_file_that_is_cut_off_is_an_error() {
        let whole = gzip("line\n".repeat(10_000).as_bytes());
        assert!(read(whole[..whole.len() - 9].to_vec()).is_err());
    }

    #[test]
    fn a_missing_file_and_a_folder_say_so() {
        assert!(open_file(Path::new("/nonexistent/x")).is_err());
        assert!(open_file(&std::env::temp_dir()).is_err());
    }
}
