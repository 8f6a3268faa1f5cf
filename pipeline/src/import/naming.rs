//! From names on AWS to the names of a file. What is called `clicks-events` is the stream `events` of the pipeline
//! `clicks`; what is called otherwise gets a name that reads like its own, and a `name:` beside it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::account::Account;
use crate::resources::tags::{PIPELINE, RESOURCE, TagMap};
use crate::spec::names::{ROLE_NAME_MAX, delivery_role, function_role, transform_role};

/// The longest name of a pipeline, and of a stream in its file: longer is no help to anyone who reads it.
const LONGEST: usize = 48;

/// The names of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Naming {
    /// The pipeline's name.
    pub(super) pipeline: String,
    /// The names in the file by those on AWS.
    streams: BTreeMap<String, String>,
    functions: BTreeMap<String, String>,
    deliveries: BTreeMap<String, String>,
}

impl Naming {
    /// Under the pipeline's name that was asked for, else that which the resources' tags say, else what their names have
    /// in common, else one that reads like the first of them. `None` when a file cannot have the name that was asked
    /// for.
    pub(super) fn of(account: &Account, asked: Option<&str>) -> Option<Self> {
        let named = asked.map(str::to_owned);
        let named = named.or_else(|| by_tags(account)).or_else(|| by_names(account));
        let pipeline = named.unwrap_or_else(|| readable(first(account), "imported", LONGEST));
        if !is_logical(&pipeline) || pipeline.len() > LONGEST {
            return None;
        }
        // What a role's name leaves of the 64 characters that it may have.
        let room = |role: fn(&str, &str) -> String| ROLE_NAME_MAX.saturating_sub(role(&pipeline, "").len());
        let function = room(transform_role).min(room(function_role));
        let streams = account.streams.iter().map(|(name, it)| (name, &it.stream.tags));
        let functions = account.functions.iter().map(|(name, it)| (name, &it.function.tags));
        let deliveries = account.deliveries.iter().map(|(name, it)| (name, &it.tags));
        let namer = |word, sections, room| Namer { pipeline: &pipeline, word, sections, room };
        Some(Self {
            streams: namer("stream", &["streams"], LONGEST).names(streams.collect()),
            functions: namer("function", &["functions", "transforms"], function).names(functions.collect()),
            deliveries: namer("delivery", &["deliveries"], room(delivery_role)).names(deliveries.collect()),
            pipeline,
        })
    }

    /// What a stream of this name is called in the file; `None` of one that was not found.
    pub(super) fn stream(&self, physical: &str) -> Option<String> {
        self.streams.get(physical).cloned()
    }

    /// What a function of this name is called in the file.
    pub(super) fn function(&self, physical: &str) -> Option<String> {
        self.functions.get(physical).cloned()
    }

    /// What a delivery of this name is called in the file.
    pub(super) fn delivery(&self, physical: &str) -> Option<String> {
        self.deliveries.get(physical).cloned()
    }

    /// What the functions are called in the file.
    pub(super) fn functions(&self) -> impl Iterator<Item = &String> {
        self.functions.values()
    }

    /// The application that a file can say has this fan-out consumer; `None` when it is another's by its name.
    pub(super) fn consumer(&self, physical: &str) -> Option<String> {
        rest(physical, &self.pipeline).map(str::to_owned)
    }

    /// What the file has to say by `name`: nothing, where it would be called so anyway.
    pub(super) fn said(&self, physical: &str, logical: &str) -> Option<String> {
        (physical.strip_prefix(&self.pipeline).and_then(|rest| rest.strip_prefix('-')) != Some(logical))
            .then(|| physical.to_owned())
    }
}

/// Finds names for what shares them.
struct Namer<'a> {
    pipeline: &'a str,
    /// What to call something whose name begins with no letter.
    word: &'static str,
    /// The sections of a file that it may be in.
    sections: &'static [&'static str],
    /// The longest name.
    room: usize,
}

impl Namer<'_> {
    fn names(&self, found: Vec<(&String, &TagMap)>) -> BTreeMap<String, String> {
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        // What has a name already keeps it, whatever others would be called.
        for known in [Self::by_tags, Self::by_name] {
            for (physical, tags) in &found {
                let name = known(self, physical, tags).filter(|it| is_logical(it) && it.len() <= self.room);
                let Some(name) = name.filter(|_| !names.contains_key(*physical)) else { continue };
                if taken.insert(name.clone()) {
                    names.insert((*physical).clone(), name);
                }
            }
        }
        for (physical, _) in found {
            if names.contains_key(physical) {
                continue;
            }
            let own = self.without_pipeline(physical);
            let mut tries = (1_usize..).map(|number| match number {
                1 => readable(own, self.word, self.room),
                more => {
                    let end = format!("-{more}");
                    readable(own, self.word, self.room.saturating_sub(end.len())) + &end
                }
            });
            let free = tries.find(|name| !taken.contains(name));
            let Some(name) = free else { continue };
            taken.insert(name.clone());
            names.insert(physical.clone(), name);
        }
        names
    }

    /// The name that the file which made it has for it.
    fn by_tags(&self, _: &str, tags: &TagMap) -> Option<String> {
        let ours = tags.get(PIPELINE).is_some_and(|name| name == self.pipeline);
        let (section, name) = tags.get(RESOURCE).filter(|_| ours)?.split_once('.')?;
        self.sections.contains(&section).then(|| name.to_owned())
    }

    /// The name that makes the one that it has.
    fn by_name(&self, physical: &str, _: &TagMap) -> Option<String> {
        rest(physical, self.pipeline).map(str::to_owned)
    }

    /// What a name says beside the pipeline's.
    fn without_pipeline<'p>(&self, physical: &'p str) -> &'p str {
        let start = physical.get(..self.pipeline.len());
        let same = start.is_some_and(|start| start.eq_ignore_ascii_case(self.pipeline));
        let rest = physical.get(self.pipeline.len()..).filter(|_| same);
        rest.and_then(|rest| rest.strip_prefix(['-', '_', '.']))
            .filter(|rest| !rest.is_empty())
            .unwrap_or(physical)
    }
}

/// The name of an entry in a name that is made of the pipeline's and it.
fn rest<'p>(physical: &'p str, pipeline: &str) -> Option<&'p str> {
    let logical = physical.strip_prefix(pipeline)?.strip_prefix('-')?;
    is_logical(logical).then_some(logical)
}

/// The pipeline that all of them are tagged with.
fn by_tags(account: &Account) -> Option<String> {
    let mut named = account.tags().map(|tags| tags.get(PIPELINE));
    let first = named.next()??;
    named.all(|other| other == Some(first)).then(|| first.clone())
}

/// The longest beginning that ends before a `-` in each of the names; where it is one name, before the last `-`.
fn by_names(account: &Account) -> Option<String> {
    let names: Vec<&String> = account.names().collect();
    let first = names.first()?;
    let ends = first.match_indices('-').map(|(at, _)| at).filter(|at| (1..=LONGEST).contains(at));
    let common = |at: &usize| {
        let start = &first[..=*at];
        let shared = names.iter().all(|name| name.strip_prefix(start).is_some_and(is_logical));
        shared && is_logical(&first[..*at])
    };
    ends.filter(common).max().map(|at| first[..at].to_owned())
}

/// The first of what was found; buckets after all else.
fn first(account: &Account) -> &str {
    account.names().chain(account.buckets.keys()).next().map_or("", String::as_str)
}

/// A name of a file that reads like another: `OrdersProd` is `orders-prod`. Where there is nothing to read, `word`.
fn readable(name: &str, word: &str, longest: usize) -> String {
    let mut read = String::new();
    let mut letters = name.chars().peekable();
    let mut before = None::<char>;
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        let begins_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                let ends = before.is_ascii_lowercase() || before.is_ascii_digit();
                ends || (before.is_ascii_uppercase() && next.is_some_and(|next| next.is_ascii_lowercase()))
            });
        if begins_word {
            read.push('-');
        }
        match letter.to_ascii_lowercase() {
            legal if legal.is_ascii_lowercase() || legal.is_ascii_digit() => read.push(legal),
            '_' => read.push('_'),
            _ if read.ends_with('-') => {}
            _ => read.push('-'),
        }
        before = Some(letter);
    }
    let read = read.trim_matches(['-', '_']);
    let read = match read.chars().next() {
        None => word.to_owned(),
        Some(first) if first.is_ascii_digit() => format!("{word}-{read}"),
        Some(_) => read.to_owned(),
    };
    // All of it is ASCII by now.
    read[..read.len().min(longest)].trim_end_matches(['-', '_']).to_owned()
}

/// Whether a file takes it for a name.
fn is_logical(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(legal)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::import::tests::account;

    fn named(streams: &[&str], asked: Option<&str>) -> Option<String> {
        Naming::of(&account(streams), asked).map(|naming| naming.pipeline)
    }

    #[test]
    fn the_pipelines_name_is_what_the_names_have_in_common() {
        assert_eq!(named(&["acme-clicks-raw", "acme-clicks-parsed"], None).as_deref(), Some("acme-clicks"));
        assert_eq!(named(&["acme-clicks", "acme-lake"], None).as_deref(), Some("acme"));
        assert_eq!(named(&["acme-clicks"], None).as_deref(), Some("acme"));
        assert_eq!(named(&["acme-clicks-raw"], Some("acme")).as_deref(), Some("acme"));
    }

    #[test]
    fn names_with_nothing_in_common_give_it_one_like_the_first() {
        assert_eq!(named(&["OrdersProd", "clicks"], None).as_deref(), Some("orders-prod"));
        assert_eq!(named(&["acme-1st", "acme-2nd"], None).as_deref(), Some("acme-1st"));
        assert_eq!(named(&["clicks"], None).as_deref(), Some("clicks"));
        for asked in ["Acme", "", "a b", &"a".repeat(49)] {
            assert_eq!(named(&["clicks"], Some(asked)), None, "{asked}");
        }
    }

    #[test]
    fn a_name_reads_like_the_one_on_aws_and_no_two_are_the_same() {
        let of = |streams: &[&str]| {
            let naming = Naming::of(&account(streams), Some("acme")).expect("a name");
            streams.iter().map(|name| naming.stream(name).expect("named")).collect::<Vec<_>>()
        };
        assert_eq!(of(&["OrdersProd", "HTTPLog2Raw"]), ["orders-prod", "http-log2-raw"]);
        assert_eq!(of(&["acme-clicks", "clicks", "acme.Clicks"]), ["clicks", "clicks-3", "clicks-2"]);
        assert_eq!(of(&["1st", "_", "a..b_c-"]), ["stream-1st", "stream", "a-b_c"]);
        assert_eq!(of(&["acme", "ACME-Lake"]), ["acme", "lake"]);
    }

    #[test]
    fn a_file_says_the_names_that_it_would_not_make() {
        let naming = Naming { pipeline: "acme".into(), ..Naming::default() };
        assert_eq!(naming.said("acme-clicks", "clicks"), None);
        assert_eq!(naming.said("acme-Clicks", "clicks").as_deref(), Some("acme-Clicks"));
        assert_eq!(naming.said("clicks", "clicks").as_deref(), Some("clicks"));
    }

    proptest! {
        #[test]
        fn whatever_there_is_gets_a_name_of_its_own_that_a_file_takes(
            streams in prop::collection::btree_set("[a-zA-Z0-9_.-]{1,128}|acme-[a-z]{1,3}|[aA1][-_.]?", 1..12),
            asked in prop::option::of(Just("acme")),
        ) {
            let streams: Vec<&str> = streams.iter().map(String::as_str).collect();
            let naming = Naming::of(&account(&streams), asked).expect("a name");
            let names: BTreeSet<String> = streams.iter().filter_map(|name| naming.stream(name)).collect();
            prop_assert_eq!(names.len(), streams.len());
            for name in names.iter().chain([&naming.pipeline]) {
                prop_assert!(is_logical(name) && name.len() <= LONGEST, "{}", name);
            }
        }

        #[test]
        fn names_of_functions_leave_room_for_their_roles(name in "[a-zA-Z0-9_-]{1,64}", pipeline in "[a-z]{1,48}") {
            let read = readable(&name, "function", 53 - pipeline.len());
            prop_assert!(is_logical(&read), "{}", read);
            prop_assert!(transform_role(&pipeline, &read).len() <= ROLE_NAME_MAX);
        }
    }
}
