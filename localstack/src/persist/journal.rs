//! Append-only files of checked entries, and how one is read that a killed process did not finish.
//!
//! A file starts with [`MAGIC`]; an entry is its length, its CRC-32 and the CRC-32 of these two, four bytes each in
//! little endian, and its bytes. An entry is handed to the system in one write, so what a kill leaves is a part of the
//! last one: it is cut off. Anything else that does not fit is damage, and nothing is cut then; that the head has a
//! checksum of its own tells a length that was damaged from an entry that is too short.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::DataDirError;
use super::folder::Folder;

const MAGIC: &[u8; 8] = b"PIPECTL1";
const HEAD: usize = 12;

/// A journal that is written.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    length: u64,
    /// A write failed and what it left could not be taken back: nothing more may follow it.
    broken: bool,
}

impl Journal {
    /// A new file that begins with these entries; fails if there is one. What cannot be written is not left behind, so
    /// that it can be tried again.
    pub(crate) fn create(path: &Path, first: &[u8]) -> io::Result<Self> {
        // Appending, here as in `append_to`: after a write that was taken back the next one goes to the end, not to
        // where the failed one had come to.
        let mut file = File::options().append(true).create_new(true).open(path)?;
        let begin = [MAGIC, first].concat();
        if let Err(error) = file.write_all(&begin) {
            let _what_is_left_reads_as_empty = fs::remove_file(path);
            return Err(error);
        }
        Ok(Self { file, length: begin.len() as u64, broken: false })
    }

    /// Goes on with a file that was read to its end.
    pub(crate) fn append_to(path: &Path) -> io::Result<Self> {
        let file = File::options().append(true).open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file, length, broken: false })
    }

    /// Appends entries that [`entry`] made, all or none.
    pub(crate) fn append(&mut self, entries: &[u8]) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other("an earlier write to this journal failed"));
        }
        if let Err(error) = self.file.write_all(entries) {
            self.take_back();
            return Err(error);
        }
        self.length += entries.len() as u64;
        Ok(())
    }

    /// Takes back what came through of a failed write, so that the next entry does not follow half of this one.
    fn take_back(&mut self) {
        self.broken = self.file.set_len(self.length).is_err();
    }

    /// Its length in bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }
}

/// Adds one entry to `buffer`: what `write` appends, with its length and checksum before it.
pub(crate) fn entry(buffer: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; HEAD]);
    write(buffer);
    let content = &buffer[start + HEAD..];
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let checksum = crc32fast::hash(content);
    let mut head = [0; HEAD];
    head[..4].copy_from_slice(&length.to_le_bytes());
    head[4..8].copy_from_slice(&checksum.to_le_bytes());
    let of_head = crc32fast::hash(&head[..8]);
    head[8..].copy_from_slice(&of_head.to_le_bytes());
    buffer[start..start + HEAD].copy_from_slice(&head);
}

/// A journal that is read, in memory as a whole.
#[derive(Debug)]
pub(crate) struct Reading {
    path: PathBuf,
    bytes: Vec<u8>,
    at: usize,
}

impl Reading {
    /// Opens a file. One that is too short to have an entry reads as empty.
    pub(crate) fn open(folder: &Folder, path: &Path) -> Result<Self, DataDirError> {
        let bytes = fs::read(path).map_err(DataDirError::io("read", path))?;
        if bytes.len() >= MAGIC.len() && !bytes.starts_with(MAGIC) {
            return Err(folder.damaged(path, "it does not begin as a journal does"));
        }
        Ok(Self { path: path.to_owned(), bytes, at: MAGIC.len() })
    }

    /// The next entry; nothing at the end, which a torn entry is too.
    pub(crate) fn next(&mut self, folder: &Folder) -> Result<Option<&[u8]>, DataDirError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some((head, rest)) = rest.split_at_checked(HEAD) else { return Ok(None) };
        // After a power failure the end of a file may be zeros: torn as well.
        if head.iter().chain(rest).all(|byte| *byte == 0) {
            return Ok(None);
        }
        let word = |at: usize| {
            head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
        };
        let damaged = || folder.damaged(&self.path, format!("wrong checksum at byte {}", self.at));
        if crc32fast::hash(&head[..8]) != word(8) {
            return Err(damaged());
        }
        let length = usize::try_from(word(0)).unwrap_or(usize::MAX);
        let Some((content, after)) = rest.split_at_checked(length) else { return Ok(None) };
        if crc32fast::hash(content) != word(4) {
            let is_torn = after.is_empty() && content.ends_with(&[0]);
            return if is_torn { Ok(None) } else { Err(damaged()) };
        }
        let start = self.at + HEAD;
        self.at = start + length;
        Ok(self.bytes.get(start..start + length))
    }

    /// Whether nothing is left after the entries that were read. So it is where the file was only begun.
    pub(crate) fn is_whole(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Cuts off what is after the last whole entry, and says so. Answers whether any entry is left.
    pub(crate) fn cut(self) -> Result<bool, DataDirError> {
        let whole = self.at.min(self.bytes.len());
        let torn = self.bytes.len() - whole;
        if torn > 0 {
            tracing::warn!(
                file = %self.path.display(),
                bytes = torn,
                "a write that a killed process did not finish is cut off; nobody was told that it was done"
            );
            let file = File::options().write(true).open(&self.path);
            let cut = file.and_then(|file| file.set_len(whole as u64));
            cut.map_err(DataDirError::io("cut the torn end off", &self.path))?;
        }
        Ok(whole > MAGIC.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path()).unwrap();
        (temporary, folder)
    }

    fn read(folder: &Folder, path: &Path) -> Result<Vec<Vec<u8>>, DataDirError> {
        let mut reading = Reading::open(folder, path)?;
        let mut entries = Vec::new();
        while let Some(entry) = reading.next(folder)? {
            entries.push(entry.to_vec());
        }
        reading.cut()?;
        Ok(entries)
    }

    fn write(path: &Path, contents: &[&[u8]]) {
        let mut journal = Journal::create(path, &[]).unwrap();
        for content in contents {
            let mut bytes = Vec::new();
            entry(&mut bytes, |buffer| buffer.extend_from_slice(content));
            journal.append(&bytes).unwrap();
        }
        assert_eq!(journal.length(), fs::metadata(path).unwrap().len());
    }

    #[test]
    fn damage_anywhere_is_refused_and_not_cut() {
        let (_temporary, folder) = folder();
        let path = folder.path().join("j");
        write(&path, &[b"one", b"two", b"three"]);
        let whole = fs::read(&path).unwrap();
        for at in MAGIC.len()..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).unwrap();
            assert!(matches!(read(&folder, &path), Err(DataDirError::Damaged { .. })), "byte {at}");
            assert_eq!(fs::read(&path).unwrap(), bytes);
        }
    }

    #[test]
    fn a_write_that_was_taken_back_leaves_no_gap() {
        let (_temporary, folder) = folder();
        let path = folder.path().join("j");
        let made = |content: &[u8]| {
            let mut bytes = Vec::new();
            entry(&mut bytes, |buffer| buffer.extend_from_slice(content));
            bytes
        };
        let mut journal = Journal::create(&path, &made(b"one")).unwrap();
        // What a full disk leaves of a write, before it says that it is full.
        journal.file.write_all(&made(b"never acknowledged")[..20]).unwrap();
        journal.take_back();
        journal.append(&made(b"two")).unwrap();
        assert_eq!(read(&folder, &path).unwrap(), [b"one", b"two"]);
        assert_eq!(journal.length(), fs::metadata(&path).unwrap().len());
    }

    #[test]
    fn zeros_that_a_power_failure_left_are_cut_off() {
        let (_temporary, folder) = folder();
        let path = folder.path().join("j");
        write(&path, &[b"one"]);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [whole.as_slice(), &[0; 300]].concat()).unwrap();
        assert_eq!(read(&folder, &path).unwrap(), [b"one"]);
        assert_eq!(fs::read(&path).unwrap(), whole);
    }

    proptest! {
        #[test]
        fn a_file_cut_anywhere_reads_as_its_whole_entries_and_goes_on(
            contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 1..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let (_temporary, folder) = folder();
            let path = folder.path().join("j");
            write(&path, &contents.iter().map(Vec::as_slice).collect::<Vec<_>>());
            let bytes = fs::read(&path).unwrap();
            let length = MAGIC.len() + cut.index(bytes.len() + 1 - MAGIC.len());
            fs::write(&path, &bytes[..length]).unwrap();
            let whole = read(&folder, &path).unwrap();
            prop_assert_eq!(&whole[..], &contents[..whole.len()]);
            let fits = contents.iter().scan(MAGIC.len(), |end, content| { *end += HEAD + content.len(); Some(*end) });
            prop_assert_eq!(whole.len(), fits.filter(|end| *end <= length).count());
            let mut journal = Journal::append_to(&path).unwrap();
            let mut more = Vec::new();
            entry(&mut more, |buffer| buffer.extend_from_slice(b"more"));
            journal.append(&more).unwrap();
            let all = read(&folder, &path).unwrap();
            prop_assert_eq!(all.len(), whole.len() + 1);
            prop_assert_eq!(&all[whole.len()], b"more");
        }
    }
}
