//! Makes the plan of a destroy: all that belongs to the pipeline goes, dependents first.

use std::collections::BTreeMap;

use super::footprint::footprints;
use super::ownership::{Here, Verdict, verdict};
use super::{BucketData, PLAN_FORMAT, Plan, Purpose, loss, prune};
use crate::ledger::{Record, Standing};
use crate::resources::names::Place;
use crate::resources::{Observed, Outline, ResourceId};

/// All that a removal is planned from.
#[derive(Clone, Copy, Debug)]
pub struct RemovalInputs<'a> {
    /// The pipeline's name.
    pub pipeline: &'a str,
    /// The text of its file.
    pub source: &'a str,
    /// Account and region.
    pub place: &'a Place,
    /// What the file needs.
    pub outline: &'a [Outline],
    /// What exists, of all that the file needs or the ledger remembers.
    pub observed: &'a BTreeMap<ResourceId, Observed>,
    /// What the ledger's last revision remembers.
    pub remembered: &'a [Record],
    /// The number of that revision; 0 when there is none.
    pub based_on: u64,
    /// What becomes of buckets that hold objects.
    pub bucket_data: BucketData,
    /// Whether streams take the consumers along that others registered.
    pub delete_consumers: bool,
}

/// Plans the removal of everything that exists, is remembered or in the file, and is ours. What keeps it from being
/// carried out, such as buckets that hold objects when nothing says what becomes of them, stands in it.
#[must_use]
pub fn build_removal(inputs: &RemovalInputs<'_>) -> Plan {
    let here = Here { pipeline: inputs.pipeline, region: &inputs.place.region };
    let (mut records, mut notes) = (inputs.remembered.to_vec(), Vec::new());
    for outline in inputs.outline {
        if records.iter().any(|record| record.id() == outline.id) {
            continue;
        }
        // What the ledger does not have is ours only where it says so by itself.
        let seen = inputs.observed.get(&outline.id);
        match seen.map(|seen| verdict(here, &outline.id, seen, None)) {
            Some(Verdict::NotOurs(owner)) => {
                notes.push(prune::left_alone(&outline.address, &outline.id, &owner));
            }
            _ => records.push(Record::of_outline(outline, Standing::Present)),
        }
    }
    let candidates: Vec<&Record> = records.iter().collect();
    let along = prune::Along { bucket_data: inputs.bucket_data, consumers: inputs.delete_consumers };
    let mut refusals = Vec::new();
    let mut told = prune::Told { notes: &mut notes, refusals: &mut refusals };
    let steps = prune::removals(here, &candidates, inputs.observed, along, &mut told);
    Plan {
        format: PLAN_FORMAT,
        pipeline: inputs.pipeline.to_owned(),
        purpose: Purpose::Destroy,
        account: inputs.place.account.clone(),
        region: inputs.place.region.clone(),
        source: inputs.source.to_owned(),
        based_on: inputs.based_on,
        losses: loss::losses(&steps, inputs.observed, inputs.remembered),
        refusals,
        footprint: footprints(&steps, inputs.observed),
        steps,
        notes,
        left_out: Vec::new(),
        returns_to: None,
        inputs: crate::spec::FileInputs::default(),
    }
}
