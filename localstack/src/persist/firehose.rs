//! What deliveries have accepted and not yet delivered, on disk: a folder each, with a journal in segments.
//!
//! Records that are put directly are written before the put is answered; of a Kinesis source only its place is, for the
//! stream itself keeps the records. What comes in together is a chunk, and chunks are numbered: a delivery settles all
//! chunks below a number once everything in them was delivered, dropped or given up. Each segment begins with what was
//! settled last, so those before it can go as soon as their chunks are settled. A chunk that waits keeps those after it:
//! the delivery sees to it that this does not become too much (`firehose/delivery/unsettled.rs`).
//!
//! After a kill, everything from the first chunk on that was not settled is delivered again, also what was delivered: it
//! may come twice, as AWS allows itself. After an orderly end everything that could be written was, and what could not
//! is kept.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bytes::{Buf as _, Bytes};
use md5::{Digest as _, Md5};

use super::DataDirError;
use super::folder::Folder;
use super::journal::{Journal, Reading, entry};
use crate::lock::Lock;

/// A segment that is longer is followed by the next.
const SEGMENT: u64 = 8 << 20;
/// A segment that holds nothing more which is wanted is left behind at this length.
const SPENT: u64 = 256 << 10;
/// Places in a source that are remembered between what was read last and what is settled.
const MOST_PLACES: usize = 1_024;
/// Marks an entry of records.
const RECORDS: u8 = b'R';
/// Marks an entry that says what is settled.
const SETTLED: u8 = b'S';

/// A chunk of records that were put directly: their arrival, in milliseconds since the epoch, and their data.
pub(crate) type Chunk = Vec<(i64, Bytes)>;

/// What a delivery had not delivered when it ended.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    /// Its chunks, by their numbers.
    pub(crate) chunks: Vec<(u64, Chunk)>,
    /// The place in the source up to which everything is settled.
    pub(crate) place: Option<String>,
}

/// Where one delivery is written.
#[derive(Debug)]
pub(crate) struct Ledger(Lock<Pages>);

#[derive(Debug)]
struct Pages {
    folder: PathBuf,
    journal: Option<Journal>,
    number: u64,
    sealed: Vec<Sealed>,
    /// The number of the next chunk.
    next: u64,
    settled: u64,
    place: Option<String>,
    /// The places after chunks of a source that are not settled.
    ahead: VecDeque<(u64, String)>,
    is_removed: bool,
}

/// A segment that is complete, and the chunk after its last.
#[derive(Debug)]
struct Sealed {
    path: PathBuf,
    end: u64,
}

/// Where the ledgers are.
pub(crate) fn folder_of(data_dir: &Path, arn: &str) -> PathBuf {
    data_dir.join("firehose").join(hex::encode(Md5::digest(arn.as_bytes())))
}

impl Ledger {
    /// An empty one, at a place in a source where there is one. What is in the folder is removed: it belonged to a
    /// delivery of that name that is gone.
    pub(crate) fn create(folder: PathBuf, place: Option<String>) -> io::Result<Self> {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut pages = Pages::new(folder);
        pages.place = place;
        pages.turn()?;
        Ok(Self(Lock::new(pages)))
    }

    /// Writes a chunk down and gives it its number.
    pub(crate) fn put<'a>(&self, records: impl Iterator<Item = (i64, &'a Bytes)>) -> io::Result<u64> {
        let mut pages = self.0.lock();
        if pages.is_removed {
            return Err(io::Error::other("the delivery is deleted"));
        }
        let number = pages.next;
        let mut bytes = Vec::new();
        entry(&mut bytes, |buffer| {
            buffer.push(RECORDS);
            buffer.extend_from_slice(&number.to_le_bytes());
            for (arrived, data) in records {
                buffer.extend_from_slice(&arrived.to_le_bytes());
                buffer.extend_from_slice(&u32::try_from(data.len()).unwrap_or(u32::MAX).to_le_bytes());
                buffer.extend_from_slice(data);
            }
        });
        pages.append(&bytes)?;
        pages.next += 1;
        Ok(number)
    }

    /// Numbers a chunk that was read from a source, which is at this place after it.
    pub(crate) fn read(&self, place: String) -> u64 {
        let mut pages = self.0.lock();
        let number = pages.next;
        pages.next += 1;
        if pages.ahead.len() >= MOST_PLACES {
            // Without the places between, less is known of what is settled; never more.
            pages.ahead.pop_back();
        }
        pages.ahead.push_back((number, place));
        number
    }

    /// Everything in the chunks below this number is settled.
    pub(crate) fn settle(&self, below: u64) -> io::Result<()> {
        let mut pages = self.0.lock();
        if below <= pages.settled || pages.is_removed {
            return Ok(());
        }
        pages.settled = below;
        while pages.ahead.front().is_some_and(|(number, _)| *number < below) {
            pages.place = pages.ahead.pop_front().map(|(_, place)| place);
        }
        let is_spent =
            below == pages.next && pages.journal.as_ref().is_some_and(|file| file.length() >= SPENT);
        if is_spent {
            pages.turn()?;
        } else {
            let bytes = pages.settlement();
            pages.append(&bytes)?;
        }
        pages.prune();
        Ok(())
    }

    /// Removes everything: the delivery is gone.
    pub(crate) fn remove(&self) -> io::Result<()> {
        let mut pages = self.0.lock();
        pages.journal = None;
        pages.is_removed = true;
        fs::remove_dir_all(&pages.folder)
    }
}

impl Pages {
    fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            journal: None,
            number: 0,
            sealed: Vec::new(),
            next: 0,
            settled: 0,
            place: None,
            ahead: VecDeque::new(),
            is_removed: false,
        }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.journal.as_ref().is_none_or(|journal| journal.length() >= SEGMENT) {
            self.turn()?;
        }
        self.journal.as_mut().map_or(Ok(()), |journal| journal.append(bytes))
    }

    /// Starts the next segment.
    fn turn(&mut self) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let next = Journal::create(&segment(&self.folder, self.number + 1), &self.settlement())?;
        if self.journal.replace(next).is_some() {
            self.sealed.push(Sealed { path: segment(&self.folder, self.number), end: self.next });
        }
        self.number += 1;
        Ok(())
    }

    fn settlement(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        entry(&mut bytes, |buffer| {
            buffer.push(SETTLED);
            buffer.extend_from_slice(&self.settled.to_le_bytes());
            buffer.extend_from_slice(self.place.as_deref().unwrap_or_default().as_bytes());
        });
        bytes
    }

    fn prune(&mut self) {
        let settled = self.settled;
        self.sealed.retain(|segment| segment.end > settled || fs::remove_file(&segment.path).is_err());
    }
}

fn segment(folder: &Path, number: u64) -> PathBuf {
    folder.join(format!("{number:08}.log"))
}

/// Every ledger of a data folder with what is in it, by its own folder.
pub(crate) fn restore(folder: &Folder) -> Result<Vec<(PathBuf, Ledger, Backlog)>, DataDirError> {
    let root = folder.path().join("firehose");
    let entries = match fs::read_dir(&root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(DataDirError::io("read the folder", &root)(error)),
    };
    let mut ledgers = Vec::new();
    for entry in entries {
        let path = entry.map_err(DataDirError::io("read the folder", &root))?.path();
        if path.is_dir() {
            let (ledger, backlog) = read(folder, &path)?;
            ledgers.push((path, ledger, backlog));
        }
    }
    Ok(ledgers)
}

fn read(folder: &Folder, path: &Path) -> Result<(Ledger, Backlog), DataDirError> {
    let mut pages = Pages::new(path.to_owned());
    let mut chunks = Vec::new();
    let numbers = super::kinesis::segments(path)?;
    for (index, number) in numbers.iter().enumerate() {
        let file = segment(path, *number);
        let mut reading = Reading::open(folder, &file)?;
        while let Some(content) = reading.next(folder)? {
            take(&mut pages, &mut chunks, content)
                .ok_or_else(|| folder.damaged(&file, "an entry makes no sense"))?;
        }
        if !reading.is_whole() && index + 1 < numbers.len() {
            return Err(folder.damaged(&file, "it ends within an entry, and another file follows it"));
        }
        pages.number = *number;
        if reading.cut()? {
            pages.sealed.push(Sealed { path: file, end: pages.next });
        } else {
            // A disk that was full, or a kill, as it was begun.
            fs::remove_file(&file).map_err(DataDirError::io("remove", &file))?;
        }
    }
    chunks.retain(|(number, _)| *number >= pages.settled);
    let backlog = Backlog { chunks, place: pages.place.clone() };
    Ok((Ledger(Lock::new(pages)), backlog))
}

/// Takes an entry; nothing if it makes no sense.
fn take(pages: &mut Pages, chunks: &mut Vec<(u64, Chunk)>, content: &[u8]) -> Option<()> {
    let (kind, rest) = content.split_first()?;
    let mut rest = Bytes::copy_from_slice(rest);
    let number = rest.try_get_u64_le().ok()?;
    match *kind {
        RECORDS => {
            let mut chunk = Chunk::new();
            while rest.has_remaining() {
                let arrived = rest.try_get_i64_le().ok()?;
                let length = usize::try_from(rest.try_get_u32_le().ok()?).ok()?;
                (length <= rest.len()).then_some(())?;
                chunk.push((arrived, rest.split_to(length)));
            }
            chunks.push((number, chunk));
            pages.next = pages.next.max(number + 1);
        }
        SETTLED => {
            pages.settled = number;
            pages.next = pages.next.max(number);
            pages.place = Some(String::from_utf8(rest.to_vec()).ok()?).filter(|place| !place.is_empty());
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(ledger: &Ledger, texts: &[&'static str]) -> u64 {
        let records: Vec<Bytes> = texts.iter().map(|text| Bytes::from_static(text.as_bytes())).collect();
        ledger.put(records.iter().map(|data| (7, data))).unwrap()
    }

    /// The ledger as the next process finds it: the chunks it holds, and the place.
    fn reopened(folder: &Folder) -> (Ledger, Vec<String>, Option<String>) {
        let (_, ledger, backlog) = restore(folder).unwrap().remove(0);
        let texts = backlog.chunks.iter().flat_map(|(number, chunk)| {
            chunk.iter().map(move |(arrived, data)| format!("{number} {arrived} {}", data.escape_ascii()))
        });
        (ledger, texts.collect(), backlog.place)
    }

    fn folder() -> (tempfile::TempDir, Folder, PathBuf) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path()).unwrap();
        let path = folder_of(folder.path(), "arn");
        (temporary, folder, path)
    }

    #[test]
    fn what_is_not_settled_comes_back_under_its_number() {
        let (_temporary, folder, path) = folder();
        let ledger = Ledger::create(path.clone(), None).unwrap();
        assert_eq!((put(&ledger, &["a", "b"]), put(&ledger, &["c"]), put(&ledger, &[""])), (0, 1, 2));
        ledger.settle(1).unwrap();
        drop(ledger);
        let (ledger, texts, _) = reopened(&folder);
        assert_eq!(texts, ["1 7 c", "2 7 "]);
        assert_eq!(put(&ledger, &["d"]), 3);
        ledger.settle(3).unwrap();
        drop(ledger);
        assert_eq!(reopened(&folder).1, ["3 7 d"]);
        Ledger::create(path, None).unwrap();
        assert!(reopened(&folder).1.is_empty());
    }

    #[test]
    fn the_place_of_a_source_moves_with_what_is_settled() {
        let (_temporary, folder, path) = folder();
        let ledger = Ledger::create(path, Some("start".to_owned())).unwrap();
        assert_eq!((ledger.read("one".to_owned()), ledger.read("two".to_owned())), (0, 1));
        assert_eq!(reopened(&folder).2.as_deref(), Some("start"));
        ledger.settle(1).unwrap();
        drop(ledger);
        let (ledger, texts, place) = reopened(&folder);
        assert_eq!((texts, place.as_deref()), (Vec::new(), Some("one")));
        assert_eq!(ledger.read("three".to_owned()), 1);
    }

    #[test]
    fn places_are_bounded_and_never_ahead_of_what_is_settled() {
        let (_temporary, folder, path) = folder();
        let ledger = Ledger::create(path, Some("start".to_owned())).unwrap();
        (0..100_000).for_each(|number: u64| assert_eq!(ledger.read(number.to_string()), number));
        assert!(ledger.0.lock().ahead.len() <= MOST_PLACES);
        for (settled, place) in [(500, "499"), (70_000, "1022")] {
            ledger.settle(settled).unwrap();
            assert_eq!(reopened(&folder).2.as_deref(), Some(place));
        }
        ledger.settle(100_000).unwrap();
        assert_eq!(reopened(&folder).2.as_deref(), Some("99999"));
    }

    #[test]
    fn segments_go_when_their_chunks_are_settled() {
        let (_temporary, _folder, path) = folder();
        let ledger = Ledger::create(path.clone(), None).unwrap();
        let megabyte = Bytes::from(vec![b'x'; 1 << 20]);
        let files = || fs::read_dir(&path).unwrap().count();
        for _ in 0..20 {
            ledger.put(std::iter::once((7, &megabyte))).unwrap();
        }
        assert_eq!(files(), 3);
        ledger.settle(10).unwrap();
        assert_eq!(files(), 2);
        ledger.settle(20).unwrap();
        assert_eq!(files(), 1);
        let (file, length) = (fs::read_dir(&path).unwrap().next().unwrap().unwrap(), 100);
        assert!(file.metadata().unwrap().len() < length, "what is settled takes no room");
        ledger.remove().unwrap();
        ledger.settle(21).unwrap();
        ledger.put(std::iter::once((7, &megabyte))).unwrap_err();
        assert!(!path.exists());
    }

    #[test]
    fn a_segment_that_was_only_begun_is_removed_and_what_is_around_it_stays() {
        let (_temporary, folder, path) = folder();
        let ledger = Ledger::create(path.clone(), None).unwrap();
        put(&ledger, &["before"]);
        drop(ledger);
        fs::write(segment(&path, 2), b"").unwrap();
        let (ledger, texts, _) = reopened(&folder);
        assert_eq!(texts, ["0 7 before"]);
        assert!(!segment(&path, 2).exists());
        // Those that earlier versions left behind have others after them.
        fs::write(segment(&path, 2), b"PIPE").unwrap();
        put(&ledger, &["after"]);
        drop(ledger);
        assert!(segment(&path, 3).exists());
        assert_eq!(reopened(&folder).1, ["0 7 before", "1 7 after"]);
    }

    #[test]
    fn a_torn_end_is_cut_and_numbers_go_on() {
        let (_temporary, folder, path) = folder();
        let ledger = Ledger::create(path.clone(), None).unwrap();
        put(&ledger, &["whole"]);
        put(&ledger, &["torn"]);
        drop(ledger);
        let file = segment(&path, 1);
        let length = fs::metadata(&file).unwrap().len();
        fs::File::options().write(true).open(&file).unwrap().set_len(length - 1).unwrap();
        let (ledger, texts, _) = reopened(&folder);
        assert_eq!(texts, ["0 7 whole"]);
        put(&ledger, &["more"]);
        drop(ledger);
        assert_eq!(reopened(&folder).1, ["0 7 whole", "1 7 more"]);
    }
}
