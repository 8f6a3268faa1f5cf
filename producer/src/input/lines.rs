//! Splits bytes into lines without holding more of a line than a record may be.

use std::io::{self, BufRead};

use bytes::{Bytes, BytesMut};

/// How much is kept of a line that is too long, to show it.
const HEAD: usize = 256;

/// Lines are cut out of chunks of this size, so that most cost no allocation of their own.
const CHUNK: usize = 64 * 1024;

/// One line, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A line within the limit.
    Whole(Bytes),
    /// A line beyond it.
    TooLong {
        /// How it begins.
        head: Bytes,
        /// How long it is.
        length: usize,
    },
}

/// The lines of a reader.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    max: usize,
    count: u64,
    chunk: BytesMut,
}

impl<R: BufRead> Lines<R> {
    /// The lines of `reader`, each up to `max` bytes.
    pub fn new(reader: R, max: usize) -> Self {
        Self { reader, max, count: 0, chunk: BytesMut::new() }
    }

    /// The longest line that is kept whole.
    pub fn max(&self) -> usize {
        self.max
    }

    /// Lines read so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// The reader failed.
    pub fn next_line(&mut self) -> io::Result<Option<Line>> {
        let (mut length, mut ended) = (0_usize, false);
        self.chunk.clear();
        if self.chunk.capacity() < CHUNK / 4 {
            self.chunk.reserve(CHUNK);
        }
        while !ended {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            let newline = memchr::memchr(b'\n', available);
            let (part, used) = match newline {
                Some(at) => (&available[..at], at + 1),
                None => (available, available.len()),
            };
            length = length.saturating_add(part.len());
            // One byte more than the limit, for a `\r` that is no part of the line.
            let room = (self.max + 1).saturating_sub(self.chunk.len());
            self.chunk.extend_from_slice(&part[..part.len().min(room)]);
            ended = newline.is_some();
            self.reader.consume(used);
        }
        if !ended && length == 0 {
            return Ok(None);
        }
        self.count += 1;
        Ok(Some(self.cut(length, ended)))
    }

    fn cut(&mut self, length: usize, ended: bool) -> Line {
        let mut line = self.chunk.split();
        let mut length = length;
        if ended && line.len() == length && line.last() == Some(&b'\r') {
            line.truncate(length - 1);
            length -= 1;
        }
        if length > self.max {
            return Line::TooLong { head: Bytes::copy_from_slice(&line[..line.len().min(HEAD)]), length };
        }
        Line::Whole(line.freeze())
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;
    use proptest::prelude::*;

    fn lines(bytes: &[u8], max: usize, buffer: usize) -> Vec<Line> {
        let mut lines = Lines::new(BufReader::with_capacity(buffer, bytes), max);
        std::iter::from_fn(|| lines.next_line().expect("memory reads")).collect()
    }

    #[test]
    fn a_line_of_128_mebibytes_takes_no_memory_to_speak_of() {
        struct Endless(u64);
        impl io::Read for Endless {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let len = usize::try_from(self.0).unwrap_or(usize::MAX).min(out.len());
                out[..len].fill(b'x');
                self.0 -= len as u64;
                Ok(len)
            }
        }
        let mut lines = Lines::new(BufReader::with_capacity(1 << 20, Endless(1 << 27)), 1024);
        let line = lines.next_line().expect("reads").expect("a line");
        assert!(matches!(line, Line::TooLong { length, .. } if length == 1 << 27));
        assert!(lines.chunk.capacity() <= CHUNK * 2);
    }

    #[test]
    fn a_carriage_return_at_the_limit_belongs_to_the_line_end() {
        assert_eq!(lines(b"1234\r\n", 4, 64), [Line::Whole(Bytes::from_static(b"1234"))]);
        assert!(matches!(lines(b"12345\r\n", 4, 64)[0], Line::TooLong { length: 6, .. }));
        assert_eq!(lines(b"1\r", 4, 64), [Line::Whole(Bytes::from_static(b"1\r"))]);
    }

    proptest! {
        #[test]
        fn lines_are_what_std_splits_whatever_the_buffer(
            text in prop::collection::vec(prop_oneof![3 => Just(b'a'), 1 => Just(b'\n'), 1 => Just(b'\r'), 1 => any::<u8>()], 0..200),
            buffer in 1_usize..40,
        ) {
            let got: Vec<Vec<u8>> = lines(&text, 1000, buffer).into_iter().map(|line| match line {
                Line::Whole(bytes) => bytes.to_vec(),
                Line::TooLong { .. } => panic!("within the limit"),
            }).collect();
            let mut expected: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            let last = expected.pop().expect("split gives one at least");
            for line in &mut expected {
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
            }
            if !last.is_empty() {
                expected.push(last);
            }
            prop_assert_eq!(got, expected);
        }
    }
}
