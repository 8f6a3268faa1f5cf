//! The format: one file per part of it.
//!
//! Every rule takes a [`fields::Given`] value, pushes what is wrong to the findings and goes on, so that one
//! run reports all of a file. A rule returns `None` when its part is of no use; nothing below or beside
//! it is skipped for that.

mod arn;
mod bucket;
mod bucket_settings;
mod date_pattern;
mod delivery;
mod delivery_key;
mod environment;
pub(super) mod fields;
mod filter;
mod function;
mod http;
mod kms;
mod list;
mod measure;
mod monitoring;
pub(super) mod name;
mod partition;
pub(super) mod physical;
mod prefix;
mod reading;
mod settings;
pub(super) mod shape;
mod shard_metrics;
mod stream;
mod stream_ref;
pub(super) mod suggest;
mod tags;
mod transform;

use indexmap::IndexMap;

use super::code::Code;
use super::diagnostic::{Diagnostic, Place};
use super::model::{Bucket, Pipeline};
use super::path::Path;
use super::transform::CheckTransform;
use super::tree::Node;
use fields::{Fields, Found, Given};

#[cfg(test)]
pub(super) use shape::SHAPES;
pub(super) use suggest::nearest;

/// The pipeline that a tree means; everything that is wrong with it is added to what is `found` already.
pub(super) fn pipeline(tree: &Node, check: &dyn CheckTransform, found: &mut Found) -> Option<Pipeline> {
    let root = Given { node: tree, path: Path::root() };
    let file = Fields::open(&shape::PIPELINE, root, found)?;
    header(&file, found);
    let name = file.get("name").and_then(|given| name::pipeline(&given, found));
    let region = file.get("region").and_then(|given| region(&given, found));
    let tags = tags::read(&file, found);

    let stream_entries = file.entries("streams", found);
    let of = stream::Pipeline { name, region: region.as_deref() };
    let streams = each(&stream_entries, ("a stream name", name::STREAM, name), found, |given, found| {
        stream::read(given, of, found)
    });
    let transform_entries = file.entries("transforms", found);
    let what = ("a transform name", name::TRANSFORM, name);
    let transforms =
        each(&transform_entries, what, found, |given, found| transform::read(given, check, found));
    let function_entries = file.entries("functions", found);
    let defined = delivery::Defined {
        pipeline: name,
        region: region.as_deref(),
        streams: stream_entries.iter().map(|(logical, _)| *logical).collect(),
        transforms: transform_entries.iter().map(|(logical, _)| *logical).collect(),
        programs: programs(&transform_entries),
        functions: function_entries.iter().map(|(logical, _)| *logical).collect(),
        said: [&stream_entries, &transform_entries, &function_entries].into_iter().flat_map(said).collect(),
    };
    let what = ("a function name", name::FUNCTION, name);
    let functions =
        each(&function_entries, what, found, |given, found| function::read(given, check, &defined, found));
    function::distinct(&function_entries, &transform_entries, found);
    let delivery_entries = file.entries("deliveries", found);
    let what = ("a delivery name", name::DELIVERY, name);
    let deliveries =
        each(&delivery_entries, what, found, |given, found| delivery::read(given, &defined, found));
    physical::distinct(&[("stream", &stream_entries)], name, found);
    physical::distinct(&[("transform", &transform_entries), ("function", &function_entries)], name, found);
    physical::distinct(&[("delivery", &delivery_entries)], name, found);
    let buckets = buckets(&file, region.as_deref(), &defined, found);
    if !has_errors(found) {
        unused(&transform_entries, &delivery_entries, found);
        if stream_entries.is_empty() && delivery_entries.is_empty() && function_entries.is_empty() {
            found.push(nothing_to_run());
        }
    }
    let (alarms, dashboard) = (monitoring::alarms(&file, found), monitoring::dashboard(&file, found));
    let name = name?.to_owned();
    Some(Pipeline {
        name,
        region,
        tags,
        streams,
        transforms,
        functions,
        deliveries,
        buckets,
        alarms,
        dashboard,
        secrets: Vec::new(),
    })
}

/// Settings of buckets, whose names are the buckets' own.
fn buckets(
    file: &Fields<'_>,
    region: Option<&str>,
    defined: &delivery::Defined<'_>,
    found: &mut Found,
) -> IndexMap<String, Bucket> {
    let mut buckets = IndexMap::new();
    for (name, given) in file.entries("buckets", found) {
        let named = bucket::check(name, Place::Key(given.path.clone()), found);
        let settings = bucket_settings::read(given, region, defined, found);
        buckets.extend(named.then_some(()).and(settings).map(|settings| (name.to_owned(), settings)));
    }
    buckets
}

/// The transforms that are programs.
fn programs<'a>(transforms: &[(&'a str, Given<'_>)]) -> Vec<&'a str> {
    let programs = transforms.iter().filter(|(_, given)| given.node.entry("vrl").is_some());
    programs.map(|(logical, _)| *logical).collect()
}

/// What these entries are called on AWS, those that say it, each with its name here.
fn said<'s, 'a>(
    entries: &'s Vec<(&'a str, Given<'a>)>,
) -> impl Iterator<Item = (&'a str, &'a str)> + use<'s, 'a> {
    entries.iter().filter_map(|(logical, given)| Some((physical::said(given)?, *logical)))
}

/// What a kind of entry is called, what its names become on AWS, and the pipeline's name.
type Naming<'a> = (&'a str, &'a [name::Physical], Option<&'a str>);

/// The entries of a section that are sound, each with its name checked.
fn each<'a, T>(
    entries: &[(&str, Given<'a>)],
    (what, becomes, pipeline): Naming<'_>,
    found: &mut Found,
    mut read: impl FnMut(Given<'a>, &mut Found) -> Option<T>,
) -> IndexMap<String, T> {
    let mut sound = IndexMap::new();
    for (logical, given) in entries {
        let name = name::Logical { name: logical, path: &given.path, said: physical::said(given).is_some() };
        name::logical(what, becomes, pipeline, name, found);
        sound.extend(read(given.clone(), found).map(|entry| ((*logical).to_owned(), entry)));
    }
    sound
}

fn has_errors(found: &Found) -> bool {
    found.iter().any(|item| item.severity == super::Severity::Error)
}

/// `apiVersion` and `kind`: which format the rest is in.
fn header(file: &Fields<'_>, found: &mut Found) {
    for (name, due, code, what) in [
        ("apiVersion", "pipectl/v1", Code::ApiVersion, "this pipectl reads version"),
        ("kind", "Pipeline", Code::Kind, "this pipectl reads the kind"),
    ] {
        let Some(given) = file.get(name) else { continue };
        let Some(scalar) = given.scalar("one word", found) else { continue };
        if &*scalar.text != due {
            let message = format!("{what} `{due}`, but the file says `{}`", scalar.text);
            found
                .push(Diagnostic::error(code, given.place(), message).help(format!("write `{name}: {due}`")));
        }
    }
}

/// A region by its shape: new ones come faster than releases.
fn region(given: &Given<'_>, found: &mut Found) -> Option<String> {
    let text = given.text(found)?;
    let parts: Vec<&str> = text.split('-').collect();
    let word = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    let shaped = match parts.split_last() {
        Some((last, words)) => {
            words.len() >= 2
                && words.iter().all(word)
                && words[0].len() >= 2
                && !last.is_empty()
                && last.chars().all(|c| c.is_ascii_digit())
        }
        None => false,
    };
    if shaped {
        return Some(text.to_owned());
    }
    let zone = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let help = match zone.ends_with(|c: char| c.is_ascii_digit()) && zone.len() + 1 == text.len() {
        true => format!("`{text}` is an availability zone; its region is `{zone}`"),
        false => "for example `region: eu-west-1`; without it the usual AWS settings count".to_owned(),
    };
    let message = format!("`{text}` is not an AWS region");
    found.push(Diagnostic::error(Code::InvalidRegion, given.place(), message).help(help));
    None
}

/// A transform that no delivery names would be deployed and never run.
fn unused(transforms: &[(&str, Given<'_>)], deliveries: &[(&str, Given<'_>)], found: &mut Found) {
    for (logical, given) in transforms {
        let used = deliveries.iter().any(|(_, delivery)| {
            delivery.node.entry("transform").is_some_and(
                |entry| matches!(&entry.value.value, super::tree::Value::Scalar(s) if &*s.text == *logical),
            )
        });
        if !used {
            found.push(
                Diagnostic::warning(
                    Code::UnusedTransform,
                    Place::Key(given.path.clone()),
                    format!("no delivery uses the transform `{logical}`"),
                )
                .help(format!("add `transform: {logical}` to a delivery")),
            );
        }
    }
}

fn nothing_to_run() -> Diagnostic {
    Diagnostic::error(
        Code::NothingToDo,
        Place::Key(Path::root()),
        "the pipeline has neither streams nor deliveries nor functions",
    )
    .help("add `streams:` with a name below it; `pipectl destroy` takes a pipeline away")
}
