//! Which stream `produce` and `tail` mean, and the connection to it.

use std::sync::Arc;

use aws_config::SdkConfig;
use pipectl_autoscaler::aws::StreamMetrics;
use pipectl_pipeline::spec::Document;
use pipectl_pipeline::spec::model::Pipeline;
use pipectl_producer::SinkErrorKind;
use pipectl_producer::aws::{ConsumerError, KinesisConsumer, KinesisSink, KinesisSource};
use pipectl_producer::read::{ShardSource, SourceErrorKind};
use pipectl_shards::limits::{RECORD_MAX_BYTES, RECORD_MOST_BYTES};

use crate::aws;
use crate::document;
use crate::error::{CommandError, Kind};
use crate::provision;
use crate::session::Session;

/// Which stream is meant: the options that say so, the same for each command that takes them.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Named {
    /// The stream's name in the pipeline file; may be left out where there is only one
    #[arg(conflicts_with = "raw")]
    stream: Option<String>,

    /// A stream by its physical name, without a pipeline file
    #[arg(long = "stream", id = "raw", value_name = "NAME")]
    raw: Option<String>,
}

impl Named {
    /// Whether any of them says one.
    pub(crate) fn is_given(&self) -> bool {
        self.stream.is_some() || self.raw.is_some()
    }
}

/// A stream that exists, and where.
pub(crate) struct Stream {
    /// Its physical name.
    pub(crate) name: String,
    config: SdkConfig,
}

impl Stream {
    /// The stream that is meant: by its physical name, by its name in the pipeline file, or the only one there.
    /// Asks for its shards, so that a wrong name or a dead endpoint is an error before anything else.
    pub(crate) async fn find(session: &Session, named: &Named) -> Result<Stream, CommandError> {
        let raw = named.raw.as_deref();
        let (name, engine) = match raw {
            Some(raw) => (raw.to_owned(), provision::connect_without_file(session).await?),
            None => {
                let (document, stream) = in_file(session, named.stream.as_deref())?;
                let logical = choose(&document.pipeline, stream)?;
                let name = document.pipeline.stream_name(logical);
                (name, provision::connect(session, &document).await?)
            }
        };
        let stream = Stream { name, config: engine.sdk_config().clone() };
        stream.check(session, raw.is_some()).await?;
        Ok(stream)
    }

    /// A stream that is known to be there.
    pub(crate) fn at(name: String, config: SdkConfig) -> Stream {
        Stream { name, config }
    }

    /// Takes records.
    pub(crate) fn sink(&self) -> Arc<KinesisSink> {
        Arc::new(KinesisSink::new(aws::kinesis(&self.config), self.name.clone()))
    }

    /// The bytes that a record of it may have. Where it does not tell, what any stream takes; where it cannot tell at
    /// present, what the largest would, and the producer learns which it is.
    pub(crate) async fn max_record_bytes(&self) -> usize {
        match self.sink().max_record_bytes().await {
            Ok(told) => told.unwrap_or(RECORD_MAX_BYTES),
            Err(error) if error.kind == SinkErrorKind::Fatal => RECORD_MAX_BYTES,
            Err(_) => RECORD_MOST_BYTES,
        }
    }

    /// Where it is, for metrics.
    pub(crate) fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        aws::cloudwatch(&self.config)
    }

    /// What it has carried up to now.
    pub(crate) fn metrics(&self) -> StreamMetrics {
        let now = std::time::SystemTime::now();
        StreamMetrics::new(self.cloudwatch(), aws::kinesis(&self.config), now)
    }

    /// The region it is in.
    pub(crate) fn region(&self) -> Option<String> {
        self.config.region().map(ToString::to_string)
    }

    /// Gives records out.
    pub(crate) fn source(&self) -> Arc<KinesisSource> {
        Arc::new(KinesisSource::new(aws::kinesis(&self.config), self.name.clone()))
    }

    /// Gives records out to a consumer of their own, which is registered where there is none by this name.
    pub(crate) async fn consumer(&self, arn: &str, name: &str) -> Result<KinesisConsumer, ConsumerError> {
        KinesisConsumer::register(aws::kinesis(&self.config), arn, name).await
    }

    async fn check(&self, session: &Session, raw: bool) -> Result<(), CommandError> {
        let Err(cause) = self.source().shards().await else { return Ok(()) };
        if &*cause.code == "NoCredentials" {
            return Err(CommandError::wrap(Kind::Aws, "no usable AWS credentials", cause).hint(
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in with `aws sso login`",
            ));
        }
        let gone = cause.code.contains("ResourceNotFound");
        let unreachable = cause.kind == SourceErrorKind::Transient;
        let error = CommandError::wrap(Kind::Aws, format!("cannot reach the stream {}", self.name), cause);
        Err(if gone && !raw {
            error.hint("`pipectl apply` creates it")
        } else if gone {
            error
                .hint("--stream takes the physical name, which `pipectl status` shows; check the region, too")
        } else if let (true, Some(url)) = (unreachable, &session.globals.endpoint_url) {
            error.hint(format!("nothing useful answers at {url}: is it running? `pipectl local` starts one"))
        } else {
            error
        })
    }
}

/// The pipeline, and the stream's name in it: `clicks/events` says both.
fn in_file<'name>(
    session: &Session,
    stream: Option<&'name str>,
) -> Result<(Document, Option<&'name str>), CommandError> {
    let Some((pipeline, stream)) = stream.and_then(|stream| stream.split_once('/')) else {
        return Ok((document::load_without_secrets(session)?, stream));
    };
    let mut documents = document::load_all_without_secrets(session)?;
    documents.retain(|document| document.pipeline.name == pipeline);
    match documents.pop() {
        Some(document) => Ok((document, Some(stream))),
        None => Err(CommandError::new(Kind::Usage, format!("there is no pipeline `{pipeline}` in the file"))
            .hint("--stream NAME takes any Kinesis stream by its physical name")),
    }
}

fn choose<'pipeline>(
    pipeline: &'pipeline Pipeline,
    logical: Option<&'pipeline str>,
) -> Result<&'pipeline str, CommandError> {
    let known: Vec<&str> = pipeline.streams.keys().map(String::as_str).collect();
    let list = known.join(", ");
    match (logical, known.as_slice()) {
        (Some(logical), _) if known.contains(&logical) => Ok(logical),
        (_, []) => {
            Err(CommandError::new(Kind::Usage, format!("the pipeline {} has no streams", pipeline.name))
                .hint("its deliveries are fed directly; --stream NAME takes any Kinesis stream"))
        }
        (Some(logical), _) => Err(CommandError::new(
            Kind::Usage,
            format!("the pipeline {} has no stream `{logical}`", pipeline.name),
        )
        .hint(format!("it has: {list}"))),
        (None, [only]) => Ok(only),
        (None, _) => Err(CommandError::new(Kind::Usage, format!("which stream of {}?", pipeline.name))
            .hint(format!("name one of: {list}"))),
    }
}
