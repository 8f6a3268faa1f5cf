//! KPL's metrics of a producer, for CloudWatch and for Prometheus: the options, and what runs beside the command.

mod scrape;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use pipectl_producer::aws::CloudWatchSink;
use pipectl_producer::metrics::{Granularity, Level, Publisher, PublisherSettings, Registry, Settings};

use crate::error::{CommandError, Kind};
use crate::stream::Stream;
pub(crate) use scrape::{Page, Scrape};

/// How long the last of the metrics may take on the way to CloudWatch.
const LAST: Duration = Duration::from_secs(10);
const HEADING: &str = "Metrics";

/// What is measured, and who is told: the same for each command that puts records.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Measured {
    /// Publish KPL's metrics to CloudWatch each minute, in its namespace or in another
    #[arg(long, value_name = "NAMESPACE", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "KinesisProducerLibrary", help_heading = HEADING)]
    cloudwatch: Option<String>,

    /// Let Prometheus read the same metrics, at http://ADDRESS/metrics
    #[arg(long, value_name = "ADDRESS", help_heading = HEADING)]
    prometheus: Option<SocketAddr>,

    /// Which metrics there are
    #[arg(long, value_name = "LEVEL", default_value = "detailed", help_heading = HEADING)]
    metrics_level: LevelName,

    /// What they are told apart by; CloudWatch charges for each metric of each shard
    #[arg(long, value_name = "GRANULARITY", default_value = "shard", help_heading = HEADING)]
    metrics_granularity: GranularityName,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LevelName {
    /// What was put, what failed, how long it waited
    Summary,
    /// All that KPL has
    Detailed,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum GranularityName {
    Global,
    Stream,
    Shard,
}

/// Metrics on their way. Without [`Measuring::end`] the last minute is not published.
pub(crate) struct Measuring {
    publisher: Option<Publisher>,
    scrape: Option<Scrape>,
}

impl Measured {
    /// What the producer of this stream measures: nothing, unless somebody is told.
    pub(crate) fn settings(&self, stream: &Stream) -> Settings {
        let is_told = self.cloudwatch.is_some() || self.prometheus.is_some();
        let level = match self.metrics_level {
            _ if !is_told => Level::None,
            LevelName::Summary => Level::Summary,
            LevelName::Detailed => Level::Detailed,
        };
        let granularity = match self.metrics_granularity {
            GranularityName::Global => Granularity::Global,
            GranularityName::Stream => Granularity::Stream,
            GranularityName::Shard => Granularity::Shard,
        };
        Settings { level, granularity, stream: Some(stream.name.clone()) }
    }

    /// Begins to tell those who are to be told; before the producer starts.
    pub(crate) async fn begin(&self, stream: &Stream) -> Result<Measuring, CommandError> {
        let (mut publisher, mut scrape) = (None, None);
        if self.cloudwatch.is_some() || self.prometheus.is_some() {
            let registry = Registry::default();
            // A process has one recorder, and this is where it is made: a second producer adds to the first one's.
            let _ = metrics::set_global_recorder(registry.clone());
            if let Some(address) = self.prometheus {
                let cannot = |cause| {
                    CommandError::wrap(Kind::Local, format!("cannot let Prometheus in at {address}"), cause)
                        .hint("port 0 takes a free one")
                };
                let told = registry.clone();
                let pages = move |path: &str| matches!(path, "/metrics" | "/").then(|| Page::metrics(&told));
                let started = Scrape::start(address, "the metrics are at /metrics\n", Arc::new(pages)).await;
                scrape = Some(started.map_err(cannot)?);
            }
            if let Some(namespace) = &self.cloudwatch {
                let settings =
                    PublisherSettings { namespace: namespace.clone(), ..PublisherSettings::default() };
                let sink = Arc::new(CloudWatchSink::new(stream.cloudwatch()));
                publisher = Some(Publisher::start(registry, sink, settings));
            }
        }
        Ok(Measuring { publisher, scrape })
    }
}

impl Measuring {
    /// Where Prometheus finds the metrics, if it was asked for.
    pub(crate) fn url(&self) -> Option<String> {
        self.scrape.as_ref().map(|scrape| format!("{}/metrics", scrape.base()))
    }

    /// Publishes the rest. Whether all of it was, as far as is known.
    pub(crate) async fn end(self) -> bool {
        match self.publisher {
            Some(publisher) => publisher.close_within(LAST).await,
            None => true,
        }
    }
}
