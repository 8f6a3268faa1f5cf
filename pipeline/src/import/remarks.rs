//! What apply would still do to what was imported: that which a file cannot say, compared as a plan compares.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::account::{Account, SeenCode};
use super::draft::{Draft, Entry};
use crate::cloud::{CallError, Cloud};
use crate::package;
use crate::plan::{Action, Remaining, remaining};
use crate::resources::function::{PackageContent, PackageSource};
use crate::resources::tags::{self, Owner, SOURCE};
use crate::resources::{
    self, Address, CodeSource, Context, Desired, Graph, Kind, Observed, PropertyChange, ResourceId, State,
};
use crate::spec::model::{Code, Pipeline};

/// How many resources are looked at at once.
const LOOKS_AT_ONCE: usize = 16;
/// The longest value that is shown.
const SHOWN: usize = 100;

/// What there is to say of the entries of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Remarks {
    /// Notes, by entry.
    pub(super) notes: BTreeMap<Entry, Vec<String>>,
    /// Those that belong to no entry.
    beside: Vec<String>,
    /// Entries that nobody owns yet.
    pub(super) adopt: Vec<String>,
}

impl Remarks {
    /// Each note with its entry.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let notes = self.notes.iter().flat_map(|(entry, notes)| {
            notes.iter().map(move |note| format!("{}.{}: {note}", entry.section, entry.name))
        });
        notes.chain(self.beside.iter().cloned())
    }

    fn note(&mut self, draft: &Draft, address: &Address, note: String) {
        match entry(address).filter(|entry| draft.has(entry)) {
            Some(entry) => self.notes.entry(entry).or_default().push(note),
            None => self.beside.push(format!("{address}: {note}")),
        }
    }
}

/// Everything that a pipeline needs, its code taken for what runs.
fn graph(pipeline: &Pipeline, account: &Account) -> Graph {
    let source = |(logical, code, _): (&String, &Code, _)| {
        let seen = account.functions.get(&pipeline.function_name(logical))?;
        let tags = &seen.function.tags;
        let built = || match &seen.code {
            SeenCode::Zip(zip) => package::zip_fingerprint(zip),
            SeenCode::Vrl(_) | SeenCode::Unknown(_) => String::new(),
        };
        let content = match code {
            Code::Vrl(program) => PackageContent::Vrl { program: program.clone() },
            Code::Package(path) => PackageContent::Zip { path: path.clone() },
        };
        let fingerprint = tags.get(SOURCE).cloned().unwrap_or_else(built);
        let architecture = seen.function.state.architecture.clone();
        Some((logical.clone(), CodeSource { package: PackageSource { fingerprint, content }, architecture }))
    };
    let code = pipeline.code().filter_map(source).collect();
    resources::desired(pipeline, &Context { place: account.place.clone(), code })
}

/// What a pipeline is made of.
pub(super) fn ids(pipeline: &Pipeline, account: &Account) -> impl Iterator<Item = ResourceId> {
    graph(pipeline, account).resources.into_values().map(|wanted| wanted.id())
}

/// These resources, as far as they exist.
pub(super) async fn observe(
    cloud: &Cloud,
    ids: Vec<ResourceId>,
) -> Result<BTreeMap<ResourceId, Observed>, CallError> {
    let look = |id: ResourceId| async move { Ok(cloud.observe(&id).await?.map(|seen| (id, seen))) };
    let seen: Vec<Option<(ResourceId, Observed)>> =
        stream::iter(ids).map(look).buffer_unordered(LOOKS_AT_ONCE).try_collect().await?;
    Ok(seen.into_iter().flatten().collect())
}

/// How many alarms there are, and the topics that all of them tell.
pub(super) fn alarms(seen: &BTreeMap<ResourceId, Observed>) -> (usize, BTreeSet<String>) {
    let mut topics: Option<BTreeSet<String>> = None;
    let mut count = 0;
    for observed in seen.values() {
        let State::Alarm(alarm) = &observed.state else { continue };
        count += 1;
        let told = alarm.looks_at.as_ref().map(|it| it.topics.clone()).unwrap_or_default();
        topics = Some(match topics {
            None => told,
            Some(all) => all.intersection(&told).cloned().collect(),
        });
    }
    (count, topics.unwrap_or_default())
}

/// Compares a draft with what is there.
pub(super) async fn find(draft: &Draft, account: &Account, cloud: &Cloud) -> Result<Remarks, CallError> {
    let graph = graph(&draft.pipeline, account);
    let seen = observe(cloud, graph.resources.values().map(Desired::id).collect()).await?;
    let mut remarks = Remarks::default();
    let mut ownerless = BTreeSet::new();
    for wanted in graph.resources.values() {
        let there = seen.get(&wanted.id());
        match there.map(|there| tags::owner(&there.tags, &draft.pipeline.name)) {
            Some(Owner::Pipeline(other)) => {
                let note = format!("It belongs to the pipeline {other}, and apply refuses to touch it.");
                remarks.note(draft, &wanted.address, note);
            }
            // A log group is taken over without a word, as Lambda may have made it.
            Some(Owner::Unknown) if wanted.spec.kind() != Kind::LogGroup => {
                ownerless.insert(root(&wanted.address));
            }
            _ => {}
        }
        for note in notes(wanted, &remaining(wanted, there)) {
            remarks.note(draft, &wanted.address, note);
        }
    }
    remarks.adopt = ownerless.into_iter().collect();
    Ok(remarks)
}

/// What apply would do to a resource, save taking it over.
fn notes(wanted: &Desired, left: &Remaining) -> Vec<String> {
    let what = wanted.id();
    if left.action == Action::Create {
        return vec![format!("Apply makes the {what}.")];
    }
    let mut notes: Vec<String> = left
        .properties
        .iter()
        .filter(|change| !is_ownership(change))
        .map(|change| format!("At the {what}, apply {}.", words(change)))
        .collect();
    if let (Action::Replace, Some(reason)) = (left.action, &left.reason) {
        notes.push(format!("Apply replaces the {what}: {reason}."));
    }
    notes
}

fn is_ownership(change: &PropertyChange) -> bool {
    change.path.starts_with("tags.pipectl:")
}

fn words(change: &PropertyChange) -> String {
    if change.path == "code" {
        return "uploads the same code again, to know it from then on".to_owned();
    }
    let shown =
        |value: &Option<String>| value.as_ref().filter(|it| it.len() <= SHOWN && !it.contains('\n')).cloned();
    match (shown(&change.before), shown(&change.after)) {
        (Some(before), Some(after)) => format!("changes `{}` from {before} to {after}", change.path),
        (None, Some(after)) if change.before.is_none() => format!("sets `{}` to {after}", change.path),
        (Some(before), None) if change.after.is_none() => format!("takes `{}`, {before}, away", change.path),
        _ => format!("changes the `{}`", change.path),
    }
}

/// The entry that an address is of.
fn entry(address: &Address) -> Option<Entry> {
    let (section, rest) = address.as_str().split_once('.')?;
    let sections = ["streams", "transforms", "functions", "deliveries", "buckets"];
    let section = sections.into_iter().find(|known| *known == section)?;
    // Names of buckets have dots, and nothing is derived from a bucket.
    let name = if section == "buckets" { rest } else { rest.split('.').next().unwrap_or(rest) };
    Some(Entry { section, name: name.to_owned() })
}

/// What to name to take an address over: its entry.
fn root(address: &Address) -> String {
    entry(address).map_or_else(|| address.to_string(), |entry| format!("{}.{}", entry.section, entry.name))
}
