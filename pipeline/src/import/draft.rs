//! A pipeline that says what was found, and what it cannot say. Pure.

mod bucket;
mod delivery;
mod function;
mod query;
mod stream;

use std::collections::{BTreeMap, BTreeSet};

use super::account::Account;
use super::naming::Naming;
use crate::resources::tags::TagMap;
use crate::spec::model::Pipeline;

/// What was found, as a file would have it.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    /// The pipeline.
    pub(super) pipeline: Pipeline,
    /// The packages of its functions: where the file looks for them, and what they hold.
    pub(super) packages: Vec<(String, Vec<u8>)>,
    /// What is to be said of an entry: what it has that a file has no words for. By section and name.
    pub(super) notes: BTreeMap<Entry, Vec<String>>,
    /// Environment variables that are left out because they look like secrets, by entry.
    pub(super) secrets: BTreeMap<Entry, Vec<String>>,
    /// What is not in the file at all, and why.
    pub(super) left_out: Vec<String>,
}

/// An entry of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// `streams`, `transforms`, `functions`, `deliveries` or `buckets`.
    pub(super) section: &'static str,
    /// Its name there.
    pub(super) name: String,
}

impl Draft {
    /// Drafts a file.
    pub(super) fn of(account: &Account, naming: &Naming) -> Self {
        let mut drafter = Drafter { account, naming, draft: Draft::default() };
        drafter.draft.pipeline.name.clone_from(&naming.pipeline);
        drafter.draft.pipeline.region = Some(account.place.region.clone());
        drafter.draft.pipeline.tags = common_tags(account);
        drafter.streams();
        drafter.functions();
        drafter.deliveries();
        drafter.buckets();
        drafter.tags();
        drafter.draft
    }

    /// Whether the file has this entry.
    pub(super) fn has(&self, entry: &Entry) -> bool {
        let Pipeline { streams, transforms, functions, deliveries, buckets, .. } = &self.pipeline;
        match entry.section {
            "streams" => streams.contains_key(&entry.name),
            "transforms" => transforms.contains_key(&entry.name),
            "functions" => functions.contains_key(&entry.name),
            "deliveries" => deliveries.contains_key(&entry.name),
            _ => buckets.contains_key(&entry.name),
        }
    }

    /// What is said of entries, each with its entry.
    pub(super) fn warnings(&self) -> impl Iterator<Item = String> {
        let secrets = self.secrets.iter().map(|(entry, names)| {
            let (section, name) = (entry.section, &entry.name);
            format!("{section}.{name}: not written, as it looks like a secret: {}", names.join(", "))
        });
        let notes = self.notes.iter().flat_map(|(entry, notes)| {
            notes.iter().map(move |note| format!("{}.{}: {note}", entry.section, entry.name))
        });
        secrets.chain(notes)
    }

    /// Says something of an entry.
    pub(super) fn note(&mut self, section: &'static str, name: &str, note: impl Into<String>) {
        let entry = Entry { section, name: name.to_owned() };
        self.notes.entry(entry).or_default().push(note.into());
    }
}

/// What a draft is made with.
struct Drafter<'a> {
    account: &'a Account,
    naming: &'a Naming,
    draft: Draft,
}

impl Drafter<'_> {
    fn leave_out(&mut self, what: &str, why: &str) {
        self.draft.left_out.push(format!("{what} is not in this file: {why}"));
    }

    /// The stream of this ARN, by its name in the file, where it is there.
    fn stream_of(&self, arn: &str) -> Option<String> {
        let name = arn.rsplit('/').next()?;
        let logical = self.naming.stream(name)?;
        let named = self.draft.pipeline.streams.contains_key(&logical);
        (named && arn == self.account.place.stream(name)).then_some(logical)
    }

    /// The function of this ARN, by its name in the file; not whether it is there.
    fn function_of(&self, arn: &str) -> Option<String> {
        let name = arn.rsplit(':').next()?;
        (arn == self.account.place.function(name)).then(|| self.naming.function(name)).flatten()
    }

    /// Names the tags that only some resources have: those of a file are those of all.
    fn tags(&mut self) {
        let common = self.draft.pipeline.tags.clone();
        let streams = self.account.streams.iter().map(|(name, it)| ("streams", name, &it.stream.tags));
        let deliveries = self.account.deliveries.iter().map(|(name, it)| ("deliveries", name, &it.tags));
        let functions =
            self.account.functions.iter().map(|(name, it)| ("functions", name, &it.function.tags));
        for (section, physical, tags) in streams.chain(deliveries).chain(functions) {
            let own: Vec<String> = users(tags)
                .filter(|(key, value)| common.get(*key) != Some(value))
                .map(|(key, value)| format!("{key}={value}"))
                .collect();
            let logical = match section {
                "streams" => self.naming.stream(physical),
                "deliveries" => self.naming.delivery(physical),
                _ => self.naming.function(physical),
            };
            let Some(logical) = logical else { continue };
            if !own.is_empty() {
                let transform =
                    section == "functions" && self.draft.pipeline.transforms.contains_key(&logical);
                let section = if transform { "transforms" } else { section };
                let note =
                    format!("Its own tags stay as they are, whatever this file says: {}.", own.join(", "));
                self.draft.note(section, &logical, note);
            }
        }
    }
}

/// Tags that people set.
fn users(tags: &TagMap) -> impl Iterator<Item = (&String, &String)> {
    tags.iter().filter(|(key, _)| {
        let key = key.to_lowercase();
        !key.starts_with("pipectl:") && !key.starts_with("aws:")
    })
}

/// The tags that all resources have.
fn common_tags(account: &Account) -> TagMap {
    let mut all = account.tags();
    let Some(first) = all.next() else { return TagMap::new() };
    let mut common: BTreeSet<(&String, &String)> = users(first).collect();
    for tags in all {
        common.retain(|(key, value)| tags.get(*key) == Some(value));
    }
    common.into_iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}
