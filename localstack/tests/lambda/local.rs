//! An endpoint with clients, and functions to put on it.

use std::io::{Cursor, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use aws_sdk_lambda::operation::create_function::builders::CreateFunctionFluentBuilder;
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, LastUpdateStatus, LogType, Runtime};
use pipectl_localstack::{Endpoint, Options, Timings};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

pub(crate) const ROLE: &str = "arn:aws:iam::000000000000:role/function";

pub(crate) struct Local {
    pub(crate) endpoint: Endpoint,
    pub(crate) lambda: Client,
    pub(crate) config: aws_config::SdkConfig,
}

pub(crate) async fn local() -> Local {
    slow(Duration::ZERO).await
}

/// An endpoint whose changes take a while to become effective.
pub(crate) async fn slow(transition: Duration) -> Local {
    start(Options { timings: Timings::all(transition), ..Options::default() }).await
}

/// An endpoint that keeps its state in a folder.
pub(crate) async fn kept(folder: &Path) -> Local {
    let timings = Timings::all(Duration::ZERO);
    start(Options { timings, data_dir: Some(folder.to_owned()), ..Options::default() }).await
}

async fn start(options: Options) -> Local {
    let options = Options {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        region: "eu-west-1".to_owned(),
        ..options
    };
    let endpoint = Endpoint::start(options).await.unwrap();
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint.url())
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build();
    Local { lambda: Client::new(&config), endpoint, config }
}

pub(crate) fn zip_of(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer.start_file(*name, SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A package whose `bootstrap` is this test binary.
pub(crate) fn echo_package() -> Vec<u8> {
    let this = std::env::current_exe().unwrap();
    let script =
        format!("#!/bin/sh\nexec '{}' --exact function::serve --ignored --nocapture\n", this.display());
    zip_of(&[("bootstrap", &script)])
}

pub(crate) fn code(zip: Vec<u8>) -> FunctionCode {
    FunctionCode::builder().zip_file(Blob::new(zip)).build()
}

impl Local {
    pub(crate) fn creation(&self, name: &str, zip: Vec<u8>) -> CreateFunctionFluentBuilder {
        self.lambda
            .create_function()
            .function_name(name)
            .runtime(Runtime::Providedal2023)
            .role(ROLE)
            .handler("bootstrap")
            .timeout(30)
            .code(code(zip))
    }

    /// Creates a function that does what its event says.
    pub(crate) async fn echo(&self, name: &str) {
        self.creation(name, echo_package()).send().await.unwrap();
    }

    /// Creates a function from a shell script.
    pub(crate) async fn script(&self, name: &str, script: &str) {
        self.creation(name, zip_of(&[("bootstrap", script)])).send().await.unwrap();
    }

    /// Asks until the last change of a function is through.
    pub(crate) async fn until_settled(&self, name: &str) {
        let settled = async {
            loop {
                let asked =
                    self.lambda.get_function_configuration().function_name(name).send().await.unwrap();
                if asked.last_update_status() == Some(&LastUpdateStatus::Successful) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), settled).await.expect("the function settles");
    }

    pub(crate) async fn invoke(&self, name: &str, event: &str) -> InvokeOutput {
        let invoke = self.lambda.invoke().function_name(name).payload(Blob::new(event));
        invoke.log_type(LogType::Tail).send().await.unwrap()
    }
}

pub(crate) fn payload(output: &InvokeOutput) -> String {
    String::from_utf8(output.payload().unwrap().as_ref().to_vec()).unwrap()
}

pub(crate) fn tail(output: &InvokeOutput) -> String {
    use base64::Engine as _;
    let tail = base64::engine::general_purpose::STANDARD.decode(output.log_result().unwrap()).unwrap();
    String::from_utf8(tail).unwrap()
}

/// The code and message of a refusal.
pub(crate) fn error_of<T: std::fmt::Debug, E, R>(
    result: Result<T, aws_sdk_lambda::error::SdkError<E, R>>,
) -> (String, String)
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let error = result.unwrap_err();
    (error.code().unwrap_or_default().to_owned(), error.message().unwrap_or_default().to_owned())
}
