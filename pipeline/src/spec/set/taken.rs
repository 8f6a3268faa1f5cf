//! Names on AWS that two pipelines of a set would both take, in one region: each stream, function and delivery is one
//! pipeline's.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::super::check::physical;
use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::Pipeline;
use super::super::path::Path;
use super::super::position::Positions;
use super::super::sources::Sources;
use super::Checked;

/// An entry of a pipeline that has a name on AWS.
struct Entry {
    /// `Kinesis stream`, …: names are apart by kind.
    kind: &'static str,
    section: &'static str,
    logical: String,
    /// Its name on AWS.
    name: String,
    /// Whether the file says that name.
    said: bool,
}

/// A name and where it counts: the kind, the region and the name.
type Claim = (&'static str, Option<String>, String);

/// Who has a name: the pipeline, the section, the entry, and where it is given.
type Holder = (String, &'static str, String, Range<usize>);

/// Finds the names that a pipeline takes from one before it.
pub(super) fn find(all: &mut [Checked], sources: &Sources) {
    if all.len() < 2 {
        return;
    }
    let mut holders: HashMap<Claim, Holder> = HashMap::new();
    for checked in all {
        let Some(pipeline) = &checked.pipeline else { continue };
        let positions = Positions::new(Arc::clone(&checked.tree));
        for Entry { kind, section, logical, name, said } in entries(pipeline) {
            let place = physical::place(&Path::of([section, logical.as_str()]), said);
            let at = positions.resolve(&place, sources.text()).unwrap_or_default();
            let claim = (kind, pipeline.region.clone(), name);
            match holders.get(&claim) {
                // One pipeline's own entries were compared before, and two of one name are said to be one.
                Some((other, ..)) if *other == pipeline.name => {}
                Some((other, section, entry, first)) => {
                    let message = format!(
                        "`{section}.{entry}` of the pipeline `{other}` is called `{}` on AWS, too",
                        claim.2
                    );
                    let twice = Diagnostic::error(Code::NameTaken, place, message);
                    let twice = twice.related(Place::Bytes(first.clone()), "there");
                    checked
                        .found
                        .push(twice.help("it belongs to one pipeline: give one of them another `name`"));
                }
                None => drop(holders.insert(claim, (pipeline.name.clone(), section, logical, at))),
            }
        }
    }
}

fn entries(pipeline: &Pipeline) -> Vec<Entry> {
    let entry = |kind, section, logical: &String, name, said| Entry {
        kind,
        section,
        logical: logical.clone(),
        name,
        said,
    };
    let streams = pipeline.streams.iter().map(|(logical, it)| {
        entry("stream", "streams", logical, pipeline.stream_name(logical), it.name.is_some())
    });
    let transforms = pipeline.transforms.iter().map(|(logical, it)| {
        entry("function", "transforms", logical, pipeline.function_name(logical), it.name.is_some())
    });
    let functions = pipeline.functions.iter().map(|(logical, it)| {
        entry("function", "functions", logical, pipeline.function_name(logical), it.name.is_some())
    });
    let deliveries = pipeline.deliveries.iter().map(|(logical, it)| {
        entry("delivery", "deliveries", logical, pipeline.delivery_name(logical), it.name.is_some())
    });
    streams.chain(transforms).chain(functions).chain(deliveries).collect()
}
