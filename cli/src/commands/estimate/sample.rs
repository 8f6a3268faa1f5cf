//! A sample of records: how large they are, and what they gain or lose inside an aggregate, measured with the layout that
//! the producer aggregates with.

use std::path::Path;

use pipectl_autoscaler::estimate::Histogram;
use pipectl_producer::Record;
use pipectl_producer::aggregation::{CHECKSUM_BYTES, Layout, MAGIC, UserRecord};
use pipectl_producer::feed::Entry;
use pipectl_producer::input::{Files, KeySource, MissingKey, Options, Source};

use crate::error::{CommandError, Kind};

/// Records of a sample; more of them change nothing.
const MOST: u64 = 1_000_000;
/// The size at which an aggregate is full, as the producer has it.
const FULL: usize = 51_200;
/// The largest record a stream can be made to take.
const LARGEST: usize = 10 * 1024 * 1024;

/// What a sample says.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Bytes of each record with its key.
    pub(super) sizes: Histogram,
    /// Bytes that a record has more inside of an aggregate.
    pub(super) framing: f64,
    /// Records that no stream would take.
    pub(super) refused: u64,
}

/// The lines of a file, gzip or not, or of standard input for `-`.
pub(super) fn read(path: &Path, key_field: Option<&str>) -> Result<Sample, CommandError> {
    let source = match path.as_os_str() == "-" {
        true => Source::Stdin,
        false => Source::File(path.to_owned()),
    };
    source.check().map_err(|cause| CommandError::new(Kind::File, cause))?;
    let key = match key_field {
        Some(field) => KeySource::Field { path: field.to_owned(), missing: MissingKey::Random },
        None => KeySource::Random,
    };
    let options = Options { key, max_line: LARGEST, seed: Some(0), ..Options::default() };
    let mut gathered = Gathered::default();
    for entry in Files::new([source], &options) {
        match entry.map_err(|cause| CommandError::new(Kind::File, cause))? {
            Entry::Record(record) => gathered.add(&record),
            Entry::Refused { .. } => gathered.sample.refused += 1,
        }
        if gathered.records >= MOST {
            break;
        }
    }
    if gathered.records == 0 {
        return Err(CommandError::new(Kind::Invalid, format!("{} holds no record", path.display()))
            .hint("--sample takes a file with a record on each line"));
    }
    Ok(gathered.done())
}

/// Records gathered into aggregates as they come.
#[derive(Default)]
struct Gathered {
    sample: Sample,
    layout: Layout,
    records: u64,
    alone: usize,
    packed: usize,
}

impl Gathered {
    fn add(&mut self, record: &Record) {
        let bytes = record.data.len() + record.partition_key.len();
        self.sample.sizes.add(u32::try_from(bytes).unwrap_or(u32::MAX));
        self.records += 1;
        self.alone += bytes;
        let user = UserRecord {
            partition_key: &record.partition_key,
            explicit_hash_key: record.explicit_hash_key,
            data: &record.data,
        };
        if !self.layout.is_empty() && !self.layout.has_room(&user, None, FULL) {
            self.close();
        }
        self.layout.push(&user, None);
    }

    fn close(&mut self) {
        self.packed += self.layout.size() - MAGIC.len() - CHECKSUM_BYTES;
        self.layout.clear();
    }

    fn done(mut self) -> Sample {
        self.close();
        #[expect(clippy::cast_precision_loss, reason = "a sample has a million records at most")]
        let framing = (self.packed as f64 - self.alone as f64) / self.records as f64;
        self.sample.framing = framing;
        self.sample
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use pipectl_autoscaler::estimate::{Packing, Sizes, Workload, estimate};
    use pipectl_pricing::Prices;

    fn sample(lines: impl IntoIterator<Item = String>, key_field: Option<&str>) -> Sample {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for line in lines {
            writeln!(file, "{line}").unwrap();
        }
        read(file.path(), key_field).unwrap()
    }

    #[test]
    fn sizes_are_those_of_data_and_key() {
        let sample = sample(["x".repeat(100), "y".repeat(200)], None);
        // A random key has 16 characters.
        assert_eq!(sample.sizes, [116, 216].into_iter().collect());
        // In an aggregate each has tag and index of its key, tag and length of its data and of itself, and tag and length
        // of its key in the table: 8 bytes, and two more where lengths take two.
        assert_eq!(sample.framing, 9.0);
    }

    #[test]
    fn keys_that_come_again_make_aggregates_smaller_than_their_records() {
        let line = |_| r#"{"user":"somebody-with-a-long-name"}"#.to_owned();
        let sample = sample((0..1000).map(line), Some("user"));
        assert!(sample.framing < -10.0, "{}", sample.framing);
    }

    /// What the estimator works out by itself, against the layout that the producer writes.
    #[test]
    fn the_estimate_of_an_aggregate_agrees_with_the_producers_layout() {
        for bytes in [50, 300, 3000] {
            let sample = sample((0..2000).map(|n| format!("{n:0bytes$}")), None);
            let workload = |framing| Workload {
                sizes: Sizes::Measured(sample.sizes.clone()),
                aggregation: Some(Packing { framing, ..Packing::default() }),
                ..Workload::steady(1.0, 100_000.0)
            };
            let of = |framing| estimate(&workload(framing), &Prices::builtin()).unwrap();
            let (own, measured) = (of(None), of(Some(sample.framing)));
            let ratio = own.aggregation.with.records_in_one / measured.aggregation.with.records_in_one;
            assert!((ratio - 1.0).abs() < 0.02, "{bytes} bytes: {ratio}");
            assert_eq!(own.shards, measured.shards, "{bytes} bytes");
        }
    }
}
