//! Signatures are checked where it is asked for; IAM is kept and not enforced.

use aws_sdk_kinesis::error::ProvideErrorMetadata;
use pipectl_localstack::{InProcess, Options};

#[tokio::test(start_paused = true)]
async fn a_signature_by_another_secret_is_refused_on_request() {
    for (verify_signatures, expected) in [(true, Some("InvalidSignatureException")), (false, None)] {
        let endpoint = InProcess::start(Options { verify_signatures, ..Options::default() });
        let config = endpoint.sdk_config();
        aws_sdk_kinesis::Client::new(&config).list_streams().send().await.unwrap();
        let wrong = aws_credential_types::Credentials::new("test", "not the secret", None, None, "test");
        let wrong = aws_credential_types::provider::SharedCredentialsProvider::new(wrong);
        let config = config.into_builder().credentials_provider(wrong).build();
        let answer = aws_sdk_kinesis::Client::new(&config).list_streams().send().await;
        assert_eq!(answer.err().and_then(|error| error.code().map(str::to_owned)).as_deref(), expected);
    }
}
