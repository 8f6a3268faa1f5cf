//! Several inputs, one after the other. Each is opened when its turn comes, so that a thousand files cost one open file.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, BufRead};
use std::path::PathBuf;

use super::keys::Keys;
use super::{Input, InputError, Options, open_file, open_stdin};
use crate::feed::Entry;

/// What lines come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, gzip or not.
    File(PathBuf),
    /// Standard input, gzip or not.
    Stdin,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

impl Source {
    /// Whether it is there and may be read, as far as can be told without taking anything out of it.
    ///
    /// # Errors
    /// It is not.
    pub fn check(&self) -> Result<(), InputError> {
        let Self::File(path) = self else { return Ok(()) };
        let look = || {
            let metadata = std::fs::metadata(path)?;
            if metadata.is_dir() {
                return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
            }
            // A pipe is not opened: whoever writes to it would see it closed again.
            if metadata.is_file() { std::fs::File::open(path).map(drop) } else { Ok(()) }
        };
        look().map_err(|source| InputError::Open { name: self.to_string(), source })
    }

    /// Opens it; waits for the first bytes of a pipe.
    fn open(&self) -> Result<Box<dyn BufRead + Send>, InputError> {
        match self {
            Self::File(path) => open_file(path),
            Self::Stdin => open_stdin(),
        }
    }
}

/// The records of several sources, in order. What cannot be opened or read ends it.
pub struct Files {
    waiting: VecDeque<Source>,
    max_line: usize,
    state: State,
}

enum State {
    Between(Keys),
    Reading(Box<Input<Box<dyn BufRead + Send>>>),
    Ended,
}

impl Files {
    /// The records of these sources.
    #[must_use]
    pub fn new(sources: impl IntoIterator<Item = Source>, options: &Options) -> Self {
        Self {
            waiting: sources.into_iter().collect(),
            max_line: options.max_line,
            state: State::Between(Keys::of(options)),
        }
    }
}

impl Iterator for Files {
    type Item = Result<Entry, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // Whatever fails on the way leaves it ended.
            match std::mem::replace(&mut self.state, State::Ended) {
                State::Ended => return None,
                State::Between(keys) => {
                    let source = self.waiting.pop_front()?;
                    let reader = match source.open() {
                        Ok(reader) => reader,
                        Err(error) => return Some(Err(error)),
                    };
                    let input = Input::with_keys(source.to_string(), reader, self.max_line, keys);
                    self.state = State::Reading(Box::new(input));
                }
                State::Reading(mut input) => match input.next() {
                    Some(Ok(entry)) => {
                        self.state = State::Reading(input);
                        return Some(Ok(entry));
                    }
                    Some(Err(error)) => return Some(Err(error)),
                    None => self.state = State::Between(input.into_keys()),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::KeySource;

    fn lines(sources: Vec<Source>, options: &Options) -> Vec<Result<Entry, String>> {
        Files::new(sources, options).map(|entry| entry.map_err(|error| error.to_string())).collect()
    }

    fn key(entry: &Result<Entry, String>) -> &str {
        match entry {
            Ok(Entry::Record(record)) => &record.partition_key,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn files_are_read_one_after_the_other_and_what_is_missing_ends_it() {
        let folder = std::env::temp_dir().join(format!("pipectl-files-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).expect("a file");
            Source::File(path)
        };
        let (first, second) = (file("1", "a\nb"), file("2", "c\n"));
        let missing = Source::File(folder.join("3"));
        let options = Options { seed: Some(1), ..Options::default() };
        assert_eq!(options.key, KeySource::Random);
        let both = lines(vec![first.clone(), second.clone()], &options);
        assert_eq!(both.len(), 3);
        assert_ne!(key(&both[0]), key(&both[2]), "the keys of the second file are not those of the first");
        let broken = lines(vec![first.clone(), missing.clone(), second], &options);
        assert_eq!(broken.len(), 3);
        assert!(broken[2].as_ref().is_err_and(|said| said.starts_with("cannot open")), "{broken:?}");
        assert!(first.check().is_ok() && missing.check().is_err());
        assert!(Source::File(folder.clone()).check().is_err_and(|error| {
            std::error::Error::source(&error).is_some_and(|cause| cause.to_string() == "it is a directory")
        }));
        std::fs::remove_dir_all(folder).expect("it can be removed");
    }
}
