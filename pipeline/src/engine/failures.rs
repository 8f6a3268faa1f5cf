//! What failed in the last hour, as CloudWatch counts it: a delivery that is there and well may still put every record
//! under its error prefix. What may not be read is not known, and that is no error.
//!
//! From "Monitor Amazon Data Firehose metrics" and "Types of metrics for Lambda functions" in the guides. Firehose counts
//! the records that a transform succeeded on, and not those that it failed on. Those are what was taken in less what
//! succeeded; `count` sees to it that none is counted that may be on its way. Metrics go by names, so those of a delivery
//! that was replaced are left out: what was in its buffer came in and was never transformed, and has not failed.

mod count;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Engine;
use super::status::{Health, ResourceStatus};
use crate::cloud::{CallError, Metric, Minutes, Statistic};
use crate::resources::delivery::{DeliveryState, To};
use crate::resources::{Observed, ResourceId, State};
use count::{Hour, untransformed};

/// Something that failed, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailureCount {
    /// What failed.
    pub what: Failed,
    /// How often, of late; never zero.
    pub count: u64,
}

/// What can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Failed {
    /// Records of a delivery that its transform failed on: they are under the error prefix.
    TransformedRecords,
    /// Calls of a delivery's transform, which are tried again three times.
    TransformCalls,
    /// Objects or requests that the destination of a delivery did not take; they are tried again.
    Writes,
    /// Records that a delivery refused, which whoever put them has to put again.
    RefusedRecords,
    /// Times that a delivery had more partitions than it may have: the records of others are under the error prefix.
    PartitionLimit,
    /// Calls of a function that ended with an error.
    Calls,
    /// Calls of a function that Lambda refused.
    RefusedCalls,
}

/// What is to be made of some metrics.
#[derive(Clone, Copy, Debug)]
enum Sum {
    /// The sum of one.
    Of(usize),
    /// What one counts, less the sum of another: tries that did not succeed.
    Unsuccessful(usize, usize),
    /// What came in, less what was transformed, which takes so many minutes.
    Untransformed(usize, usize, usize),
}

/// What is asked of all resources together.
#[derive(Debug, Default)]
struct Questions {
    metrics: Vec<Metric>,
    asked: Vec<Question>,
}

/// One thing that may have failed.
#[derive(Clone, Copy, Debug)]
struct Question {
    /// The place of the resource.
    at: usize,
    what: Failed,
    sum: Sum,
    /// When the resource was made, where only what came after that counts.
    created: Option<Timestamp>,
}

impl Engine {
    /// Adds to the resources what failed there.
    pub(super) async fn look_for_failures(
        &self,
        resources: &mut [ResourceStatus],
        observed: &BTreeMap<ResourceId, Observed>,
        now: Timestamp,
    ) -> Result<(), CallError> {
        let mut questions = Questions::default();
        for (at, resource) in resources.iter().enumerate() {
            let id = ResourceId::new(resource.kind, resource.name.clone());
            if let (Some(seen), false) = (observed.get(&id), matches!(resource.health, Health::NotOurs(_))) {
                questions.about(at, &resource.name, &seen.state);
            }
        }
        if questions.metrics.is_empty() {
            return Ok(());
        }
        let hour = Hour::until(now);
        let from = hour.from - SignedDuration::from_mins(questions.longest_way());
        let answers = self.metrics.minutes(&questions.metrics, from, hour.until).await?;
        for (at, failure) in questions.judge(&answers, hour) {
            resources[at].failures.push(failure);
        }
        Ok(())
    }
}

impl Questions {
    /// Asks what can fail of a resource.
    fn about(&mut self, at: usize, name: &str, state: &State) {
        match state {
            State::Delivery(delivery) => self.about_delivery(at, name, delivery),
            State::Function(_) => {
                for (what, metric) in [(Failed::Calls, "Errors"), (Failed::RefusedCalls, "Throttles")] {
                    let metric = self.metric("AWS/Lambda", metric, ("FunctionName", name), Statistic::Sum);
                    self.asked.push(Question { at, what, sum: Sum::Of(metric), created: None });
                }
            }
            _ => {}
        }
    }

    fn about_delivery(&mut self, at: usize, name: &str, delivery: &DeliveryState) {
        let of = ("DeliveryStreamName", name);
        let created = delivery.created;
        let Some(to) = &delivery.destination else { return };
        if let Some(transform) = to.processor() {
            let taken = match delivery.source {
                // AWS does not say whether it counts what an aggregate holds: where it does not, failures hide.
                Some(_) => "DataReadFromKinesisStream.Records",
                None => "IncomingRecords",
            };
            let taken = self.metric("AWS/Firehose", taken, of, Statistic::Sum);
            let done = self.metric("AWS/Firehose", "SucceedProcessing.Records", of, Statistic::Sum);
            let way = count::minutes_on_the_way(transform.buffer_seconds);
            let sum = Sum::Untransformed(taken, done, way);
            self.asked.push(Question { at, what: Failed::TransformedRecords, sum, created });
            let sum = self.tries("ExecuteProcessing.Success", of);
            self.asked.push(Question { at, what: Failed::TransformCalls, sum, created });
        }
        let partitioned = matches!(to, To::S3(s3) if s3.partitioning.is_some());
        let writes = match to {
            To::S3(_) => "DeliveryToS3.Success",
            To::Http(_) => "DeliveryToHttpEndpoint.Success",
        };
        let sum = self.tries(writes, of);
        self.asked.push(Question { at, what: Failed::Writes, sum, created });
        if delivery.source.is_none() {
            let refused = self.metric("AWS/Firehose", "ThrottledRecords", of, Statistic::Sum);
            self.asked.push(Question { at, what: Failed::RefusedRecords, sum: Sum::Of(refused), created });
        }
        if partitioned {
            let exceeded = self.metric("AWS/Firehose", "PartitionCountExceeded", of, Statistic::Sum);
            self.asked.push(Question { at, what: Failed::PartitionLimit, sum: Sum::Of(exceeded), created });
        }
    }

    /// A metric that is 1 for a try that succeeded, and 0 for one that did not.
    fn tries(&mut self, metric: &'static str, of: (&'static str, &str)) -> Sum {
        let tried = self.metric("AWS/Firehose", metric, of, Statistic::Count);
        let succeeded = self.metric("AWS/Firehose", metric, of, Statistic::Sum);
        Sum::Unsuccessful(tried, succeeded)
    }

    fn metric(
        &mut self,
        namespace: &'static str,
        name: &'static str,
        (dimension, resource): (&'static str, &str),
        statistic: Statistic,
    ) -> usize {
        self.metrics.push(Metric { namespace, name, of: (dimension, resource.to_owned()), statistic });
        self.metrics.len() - 1
    }

    /// The longest time that a record is on its way, in minutes.
    fn longest_way(&self) -> i64 {
        let ways = self.asked.iter().map(|question| match question.sum {
            Sum::Untransformed(_, _, way) => i64::try_from(way).unwrap_or(i64::MAX),
            Sum::Of(_) | Sum::Unsuccessful(..) => 0,
        });
        ways.max().unwrap_or(0)
    }

    /// What failed, of which resource.
    fn judge<'a>(
        &'a self,
        answers: &'a [Minutes],
        hour: Hour,
    ) -> impl Iterator<Item = (usize, FailureCount)> + 'a {
        self.asked.iter().filter_map(move |question| {
            let hour = hour.since(question.created);
            let total = |metric: usize| hour.total(&answers[metric]);
            let count = match question.sum {
                Sum::Of(metric) => total(metric),
                Sum::Unsuccessful(tried, succeeded) => total(tried) - total(succeeded),
                Sum::Untransformed(taken, done, way) => {
                    untransformed(&answers[taken], &answers[done], hour, way)
                }
            };
            let count = count::whole(count);
            (count > 0).then_some((question.at, FailureCount { what: question.what, count }))
        })
    }
}

#[cfg(test)]
mod tests;
