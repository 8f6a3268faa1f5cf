//! How a function reads a stream: the fields beside `from`.

use jiff::Timestamp;
use serde_json::Value;

use super::super::code::Code;
use super::super::diagnostic::Diagnostic;
use super::super::model::{Reading, Retries, Start, StreamRef};
use super::super::tree::Kind;
use super::delivery::Defined;
use super::fields::{Fields, Found, Given};
use super::shape::{BATCH, FAILURES};
use super::{arn, filter, measure, stream_ref};

/// The fields that mean nothing without `from`.
pub(crate) const FIELDS: [&str; 6] = ["start", "batch", "failures", "filters", "fan-out", "enabled"];

/// What Lambda takes (CreateEventSourceMapping).
const RETRIES_MAX: u32 = 10_000;
/// Filters of one mapping (Lambda quotas).
const FILTERS_MAX: usize = 5;

/// How `function` reads the stream that `from` names.
pub(crate) fn read(
    from: &Given<'_>,
    function: &Fields<'_>,
    defined: &Defined<'_>,
    found: &mut Found,
) -> Option<Reading> {
    let stream = stream_ref::read(from, defined, found);
    let mut reading = Reading::of(stream.unwrap_or_else(|| StreamRef::Own(String::new())));
    if let Some(given) = function.get("start") {
        reading.start = start(&given, found)?;
    }
    if let Some(given) = function.get("batch") {
        batch(given, &mut reading, found);
    }
    if let Some(given) = function.get("failures") {
        failures(given, &mut reading, found);
    }
    if let Some(given) = function.get("filters") {
        reading.filters = filters(&given, found);
    }
    for (name, switch) in [("fan-out", &mut reading.fan_out), ("enabled", &mut reading.enabled)] {
        if let Some(given) = function.get(name) {
            *switch = given.switch(found)?;
        }
    }
    Some(reading)
}

fn start(given: &Given<'_>, found: &mut Found) -> Option<Start> {
    let text = &*given.scalar("where to begin", found)?.text;
    match text {
        "latest" => return Some(Start::Latest),
        "oldest" => return Some(Start::Oldest),
        _ => {}
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(Start::At(at));
    }
    let help = match text.to_lowercase().replace(['-', '_', ' '], "").as_str() {
        "trimhorizon" | "earliest" | "beginning" | "first" => "write `start: oldest`",
        "newest" | "now" | "end" => "write `start: latest`",
        _ => "it can be `latest`, `oldest` or a time such as `2026-11-21T08:00:00Z`",
    };
    let message = format!("`{text}` is no place in a stream to begin at");
    found.push(Diagnostic::error(Code::UnknownChoice, given.place(), message).help(help));
    None
}

fn batch(given: Given<'_>, reading: &mut Reading, found: &mut Found) {
    let Some(fields) = Fields::open(&BATCH, given, found) else { return };
    if let Some(given) = fields.get("size") {
        reading.batch_size = given.count(1, 10_000, found).unwrap_or(reading.batch_size);
    }
    if let Some(given) = fields.get("window") {
        reading.window_seconds = measure::BATCH_WINDOW.read(&given, found).unwrap_or_default();
    }
    if let Some(given) = fields.get("parallel") {
        reading.parallel = given.count(1, 10, found).unwrap_or(reading.parallel);
    }
    if let Some(given) = fields.get("tumbling") {
        reading.tumbling_seconds = measure::TUMBLING_WINDOW.read(&given, found).unwrap_or_default();
        if reading.tumbling_seconds > 0 && reading.parallel > 1 {
            let message =
                "a tumbling window is gathered one batch at a time, so `parallel` cannot be more than 1";
            found.push(
                Diagnostic::error(Code::Conflict, given.place(), message)
                    .help("take `parallel` or `tumbling` away"),
            );
        }
    }
}

fn failures(given: Given<'_>, reading: &mut Reading, found: &mut Found) {
    let Some(fields) = Fields::open(&FAILURES, given, found) else { return };
    if let Some(given) = fields.get("retries") {
        reading.retries = retries(&given, found).unwrap_or(reading.retries);
    }
    if let Some(given) = fields.get("age") {
        reading.max_age_seconds = measure::RECORD_AGE.read(&given, found);
    }
    for (name, switch) in [("bisect", &mut reading.bisect), ("partial", &mut reading.partial)] {
        if let Some(given) = fields.get(name) {
            *switch = given.switch(found).unwrap_or(*switch);
        }
    }
    if let Some(given) = fields.get("to") {
        reading.failures_to = arn::of_services(&given, &["sqs", "sns", "s3"], found);
        let kept = reading.retries == Retries::UntilExpired && reading.max_age_seconds.is_none();
        if kept && reading.failures_to.is_some() {
            let message = "nothing is given up before it expires, so hardly anything will get there";
            found.push(
                Diagnostic::warning(Code::Unsuitable, given.place(), message)
                    .help("say when a record is given up: `retries: 5`, or `age: 1h`"),
            );
        }
    }
}

fn retries(given: &Given<'_>, found: &mut Found) -> Option<Retries> {
    let scalar = given.scalar("a whole number", found)?;
    if &*scalar.text == "until-expired" {
        return Some(Retries::UntilExpired);
    }
    if scalar.kind() == Kind::Text && scalar.text.parse::<u32>().is_err() {
        let message = format!("`{}` is not a number of tries", scalar.text);
        let help = "write `retries: 5`, or `retries: until-expired`, which is what Lambda does by itself";
        found.push(Diagnostic::error(Code::UnknownChoice, given.place(), message).help(help));
        return None;
    }
    given.count(0, RETRIES_MAX, found).map(Retries::Times)
}

fn filters(given: &Given<'_>, found: &mut Found) -> Vec<Value> {
    let items = given.items("{ data: { kind: [order] } }", found);
    if items.len() > FILTERS_MAX {
        let message = format!("there are {} filters; Lambda takes {FILTERS_MAX}", items.len());
        let help = "one filter can name several values: `{ data: { kind: [order, refund] } }`";
        found.push(Diagnostic::error(Code::OutOfRange, given.place(), message).help(help));
    }
    items.iter().filter_map(|item| filter::read(item, found)).collect()
}
