//! One of `buckets`, under the bucket's own name.

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::{Bucket, LifecycleRule, Notification};
use super::delivery::{Defined, refer};
use super::fields::{Fields, Found, Given};
use super::shape::{ARCHIVE, BUCKET, LIFECYCLE, NOTIFY};
use super::{kms, measure};

const CLASSES: [(&str, &str); 5] = [
    ("standard-ia", "STANDARD_IA"),
    ("intelligent-tiering", "INTELLIGENT_TIERING"),
    ("glacier-instant", "GLACIER_IR"),
    ("glacier", "GLACIER"),
    ("deep-archive", "DEEP_ARCHIVE"),
];
/// The class whose objects are still read at once.
const CLASS: &str = "GLACIER_IR";
/// Objects are not moved there sooner (S3 user guide, "Transitioning objects").
const LEAST_DAYS_IA: u32 = 30;

const EVENTS: [(&str, &str); 3] = [
    ("created", "s3:ObjectCreated:*"),
    ("removed", "s3:ObjectRemoved:*"),
    ("expired", "s3:LifecycleExpiration:*"),
];

/// Settings of a bucket.
pub(crate) fn read(
    given: Given<'_>,
    region: Option<&str>,
    defined: &Defined<'_>,
    found: &mut Found,
) -> Option<Bucket> {
    let before = found.len();
    let fields = Fields::open(&BUCKET, given, found)?;
    let mut bucket = Bucket::default();
    if let Some(given) = fields.get("versioning") {
        bucket.versioning = given.switch(found);
    }
    if let Some(given) = fields.get("encryption") {
        bucket.encryption = kms::key(&given, region, found);
    }
    if let Some(given) = fields.get("lifecycle") {
        let items = given.items("{ prefix: raw/, expire: 90d }", found);
        bucket.lifecycle = items.into_iter().filter_map(|item| rule(item, found)).collect();
    }
    if let Some(given) = fields.get("notify") {
        bucket.notify = notifications(&given, defined, found);
    }
    let failed = found[before..].iter().any(|item| item.severity == super::super::Severity::Error);
    (!failed).then_some(bucket)
}

fn rule(given: Given<'_>, found: &mut Found) -> Option<LifecycleRule> {
    let path = given.path.clone();
    let fields = Fields::open(&LIFECYCLE, given, found)?;
    let mut days = |name: &str| fields.get(name).and_then(|given| measure::DAYS.read(&given, found));
    let (expire_days, noncurrent_days, unfinished_days) =
        (days("expire"), days("noncurrent"), days("unfinished"));
    let archive = fields.get("archive").and_then(|given| archive(given, found));
    let prefix = fields.get("prefix").and_then(|given| given.text(found)).unwrap_or_default().to_owned();
    let rule = LifecycleRule { prefix, expire_days, archive, noncurrent_days, unfinished_days };
    let none =
        ["expire", "archive", "noncurrent", "unfinished"].iter().all(|name| fields.get(name).is_none());
    if none {
        let message = "the rule says nothing that becomes of objects";
        found.push(
            Diagnostic::error(Code::MissingField, Place::Value(path.clone()), message)
                .help("add `expire: 90d`, `archive: { after: 30d }`, `noncurrent: 30d` or `unfinished: 7d`"),
        );
    }
    if let (Some(expire), Some((after, _))) = (rule.expire_days, rule.archive)
        && expire <= after
    {
        let message =
            format!("objects are deleted after {expire} days, before they would move after {after}");
        found.push(Diagnostic::error(Code::Conflict, Place::Value(path), message));
    }
    Some(rule)
}

fn archive(given: Given<'_>, found: &mut Found) -> Option<(u32, &'static str)> {
    let fields = Fields::open(&ARCHIVE, given, found)?;
    let class = match fields.get("class") {
        Some(given) => given.choice(&CLASSES, found)?,
        None => CLASS,
    };
    let after = fields.get("after")?;
    let days = measure::DAYS.read(&after, found)?;
    if class == "STANDARD_IA" && days < LEAST_DAYS_IA {
        let message = format!("objects move to `standard-ia` after {LEAST_DAYS_IA} days at the earliest");
        found.push(
            Diagnostic::error(Code::OutOfRange, after.place(), message)
                .help(format!("write `after: {LEAST_DAYS_IA}d`, or another `class`")),
        );
        return None;
    }
    Some((days, class))
}

fn notifications(given: &Given<'_>, defined: &Defined<'_>, found: &mut Found) -> Vec<Notification> {
    let mut read: Vec<(Notification, Given<'_>)> = Vec::new();
    for item in given.items("{ function: load }", found) {
        let Some(notification) = notification(item.clone(), defined, found) else { continue };
        if let Some((_, other)) = read.iter().find(|(other, _)| overlap(other, &notification)) {
            // S3 refuses the configuration as a whole then, with words that do not say which.
            let message = "an object could be of this and of another notification, which S3 refuses";
            found.push(
                Diagnostic::error(Code::Conflict, item.place(), message)
                    .related(Place::Value(other.path.clone()), "the other")
                    .help(
                        "make `prefix` or `suffix` of the two such that none begins, or ends, with the other",
                    ),
            );
        }
        read.push((notification, item));
    }
    read.into_iter().map(|(notification, _)| notification).collect()
}

fn notification(given: Given<'_>, defined: &Defined<'_>, found: &mut Found) -> Option<Notification> {
    let fields = Fields::open(&NOTIFY, given, found)?;
    let function = fields
        .get("function")
        .and_then(|given| refer(&given, "function", &defined.functions, defined, found));
    let event = match fields.get("on") {
        Some(given) => given.choice(&EVENTS, found),
        None => Some(EVENTS[0].1),
    };
    let mut text =
        |name: &str| fields.get(name).and_then(|given| given.text(found)).unwrap_or_default().to_owned();
    Some(Notification { prefix: text("prefix"), suffix: text("suffix"), function: function?, event: event? })
}

/// Whether one object could be of both: S3 then refuses them, whichever functions they are for.
fn overlap(one: &Notification, other: &Notification) -> bool {
    let begins = |a: &str, b: &str| a.starts_with(b) || b.starts_with(a);
    let ends = |a: &str, b: &str| a.ends_with(b) || b.ends_with(a);
    one.event == other.event && begins(&one.prefix, &other.prefix) && ends(&one.suffix, &other.suffix)
}
