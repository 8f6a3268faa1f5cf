//! Records on their way, and what one request carries of them.

use std::num::NonZeroU64;
use std::time::Duration;

use pipectl_shards::HashKey;

use crate::aggregation::sign;
use crate::outcome::{Attempt, Attempts};
use crate::parcel::{Parcel, Prediction};
use crate::record::Record;

/// A record on its way.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The record.
    pub record: Record,
    /// What is known of it so far.
    pub track: Track,
}

/// What is known of a record on its way.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// When it was put, counted from the start of the producer.
    pub put_at: Duration,
    /// The point in the hash-key space that decides where it lands, once somebody asked for it.
    pub(crate) hash_key: Option<HashKey>,
    /// Where it is to land, if anyone knows.
    pub(crate) prediction: Option<Prediction>,
    /// Which flush it belongs to.
    pub(crate) epoch: u64,
    /// Who waits for how it ends.
    pub(crate) ticket: Option<Ticket>,
    pub(crate) tried: Tried,
}

/// What was tried in vain: nothing of most records, which are many and move often, so that it takes a word only.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tried(Option<Box<Attempts>>);

impl Tried {
    pub(crate) fn count(&self) -> u32 {
        self.0.as_ref().map_or(0, |attempts| attempts.count())
    }

    pub(crate) fn push(&mut self, attempt: Attempt) {
        self.0.get_or_insert_default().push(attempt);
    }

    pub(crate) fn into_attempts(self) -> Attempts {
        self.0.map(|attempts| *attempts).unwrap_or_default()
    }
}

/// What a caller holds who waits for how one record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(pub(crate) NonZeroU64);

impl Pending {
    /// The point in the hash-key space that decides where it lands; hashed once.
    pub(crate) fn hash_key(&mut self) -> HashKey {
        *self.track.hash_key.get_or_insert_with(|| self.record.hash_key())
    }
}

/// What one request carries: Kinesis records, and who rides in each at the same index.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// What is sent.
    pub records: Vec<Record>,
    riders: Vec<Riders>,
}

#[derive(Clone, Debug)]
enum Riders {
    /// The record is the user's.
    Itself(Track),
    /// It is an aggregate of these.
    Members(Vec<Pending>),
}

impl Riders {
    fn count(&self) -> u64 {
        match self {
            Self::Itself(_) => 1,
            Self::Members(members) => members.len() as u64,
        }
    }
}

impl Batch {
    /// What was sent, as it was gathered.
    pub fn into_parcels(self) -> impl Iterator<Item = Parcel> {
        self.records.into_iter().zip(self.riders).map(|(record, riders)| match riders {
            Riders::Itself(track) => Parcel::Alone(Pending { record, track }),
            Riders::Members(members) => Parcel::Aggregate { record, members },
        })
    }

    /// The user records.
    pub fn into_pending(self) -> impl Iterator<Item = Pending> {
        self.into_parcels().flat_map(Parcel::into_members)
    }

    /// How many user records it carries.
    #[must_use]
    pub fn user_records(&self) -> u64 {
        self.riders.iter().map(Riders::count).sum()
    }

    /// What Kinesis counts of it against its limits, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.records.iter().map(|record| record.size() as u64).sum()
    }

    /// Fills in the checksums of the aggregates, all of them side by side.
    pub(crate) fn sign(&mut self) {
        let riders = self.riders.iter();
        let aggregates =
            self.records.iter_mut().zip(riders).filter(|(_, riders)| matches!(riders, Riders::Members(_)));
        sign(aggregates.map(|(record, _)| &mut record.data));
    }

    pub(crate) fn push(&mut self, parcel: Parcel) {
        let (record, riders) = match parcel {
            Parcel::Alone(Pending { record, track }) => (record, Riders::Itself(track)),
            Parcel::Aggregate { record, members } => (record, Riders::Members(members)),
        };
        self.records.push(record);
        self.riders.push(riders);
    }
}
