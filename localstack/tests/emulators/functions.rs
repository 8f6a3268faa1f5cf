//! Event source mappings. That a `provided.al2023` bootstrap runs, as a process and without Docker, is tested over HTTP
//! in `tests/lambda/`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_lambda::types::EventSourcePosition;
use bytes::Bytes;
use pipectl_localstack::lambda::InProcess;
use serde_json::Value;

use crate::aws::{ARN, Aws, seconds};

#[tokio::test(start_paused = true)]
async fn a_mapping_calls_the_function_with_the_records_of_the_stream() {
    let aws = Aws::with_stream(2).await;
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let code = InProcess::new(move |event: Bytes| {
        let event: Value = serde_json::from_slice(&event).unwrap();
        let records = event["Records"].as_array().unwrap();
        assert!(records.iter().all(|record| record["eventSource"] == "aws:kinesis"));
        counter.fetch_add(records.len(), Ordering::Relaxed);
        async { Ok(Bytes::from_static(b"{}")) }
    });
    let world = aws.endpoint.world();
    world.lambda.install(world, "f", code).unwrap();
    let mapping = aws.lambda.create_event_source_mapping().function_name("f").event_source_arn(ARN);
    mapping.starting_position(EventSourcePosition::TrimHorizon).batch_size(10).send().await.unwrap();
    aws.put(25, 10).await;
    seconds(60).await;
    assert_eq!(seen.load(Ordering::Relaxed), 25);
    aws.until_published().await;
    assert!(aws.sum("AWS/Lambda", "Invocations", ("FunctionName", "f")).await.unwrap() >= 3.0);
}
