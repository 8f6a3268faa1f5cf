//! The default set of alarms: what goes wrong first with a stream, a function, a delivery, and few enough of them
//! that each is worth waking somebody for.

use super::Builder;
use crate::resources::alarm::AlarmSpec;
use crate::resources::{Address, Spec};
use crate::spec::model::{Alarms, Destination};

/// An hour behind is long before the first record expires, which it does after a day at the earliest.
const BEHIND_MILLISECONDS: u32 = 3_600_000;
/// The least time that a delivery may be late, in seconds.
const LATE_SECONDS: u32 = 900;
/// Every try, as Firehose counts success: its metric is 1 for one that succeeded and 0 for one that did not.
const ALL: u32 = 1;

/// What one alarm watches.
struct Watch<'a> {
    /// What it is called after its resource: `iterator-age`.
    what: &'a str,
    metric: &'a str,
    statistic: &'a str,
    threshold: u32,
    above: bool,
    /// In how many of how many minutes.
    minutes: (u32, u32),
    description: String,
}

impl<'a> Watch<'a> {
    /// Anything at all of a metric that counts what should not be, three minutes of five.
    fn any(what: &'a str, metric: &'a str, description: String) -> Self {
        Self { what, metric, statistic: "Sum", threshold: 0, above: true, minutes: (3, 5), description }
    }

    /// A metric that stays above a threshold.
    fn above(what: &'a str, metric: &'a str, threshold: u32, description: String) -> Self {
        Self { what, metric, statistic: "Maximum", threshold, above: true, minutes: (5, 5), description }
    }
}

/// Whose metrics they are.
struct Watched {
    address: Address,
    /// The end of the alarms' names before what they watch.
    name: String,
    namespace: &'static str,
    dimension: (&'static str, String),
}

impl Builder<'_> {
    pub(super) fn alarms(&mut self, alarms: &Alarms) {
        self.stream_alarms(alarms);
        self.function_alarms(alarms);
        self.delivery_alarms(alarms);
    }

    fn alarm(&mut self, watched: &Watched, watch: Watch<'_>, alarms: &Alarms) {
        let spec = AlarmSpec {
            description: watch.description,
            namespace: watched.namespace.to_owned(),
            metric: watch.metric.to_owned(),
            dimension: (watched.dimension.0.to_owned(), watched.dimension.1.clone()),
            statistic: watch.statistic.to_owned(),
            threshold: watch.threshold,
            above: watch.above,
            minutes: watch.minutes.1,
            breaching: watch.minutes.0,
            topics: alarms.to.clone(),
        };
        let name = format!("{}-{}-{}", self.pipeline.name, watched.name, watch.what);
        self.add(watched.address.alarm(watch.what), name, Spec::Alarm(spec), Vec::new());
    }

    fn stream_alarms(&mut self, alarms: &Alarms) {
        let pipeline = self.pipeline;
        for logical in pipeline.streams.keys() {
            let watched = Watched {
                address: Address::stream(logical),
                name: format!("{logical}-stream"),
                namespace: "AWS/Kinesis",
                dimension: ("StreamName", pipeline.stream_name(logical)),
            };
            let refused = "Kinesis refuses writes: the stream needs more shards, or its keys are uneven.";
            let write = "WriteProvisionedThroughputExceeded";
            self.alarm(&watched, Watch::any("write-throttles", write, refused.to_owned()), alarms);
            let refused =
                "Kinesis refuses reads: too many readers share the shards; fan-out gives one its own.";
            let read = "ReadProvisionedThroughputExceeded";
            self.alarm(&watched, Watch::any("read-throttles", read, refused.to_owned()), alarms);
            let behind = "A reader of the stream is an hour behind; what it does not read in time is lost.";
            let age = "GetRecords.IteratorAgeMilliseconds";
            let watch = Watch::above("iterator-age", age, BEHIND_MILLISECONDS, behind.to_owned());
            self.alarm(&watched, watch, alarms);
        }
    }

    fn function_alarms(&mut self, alarms: &Alarms) {
        let pipeline = self.pipeline;
        let transforms =
            pipeline.transforms.keys().map(|logical| (Address::transform(logical), logical, false));
        let functions = pipeline
            .functions
            .iter()
            .map(|(logical, it)| (Address::function(logical), logical, it.reads.is_some()));
        for (address, logical, reads) in transforms.chain(functions) {
            let watched = Watched {
                address,
                name: format!("{logical}-function"),
                namespace: "AWS/Lambda",
                dimension: ("FunctionName", pipeline.function_name(logical)),
            };
            let failing = "The function fails; its log says why.".to_owned();
            self.alarm(&watched, Watch::any("errors", "Errors", failing), alarms);
            let full = "Lambda refuses calls: the account, or what is kept for the function, runs no more at a time.";
            self.alarm(&watched, Watch::any("throttles", "Throttles", full.to_owned()), alarms);
            if reads {
                let behind =
                    "The function is an hour behind its stream; what it does not read in time is lost.";
                let watch =
                    Watch::above("iterator-age", "IteratorAge", BEHIND_MILLISECONDS, behind.to_owned());
                self.alarm(&watched, watch, alarms);
            }
        }
    }

    fn delivery_alarms(&mut self, alarms: &Alarms) {
        let pipeline = self.pipeline;
        for (logical, delivery) in &pipeline.deliveries {
            let watched = Watched {
                address: Address::delivery(logical),
                name: format!("{logical}-delivery"),
                namespace: "AWS/Firehose",
                dimension: ("DeliveryStreamName", pipeline.delivery_name(logical)),
            };
            let (place, buffer, fresh, success) = match &delivery.to {
                Destination::S3(s3) => {
                    ("bucket", s3.buffer, "DeliveryToS3.DataFreshness", "DeliveryToS3.Success")
                }
                Destination::Http(http) => (
                    "endpoint",
                    http.buffer,
                    "DeliveryToHttpEndpoint.DataFreshness",
                    "DeliveryToHttpEndpoint.Success",
                ),
            };
            let interval = u32::try_from(buffer.interval.as_secs()).unwrap_or(u32::MAX);
            let late = LATE_SECONDS.max(interval.saturating_mul(3));
            let stale = format!("The oldest record that is not in the {place} yet is {late} s old.");
            self.alarm(&watched, Watch::above("freshness", fresh, late, stale), alarms);
            let failing = format!("Firehose cannot write to the {place}; the delivery's log says why.");
            let watch = Watch {
                what: "success",
                metric: success,
                statistic: "Average",
                threshold: ALL,
                above: false,
                minutes: (3, 5),
                description: failing,
            };
            self.alarm(&watched, watch, alarms);
            if delivery.from.is_none() {
                let refused = "Firehose refuses records: the delivery takes no more at a time.".to_owned();
                self.alarm(&watched, Watch::any("throttles", "ThrottledRecords", refused), alarms);
            }
        }
    }
}
