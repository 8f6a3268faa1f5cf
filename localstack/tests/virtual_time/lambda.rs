//! States of event source mappings and functions, which take their time.

use std::time::Duration;

use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::types::EventSourcePosition;
use pipectl_localstack::lambda::InProcess as Code;
use pipectl_localstack::{InProcess, Options, Timings};

/// What every change takes.
const TRANSITION: Duration = Duration::from_secs(30);

/// An endpoint with a function `f`.
fn start() -> (InProcess, aws_sdk_lambda::Client) {
    let endpoint = InProcess::start(Options { timings: Timings::all(TRANSITION), ..Options::default() });
    let code = Code::new(|event| async { Ok(event) });
    endpoint.world().lambda.install(endpoint.world(), "f", code).expect("the name is free");
    let lambda = aws_sdk_lambda::Client::new(&endpoint.sdk_config());
    (endpoint, lambda)
}

/// Creates a stream `s`; answers its ARN.
async fn stream(endpoint: &InProcess) -> String {
    let kinesis = aws_sdk_kinesis::Client::new(&endpoint.sdk_config());
    kinesis.create_stream().stream_name("s").shard_count(1).send().await.expect("the name is free");
    tokio::time::sleep(TRANSITION).await;
    let summary = kinesis.describe_stream_summary().stream_name("s").send().await.expect("it exists");
    summary.stream_description_summary.expect("a stream has a summary").stream_arn
}

/// The code and message of a refusal.
fn refusal<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(
    result: Result<T, SdkError<E, R>>,
) -> (String, String) {
    let error = result.expect_err("it is refused");
    (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_mapping_goes_through_its_states_and_is_busy_in_between() {
    let (endpoint, lambda) = start();
    let source = stream(&endpoint).await;
    let create = lambda.create_event_source_mapping().function_name("f").event_source_arn(source);
    let create = create.starting_position(EventSourcePosition::TrimHorizon).enabled(false);
    let created = create.send().await.unwrap();
    let id = created.uuid().unwrap();
    assert_eq!(created.state(), Some("Creating"));
    let update = || lambda.update_event_source_mapping().uuid(id);
    let (code, message) = refusal(update().batch_size(5).send().await);
    assert_eq!(code, "ResourceInUseException");
    assert_eq!(message, "Cannot update the event source mapping because it is in use.");
    let read = async || lambda.get_event_source_mapping().uuid(id).send().await;
    tokio::time::sleep(TRANSITION - Duration::from_secs(1)).await;
    assert_eq!(read().await.unwrap().state(), Some("Creating"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(read().await.unwrap().state(), Some("Disabled"));
    let updated = update().batch_size(5).enabled(true).send().await.unwrap();
    // "Updated settings are applied asynchronously and aren't reflected in the output until the process completes."
    assert_eq!((updated.state(), updated.batch_size()), (Some("Enabling"), Some(100)));
    tokio::time::sleep(TRANSITION).await;
    let enabled = read().await.unwrap();
    assert_eq!((enabled.state(), enabled.batch_size()), (Some("Enabled"), Some(5)));
    let deleted = lambda.delete_event_source_mapping().uuid(id).send().await.unwrap();
    assert_eq!(deleted.state(), Some("Deleting"));
    let (code, _) = refusal(lambda.delete_event_source_mapping().uuid(id).send().await);
    assert_eq!(code, "ResourceInUseException");
    tokio::time::sleep(TRANSITION).await;
    assert_eq!(
        refusal(read().await),
        ("ResourceNotFoundException".to_owned(), "The resource you requested does not exist.".to_owned())
    );
    endpoint.shutdown().await;
}
