//! What a reader is given of a stream on the endpoint in this process.

use pipectl_localstack::InProcess;
use pipectl_localstack::kinesis::{Position, StreamArn};
use pipectl_producer::aggregation::{KinesisRecord, deaggregate};

/// The name of the stream.
pub(crate) const STREAM: &str = "events";

/// The number that the data of a record is.
pub(crate) fn number(data: &[u8]) -> u32 {
    std::str::from_utf8(data).unwrap().parse().unwrap()
}

/// Shard, sequence number, and the place in an aggregate if it came in one.
pub(crate) type Place = (String, String, Option<u64>);

/// A record that a reader is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    /// The number that its data is.
    pub(crate) number: u32,
    /// Where it is.
    pub(crate) place: Place,
}

/// What a reader is given by KCL's rules: every shard after its parents, whose numbers are lower.
pub(crate) fn read_places(endpoint: &InProcess) -> Vec<Given> {
    let world = endpoint.world();
    let now = world.clock.now();
    let stream = world.kinesis.stream(&StreamArn::new("us-east-1", "000000000000", STREAM), now).unwrap();
    let mut shards = stream.shards(now);
    shards.sort_by_key(|shard| shard.id);
    let mut all = Vec::new();
    for shard in shards {
        let batch = stream.read(shard.id, Position::TRIM_HORIZON, (usize::MAX, usize::MAX), now).unwrap();
        for record in batch.records {
            let record = KinesisRecord {
                partition_key: record.partition_key.to_string(),
                sequence_number: stream.sequence_number(shard.id, record.sequence),
                data: record.data,
            };
            all.extend(deaggregate(record, &shard.range).into_iter().map(|record| Given {
                number: number(&record.data),
                place: (
                    shard.id.to_string(),
                    record.sequence_number,
                    record.aggregated.then_some(record.sub_sequence_number),
                ),
            }));
        }
    }
    all
}
