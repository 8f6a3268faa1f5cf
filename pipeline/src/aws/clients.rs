//! One client per service, all over one connection pool.

use std::time::Duration;

use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;

/// The longest one try of uploading a function's code may take: 50 MB on a slow line.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(600);

/// The clients.
#[derive(Clone, Debug)]
pub(crate) struct Clients {
    pub(super) cloudwatch: aws_sdk_cloudwatch::Client,
    pub(super) firehose: aws_sdk_firehose::Client,
    pub(super) iam: aws_sdk_iam::Client,
    pub(super) kinesis: aws_sdk_kinesis::Client,
    pub(super) lambda: aws_sdk_lambda::Client,
    pub(super) logs: aws_sdk_cloudwatchlogs::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(super) sts: aws_sdk_sts::Client,
}

impl Clients {
    pub(super) fn new(config: &SdkConfig, path_style: bool) -> Self {
        let uploads = TimeoutConfig::builder()
            .connect_timeout(super::connect::CONNECT_TIMEOUT)
            .operation_attempt_timeout(UPLOAD_TIMEOUT)
            .build();
        let lambda = aws_sdk_lambda::config::Builder::from(config).timeout_config(uploads).build();
        let s3 = aws_sdk_s3::config::Builder::from(config).force_path_style(path_style).build();
        Self {
            cloudwatch: aws_sdk_cloudwatch::Client::new(config),
            firehose: aws_sdk_firehose::Client::new(config),
            iam: aws_sdk_iam::Client::new(config),
            kinesis: aws_sdk_kinesis::Client::new(config),
            lambda: aws_sdk_lambda::Client::from_conf(lambda),
            logs: aws_sdk_cloudwatchlogs::Client::new(config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sts: aws_sdk_sts::Client::new(config),
        }
    }
}
