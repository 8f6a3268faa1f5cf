//! From pages to what the reader gives out: records by KCL's rules, and how far that has come.
//!
//! Pure. One Kinesis record is unfolded at a time, when its records are asked for, so an aggregate costs memory
//! only while it is being given out. A resumed shard begins with the record at its checkpoint, of which the records
//! that were given out already are left away; that it is still there says that nothing in between has expired.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::VecDeque;

use jiff::Timestamp;
use pipectl_shards::{HashKeyRange, ShardId};

use crate::aggregation::{Deaggregated, KinesisRecord, SubRecord, deaggregate, deaggregate_strictly};
use crate::outcome::SequenceNumber;
use crate::read::checkpoint::{Checkpoint, Place, Progress, order};
use crate::read::source::{Arrived, ReadRecord};

/// What a reader gives out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A record.
    Record(ReadRecord),
    /// Strict readings only: a record that KCL would give as it is, in part or not at all. None of it is given.
    Damaged(Damaged),
    /// Records have expired before they were read.
    Gap(Gap),
}

/// A Kinesis record that is no whole aggregate though it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damaged {
    /// The shard it was on.
    pub shard: ShardId,
    /// The record as it came.
    pub record: Arrived,
    /// What is wrong with it.
    pub problem: Deaggregated,
}

/// A place where a resumed reading misses records, or may: the record that it went on from has expired, and what
/// came right after it may have, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The shard.
    pub shard: ShardId,
    /// What was read last.
    pub after: SequenceNumber,
    /// When that arrived.
    pub after_time: Option<Timestamp>,
    /// The first record that is still there; nothing where the rest of the shard has expired.
    pub next: Option<SequenceNumber>,
    /// When that arrived.
    pub next_time: Option<Timestamp>,
}

/// What is read of a shard at a time.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) shard: ShardId,
    pub(crate) range: HashKeyRange,
    pub(crate) records: Vec<Arrived>,
    /// The number up to which the shard has been passed with these.
    pub(crate) passed: Option<SequenceNumber>,
    /// Whether the shard ends with these.
    pub(crate) ended: bool,
}

/// Gives out the events of the batches that it is handed, and keeps the checkpoint.
#[derive(Debug)]
pub(crate) struct Unfolder {
    strict: bool,
    checkpoint: Checkpoint,
    /// Where earlier readings got to in shards of which this one has had no record yet.
    resuming: BTreeMap<ShardId, Progress>,
    batch: Option<Open>,
    /// Ready to be given out, each with the progress that it makes.
    ready: VecDeque<(Option<Progress>, Event)>,
}

#[derive(Debug)]
struct Open {
    shard: ShardId,
    range: HashKeyRange,
    records: std::vec::IntoIter<Arrived>,
    passed: Option<SequenceNumber>,
    ended: bool,
}

/// What of a record was given out by an earlier reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    Nothing,
    UpTo(u64),
    All,
}

impl Unfolder {
    pub(crate) fn new(checkpoint: Checkpoint, strict: bool) -> Self {
        let begun = checkpoint.shards().filter(|(_, progress)| !matches!(progress, Progress::Ended));
        let resuming = begun.map(|(shard, progress)| (shard, progress.clone())).collect();
        Self { strict, checkpoint, resuming, batch: None, ready: VecDeque::new() }
    }

    /// How far the events that were given out go.
    pub(crate) fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Takes in the next batch, once [`next`](Self::next) has nothing more.
    pub(crate) fn take(&mut self, batch: Batch) {
        let Batch { shard, range, records, passed, ended } = batch;
        self.batch = Some(Open { shard, range, records: records.into_iter(), passed, ended });
    }

    /// A shard was read to its end earlier, and nobody lists it any more.
    pub(crate) fn forget(&mut self, shard: ShardId) {
        self.checkpoint.forget(shard);
    }

    /// A shard that an earlier reading began is not there any more.
    pub(crate) fn lost(&mut self, shard: ShardId) {
        if let Some(gap) = self.resuming.remove(&shard).and_then(|progress| gap(shard, progress, None)) {
            self.ready.push_back((None, Event::Gap(gap)));
        }
        self.checkpoint.forget(shard);
    }

    /// The next event; nothing when another batch is needed.
    pub(crate) fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((progress, event)) = self.ready.pop_front() {
                if let (Some(progress), Some(batch)) = (progress, &self.batch) {
                    self.checkpoint.advance(batch.shard, progress);
                }
                return Some(event);
            }
            let batch = self.batch.as_mut()?;
            match batch.records.next() {
                Some(record) => {
                    let (shard, range) = (batch.shard, batch.range);
                    self.unfold(shard, range, record);
                }
                None => self.close(),
            }
        }
    }

    fn unfold(&mut self, shard: ShardId, range: HashKeyRange, record: Arrived) {
        let given = self.given_of(shard, &record);
        let place = |sub_sequence| {
            Progress::At(Place { sequence: record.sequence.clone(), sub_sequence, time: record.time })
        };
        if given == Given::All {
            return;
        }
        match subs(&record, &range, self.strict) {
            Err(problem) => {
                let progress = place(None);
                let damaged = Damaged { shard, record, problem };
                self.ready.push_back((Some(progress), Event::Damaged(damaged)));
            }
            Ok(subs) => {
                let before = self.ready.len();
                for sub in subs {
                    let sub_sequence = sub.aggregated.then_some(sub.sub_sequence_number);
                    if let (Given::UpTo(last), Some(number)) = (given, sub_sequence)
                        && number <= last
                    {
                        continue;
                    }
                    let event = Event::Record(given_out(shard, &record, sub));
                    self.ready.push_back((Some(place(sub_sequence)), event));
                }
                if self.ready.len() == before {
                    // Nothing of it is for this reader.
                    self.checkpoint.advance(shard, place(None));
                }
            }
        }
    }

    /// What of this record an earlier reading gave out. A gap is noted when it is the first one after it.
    fn given_of(&mut self, shard: ShardId, record: &Arrived) -> Given {
        let Some(progress) = self.resuming.get(&shard) else { return Given::Nothing };
        let (reached, sub_sequence) = match progress {
            Progress::At(place) => (&place.sequence, place.sub_sequence),
            Progress::Passed(number) => (number, None),
            Progress::Ended => return Given::All,
        };
        match order(&record.sequence, reached) {
            Ordering::Less => Given::All,
            Ordering::Equal => {
                self.resuming.remove(&shard);
                sub_sequence.map_or(Given::All, Given::UpTo)
            }
            Ordering::Greater => {
                let missed =
                    self.resuming.remove(&shard).and_then(|progress| gap(shard, progress, Some(record)));
                self.ready.extend(missed.map(|gap| (None, Event::Gap(gap))));
                Given::Nothing
            }
        }
    }

    fn close(&mut self) {
        let Some(Open { shard, passed, ended, .. }) = self.batch.take() else { return };
        if ended {
            let missed = self.resuming.remove(&shard).and_then(|progress| gap(shard, progress, None));
            self.ready.extend(missed.map(|gap| (None, Event::Gap(gap))));
            self.checkpoint.advance(shard, Progress::Ended);
        } else if let Some(number) = passed
            && !matches!(self.checkpoint.of(shard), Some(Progress::At(_)))
        {
            // A record is the better place: that it is still there tells that nothing after it has expired.
            self.checkpoint.advance(shard, Progress::Passed(number));
        }
    }
}

/// The gap between where an earlier reading was and the first record now. A number that a subscription passed was
/// no record, so nothing can be told from its absence.
fn gap(shard: ShardId, progress: Progress, next: Option<&Arrived>) -> Option<Gap> {
    let Progress::At(place) = progress else { return None };
    Some(Gap {
        shard,
        after: place.sequence,
        after_time: place.time,
        next: next.map(|record| record.sequence.clone()),
        next_time: next.and_then(|record| record.time),
    })
}

fn subs(record: &Arrived, range: &HashKeyRange, strict: bool) -> Result<Vec<SubRecord>, Deaggregated> {
    let record = KinesisRecord {
        partition_key: record.partition_key.clone().unwrap_or_default(),
        sequence_number: record.sequence.as_str().to_owned(),
        data: record.data.clone(),
    };
    if strict { deaggregate_strictly(record, range) } else { Ok(deaggregate(record, range)) }
}

fn given_out(shard: ShardId, outer: &Arrived, sub: SubRecord) -> ReadRecord {
    let (sub_sequence, partition_key) = if sub.aggregated {
        (Some(sub.sub_sequence_number), Some(sub.partition_key))
    } else {
        (None, outer.partition_key.clone())
    };
    ReadRecord {
        shard,
        sub_sequence,
        explicit_hash_key: sub.explicit_hash_key,
        record: Arrived { sequence: outer.sequence.clone(), time: outer.time, partition_key, data: sub.data },
    }
}

#[cfg(test)]
mod tests;
