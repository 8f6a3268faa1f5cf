//! Counts the records of an object while its bytes come in: lines, through gzip where the first bytes say so.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

/// The longest record that is kept as a sample.
const SAMPLE_BYTES: usize = 4096;

/// What an object holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// How many lines; a last one without a line end counts.
    pub count: u64,
    /// The first line, unless it is longer than a sample should be or not text.
    pub first: Option<String>,
}

/// Takes the bytes of one object.
#[derive(Default)]
pub struct Counter {
    state: State,
    error: Option<io::Error>,
}

#[derive(Default)]
enum State {
    /// Fewer than the two bytes that tell the encoding.
    #[default]
    Empty,
    One(u8),
    Plain(Tally),
    Gzip(Box<MultiGzDecoder<Tally>>),
}

impl Counter {
    /// The next bytes. After an error, which [`Counter::finish`] reports, the rest is ignored.
    pub fn feed(&mut self, bytes: &[u8]) {
        if self.error.is_none()
            && let Err(error) = self.write(bytes)
        {
            self.error = Some(error);
        }
    }

    /// The object is complete.
    ///
    /// # Errors
    /// It began like gzip and is not, or is cut off.
    pub fn finish(mut self) -> io::Result<Lines> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let tally = match self.state {
            State::Empty => Tally::default(),
            State::One(byte) => Tally::of(&[byte]),
            State::Plain(tally) => tally,
            State::Gzip(decoder) => decoder.finish()?,
        };
        Ok(tally.lines())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.state {
            State::Plain(tally) => tally.write_all(bytes),
            State::Gzip(decoder) => decoder.write_all(bytes),
            State::Empty | State::One(_) if bytes.is_empty() => Ok(()),
            State::Empty if bytes.len() == 1 => {
                self.state = State::One(bytes[0]);
                Ok(())
            }
            State::Empty => self.begin(bytes),
            State::One(first) => {
                let whole = [std::slice::from_ref(first), bytes].concat();
                self.begin(&whole)
            }
        }
    }

    fn begin(&mut self, bytes: &[u8]) -> io::Result<()> {
        const GZIP: [u8; 2] = [0x1f, 0x8b];
        self.state = if bytes.starts_with(&GZIP) {
            State::Gzip(Box::new(MultiGzDecoder::new(Tally::default())))
        } else {
            State::Plain(Tally::default())
        };
        self.write(bytes)
    }
}

/// Counts line ends, and keeps the beginning of the text.
#[derive(Default)]
struct Tally {
    ends: u64,
    open: bool,
    start: Vec<u8>,
}

impl Tally {
    fn of(bytes: &[u8]) -> Self {
        let mut tally = Tally::default();
        tally.take(bytes);
        tally
    }

    fn take(&mut self, bytes: &[u8]) {
        let room = (SAMPLE_BYTES + 1).saturating_sub(self.start.len()).min(bytes.len());
        self.start.extend_from_slice(&bytes[..room]);
        self.ends += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        if let Some(last) = bytes.last() {
            self.open = *last != b'\n';
        }
    }

    fn lines(self) -> Lines {
        let mut first = self.start;
        let end = first.iter().position(|byte| *byte == b'\n');
        let whole = end.is_some() || first.len() <= SAMPLE_BYTES;
        first.truncate(end.unwrap_or(first.len()));
        let first = String::from_utf8(first).ok().filter(|text| whole && !text.is_empty());
        Lines { count: self.ends + u64::from(self.open), first }
    }
}

impl Write for Tally {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn counted(bytes: &[u8], piece: usize) -> io::Result<Lines> {
        let mut counter = Counter::default();
        bytes.chunks(piece).for_each(|piece| counter.feed(piece));
        counter.finish()
    }

    #[test]
    fn lines_are_counted_however_the_bytes_come_in() {
        let text = b"one\ntwo\nthree";
        for piece in 1..=text.len() {
            let expected = Lines { count: 3, first: Some("one".into()) };
            assert_eq!(counted(text, piece).unwrap(), expected, "plain, in pieces of {piece}");
            let members = [gzip(b"one\ntwo\n"), gzip(b"three\n")].concat();
            assert_eq!(counted(&members, piece).unwrap(), expected, "gzip, in pieces of {piece}");
        }
    }

    #[test]
    fn nothing_and_a_single_byte_are_objects_too() {
        assert_eq!(counted(b"", 1).unwrap(), Lines::default());
        assert_eq!(counted(b"x", 1).unwrap(), Lines { count: 1, first: Some("x".into()) });
        assert_eq!(counted(b"\n", 1).unwrap(), Lines { count: 1, first: None });
    }

    #[test]
    fn a_cut_off_gzip_object_is_an_error_and_not_a_lower_count() {
        let whole = gzip(&b"a line of some length\n".repeat(1000));
        assert!(counted(&whole[..whole.len() / 2], 16).is_err());
        assert!(counted(&[0x1f, 0x8b, 0xff, 0xff, 0xff], 2).is_err());
    }

    #[test]
    fn a_sample_is_never_longer_than_it_may_be() {
        let long = [b"x".repeat(SAMPLE_BYTES + 1), b"\nshort\n".to_vec()].concat();
        assert_eq!(counted(&long, 100).unwrap(), Lines { count: 2, first: None });
        let fits = [b"x".repeat(SAMPLE_BYTES), b"\nshort\n".to_vec()].concat();
        assert_eq!(counted(&fits, 100).unwrap().first.map(|first| first.len()), Some(SAMPLE_BYTES));
    }
}
