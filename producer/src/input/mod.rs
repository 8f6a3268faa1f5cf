//! Records from lines: files or standard input, plain or gzip, one record per line.
//!
//! Lines end in `\n` or `\r\n`, which is not part of the record; the last one needs no end. Empty lines are
//! skipped: an empty record tells a consumer nothing. Bytes pass through as they are, UTF-8 or not. A line
//! longer than a record may be is cut off while it is read, and refused. What is refused here says where it stands.

mod field;
mod files;
mod keys;
mod lines;
mod open;

use std::fmt;
use std::io::BufRead;
use std::sync::Arc;

use bytes::Bytes;

pub use field::Found;
pub use files::{Files, Source};
pub use keys::{KeySource, MissingKey};
pub use lines::{Line, Lines};
pub use open::{open_file, open_stdin, sniffed};

use crate::feed::Entry;
use crate::outcome::Refusal;
use crate::record::Record;
use keys::Keys;

/// How lines become records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where the partition key comes from.
    pub key: KeySource,
    /// The field that holds the explicit hash key, found as that of [`KeySource::Field`] is; `None` for none.
    pub hash_key: Option<String>,
    /// Whether each line must be JSON.
    pub json: bool,
    /// The longest line that is kept whole, in bytes; with its key a record has no more either.
    pub max_line: usize,
    /// The seed of random keys; `None` draws one.
    pub seed: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            key: KeySource::Random,
            hash_key: None,
            json: false,
            max_line: pipectl_shards::limits::RECORD_MAX_BYTES,
            seed: None,
        }
    }
}

/// Where in an input a record stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, or `standard input`.
    pub input: Arc<str>,
    /// The line, from 1.
    pub line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.input, self.line)
    }
}

/// Why an input could not be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// The file could not be opened.
    #[error("cannot open {name}")]
    Open {
        /// The file.
        name: String,
        /// Why not.
        source: std::io::Error,
    },
    /// Reading failed half way; a gzip stream that is cut off or damaged ends like this.
    #[error("cannot read {name} after line {line}")]
    Read {
        /// The file, or `standard input`.
        name: String,
        /// Lines that were read whole before.
        line: u64,
        /// Why not.
        source: std::io::Error,
    },
}

/// The records of an input, in order.
#[derive(Debug)]
pub struct Input<R> {
    name: Arc<str>,
    lines: Lines<R>,
    keys: Keys,
    failed: bool,
}

impl<R: BufRead> Input<R> {
    /// The records in `reader`, which is called `name` in errors.
    pub fn new(name: impl Into<String>, reader: R, options: &Options) -> Self {
        Self::with_keys(name.into(), reader, options.max_line, Keys::of(options))
    }

    fn with_keys(name: String, reader: R, max_line: usize, keys: Keys) -> Self {
        Self { name: name.into(), lines: Lines::new(reader, max_line), keys, failed: false }
    }

    fn into_keys(self) -> Keys {
        self.keys
    }

    fn entry(&mut self, line: Line) -> Option<Entry> {
        match line {
            Line::Whole(data) if data.is_empty() => None,
            Line::Whole(data) => Some(match self.record(&data) {
                Ok(record) => match record.refusal(self.lines.max()) {
                    None => Entry::Record(record),
                    Some(reason) => self.refused(record, reason),
                },
                Err(reason) => self.refused(Record::new(String::new(), data), reason),
            }),
            Line::TooLong { head, length } => {
                let reason = Refusal::TooLarge { size: length, limit: self.lines.max() };
                Some(self.refused(Record::new(String::new(), head), reason))
            }
        }
    }

    fn record(&mut self, data: &Bytes) -> Result<Record, Refusal> {
        let mut record = Record::new(self.keys.key(data)?, data.clone());
        record.explicit_hash_key = self.keys.hash_key(data)?;
        Ok(record)
    }

    fn refused(&self, record: Record, reason: Refusal) -> Entry {
        let place = Place { input: Arc::clone(&self.name), line: self.lines.count() };
        Entry::Refused { record, reason, place: Some(place) }
    }
}

impl<R: BufRead> Iterator for Input<R> {
    type Item = Result<Entry, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            match self.lines.next_line() {
                Ok(None) => return None,
                Ok(Some(line)) => {
                    if let Some(entry) = self.entry(line) {
                        return Some(Ok(entry));
                    }
                }
                Err(source) => {
                    self.failed = true;
                    let line = self.lines.count();
                    return Some(Err(InputError::Read { name: self.name.to_string(), line, source }));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &[u8], options: &Options) -> Vec<Entry> {
        Input::new("test", text, options).map(|entry| entry.expect("reads")).collect()
    }

    fn data(entries: &[Entry]) -> Vec<&[u8]> {
        entries
            .iter()
            .map(|entry| match entry {
                Entry::Record(record) | Entry::Refused { record, .. } => &record.data[..],
            })
            .collect()
    }

    #[test]
    fn each_line_is_a_record_and_empty_ones_are_skipped() {
        let entries = entries(b"one\r\n\n\r\ntwo\n \n\xff\xfe\nlast", &Options::default());
        assert_eq!(data(&entries), [&b"one"[..], b"two", b" ", b"\xff\xfe", b"last"]);
    }

    #[test]
    fn a_line_over_the_limit_is_refused_and_the_next_one_is_read() {
        let options = Options { max_line: 4, ..Options::default() };
        let entries = entries(b"1234\n12345\n1234567890123\nab\n", &options);
        assert_eq!(entries.len(), 4);
        let Entry::Refused { reason, .. } = &entries[2] else { panic!("{entries:?}") };
        assert_eq!(*reason, Refusal::TooLarge { size: 13, limit: 4 });
        assert!(matches!(&entries[1], Entry::Refused { .. }));
        assert_eq!(data(&entries)[3], b"ab");
    }

    #[test]
    fn a_key_is_taken_from_its_field_and_a_line_without_one_is_refused_or_gets_a_random_one() {
        let text = b"{\"user\":{\"id\":7}}\n{\"user\":{}}\nnot json\n";
        let key = |missing| KeySource::Field { path: "user.id".into(), missing };
        let refusing = entries(text, &Options { key: key(MissingKey::Refuse), ..Options::default() });
        assert!(matches!(&refusing[0], Entry::Record(record) if record.partition_key == "7"));
        assert!(
            matches!(&refusing[1], Entry::Refused { reason: Refusal::NoKey { field, found: Found::Nothing }, .. } if field == "user.id")
        );
        assert!(matches!(&refusing[2], Entry::Refused { reason: Refusal::NotJson(_), .. }));
        let drawing = entries(text, &Options { key: key(MissingKey::Random), ..Options::default() });
        assert!(drawing.iter().all(|entry| matches!(entry, Entry::Record(_))));
    }

    #[test]
    fn what_is_refused_says_in_which_line_it_stands_and_what_was_found() {
        let options = Options {
            key: KeySource::Field { path: "id".into(), missing: MissingKey::Refuse },
            max_line: 60,
            ..Options::default()
        };
        let long = "x".repeat(58);
        let text = format!(
            "{{\"id\":1}}\n\n{{\"id\":null}}\nplain\n{}\n{{\"id\":\"{}\"}}\n{{\"id\":\"{}\"}}\n",
            "y".repeat(100),
            &long[..40],
            &long[..51],
        );
        let said: Vec<String> = entries(text.as_bytes(), &options)
            .into_iter()
            .filter_map(|entry| match entry {
                Entry::Record(_) => None,
                Entry::Refused { reason, place, .. } => {
                    Some(format!("{}: {reason}", place.expect("a place")))
                }
            })
            .collect();
        assert_eq!(
            said,
            [
                "test:3: no text or number in the key field `id`: it is null",
                "test:4: not JSON: expected value at column 1",
                "test:5: 100 bytes with its key, more than the 60 that a record may have",
                "test:6: 89 bytes with its key, more than the 60 that a record may have",
                "test:7: 111 bytes with its key, more than the 60 that a record may have",
            ]
        );
    }

    #[test]
    fn an_explicit_hash_key_is_taken_from_its_field() {
        let options = Options { hash_key: Some("/at".to_owned()), ..Options::default() };
        let text = b"{\"at\":\"340282366920938463463374607431768211455\"}\n{\"at\":7}\n{\"at\":-1}\n{\"at\":1e40}\n{}\n";
        let keys: Vec<_> = entries(text, &options)
            .into_iter()
            .map(|entry| match entry {
                Entry::Record(record) => Ok(record.explicit_hash_key.expect("a key").0),
                Entry::Refused { reason, .. } => Err(reason),
            })
            .collect();
        let refused = |found| Err(Refusal::NoHashKey { field: "/at".to_owned(), found });
        let (another, nothing) = (refused(Found::AnotherValue), refused(Found::Nothing));
        assert_eq!(keys, [Ok(u128::MAX), Ok(7), another.clone(), another, nothing]);
    }

    #[test]
    fn lines_that_must_be_json_and_are_not_are_refused() {
        let entries = entries(b"{}\n[1]\n{\"a\":\n", &Options { json: true, ..Options::default() });
        let refused: Vec<bool> = entries.iter().map(|e| matches!(e, Entry::Refused { .. })).collect();
        assert_eq!(refused, [false, false, true]);
    }

    #[test]
    fn the_same_seed_draws_the_same_keys() {
        let options = Options { seed: Some(7), ..Options::default() };
        assert_eq!(entries(b"a\nb\n", &options), entries(b"a\nb\n", &options));
        let other = Options { seed: Some(8), ..Options::default() };
        assert_ne!(entries(b"a\nb\n", &options), entries(b"a\nb\n", &other));
    }
}
