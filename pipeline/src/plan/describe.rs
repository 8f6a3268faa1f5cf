//! Operations in words, as they are shown in plans and while they run.

use std::fmt;

use super::{Action, Operation};
use crate::resources::Change;
use crate::resources::alarm::AlarmChange;
use crate::resources::bucket::BucketChange;
use crate::resources::dashboard::DashboardChange;
use crate::resources::delivery::DeliveryChange;
use crate::resources::function::FunctionChange;
use crate::resources::log_group::LogGroupChange;
use crate::resources::mapping::MappingChange;
use crate::resources::role::RoleChange;
use crate::resources::stream::StreamChange;

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operation::Create => f.write_str("create"),
            Operation::Change(change) => f.write_str(&words(change)),
            Operation::Tag(change) if change.set.is_empty() => {
                write!(f, "remove {} tags", change.remove.len())
            }
            Operation::Tag(change) => write!(f, "set {} tags", change.set.len()),
            Operation::Delete => f.write_str("delete"),
        }
    }
}

fn words(change: &Change) -> String {
    match change {
        Change::Bucket(BucketChange::Empty) => "delete every object".to_owned(),
        Change::Bucket(BucketChange::Versioning(true)) => "keep versions of objects".to_owned(),
        Change::Bucket(BucketChange::Versioning(false)) => "keep no more versions".to_owned(),
        Change::Bucket(BucketChange::Encryption(Some(key))) => format!("encrypt objects with {key}"),
        Change::Bucket(BucketChange::Encryption(None)) => "encrypt objects as S3 does by itself".to_owned(),
        Change::Bucket(BucketChange::Lifecycle(rules)) => format!("set {} lifecycle rules", rules.len()),
        Change::Bucket(BucketChange::Notifications(them)) => format!("set {} notifications", them.len()),
        Change::Stream(change) => stream(change),
        Change::LogGroup(LogGroupChange::Stream(name)) => format!("create the log stream {name}"),
        Change::LogGroup(LogGroupChange::Retention(days)) => format!("keep lines for {days} days"),
        Change::Role(RoleChange::Trust(_)) => "set who may assume it".to_owned(),
        Change::Role(RoleChange::Policy(_)) => "put its policy".to_owned(),
        Change::Role(RoleChange::DeletePolicy) => "delete its policy".to_owned(),
        Change::Function(FunctionChange::Code(..)) => "upload the code".to_owned(),
        Change::Function(FunctionChange::Seal(_)) => "tag what the code was built from".to_owned(),
        Change::Function(FunctionChange::Configuration(_)) => "set the configuration".to_owned(),
        Change::Function(FunctionChange::Concurrency(Some(calls))) => {
            format!("keep {calls} calls at a time for it")
        }
        Change::Function(FunctionChange::Permit(arn)) => format!("let {} call it", bucket(arn)),
        Change::Function(FunctionChange::Forbid(arn)) => format!("let {} call it no more", bucket(arn)),
        Change::Function(FunctionChange::Concurrency(None)) => "keep no calls for it alone".to_owned(),
        Change::Delivery(DeliveryChange::Destination(_)) => "update the destination".to_owned(),
        Change::Delivery(DeliveryChange::Seal(Some(_))) => "tag which access key was set".to_owned(),
        Change::Delivery(DeliveryChange::Seal(None)) => "take the tag of an access key away".to_owned(),
        Change::Delivery(DeliveryChange::Encrypt(_)) => "encrypt what it holds".to_owned(),
        Change::Delivery(DeliveryChange::StopEncrypting) => "stop encrypting what it holds".to_owned(),
        Change::StreamConsumer(change) => match *change {},
        Change::Alarm(AlarmChange::Put(_)) => "set what it watches".to_owned(),
        Change::Dashboard(DashboardChange::Put(_)) => "set its widgets".to_owned(),
        Change::Mapping(MappingChange::Settings(_)) => "set how it reads".to_owned(),
    }
}

fn bucket(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

fn stream(change: &StreamChange) -> String {
    match change {
        StreamChange::OnDemand(true) => "switch to on-demand".to_owned(),
        StreamChange::OnDemand(false) => "switch to provisioned".to_owned(),
        StreamChange::Shards(count) => format!("set the shard count to {count}"),
        StreamChange::LengthenRetention(hours) | StreamChange::ShortenRetention(hours) => {
            format!("keep records for {hours} hours")
        }
        StreamChange::Encrypt(key) => format!("encrypt with {key}"),
        StreamChange::StopEncrypting(_) => "stop encrypting".to_owned(),
        StreamChange::PublishMetrics(names) => format!("publish {} metrics for each shard", names.len()),
        StreamChange::StopMetrics(names) => format!("stop {} metrics of shards", names.len()),
        StreamChange::MaxRecord(kib) => format!("take records of up to {kib} KiB"),
        StreamChange::WarmThroughput(mibps) => format!("keep it ready for {mibps} MiB/s"),
        StreamChange::DeleteWithConsumers => "delete it with its consumers".to_owned(),
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Action::NoChange => "no change",
            Action::Create => "create",
            Action::Update => "update",
            Action::Replace => "replace",
            Action::Delete => "delete",
            Action::Release => "release",
        })
    }
}
