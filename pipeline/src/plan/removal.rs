//! Makes the plan of a destroy: all that belongs to the pipeline goes, dependents first.

use std::collections::BTreeMap;

use super::footprint::footprints;
use super::{BucketData, PLAN_FORMAT, Plan, PlanError, Purpose, prune};
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

/// Plans the removal of everything that exists, is remembered or in the file, and is ours.
///
/// # Errors
/// Buckets that hold objects when nothing says what becomes of them.
pub fn build_removal(inputs: &RemovalInputs<'_>) -> Result<Plan, PlanError> {
    let mut records = inputs.remembered.to_vec();
    for outline in inputs.outline {
        if !records.iter().any(|record| record.id() == outline.id) {
            records.push(Record::of_outline(outline, Standing::Present));
        }
    }
    let mut notes = Vec::new();
    let candidates: Vec<&Record> = records.iter().collect();
    let along = prune::Along { bucket_data: inputs.bucket_data, consumers: inputs.delete_consumers };
    let steps = prune::removals(inputs.pipeline, &candidates, inputs.observed, along, &mut notes)?;
    Ok(Plan {
        format: PLAN_FORMAT,
        pipeline: inputs.pipeline.to_owned(),
        purpose: Purpose::Destroy,
        account: inputs.place.account.clone(),
        region: inputs.place.region.clone(),
        source: inputs.source.to_owned(),
        based_on: inputs.based_on,
        footprint: footprints(&steps, inputs.observed),
        steps,
        notes,
        left_out: Vec::new(),
        returns_to: None,
        inputs: crate::spec::FileInputs::default(),
    })
}
