//! The click-stream pipeline applied by pipectl and by CloudFormation, on the same LocalStack in the same run: a stream, a
//! function, a delivery and a bucket, with two roles and two log groups.
//!
//! `PIPECTL_BENCH_LOCALSTACK` is the URL of a LocalStack that runs, or `start` to have one started on this host. Whoever is
//! measured gets its code from elsewhere beforehand (CloudFormation from a bucket), and the two take turns, so that
//! neither has the emulator warmer than the other. What CloudFormation is spared: pipectl's time has its process start, its
//! plan, and its ledger in it. The stream is not encrypted, which LocalStack's CloudFormation says it did and does not.

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]

use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use pipectl_localstack::host::{Host, HostOptions};
use pipectl_tests::aws::Clients;
use pipectl_tests::figure::{Figure, median};
use pipectl_tests::raw::Connection;
use pipectl_tests::run::Pipectl;
use pipectl_tests::target::{REGION, runtime};
use serde_json::{Value, json};
use tempfile::TempDir;

const RUNS: usize = 5;
const CODE_BUCKET: &str = "bench-apply-code";
const CODE_KEY: &str = "bootstrap.zip";
/// What a function runs that nobody calls.
const BOOTSTRAP: &str = "#!/bin/sh\nexit 0\n";
/// The longest that a stack may take.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() {
    let named = std::env::var("PIPECTL_BENCH_LOCALSTACK").unwrap_or_default();
    let host = match named.as_str() {
        "" => {
            println!(
                "apply_clickstream: PIPECTL_BENCH_LOCALSTACK is not set, so there is nothing to compare with"
            );
            return;
        }
        "start" => Some(runtime().block_on(Host::start(HostOptions { port: 0, ..HostOptions::default() }))),
        _ => None,
    };
    let host = host.map(|started| started.unwrap_or_else(|error| panic!("{error}")));
    let url = host.as_ref().map_or(named, Host::url);
    compare(&url);
    if let Some(host) = host {
        runtime().block_on(host.shutdown());
    }
}

fn compare(url: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    runtime().block_on(upload(url));
    let run = format!("{:06x}", fastrand::u32(..) & 0xff_ffff);
    let name = |who: &str, index: usize| format!("bench{who}-{run}-{index}");
    // Each once for nothing: LocalStack loads a service when it is first asked.
    let mut kinesis = Connection::open(url).expect("LocalStack listens");
    kinesis.json("ListStreams", &json!({}));
    by_pipectl(url, &folder, &name("p", RUNS));
    by_cloudformation(url, &name("c", RUNS));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for index in 0..RUNS {
        ours.push(by_pipectl(url, &folder, &name("p", index)));
        theirs.push(by_cloudformation(url, &name("c", index)));
    }
    let figure = Figure {
        name: "apply_clickstream",
        value: median(ours),
        unit: "s",
        baseline: "cloudformation_on_localstack",
        baseline_value: median(theirs),
    };
    println!("{}", figure.line());
}

/// How long `pipectl apply` takes, from its start to its end.
fn by_pipectl(url: &str, folder: &TempDir, name: &str) -> Duration {
    let write = |file: &str, text: &str| {
        std::fs::write(folder.path().join(file), text).expect("a file can be written in a temporary folder");
    };
    write("pipeline.yaml", &pipeline(name));
    write("bootstrap", BOOTSTRAP);
    let arguments = ["apply", "--auto-approve", "--state", "state", "--lambda-bootstrap", "bootstrap"];
    let call = Pipectl::new(folder.path(), arguments).env("AWS_ENDPOINT_URL", url).env("AWS_REGION", REGION);
    call.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").run().succeeds().took
}

fn pipeline(name: &str) -> String {
    format!(
        "apiVersion: pipectl/v1\nkind: Pipeline\nname: {name}\nstreams:\n  events: {{ shards: 2 }}\ntransforms:\n  parse: {{ vrl: '.a = 1' }}\ndeliveries:\n  lake: {{ from: events, transform: \
         parse, to: {{ s3: {{ bucket: {name}-lake, prefix: clicks/ }} }} }}\n"
    )
}

/// How long a stack takes, from the call that makes it until it is made.
fn by_cloudformation(url: &str, name: &str) -> Duration {
    let mut connection = Connection::open(url).expect("LocalStack listens");
    let template = template(name).to_string();
    let started = Instant::now();
    let (status, answer) = connection
        .form(
            "cloudformation",
            &[
                ("Action", "CreateStack"),
                ("Version", "2010-05-15"),
                ("StackName", name),
                ("TemplateBody", &template),
                ("Capabilities.member.1", "CAPABILITY_NAMED_IAM"),
            ],
        )
        .expect("LocalStack answers");
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&answer));
    loop {
        let fields = [("Action", "DescribeStacks"), ("Version", "2010-05-15"), ("StackName", name)];
        let (_, answer) = connection.form("cloudformation", &fields).expect("LocalStack answers");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        if answer.contains("<StackStatus>CREATE_COMPLETE<") {
            return started.elapsed();
        }
        assert!(answer.contains("_IN_PROGRESS<") && started.elapsed() < PATIENCE, "{answer}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The same resources as the pipeline's.
fn template(name: &str) -> Value {
    let role = |name: String, service: &str| {
        json!({"Type": "AWS::IAM::Role", "Properties": {
            "RoleName": name,
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]},
            "Policies": [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}]}}],
        }})
    };
    let logs = |name: String| json!({"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name, "RetentionInDays": 14}});
    let arn = |of: &str| json!({"Fn::GetAtt": [of, "Arn"]});
    json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {
        "Events": {"Type": "AWS::Kinesis::Stream", "Properties": {
            "Name": format!("{name}-events"), "ShardCount": 2}},
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": format!("{name}-lake")}},
        "ParseLogs": logs(format!("/aws/lambda/{name}-parse")),
        "LakeLogs": logs(format!("/aws/kinesisfirehose/{name}-lake")),
        "ParseRole": role(format!("{name}-parse-transform"), "lambda.amazonaws.com"),
        "LakeRole": role(format!("{name}-lake-delivery"), "firehose.amazonaws.com"),
        "Parse": {"Type": "AWS::Lambda::Function", "DependsOn": ["ParseLogs"], "Properties": {
            "FunctionName": format!("{name}-parse"), "Runtime": "provided.al2023", "Handler": "bootstrap",
            "Code": {"S3Bucket": CODE_BUCKET, "S3Key": CODE_KEY}, "Role": arn("ParseRole"),
            "MemorySize": 256, "Timeout": 60}},
        "Lake": {"Type": "AWS::KinesisFirehose::DeliveryStream", "DependsOn": ["LakeLogs"], "Properties": {
            "DeliveryStreamName": format!("{name}-lake"), "DeliveryStreamType": "KinesisStreamAsSource",
            "KinesisStreamSourceConfiguration": {"KinesisStreamARN": arn("Events"), "RoleARN": arn("LakeRole")},
            "ExtendedS3DestinationConfiguration": {
                "BucketARN": arn("Bucket"), "RoleARN": arn("LakeRole"), "Prefix": "clicks/",
                "ErrorOutputPrefix": "errors/", "CompressionFormat": "GZIP",
                "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60},
                "ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "Lambda", "Parameters": [
                    {"ParameterName": "LambdaArn", "ParameterValue": arn("Parse")}]}]}}}},
    }})
}

/// Puts the function's code where CloudFormation takes it from.
async fn upload(url: &str) {
    let clients = Clients::connect(Some(url), REGION).await;
    let place = aws_sdk_s3::types::BucketLocationConstraint::from(REGION);
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(place).build();
    // There from a run before, perhaps.
    let _ = clients.s3.create_bucket().bucket(CODE_BUCKET).create_bucket_configuration(place).send().await;
    let request = clients.s3.put_object().bucket(CODE_BUCKET).key(CODE_KEY);
    request.body(zipped(Path::new("bootstrap")).into()).send().await.expect("the code is uploaded");
}

fn zipped(name: &Path) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file(name.to_string_lossy(), options).expect("a zip in memory");
    zip.write_all(BOOTSTRAP.as_bytes()).expect("a zip in memory");
    zip.finish().expect("a zip in memory").into_inner()
}
