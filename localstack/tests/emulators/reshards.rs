//! Resharding: how far, how often, when, and what becomes of the records.

use aws_sdk_kinesis::error::ProvideErrorMetadata;
use aws_sdk_kinesis::types::{ScalingType, Shard};

use pipectl_localstack::{InProcess, Limits, Options};

use crate::aws::{Aws, seconds};

impl Aws {
    /// Asks for another number of shards; the code and the message of a refusal.
    async fn reshard(&self, target: i32) -> Result<(), (String, String)> {
        let call = self.kinesis.update_shard_count().stream_name("s").target_shard_count(target);
        let answer = call.scaling_type(ScalingType::UniformScaling).send().await;
        answer.map(|_| ()).map_err(|error| {
            (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
        })
    }

    async fn split(&self, shard: &Shard, at: u128) -> Result<(), (String, String)> {
        let call = self.kinesis.split_shard().stream_name("s").shard_to_split(&shard.shard_id);
        call.new_starting_hash_key(at.to_string()).send().await.map(|_| ()).map_err(|error| {
            (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
        })
    }

    async fn shards(&self) -> Vec<Shard> {
        self.kinesis.list_shards().stream_name("s").send().await.unwrap().shards.unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn a_shard_count_doubles_or_halves_at_most() {
    let aws = Aws::with_stream(4).await;
    for (target, words) in [
        (9, "cannot scale up over double your current open shard count."),
        (1, "cannot scale down below half"),
    ] {
        let (code, message) = aws.reshard(target).await.unwrap_err();
        assert_eq!(code, "InvalidArgumentException");
        assert!(message.contains(words), "{message}");
    }
    for target in [8, 4] {
        aws.reshard(target).await.unwrap();
        aws.until_active().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_eleventh_reshard_of_a_rolling_day_is_refused() {
    let aws = Aws::with_stream(2).await;
    for n in 0..10 {
        aws.reshard(if n % 2 == 0 { 3 } else { 2 }).await.unwrap();
        aws.until_active().await;
        seconds(3600).await;
    }
    let (code, message) = aws.reshard(3).await.unwrap_err();
    assert_eq!(code, "LimitExceededException", "{message}");
    // The first of the ten is a day old fourteen hours later: that makes room for one, and not for two.
    seconds(14 * 3600).await;
    aws.reshard(3).await.unwrap();
    aws.until_active().await;
    assert_eq!(aws.reshard(2).await.unwrap_err().0, "LimitExceededException");
}

#[tokio::test(start_paused = true)]
async fn closed_shards_are_read_to_their_end_and_name_their_children() {
    let aws = Aws::with_stream(1).await;
    aws.put(10, 1).await;
    aws.reshard(2).await.unwrap();
    aws.until_active().await;
    let shards = aws.shards().await;
    let (parent, children) = shards.split_first().unwrap();
    assert_eq!(children.len(), 2);
    assert!(children.iter().all(|child| child.parent_shard_id() == Some(parent.shard_id())));
    let range = parent.sequence_number_range().unwrap();
    assert!(range.ending_sequence_number().is_some(), "it is closed");
    let iterator = aws.iterator(parent.shard_id()).await;
    let read = aws.kinesis.get_records().shard_iterator(iterator).send().await.unwrap();
    assert_eq!(read.records.len(), 10);
    let end = match &read.next_shard_iterator {
        None => read,
        Some(next) => aws.kinesis.get_records().shard_iterator(next).send().await.unwrap(),
    };
    assert_eq!(end.next_shard_iterator, None);
    let named: Vec<_> = end.child_shards().iter().map(|child| child.shard_id()).collect();
    assert_eq!(named, children.iter().map(Shard::shard_id).collect::<Vec<_>>());
    // Of 56 digits each: their order is that of their texts.
    let last = range.ending_sequence_number().unwrap();
    for child in children {
        let born = child.sequence_number_range().unwrap().starting_sequence_number();
        assert!(
            born.len() == last.len() && born > last,
            "what follows a shard is numbered after it: {born} {last}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_updating_is_not_resharded_and_no_shard_is_split_at_its_start() {
    let aws = Aws::with_stream(2).await;
    let shard = aws.shards().await.swap_remove(1);
    let start: u128 = shard.hash_key_range().unwrap().starting_hash_key().parse().unwrap();
    for at in [start, start + 1] {
        let (code, message) = aws.split(&shard, at).await.unwrap_err();
        assert_eq!(code, "InvalidArgumentException");
        assert!(
            message.contains("is not both greater than one plus the shard's StartingHashKey"),
            "{message}"
        );
    }
    aws.split(&shard, start + 1000).await.unwrap();
    let (code, message) = aws.reshard(4).await.unwrap_err();
    assert_eq!(code, "ResourceInUseException");
    assert_eq!(message, "Stream s under account 000000000000 not ACTIVE, instead in state UPDATING");
    aws.until_active().await;
    aws.reshard(4).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_request_for_two_thousand_million_shards_takes_no_memory() {
    for limits in [Limits::On, Limits::Off] {
        let endpoint = InProcess::start(Options { limits, ..Options::default() });
        let kinesis = aws_sdk_kinesis::Client::new(&endpoint.sdk_config());
        let create = kinesis.create_stream().stream_name("s").shard_count(i32::MAX);
        let error = create.send().await.unwrap_err();
        assert_eq!(error.code(), Some("LimitExceededException"));
        assert!(error.message().unwrap().contains("Limit: 20000."), "{error:?}");
    }
}
