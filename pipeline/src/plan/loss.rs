//! Data that a plan gives up, said where nobody can miss it: records in a stream that goes, or that keeps them for a
//! shorter time; objects in a bucket that goes. Pure; who else reads a stream, and whether anything came in of late, is
//! asked when there is something to lose.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Operation, Step};
use crate::ledger::Record;
use crate::resources::bucket::BucketChange;
use crate::resources::names::grouped;
use crate::resources::stream::{StreamChange, StreamState};
use crate::resources::{Address, Change, Kind, Observed, ResourceId, Spec, State};

/// Data that a plan gives up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Loss {
    /// Where what holds it stands in the file, or stood.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// What is lost, in words.
    pub what: String,
    /// Whether all that reads it loses it: the resource goes.
    pub goes: bool,
    /// Who reads it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<Reader>,
    /// How many records came in within the last day, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent: Option<u64>,
}

/// Who reads a stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Reader {
    /// The pipeline, where it is another than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// What of it: `deliveries.lake`; or, where no pipeline has it, in words.
    pub what: String,
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.pipeline {
            None => f.write_str(&self.what),
            Some(pipeline) => write!(f, "{} of the pipeline {pipeline}", self.what),
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match self.recent {
            Some(0) => f.write_str("; nothing came in within the last day")?,
            Some(1) => f.write_str("; 1 record came in within the last day")?,
            Some(records) => write!(f, "; {} records came in within the last day", grouped(records))?,
            None => {}
        }
        if !self.readers.is_empty() {
            let readers: Vec<String> = self.readers.iter().map(Reader::to_string).collect();
            write!(f, "; read by {}", readers.join(", "))?;
        }
        Ok(())
    }
}

/// What these steps lose, given what is there and who is remembered to read it.
pub(super) fn losses(
    steps: &[Step],
    observed: &BTreeMap<ResourceId, Observed>,
    remembered: &[Record],
) -> Vec<Loss> {
    let lost = |step: &Step| {
        let seen = observed.get(&ResourceId::new(step.kind, step.name.clone()))?;
        let (what, goes) = match &seen.state {
            State::Stream(stream) => of_stream(step, stream)?,
            State::Bucket(bucket) => {
                let empty = Operation::Change(Change::Bucket(BucketChange::Empty));
                let held = bucket.contents.as_ref().filter(|contents| contents.objects > 0)?;
                (step.operations.contains(&empty)).then(|| (format!("{held} go with it"), true))?
            }
            _ => return None,
        };
        let readers =
            if step.kind == Kind::Stream { own_readers(&step.name, remembered) } else { Vec::new() };
        let (address, kind, name) = (step.address.clone(), step.kind, step.name.clone());
        Some(Loss { address, kind, name, what, goes, readers, recent: None })
    };
    steps.iter().filter_map(lost).collect()
}

fn of_stream(step: &Step, stream: &StreamState) -> Option<(String, bool)> {
    let kept = stream.retention_hours;
    let shorter = step.operations.iter().find_map(|operation| match operation {
        Operation::Change(Change::Stream(StreamChange::ShortenRetention(hours))) => Some(*hours),
        _ => None,
    });
    match (step.action, shorter) {
        (Action::Delete | Action::Replace, _) => {
            Some((format!("the records in it go with it, read or not; it keeps them for {kept}h"), true))
        }
        (_, Some(hours)) => Some((
            format!("records older than {hours}h go at once, read or not; it kept them for {kept}h"),
            false,
        )),
        _ => None,
    }
}

/// What of this pipeline reads a stream, as the ledger has it.
fn own_readers(stream: &str, remembered: &[Record]) -> Vec<Reader> {
    let reads = remembered.iter().filter(|record| reads(record, stream));
    reads.map(|record| Reader { pipeline: None, what: record.address.to_string() }).collect()
}

/// Whether a resource in a ledger was made to read a stream of this name.
pub(crate) fn reads(record: &Record, stream: &str) -> bool {
    let of = |arn: &str| arn.rsplit('/').next() == Some(stream);
    match record.applied.as_ref().and_then(|applied| applied.spec()) {
        Some(Spec::Delivery(delivery)) => delivery.source.is_some_and(|source| of(&source.stream_arn)),
        Some(Spec::Mapping(mapping)) => of(&mapping.source.stream_arn),
        // That of a function is told by its mapping.
        Some(Spec::StreamConsumer(_)) => {
            record.address.as_str().starts_with("streams.")
                && record.name.split_once('/').is_some_and(|(name, _)| name == stream)
        }
        _ => false,
    }
}
