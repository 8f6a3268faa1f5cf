//! What each operation takes: the members of its input with their constraints, from the API model of November 2026.
//!
//! Two things are not the model's. The order is that in which AWS was seen to report violations, where that is known.
//! And the texts of the patterns of numbers and the order of sets are those AWS was seen to quote. `StreamId` is
//! reserved by the model for the future: it is checked and ignored.

use super::patterns as is;
use crate::http::shape::{Input, Member, Need, Pattern, Shape, may, must};

const fn text(least: usize, most: usize, pattern: Pattern) -> Shape {
    Shape::Text { least, most, pattern: Some(pattern) }
}

const fn plain(least: usize, most: usize) -> Shape {
    Shape::Text { least, most, pattern: None }
}

const fn from(least: i64) -> Shape {
    Shape::Integer { least, most: i64::MAX }
}

const fn numbers(least: i64, most: i64) -> Shape {
    Shape::Integer { least, most }
}

const fn list(least: usize, most: usize, item: &'static Shape) -> Shape {
    Shape::List { least, most, item, shown: None }
}

const NAMED: &Shape = &text(1, 128, is::NAME);
const TAGS: &Shape = &Shape::Map { least: 1, most: 200, key: &plain(1, 128), value: &plain(0, 256) };
const TAG_KEY: &Shape = &plain(1, 128);
const TAG_PAGE: &Shape = &numbers(1, 50);
const POLICY: &Shape = &plain(0, usize::MAX);
const COUNT: &Shape = &from(1);
const MIBPS: &Shape = &from(0);
const TAG_KEYS: &Shape = &list(1, 50, &plain(1, 128));
const HASH_KEY: &Shape = &text(0, usize::MAX, is::HASH_KEY);
const SEQUENCE_NUMBER: &Shape = &text(0, usize::MAX, is::SEQUENCE_NUMBER);
const CONSUMER_ARN: &Shape = &text(1, 2048, is::CONSUMER_ARN);
const RECORD_KIB: &Shape = &numbers(1024, 10_240);
const PAGE: &Shape = &numbers(1, 10_000);
const HOURS: &Shape = &numbers(i64::MIN, i64::MAX);
const TOKEN: &Shape = &plain(1, 1_048_576);
const KEY_ID: &Shape = &plain(1, 2048);
const ENCRYPTION: &Shape = &Shape::OneOf(&["NONE", "KMS"]);
const DISTRIBUTION: &Shape = &Shape::OneOf(&["AUTO", "USER_PARTITION_KEY"]);
const MODE: &Shape = &Shape::Structure(&[must("StreamMode", &Shape::OneOf(&["PROVISIONED", "ON_DEMAND"]))]);
const ITERATOR_TYPES: &Shape =
    &Shape::OneOf(&["AFTER_SEQUENCE_NUMBER", "LATEST", "AT_TIMESTAMP", "AT_SEQUENCE_NUMBER", "TRIM_HORIZON"]);
const METRICS: &Shape = &list(
    1,
    7,
    &Shape::OneOf(&[
        "IncomingBytes",
        "IncomingRecords",
        "OutgoingBytes",
        "OutgoingRecords",
        "WriteProvisionedThroughputExceeded",
        "ReadProvisionedThroughputExceeded",
        "IteratorAgeMilliseconds",
        "ALL",
    ]),
);
const FILTER_TYPES: &Shape = &Shape::OneOf(&[
    "AFTER_SHARD_ID",
    "AT_TRIM_HORIZON",
    "FROM_TRIM_HORIZON",
    "AT_LATEST",
    "AT_TIMESTAMP",
    "FROM_TIMESTAMP",
]);
const PARTITION_KEY: Member = must("PartitionKey", &plain(1, 256));
const DATA: Member = must("Data", &Shape::Blob { most: 10 * 1024 * 1024 });
const RECORDS: &Shape = &Shape::List {
    least: 1,
    most: 500,
    item: &Shape::Structure(&[PARTITION_KEY, may("ExplicitHashKey", HASH_KEY), DATA]),
    shown: Some("com.amazonaws.kinesis.v20131202.PutRecordsRequestEntry@c965e310"),
};

const NAME: Member = Member { name: "StreamName", shape: NAMED, need: Need::RequiredWithout("StreamARN") };
const ANY_NAME: Member = may("StreamName", NAMED);
const ARN_SHAPE: &Shape = &text(1, 2048, is::STREAM_ARN);
const ARN: Member = may("StreamARN", ARN_SHAPE);
const NEEDED_ARN: Member = must("StreamARN", ARN_SHAPE);
const RESOURCE: Member = must("ResourceARN", &text(1, 2048, is::RESOURCE_ARN));
const ID: Member = may("StreamId", &text(1, 24, is::STREAM_ID));
const DRY_RUN: Member = may("DryRun", &Shape::Boolean);
const WARM: Member = may("WarmThroughputMiBps", &from(0));
const BORN: Member = may("StreamCreationTimestamp", &Shape::Time);
const CONSUMER: Input = &[ARN, may("ConsumerName", NAMED), may("ConsumerARN", CONSUMER_ARN), ID];
const RETENTION: Input = &[must("RetentionPeriodHours", HOURS), NAME, ARN, ID];
const ENCRYPT: Input = &[NAME, must("EncryptionType", ENCRYPTION), must("KeyId", KEY_ID), ARN, ID];
const MONITOR: Input = &[must("ShardLevelMetrics", METRICS), NAME, ARN, ID];
const TARGET: Input = &[NAME, ARN, ID];

/// The input of `PutRecords`.
pub(super) const PUT_RECORDS: Input = &[must("Records", RECORDS), NAME, ARN, ID, DRY_RUN];

/// The input of `PutRecord`.
pub(super) const PUT_RECORD: Input = &[
    may("SequenceNumberForOrdering", SEQUENCE_NUMBER),
    PARTITION_KEY,
    may("ExplicitHashKey", HASH_KEY),
    DATA,
    NAME,
    ARN,
    ID,
    DRY_RUN,
];

/// The input of `GetRecords`.
pub(super) const GET_RECORDS: Input =
    &[may("Limit", PAGE), must("ShardIterator", &plain(1, 512)), ARN, ID, DRY_RUN];

const GET_SHARD_ITERATOR: Input = &[
    must("ShardId", NAMED),
    must("ShardIteratorType", ITERATOR_TYPES),
    may("StartingSequenceNumber", SEQUENCE_NUMBER),
    NAME,
    may("Timestamp", &Shape::Time),
    ARN,
    ID,
    DRY_RUN,
];

const SUBSCRIBE_TO_SHARD: Input = &[
    must("ConsumerARN", CONSUMER_ARN),
    ID,
    must("ShardId", NAMED),
    must(
        "StartingPosition",
        &Shape::Structure(&[
            must("Type", ITERATOR_TYPES),
            may("SequenceNumber", SEQUENCE_NUMBER),
            may("Timestamp", &Shape::Time),
        ]),
    ),
    DRY_RUN,
];

const CREATE_STREAM: Input = &[
    may("ShardCount", &from(1)),
    must("StreamName", NAMED),
    may("StreamModeDetails", MODE),
    may("Tags", TAGS),
    WARM,
    may("MaxRecordSizeInKiB", RECORD_KIB),
    may("RecordDistributionStrategy", DISTRIBUTION),
];

const LIST_SHARDS: Input = &[
    may("ExclusiveStartShardId", NAMED),
    may("MaxResults", PAGE),
    may("NextToken", TOKEN),
    BORN,
    ANY_NAME,
    may(
        "ShardFilter",
        &Shape::Structure(&[
            must("Type", FILTER_TYPES),
            may("ShardId", NAMED),
            may("Timestamp", &Shape::Time),
        ]),
    ),
    ARN,
    ID,
];

const UPDATE_ACCOUNT_SETTINGS: Input = &[must(
    "MinimumThroughputBillingCommitment",
    &Shape::Structure(&[must("Status", &Shape::OneOf(&["ENABLED", "DISABLED"]))]),
)];

const UPDATE_SHARD_COUNT: Input = &[
    must("TargetShardCount", COUNT),
    must("ScalingType", &Shape::OneOf(&["UNIFORM_SCALING"])),
    NAME,
    ARN,
    ID,
];

const LIST_STREAMS: Input =
    &[may("Limit", PAGE), may("ExclusiveStartStreamName", NAMED), may("NextToken", TOKEN)];

const LIST_TAGS: Input = &[may("Limit", TAG_PAGE), may("ExclusiveStartTagKey", TAG_KEY), NAME, ARN, ID];

const UPDATE_DISTRIBUTION: Input = &[NEEDED_ARN, ID, must("RecordDistributionStrategy", DISTRIBUTION)];

const LIST_CONSUMERS: Input = &[NEEDED_ARN, may("NextToken", TOKEN), may("MaxResults", PAGE), BORN, ID];

/// The input of an operation; nothing if there is no such operation here.
pub(super) fn input_of(operation: &str) -> Option<Input> {
    Some(match operation {
        "AddTagsToStream" => const { &[must("Tags", TAGS), NAME, ARN, ID] },
        "CreateStream" => CREATE_STREAM,
        "DecreaseStreamRetentionPeriod" | "IncreaseStreamRetentionPeriod" => RETENTION,
        "DeleteResourcePolicy" | "GetResourcePolicy" | "ListTagsForResource" => const { &[RESOURCE, ID] },
        "DeleteStream" => const { &[NAME, may("EnforceConsumerDeletion", &Shape::Boolean), ARN, ID] },
        "DeregisterStreamConsumer" | "DescribeStreamConsumer" => CONSUMER,
        "DescribeAccountSettings" | "DescribeLimits" => const { &[] },
        "DescribeStream" => {
            const { &[may("Limit", PAGE), may("ExclusiveStartShardId", NAMED), NAME, ARN, ID] }
        }
        "DescribeStreamSummary" => TARGET,
        "DisableEnhancedMonitoring" | "EnableEnhancedMonitoring" => MONITOR,
        "GetRecords" => GET_RECORDS,
        "GetShardIterator" => GET_SHARD_ITERATOR,
        "ListShards" => LIST_SHARDS,
        "ListStreamConsumers" => LIST_CONSUMERS,
        "ListStreams" => LIST_STREAMS,
        "ListTagsForStream" => LIST_TAGS,
        "MergeShards" => {
            const { &[must("ShardToMerge", NAMED), must("AdjacentShardToMerge", NAMED), NAME, ARN, ID] }
        }
        "PutRecord" => PUT_RECORD,
        "PutRecords" => PUT_RECORDS,
        "PutResourcePolicy" => const { &[RESOURCE, ID, must("Policy", POLICY)] },
        "RegisterStreamConsumer" => {
            const { &[NEEDED_ARN, must("ConsumerName", NAMED), ID, may("Tags", TAGS)] }
        }
        "RemoveTagsFromStream" => const { &[must("TagKeys", TAG_KEYS), NAME, ARN, ID] },
        "SplitShard" => {
            const { &[must("NewStartingHashKey", HASH_KEY), NAME, must("ShardToSplit", NAMED), ARN, ID] }
        }
        "StartStreamEncryption" | "StopStreamEncryption" => ENCRYPT,
        "SubscribeToShard" => SUBSCRIBE_TO_SHARD,
        "TagResource" => const { &[must("Tags", TAGS), RESOURCE, ID] },
        "UntagResource" => const { &[must("TagKeys", TAG_KEYS), RESOURCE, ID] },
        "UpdateAccountSettings" => UPDATE_ACCOUNT_SETTINGS,
        "UpdateMaxRecordSize" => const { &[must("MaxRecordSizeInKiB", RECORD_KIB), ARN, ANY_NAME, ID] },
        "UpdateShardCount" => UPDATE_SHARD_COUNT,
        "UpdateStreamMode" => const { &[NEEDED_ARN, ID, must("StreamModeDetails", MODE), WARM] },
        "UpdateStreamRecordDistributionStrategy" => UPDATE_DISTRIBUTION,
        "UpdateStreamWarmThroughput" => const { &[ARN, NAME, ID, must("WarmThroughputMiBps", MIBPS)] },
        _ => return None,
    })
}
