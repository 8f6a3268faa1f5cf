//! An endpoint, a folder with a pipeline file, and `pipectl` run in it.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_kinesis::operation::create_stream::builders::CreateStreamFluentBuilder;
use aws_sdk_kinesis::types::{StreamMode, StreamModeDetails, StreamStatus};
use pipectl_localstack::{Endpoint, Options};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// An endpoint and a folder.
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
    pub(crate) fn new(file: &str) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = Options { bind, region: "us-east-1".to_owned(), ..Options::default() };
        let endpoint = runtime.block_on(Endpoint::start(options)).expect("a free port");
        let config = aws_sdk_kinesis::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(endpoint.url())
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("pipeline.yaml"), file).expect("a file");
        Self { runtime, endpoint, client: Client::from_conf(config), folder }
    }

    pub(crate) fn create(&self, name: &str, shards: i32) {
        self.create_with(name, |stream| stream.shard_count(shards));
    }

    pub(crate) fn create_on_demand(&self, name: &str) {
        let mode = StreamModeDetails::builder().stream_mode(StreamMode::OnDemand).build().expect("a mode");
        self.create_with(name, |stream| stream.stream_mode_details(mode));
    }

    fn create_with(
        &self,
        name: &str,
        how: impl FnOnce(CreateStreamFluentBuilder) -> CreateStreamFluentBuilder,
    ) {
        self.runtime.block_on(async {
            how(self.client.create_stream().stream_name(name)).send().await.expect("it is new");
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

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipectl"));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path());
        command.env("AWS_ENDPOINT_URL", self.endpoint.url()).args(["--state", "state"]).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn ran(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ran { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Ctrl-C.
    pub(crate) fn interrupt(&self, child: &Child) {
        let id = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).expect("a process");
        rustix::process::kill_process(id, rustix::process::Signal::INT).expect("it runs");
    }
}
