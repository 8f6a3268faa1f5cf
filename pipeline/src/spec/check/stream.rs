//! One of `streams`.

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::{Autoscale, Capacity, Stream};
use super::super::tree::{Kind, Value};
use super::fields::{Fields, Found, Given};
use super::shape::{AUTOSCALE, STREAM};
use super::{kms, measure, name, physical, shard_metrics};

/// UpdateShardCount's own ceiling; the account's quota is checked when the plan is made.
const SHARDS_MAX: u32 = 10_000;
/// A day costs nothing extra; longer is an hourly price per shard.
const RETENTION_HOURS: u32 = 24;
/// What Kinesis takes unless told otherwise.
const MAX_RECORD_KIB: u32 = 1024;

/// Consumers of one stream: 20, and 50 with on-demand Advantage, which the file cannot know.
const CONSUMERS_MAX: usize = 50;

/// What a stream has to know of its pipeline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pipeline<'a> {
    /// Its name, where it has one.
    pub(crate) name: Option<&'a str>,
    /// Its region, where the file says.
    pub(crate) region: Option<&'a str>,
}

/// A stream. Without `shards` it has one, provisioned: the price is known, the smallest that works, and
/// `autoscale` or a number makes it bigger; on-demand would start at the price of about three shards.
pub(crate) fn read(given: Given<'_>, of: Pipeline<'_>, found: &mut Found) -> Option<Stream> {
    let before = found.len();
    let fields = Fields::open(&STREAM, given, found)?;
    let name = physical::read(&fields, &physical::STREAM, found);
    let shards = fields.get("shards").map(|given| (capacity(&given, found), given));
    let autoscale = fields.get("autoscale").and_then(|given| autoscale(given, found));
    let retention_hours = match fields.get("retention") {
        Some(given) => measure::RETENTION.read(&given, found),
        None => Some(RETENTION_HOURS),
    };
    let encryption = fields.get("encryption").and_then(|given| kms::key(&given, of.region, found));
    let fan_out = fields.get("fan-out").map(|given| fan_out(&given, of.name, found)).unwrap_or_default();
    let shard_metrics = fields.get("shard-metrics").map(|given| shard_metrics::read(&given, found));
    let max_record_kib = match fields.get("max-record") {
        Some(given) => measure::MAX_RECORD.read(&given, found),
        None => Some(MAX_RECORD_KIB),
    };
    let warm =
        fields.get("warm-throughput").map(|given| (measure::WARM_THROUGHPUT.read(&given, found), given));
    let capacity = match (&shards, &autoscale) {
        (Some((capacity, given)), Some(bounds)) => {
            fits((*capacity)?, bounds, given, found);
            (*capacity)?
        }
        (Some((capacity, _)), None) => (*capacity)?,
        (None, Some(bounds)) => Capacity::Provisioned(bounds.min),
        (None, None) => Capacity::Provisioned(1),
    };
    if let Some((_, given)) = &warm {
        can_be_warm(capacity, given, found);
    }
    (found.len() == before).then_some(Stream {
        name,
        capacity,
        retention_hours: retention_hours?,
        encryption,
        autoscale,
        fan_out,
        shard_metrics,
        max_record_kib: max_record_kib?,
        warm_mibps: warm.and_then(|(mibps, _)| mibps),
    })
}

/// Only on-demand streams can be kept ready for more than they have seen.
fn can_be_warm(capacity: Capacity, given: &Given<'_>, found: &mut Found) {
    if capacity != Capacity::OnDemand {
        let message =
            "a stream with a number of shards takes in what its shards do, and has no warm throughput";
        found.push(
            Diagnostic::error(Code::Conflict, Place::Key(given.path.clone()), message)
                .help("write `shards: on-demand`, or take this away"),
        );
    }
}

/// Applications by name.
fn fan_out(given: &Given<'_>, pipeline: Option<&str>, found: &mut Found) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for item in given.items("dashboard", found) {
        let Some(name) = item.text(found) else { continue };
        let logical = name::Logical { name, path: &item.path, said: false };
        if !name::logical("a consumer's name", name::CONSUMER, pipeline, logical, found) {
            continue;
        }
        if names.iter().any(|other| other == name) {
            let message = format!("`{name}` is here already");
            found.push(Diagnostic::error(Code::NameTaken, Place::Value(item.path), message));
            continue;
        }
        names.push(name.to_owned());
    }
    if names.len() > CONSUMERS_MAX {
        let message = format!("{} consumers; AWS takes {CONSUMERS_MAX} for a stream at most", names.len());
        found.push(Diagnostic::error(Code::OutOfRange, given.place(), message));
    }
    names
}

fn capacity(given: &Given<'_>, found: &mut Found) -> Option<Capacity> {
    if let Value::Scalar(scalar) = &given.node.value
        && !matches!(scalar.kind(), Kind::Integer(_))
        && scalar.text.parse::<u32>().is_err()
    {
        if &*scalar.text == "on-demand" {
            return Some(Capacity::OnDemand);
        }
        let message = format!("`{}` is neither a number of shards nor `on-demand`", scalar.text);
        let fold = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
        let help = match fold(&scalar.text).as_str() {
            "ondemand" => "write `shards: on-demand`",
            _ => "write `shards: 2`, or `shards: on-demand` to have AWS size the stream",
        };
        found.push(Diagnostic::error(Code::UnknownChoice, given.place(), message).help(help));
        return None;
    }
    given.count(1, SHARDS_MAX, found).map(Capacity::Provisioned)
}

fn autoscale(given: Given<'_>, found: &mut Found) -> Option<Autoscale> {
    let fields = Fields::open(&AUTOSCALE, given, found)?;
    let min = match fields.get("min") {
        Some(given) => given.count(1, SHARDS_MAX, found),
        None => Some(1),
    };
    let max = fields.get("max").map(|given| (given.count(1, SHARDS_MAX, found), given));
    let target_percent = match fields.get("target") {
        Some(given) => measure::TARGET.read(&given, found).and_then(|p| u8::try_from(p).ok()).map(Some),
        None => Some(None),
    };
    let (min, (max, given), target_percent) = (min?, max?, target_percent?);
    let max = max?;
    if min > max {
        let message = format!("`max` is {max}, less than `min`, which is {min}");
        found.push(Diagnostic::error(Code::OutOfRange, given.place(), message));
        return None;
    }
    Some(Autoscale { min, max, target_percent })
}

/// The first size lies within the bounds that the autoscaler keeps.
fn fits(capacity: Capacity, bounds: &Autoscale, given: &Given<'_>, found: &mut Found) {
    let Autoscale { min, max, .. } = *bounds;
    found.push(match capacity {
        Capacity::Provisioned(shards) if (min..=max).contains(&shards) => return,
        Capacity::Provisioned(shards) => Diagnostic::error(
            Code::OutOfRange,
            given.place(),
            format!("`shards` is {shards}, outside what `autoscale` keeps: {min} to {max}"),
        )
        .help("`shards` is only the first size; leave it out to start with `min`"),
        Capacity::OnDemand => Diagnostic::error(
            Code::Conflict,
            given.place(),
            "an on-demand stream is sized by AWS, so `autoscale` has nothing to move",
        )
        .help("write a number of shards, or take `autoscale` away"),
    });
}
