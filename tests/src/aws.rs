//! The endpoint seen through the AWS SDK: the only place of these tests that names it.

use std::io::Read;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::{Builder, tls};
use flate2::read::MultiGzDecoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A client of each service a pipeline uses.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Streams.
    pub kinesis: aws_sdk_kinesis::Client,
    /// Deliveries.
    pub firehose: aws_sdk_firehose::Client,
    /// Functions.
    pub lambda: aws_sdk_lambda::Client,
    /// Buckets.
    pub s3: aws_sdk_s3::Client,
    /// Roles.
    pub iam: aws_sdk_iam::Client,
    /// Log groups.
    pub logs: aws_sdk_cloudwatchlogs::Client,
}

/// An object, read.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its bytes as they are stored.
    pub body: Vec<u8>,
}

impl Object {
    /// Whether its bytes are gzip.
    pub fn is_gzip(&self) -> bool {
        self.body.starts_with(&[0x1f, 0x8b])
    }

    /// Its lines, decompressed where it is gzip.
    ///
    /// # Panics
    ///
    /// When it is not what it claims to be.
    pub fn lines(&self) -> Vec<String> {
        let mut text = String::new();
        if self.is_gzip() {
            Read::read_to_string(&mut MultiGzDecoder::new(self.body.as_slice()), &mut text)
        } else {
            Read::read_to_string(&mut self.body.as_slice(), &mut text)
        }
        .unwrap_or_else(|error| panic!("{}: {error}", self.key));
        text.lines().map(str::to_owned).collect()
    }
}

impl Clients {
    /// Clients of an endpoint, or of AWS with the credentials of the environment.
    pub async fn connect(url: Option<&str>, region: &'static str) -> Self {
        let config = config(url, region).await;
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(url.is_some()).build();
        Self {
            kinesis: aws_sdk_kinesis::Client::new(&config),
            firehose: aws_sdk_firehose::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            iam: aws_sdk_iam::Client::new(&config),
            logs: aws_sdk_cloudwatchlogs::Client::new(&config),
        }
    }

    /// Reads every object below a prefix; none where the bucket is not there.
    ///
    /// # Panics
    ///
    /// When S3 answers with another error.
    pub async fn objects(&self, bucket: &str, prefix: &str) -> Vec<Object> {
        let mut found = Vec::new();
        let mut pages = self.s3.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) if error.as_service_error().is_some_and(|e| e.is_no_such_bucket()) => break,
                Err(error) => panic!("listing {bucket}: {error:?}"),
            };
            for key in page.contents().iter().filter_map(|object| object.key()) {
                found.push(self.object(bucket, key).await);
            }
        }
        found
    }

    async fn object(&self, bucket: &str, key: &str) -> Object {
        let answer = self.s3.get_object().bucket(bucket).key(key).send().await;
        let answer = answer.unwrap_or_else(|error| panic!("{bucket}/{key}: {error:?}"));
        let body = answer.body.collect().await.expect("a body of a known length arrives");
        Object { key: key.to_owned(), body: body.to_vec() }
    }

    /// Everything whose name holds `name`, as `kind name`, sorted: nothing is left out because of a tag.
    ///
    /// # Panics
    ///
    /// When a service answers with an error.
    pub async fn resources(&self, name: &str) -> Vec<String> {
        let (streams, deliveries, functions, buckets, roles, groups) = tokio::join!(
            self.streams(),
            self.deliveries(),
            self.functions(),
            self.buckets(),
            self.roles(),
            self.log_groups(name),
        );
        let kinds = [
            ("stream", streams),
            ("delivery", deliveries),
            ("function", functions),
            ("bucket", buckets),
            ("role", roles),
            ("log group", groups),
        ];
        let listed = kinds.into_iter().flat_map(|(kind, names)| {
            names.into_iter().filter(|found| found.contains(name)).map(move |found| format!("{kind} {found}"))
        });
        let mut listed: Vec<String> = listed.collect();
        listed.sort();
        listed
    }

    async fn streams(&self) -> Vec<String> {
        let pages = self.kinesis.list_streams().into_paginator().send().collect::<Result<Vec<_>, _>>().await;
        pages.expect("streams are listed").into_iter().flat_map(|page| page.stream_names).collect()
    }

    async fn deliveries(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        loop {
            let request = self.firehose.list_delivery_streams().limit(100);
            let request = request.set_exclusive_start_delivery_stream_name(names.last().cloned());
            let page = request.send().await.expect("deliveries are listed");
            let more = page.has_more_delivery_streams && !page.delivery_stream_names.is_empty();
            names.extend(page.delivery_stream_names);
            if !more {
                return names;
            }
        }
    }

    async fn functions(&self) -> Vec<String> {
        let found =
            self.lambda.list_functions().into_paginator().items().send().collect::<Result<Vec<_>, _>>();
        found.await.expect("functions are listed").into_iter().filter_map(|one| one.function_name).collect()
    }

    async fn buckets(&self) -> Vec<String> {
        let answer = self.s3.list_buckets().send().await.expect("buckets are listed");
        answer.buckets.unwrap_or_default().into_iter().filter_map(|bucket| bucket.name).collect()
    }

    async fn roles(&self) -> Vec<String> {
        let found =
            self.iam.list_roles().into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
        found.expect("roles are listed").into_iter().map(|role| role.role_name).collect()
    }

    async fn log_groups(&self, name: &str) -> Vec<String> {
        let mut names = Vec::new();
        for prefix in ["/aws/lambda/", "/aws/kinesisfirehose/"] {
            let request = self.logs.describe_log_groups().log_group_name_prefix(format!("{prefix}{name}"));
            let found = request.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
            names.extend(
                found.expect("log groups are listed").into_iter().filter_map(|group| group.log_group_name),
            );
        }
        names
    }
}

async fn config(url: Option<&str>, region: &'static str) -> SdkConfig {
    let loader = aws_config::defaults(BehaviorVersion::latest()).region(Region::from_static(region));
    let rustls = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    match url {
        Some(url) => {
            let made_up = Credentials::new("test", "test", None, None, "a local endpoint checks none");
            let client = Builder::new().build_http();
            loader.endpoint_url(url).credentials_provider(made_up).http_client(client).load().await
        }
        None => loader.http_client(Builder::new().tls_provider(rustls).build_https()).load().await,
    }
}

/// What an endpoint at `host:port` says of itself, where it says something.
pub async fn health(address: &str) -> Option<String> {
    let ask = async {
        let mut connection = TcpStream::connect(address).await.ok()?;
        let request = format!("GET /_localstack/health HTTP/1.0\r\nHost: {address}\r\n\r\n");
        connection.write_all(request.as_bytes()).await.ok()?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.ok()?;
        answer.starts_with("HTTP/1.").then_some(answer)
    };
    timeout(Duration::from_secs(10), ask).await.ok()?
}
