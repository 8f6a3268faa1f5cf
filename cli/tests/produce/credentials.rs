//! Credentials that end while records are put: what the profile's file says by then is taken up.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use pipectl_localstack::{Endpoint, Options, Timings};
use tokio::runtime::Runtime;

use crate::world::{Ended, STREAM};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;

fn config(url: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "test", "test", None, None, "test",
        )))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

/// A stream on an endpoint that verifies signatures, and the credentials of a session there.
async fn scene(url: &str) -> String {
    let config = config(url);
    let kinesis = aws_sdk_kinesis::Client::new(&config);
    kinesis.create_stream().stream_name(STREAM).shard_count(1).send().await.expect("a stream");
    let role =
        aws_sdk_iam::Client::new(&config).create_role().role_name("p").assume_role_policy_document(TRUST);
    let role = role.send().await.expect("a role").role.expect("it is told");
    let assume = aws_sdk_sts::Client::new(&config).assume_role().role_arn(role.arn).role_session_name("p1");
    let given = assume.send().await.expect("a session").credentials.expect("they are told");
    format!(
        "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {}\n",
        given.access_key_id, given.secret_access_key, given.session_token
    )
}

#[test]
fn credentials_that_are_renewed_in_the_profiles_file_are_taken_up_by_who_runs() {
    let options = Options {
        bind: ([127, 0, 0, 1], 0).into(),
        timings: Timings::all(Duration::ZERO),
        verify_signatures: true,
        ..Options::default()
    };
    let runtime = Runtime::new().expect("a runtime");
    let endpoint = runtime.block_on(Endpoint::start(options)).expect("a free port");
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("credentials");
    std::fs::write(&profile, runtime.block_on(scene(&endpoint.url()))).expect("a file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_pipectl"))
        .env_clear()
        .env("HOME", folder.path())
        .env("AWS_SHARED_CREDENTIALS_FILE", &profile)
        .args(["produce", "--stream", STREAM, "--json", "--progress=20ms", "--region", "eu-west-1"])
        .args(["--endpoint-url", &endpoint.url()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut input = child.stdin.take().expect("its input is ours");
    input.write_all(b"before\n").expect("it reads");
    let mut stdout = BufReader::new(child.stdout.take().expect("its output is ours"));
    let mut said = String::new();
    while !said.contains("\"delivered\":1,") {
        assert_ne!(stdout.read_line(&mut said).expect("text"), 0, "it ended: {said}");
    }
    // The endpoint forgets the session, and the stream with it.
    runtime.block_on(endpoint.world().reset()).expect("it is empty");
    runtime.block_on(scene(&endpoint.url()));
    let renewed = "[default]\naws_access_key_id = test\naws_secret_access_key = test\n";
    std::fs::write(&profile, renewed).expect("a file");
    input.write_all(b"after\n").expect("it reads");
    drop(input);
    stdout.read_to_string(&mut said).expect("text");
    let mut stderr = String::new();
    child.stderr.take().expect("it is ours").read_to_string(&mut stderr).expect("text");
    let ended = Ended { code: child.wait().expect("it ends").code(), stdout: said, stderr }.exits(0);
    assert_eq!(ended.account()["delivered"], 2);
    runtime.block_on(endpoint.shutdown());
}
