//! `http` of a delivery: an endpoint, its key, and the bucket beside it.

use std::collections::BTreeMap;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::{AccessKey, Compression, HttpBackup, HttpDestination, KeyText, PartitionKeys};
use super::super::vars::{Mask, SHORT};
use super::delivery::{Prefixes, buffer_of, compression, prefixes};
use super::fields::{Fields, Found, Given};
use super::shape::{HTTP, HTTP_BACKUP};
use super::{arn, bucket, measure};

/// How long a request that failed is sent again, when the file does not say (HttpEndpointRetryOptions).
const RETRY_SECONDS: u32 = 300;
/// HttpEndpointCommonAttributesList.
const ATTRIBUTES_MAX: usize = 50;
/// HttpEndpointUrl.
const URL_MAX: usize = 1000;
/// HttpEndpointAccessKey.
const KEY_MAX: usize = 4096;

const ENCODINGS: [(&str, bool); 2] = [("none", false), ("gzip", true)];
const RECORDS: [(&str, bool); 2] = [("failed", false), ("all", true)];

/// An HTTP endpoint.
pub(crate) fn read(given: Given<'_>, region: Option<&str>, found: &mut Found) -> Option<HttpDestination> {
    let fields = Fields::open(&HTTP, given, found)?;
    let url = fields.get("url").and_then(|given| url(&given, found));
    let name = fields.get("name").and_then(|given| given.text(found)).map(str::to_owned);
    let key = key(&fields, region, found);
    let gzip = match fields.get("encoding") {
        Some(given) => given.choice(&ENCODINGS, found),
        None => Some(false),
    };
    let attributes = attributes(&fields, found);
    let buffer = buffer_of(&fields, &measure::HTTP_BUFFER_SIZE, found);
    let retry = match fields.get("retry") {
        Some(given) => measure::PARTITION_RETRY.read(&given, found),
        None => Some(RETRY_SECONDS),
    };
    let backup = fields.get("backup").and_then(|given| backup(given, found));
    Some(HttpDestination {
        url: url?,
        name,
        key: key?,
        gzip: gzip?,
        attributes,
        buffer: buffer?,
        retry_seconds: retry?,
        backup: backup?,
    })
}

fn url(given: &Given<'_>, found: &mut Found) -> Option<String> {
    let text = given.text(found)?;
    let host = |rest: &str| rest.split(['/', '?', '#', ':']).next().unwrap_or_default().to_owned();
    let problem = if let Some(rest) = text.strip_prefix("https://") {
        host(rest).is_empty().then_some("it has no host")
    } else if let Some(rest) = text.strip_prefix("http://") {
        // What is tried out on this machine has no certificate for it; AWS itself would refuse the address.
        let local = ["localhost", "127.0.0.1"].contains(&host(rest).as_str()) || rest.starts_with("[::1]");
        (!local).then_some("Firehose sends by `https` only")
    } else {
        Some("it begins with `https://`")
    };
    let problem = problem.or_else(|| text.contains(char::is_whitespace).then_some("it has a space"));
    let problem = problem.or_else(|| (text.len() > URL_MAX).then_some("it has more than 1000 characters"));
    let Some(problem) = problem else { return Some(text.to_owned()) };
    let message = format!("`{text}` is not an address that Firehose can send to: {problem}");
    found.push(
        Diagnostic::error(Code::InvalidUrl, given.place(), message)
            .help("for example `url: https://collector.example.com/in`"),
    );
    None
}

/// What the endpoint knows the sender by. Values are in no message: they are secrets.
fn key(fields: &Fields<'_>, region: Option<&str>, found: &mut Found) -> Option<AccessKey> {
    match (fields.get("access-key"), fields.get("secret")) {
        (None, None) => Some(AccessKey::None),
        (Some(given), Some(secret)) => {
            let message = "the key comes from Secrets Manager or stands here, not both";
            found.push(
                Diagnostic::error(Code::Conflict, Place::Key(given.path), message)
                    .related(Place::Key(secret.path), "the secret")
                    .help("take `access-key` away"),
            );
            None
        }
        (Some(given), None) => literal(&given, found),
        (None, Some(given)) => secret(&given, region, found),
    }
}

fn literal(given: &Given<'_>, found: &mut Found) -> Option<AccessKey> {
    let text = &*given.scalar("text", found)?.text;
    if text.is_empty() || text.len() > KEY_MAX {
        let message = format!("an access key has 1 to {KEY_MAX} characters");
        found.push(Diagnostic::error(Code::OutOfRange, Place::Key(given.path.clone()), message));
        return None;
    }
    // Of one that is made from a variable, the variable says it.
    if Mask::is_short(text) && !given.is_made() {
        let message = format!("an access key of fewer than {} characters", Mask::FEWEST);
        let place = Place::Key(given.path.clone());
        found.push(Diagnostic::warning(Code::Unsuitable, place, message).help(SHORT));
    }
    Some(AccessKey::Literal(KeyText::new(text)))
}

fn secret(given: &Given<'_>, region: Option<&str>, found: &mut Found) -> Option<AccessKey> {
    let secret = arn::of_services(given, &["secretsmanager"], found)?;
    let of = secret.split(':').nth(3).unwrap_or_default();
    if let Some(region) = region.filter(|region| *region != of) {
        let message =
            format!("the secret is in {of}, and Firehose reads only those of its own region, {region}");
        found.push(
            Diagnostic::error(Code::InvalidArn, given.place(), message)
                .help(format!("replicate the secret to {region}, and name the replica")),
        );
        return None;
    }
    Some(AccessKey::Secret(secret))
}

fn attributes(fields: &Fields<'_>, found: &mut Found) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    for (name, given) in fields.entries("attributes", found) {
        let Some(value) = given.text(found) else { continue };
        if name.trim().is_empty() || name.len() > 256 || value.len() > 1024 {
            let message = "an attribute has a name of 1 to 256 characters and a value of up to 1024";
            found.push(Diagnostic::error(Code::OutOfRange, Place::Key(given.path), message));
            continue;
        }
        attributes.insert(name.to_owned(), value.to_owned());
    }
    if attributes.len() > ATTRIBUTES_MAX {
        let message = format!("there are {} attributes; Firehose takes {ATTRIBUTES_MAX}", attributes.len());
        found.push(Diagnostic::error(Code::OutOfRange, Place::Key(fields.path.key("attributes")), message));
    }
    attributes
}

fn backup(given: Given<'_>, found: &mut Found) -> Option<HttpBackup> {
    let fields = Fields::open(&HTTP_BACKUP, given, found)?;
    let bucket = fields.get("bucket").and_then(|given| bucket::name(&given, found));
    let all = match fields.get("records") {
        Some(given) => given.choice(&RECORDS, found),
        None => Some(false),
    };
    let Prefixes { prefix, keys, errors } = prefixes(&fields, found);
    if keys != PartitionKeys::default() {
        let message = "what an HTTP endpoint is sent is not partitioned, so the prefix cannot have keys";
        let place = Place::Value(fields.path.key("prefix"));
        found.push(
            Diagnostic::error(Code::InvalidPrefix, place, message)
                .help("partition by time: `!{timestamp:yyyy-MM-dd}`"),
        );
    }
    let buffer = buffer_of(&fields, &measure::BUFFER_SIZE, found);
    let compression: Option<Compression> = compression(&fields, found);
    Some(HttpBackup {
        bucket: bucket?,
        all: all?,
        prefix,
        errors,
        buffer: buffer?,
        compression: compression?,
    })
}
