//! `partition` of an S3 destination, checked together with the prefix that its keys are for.
//!
//! Source: "Dynamic partitioning" and "Understand custom prefixes" in the Firehose developer guide. Firehose finds
//! most of these only when the delivery stream is made.

use std::collections::BTreeMap;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::{Buffer, PartitionKeys, Partitioning};
use super::fields::{Fields, Found, Given};
use super::shape::PARTITION;
use super::{measure, suggest};

/// What Firehose does by itself.
const RETRY_SECONDS: u32 = 300;
/// The least size of an object, before compression, of a partitioned destination.
const LEAST_MIB: u32 = 64;

/// What the rest of the destination says.
pub(crate) struct Beside<'a> {
    /// The keys that the prefix names.
    pub(crate) keys: PartitionKeys,
    /// Where the prefix stands, if there is one.
    pub(crate) prefix: Option<Given<'a>>,
    /// The buffer as it is written.
    pub(crate) buffer: Option<Given<'a>>,
    /// Whether a transform is applied, which can give keys.
    pub(crate) transform: bool,
}

/// Partitioning, where there is any.
pub(crate) fn read(
    given: Option<Given<'_>>,
    beside: &Beside<'_>,
    buffer: &mut Buffer,
    found: &mut Found,
) -> Option<Partitioning> {
    let Some(given) = given else {
        without(beside, found);
        return None;
    };
    let path = given.path.clone();
    let fields = Fields::open(&PARTITION, given, found)?;
    let keys = keys(&fields, found);
    let retry_seconds = match fields.get("retry") {
        Some(given) => measure::PARTITION_RETRY.read(&given, found).unwrap_or(RETRY_SECONDS),
        None => RETRY_SECONDS,
    };
    match &beside.prefix {
        Some(prefix) => fits(&keys, beside, (prefix, &fields), found),
        None => {
            let message = "objects are partitioned by keys in `prefix`, and there is no prefix";
            found.push(
                Diagnostic::error(Code::MissingField, Place::Key(path), message)
                    .help("for example `prefix: \"customer=!{partitionKeyFromQuery:customer}/\"`"),
            );
        }
    }
    size(beside, buffer, found);
    Some(Partitioning { keys, retry_seconds })
}

/// Keys without partitioning would be text that Firehose refuses.
fn without(beside: &Beside<'_>, found: &mut Found) {
    let (Some(prefix), Some(key)) =
        (&beside.prefix, beside.keys.query.iter().chain(&beside.keys.lambda).next())
    else {
        return;
    };
    let message = format!("the prefix has the key `{key}`, and nothing says that objects are partitioned");
    found.push(Diagnostic::error(Code::InvalidPrefix, prefix.place(), message).help(
        match beside.keys.query.contains(key) {
            true => {
                format!("add `partition: {{ keys: {{ {key}: .{key} }} }}` with the way to it in a record")
            }
            false => "add `partition: {}`".to_owned(),
        },
    ));
}

fn keys(fields: &Fields<'_>, found: &mut Found) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    for (name, given) in fields.entries("keys", found) {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(legal) || name.starts_with(|c: char| c.is_ascii_digit()) {
            let message = format!("`{name}` is no name of a key: it takes letters, digits and `_`");
            found.push(Diagnostic::error(Code::InvalidName, Place::Key(given.path), message));
            continue;
        }
        let Some(query) = given.text(found) else { continue };
        if query.trim().is_empty() || query.contains('\n') {
            let message = format!("`{name}` has no jq expression on one line");
            let help = format!("for example `{name}: .{name}`");
            found.push(Diagnostic::error(Code::InvalidPrefix, given.place(), message).help(help));
            continue;
        }
        keys.insert(name.to_owned(), query.trim().to_owned());
    }
    keys
}

/// The prefix and the keys have to name each other.
fn fits(
    keys: &BTreeMap<String, String>,
    beside: &Beside<'_>,
    (prefix, fields): (&Given<'_>, &Fields<'_>),
    found: &mut Found,
) {
    let named = &beside.keys;
    if named.query.is_empty() && named.lambda.is_empty() {
        let help = "for example `!{partitionKeyFromQuery:customer}`, or take `partition` away";
        let message = "objects are partitioned, and the prefix has no key";
        found.push(Diagnostic::error(Code::InvalidPrefix, prefix.place(), message).help(help));
        return;
    }
    for missing in named.query.iter().filter(|key| !keys.contains_key(*key)) {
        let message = format!("nothing says where in a record the key `{missing}` is");
        let help = match suggest::nearest(missing, keys.keys().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("add `{missing}: .{missing}` to `partition.keys`"),
        };
        found.push(Diagnostic::error(Code::InvalidPrefix, prefix.place(), message).help(help));
    }
    for unused in keys.keys().filter(|key| !named.query.contains(*key)) {
        let message =
            format!("the prefix has no key `{unused}`, and Firehose takes none that it does not need");
        let place = Place::Key(fields.path.key("keys").key(unused));
        let help = format!("write `!{{partitionKeyFromQuery:{unused}}}` into `prefix`, or take it away");
        found.push(Diagnostic::error(Code::InvalidPrefix, place, message).help(help));
    }
    if !named.lambda.is_empty() && !beside.transform {
        let message = "keys `partitionKeyFromLambda` come from a transform, and there is none";
        found.push(
            Diagnostic::error(Code::InvalidPrefix, prefix.place(), message)
                .help("add `transform: …`, or read them from the records by `partitionKeyFromQuery`"),
        );
    }
}

/// Partitioned objects are gathered for longer.
fn size(beside: &Beside<'_>, buffer: &mut Buffer, found: &mut Found) {
    let Some(given) = &beside.buffer else {
        buffer.size_mib = LEAST_MIB;
        return;
    };
    let entry = |name: &str| given.node.entry(name).is_some();
    if !entry("size") {
        buffer.size_mib = LEAST_MIB;
    }
    if buffer.size_mib < LEAST_MIB {
        let message = format!("partitioned objects are gathered up to {LEAST_MIB}MiB at least");
        found.push(
            Diagnostic::error(Code::OutOfRange, Place::Value(given.path.key("size")), message)
                .help(format!("write `size: {LEAST_MIB}MiB`")),
        );
    }
    if buffer.interval.is_zero() {
        let message = "partitioned objects cannot be written without gathering";
        found.push(
            Diagnostic::error(Code::OutOfRange, Place::Value(given.path.key("interval")), message)
                .help("write `interval: 60s`"),
        );
    }
}
