//! Puts records all day long, and now and then more into one shard than it takes.

use std::collections::BTreeMap;

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;

use super::{HOURS, MINUTE, STREAM};

/// Keys, each of which counts its records.
const KEYS: u32 = 40;
/// Minutes between bursts.
const BURSTS_EVERY: u32 = 6 * 60;
/// Records of one key in a burst, put at one moment. A shard that was idle takes 1,000 at once.
const BURST: u32 = 1_500;
const TAKEN: u32 = 1_000;

/// A record that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) shard: String,
    /// 56 digits, so that the order of texts is that of numbers.
    pub(super) sequence: String,
    pub(super) number: u32,
}

/// What was put, and what became of it.
#[derive(Debug, Default)]
pub(super) struct Put {
    /// By key, in the order of putting.
    pub(super) taken: BTreeMap<String, Vec<Taken>>,
    /// Records taken and bytes of keys and data, by minute.
    pub(super) minutes: Vec<(u32, u32)>,
    /// Records refused for a shard's limit, by minute.
    pub(super) refused: Vec<u32>,
    next: BTreeMap<String, u32>,
}

impl Put {
    pub(super) fn records(&self) -> usize {
        self.taken.values().map(Vec::len).sum()
    }

    pub(super) fn bytes(&self) -> u32 {
        self.minutes.iter().map(|(_, bytes)| bytes).sum()
    }

    /// Nothing was refused but what a burst had too much, and each key's sequence numbers rise, whatever the shards.
    pub(super) fn is_as_the_limits_say(&self) {
        assert_eq!(self.refused.iter().sum::<u32>(), HOURS * 60 / BURSTS_EVERY * (BURST - TAKEN));
        for (key, taken) in &self.taken {
            assert!(taken.windows(2).all(|pair| pair[0].sequence < pair[1].sequence), "{key} rises");
        }
        let shards: std::collections::BTreeSet<_> = self.taken.values().flatten().map(|t| &t.shard).collect();
        assert!(shards.len() > 100, "records went to {} shards", shards.len());
    }

    async fn put(&mut self, kinesis: &aws_sdk_kinesis::Client, keys: &[String]) {
        let mut sent = Vec::new();
        let mut entries = Vec::new();
        for key in keys {
            let next = self.next.entry(key.clone()).or_default();
            sent.push((key, *next));
            let entry =
                PutRecordsRequestEntry::builder().partition_key(key).data(Blob::new(next.to_string()));
            entries.push(entry.build().expect("it is complete"));
            *next += 1;
        }
        let answer = kinesis.put_records().stream_name(STREAM).set_records(Some(entries)).send().await;
        let (mut records, mut bytes, mut refused) = (0, 0, 0);
        for ((key, number), result) in sent.into_iter().zip(answer.expect("the call passes").records) {
            let (Some(shard), Some(sequence)) = (result.shard_id, result.sequence_number) else {
                assert_eq!(result.error_code.as_deref(), Some("ProvisionedThroughputExceededException"));
                refused += 1;
                continue;
            };
            assert_eq!(sequence.len(), 56);
            records += 1;
            bytes += u32::try_from(key.len() + number.to_string().len()).expect("a few bytes");
            self.taken.entry(key.clone()).or_default().push(Taken { shard, sequence, number });
        }
        let minute = self.minutes.last_mut().expect("a minute has begun");
        *minute = (minute.0 + records, minute.1 + bytes);
        *self.refused.last_mut().expect("a minute has begun") += refused;
    }
}

/// The day. The first minute begins now.
pub(super) async fn run(kinesis: &aws_sdk_kinesis::Client) -> Put {
    let mut put = Put::default();
    let keys: Vec<String> = (0..KEYS).map(|key| format!("key-{key}")).collect();
    for minute in 0..HOURS * 60 {
        put.minutes.push((0, 0));
        put.refused.push(0);
        put.put(kinesis, &keys).await;
        tokio::time::sleep(MINUTE / 2).await;
        if minute % BURSTS_EVERY == 30 {
            let burst = vec![format!("burst-{}", minute / BURSTS_EVERY); 500];
            for _ in 0..BURST / 500 {
                put.put(kinesis, &burst).await;
            }
        }
        tokio::time::sleep(MINUTE / 2).await;
    }
    put
}
