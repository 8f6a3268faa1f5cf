//! An endpoint with a stream, and `pipectl` run against it.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{ScalingType, StreamStatus};
use pipectl_localstack::{Endpoint, Limits, Options};
use pipectl_producer::aggregation::{Aggregator, UserRecord};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const STREAM: &str = "events";
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// An endpoint with a stream, and a folder to work in.
pub(crate) struct World {
    runtime: Runtime,
    endpoint: Endpoint,
    client: Client,
    pub(crate) folder: TempDir,
}

/// What a command came to.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl World {
    pub(crate) fn new(shards: i32) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let options = Options {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            region: "us-east-1".to_owned(),
            limits: Limits::Off,
            ..Options::default()
        };
        let endpoint = runtime.block_on(Endpoint::start(options)).expect("a free port");
        let config = aws_sdk_kinesis::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint.url())
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "test", "test", None, None, "test",
            )))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let client = Client::from_conf(config);
        let world = Self { runtime, endpoint, client, folder: tempfile::tempdir().expect("a folder") };
        world.create(STREAM, shards);
        world
    }

    pub(crate) fn create(&self, name: &str, shards: i32) {
        let created = self.client.create_stream().stream_name(name).shard_count(shards).send();
        self.runtime.block_on(created).expect("it is new");
        self.wait_until_active(name);
    }

    fn wait_until_active(&self, name: &str) {
        self.runtime.block_on(async {
            loop {
                let answer = self.client.describe_stream_summary().stream_name(name).send().await;
                let summary = answer.expect("it is there").stream_description_summary.expect("a summary");
                if summary.stream_status == StreamStatus::Active {
                    return;
                }
                tokio::task::yield_now().await;
            }
        });
    }

    pub(crate) fn put(&self, key: &str, data: impl Into<Vec<u8>>) {
        let put = self.client.put_record().stream_name(STREAM).partition_key(key);
        self.runtime.block_on(put.data(Blob::new(data)).send()).expect("it fits");
    }

    pub(crate) fn put_together(&self, texts: &[&str]) {
        let mut aggregator = Aggregator::default();
        for text in texts {
            let key = format!("user {text}");
            let record = UserRecord { partition_key: &key, explicit_hash_key: None, data: text.as_bytes() };
            aggregator.push(&record);
        }
        self.put("a", aggregator.take().expect("it has records").data.to_vec());
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipectl"));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path());
        command.args(["--endpoint-url", &self.endpoint.url(), "tail", "--stream", STREAM]).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Started {
        Started(self.command(arguments).spawn().expect("it starts"))
    }

    /// Runs `tail --from trim-horizon --no-follow` with further arguments to its end.
    pub(crate) fn tail(&self, arguments: &[&str]) -> Ran {
        self.start(&[&["--from", "trim-horizon", "--no-follow"], arguments].concat()).ended()
    }

    /// The lines of the same, sorted.
    pub(crate) fn lines(&self, arguments: &[&str]) -> Vec<String> {
        let ran = self.tail(arguments);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let mut lines: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// Changes the number of shards, and waits until it has.
    pub(crate) fn reshard(&self, shards: i32) {
        let call = self.client.update_shard_count().stream_name(STREAM).target_shard_count(shards);
        let resharded = self.runtime.block_on(call.scaling_type(ScalingType::UniformScaling).send());
        resharded.expect("it may be resharded");
        self.wait_until_active(STREAM);
    }

    /// Puts lines with `pipectl produce --file`.
    pub(crate) fn produce(&self, lines: &[String]) {
        fs::write(self.path("lines"), lines.join("\n") + "\n").expect("a file");
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipectl"));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path());
        command.args(["--endpoint-url", &self.endpoint.url(), "produce", "--stream", STREAM]);
        let produced = command.args(["--file", "lines"]).output().expect("it starts");
        assert!(produced.status.success(), "{}", String::from_utf8_lossy(&produced.stderr));
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn consumers(&self) -> usize {
        let arn = format!("arn:aws:kinesis:us-east-1:000000000000:stream/{STREAM}");
        let listed = self.runtime.block_on(self.client.list_stream_consumers().stream_arn(arn).send());
        let consumers = listed.expect("the stream is there").consumers.unwrap_or_default();
        consumers.iter().filter(|consumer| consumer.consumer_status.as_str() != "DELETING").count()
    }
}

/// A command that runs. It is killed when it is dropped.
pub(crate) struct Started(pub(crate) Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Started {
    pub(crate) fn ended(mut self) -> Ran {
        let reader = |pipe: Option<Box<dyn Read + Send>>| {
            std::thread::spawn(move || {
                let mut text = Vec::new();
                pipe.map(|mut pipe| pipe.read_to_end(&mut text));
                String::from_utf8_lossy(&text).into_owned()
            })
        };
        let stdout = reader(self.0.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>));
        let stderr = reader(self.0.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read + Send>));
        let code = self.code();
        Ran { code, stdout: stdout.join().expect("text"), stderr: stderr.join().expect("text") }
    }

    pub(crate) fn code(&mut self) -> Option<i32> {
        let since = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().expect("a child can be waited for") {
                return status.code();
            }
            assert!(since.elapsed() < PATIENCE, "it did not end");
            std::thread::yield_now();
        }
    }

    pub(crate) fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.0.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
    }
}

/// Waits until a file holds so many lines.
pub(crate) fn wait_for_lines(path: &Path, count: usize) {
    let since = Instant::now();
    while fs::read_to_string(path).is_ok_and(|text| text.lines().count() < count) {
        assert!(since.elapsed() < PATIENCE, "{} has too few lines", path.display());
        std::thread::yield_now();
    }
}
