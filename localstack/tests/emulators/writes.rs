//! Writing to shards: what they take in, and what a request may hold.

use aws_sdk_kinesis::error::ProvideErrorMetadata;
use aws_sdk_kinesis::operation::put_records::PutRecordsOutput;
use aws_sdk_kinesis::primitives::Blob;

use crate::aws::{ARN, Aws, seconds};

fn passed(answer: &PutRecordsOutput) -> usize {
    answer.records.iter().filter(|record| record.error_code.is_none()).count()
}

#[tokio::test(start_paused = true)]
async fn a_shard_takes_a_thousand_records_and_a_mebibyte_a_second() {
    let aws = Aws::with_stream(1).await;
    let mut records = 0;
    // The second that was saved up, and the ten that follow.
    for _ in 0..100 {
        records += passed(&aws.put(500, 1).await);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!((10_800..=11_000).contains(&records), "{records}");
    seconds(2).await;
    let mut bytes = 0;
    for _ in 0..100 {
        bytes += passed(&aws.put(20, 20_000).await) * 20_004;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let mebibytes = bytes / (1 << 20);
    assert!((10..=11).contains(&mebibytes), "{bytes}");
}

#[tokio::test(start_paused = true)]
async fn put_records_fails_for_the_records_that_were_too_many_and_no_others() {
    let aws = Aws::with_stream(1).await;
    for _ in 0..2 {
        aws.put(400, 1).await;
    }
    let answer = aws.put(400, 1).await;
    assert_eq!((passed(&answer), answer.failed_record_count), (200, Some(200)));
    let refused = answer.records.iter().find(|record| record.error_code.is_some()).unwrap();
    assert_eq!(refused.error_code(), Some("ProvisionedThroughputExceededException"));
    assert_eq!(
        refused.error_message(),
        Some("Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000.")
    );
    assert_eq!((refused.sequence_number(), refused.shard_id()), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_put_records_request_holds_500_records_and_10_mebibytes() {
    let aws = Aws::with_stream(1).await;
    let put = async |count: usize, bytes: usize| {
        let entry = aws_sdk_kinesis::types::PutRecordsRequestEntry::builder()
            .partition_key("k")
            .data(Blob::new(vec![0; bytes]))
            .build()
            .unwrap();
        let call = aws.kinesis.put_records().stream_name("s").set_records(Some(vec![entry; count]));
        call.send()
            .await
            .err()
            .map(|error| (error.code().unwrap().to_owned(), error.message().unwrap_or_default().to_owned()))
    };
    assert_eq!(put(500, 1).await, None);
    let (code, message) = put(501, 1).await.unwrap();
    assert_eq!(code, "ValidationException");
    assert!(message.ends_with("Member must have length less than or equal to 500"), "{message}");
    assert_eq!(put(10, 1 << 20).await.unwrap().0, "InvalidArgumentException");
}

#[tokio::test(start_paused = true)]
async fn records_grow_to_10_mebibytes_where_the_stream_allows_it() {
    let aws = Aws::with_stream(1).await;
    let put = |bytes: usize| {
        let data = Blob::new(vec![0; bytes]);
        aws.kinesis.put_record().stream_name("s").partition_key("k").data(data).send()
    };
    assert_eq!(put(2 << 20).await.unwrap_err().code(), Some("ValidationException"));
    let call = aws.kinesis.update_max_record_size().stream_arn(ARN);
    assert!(call.clone().max_record_size_in_kib(10_241).send().await.is_err(), "10 MiB is the most");
    call.max_record_size_in_kib(10_240).send().await.unwrap();
    aws.until_active().await;
    put(9 << 20).await.unwrap();
    let error = put((10 << 20) + 1).await.unwrap_err();
    assert_eq!(error.code(), Some("ValidationException"));
}
