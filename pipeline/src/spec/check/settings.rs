//! How a function is run: the fields that transforms and functions share.

use std::collections::BTreeSet;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::{Architecture, FunctionLogs, FunctionSettings, LogFormat, Vpc};
use super::fields::{Fields, Found, Given};
use super::shape::{LOGS, VPC};
use super::{arn, environment, measure};

/// What Lambda takes (CreateFunction).
const LAYERS_MAX: usize = 5;
/// An account has 1,000 unless more were asked for, 100 of which stay unreserved; AWS checks the account's.
const CONCURRENCY_MAX: u32 = 100_000;

const ARCHITECTURES: [(&str, Architecture); 2] =
    [("x86_64", Architecture::X86), ("arm64", Architecture::Arm)];
const FORMATS: [(&str, bool); 2] = [("text", false), ("json", true)];
const LEVELS: [(&str, &str); 6] = [
    ("trace", "TRACE"),
    ("debug", "DEBUG"),
    ("info", "INFO"),
    ("warn", "WARN"),
    ("error", "ERROR"),
    ("fatal", "FATAL"),
];
const SYSTEM_LEVELS: [(&str, &str); 3] = [("debug", "DEBUG"), ("info", "INFO"), ("warn", "WARN")];

/// Days that PutRetentionPolicy takes.
const RETENTIONS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// How a function is run; what is wrong is reported, and stands at its default.
pub(crate) fn read(fields: &Fields<'_>, found: &mut Found) -> FunctionSettings {
    let usual = FunctionSettings::default();
    let given = |name: &str| fields.get(name);
    FunctionSettings {
        memory_mib: given("memory")
            .and_then(|given| measure::MEMORY.read(&given, found))
            .unwrap_or(usual.memory_mib),
        timeout_seconds: given("timeout")
            .and_then(|given| measure::TIMEOUT.read(&given, found))
            .unwrap_or(usual.timeout_seconds),
        environment: environment::read(fields, found),
        architecture: given("architecture").and_then(|given| given.choice(&ARCHITECTURES, found)),
        layers: given("layers").map(|given| layers(&given, found)).unwrap_or_default(),
        vpc: given("vpc").and_then(|given| vpc(given, found)),
        dead_letters: given("dead-letters")
            .and_then(|given| arn::of_services(&given, &["sqs", "sns"], found)),
        logs: given("logs").map(|given| logs(given, found)).unwrap_or(usual.logs),
        concurrency: given("concurrency").and_then(|given| given.count(0, CONCURRENCY_MAX, found)),
    }
}

fn layers(given: &Given<'_>, found: &mut Found) -> Vec<String> {
    let items = given.items("\"arn:aws:lambda:eu-west-1:123456789012:layer:shared:3\"", found);
    if items.len() > LAYERS_MAX {
        let message = format!("there are {} layers; Lambda takes {LAYERS_MAX}", items.len());
        found.push(Diagnostic::error(Code::OutOfRange, given.place(), message));
    }
    let mut layers = Vec::new();
    for item in items {
        let Some(arn) = arn::of_services(&item, &["lambda"], found) else { continue };
        // …:layer:<name>:<version>
        let version = arn.rsplit(':').next().unwrap_or_default();
        if !arn.contains(":layer:") || version.is_empty() || !version.chars().all(|c| c.is_ascii_digit()) {
            let message = format!("`{arn}` is not the ARN of a layer with its version");
            let help = "for example `arn:aws:lambda:eu-west-1:123456789012:layer:shared:3`";
            found.push(Diagnostic::error(Code::InvalidArn, item.place(), message).help(help));
            continue;
        }
        layers.push(arn);
    }
    layers
}

fn vpc(given: Given<'_>, found: &mut Found) -> Option<Vpc> {
    let fields = Fields::open(&VPC, given, found)?;
    let subnets = fields.get("subnets").map(|given| ids(&given, "subnet-", found));
    let security_groups = fields.get("security-groups").map(|given| ids(&given, "sg-", found));
    Some(Vpc { subnets: subnets?, security_groups: security_groups? })
}

/// Ids that begin with this; one at least.
fn ids(given: &Given<'_>, prefix: &str, found: &mut Found) -> BTreeSet<String> {
    let example = format!("{prefix}0123456789abcdef0");
    let items = given.items(&example, found);
    if items.is_empty() && matches!(given.node.value, super::super::tree::Value::Sequence(_)) {
        let message = format!("`{}` is empty", given.path);
        found.push(
            Diagnostic::error(Code::MissingField, given.place(), message)
                .help(format!("for example `{}: [{example}]`", given.name())),
        );
    }
    let mut ids = BTreeSet::new();
    for item in items {
        let Some(id) = item.text(found) else { continue };
        let fits = id.strip_prefix(prefix).is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase())
        });
        if fits {
            ids.insert(id.to_owned());
            continue;
        }
        let message = format!("`{id}` is not an id such as `{example}`");
        found.push(Diagnostic::error(Code::InvalidName, item.place(), message));
    }
    ids
}

fn logs(given: Given<'_>, found: &mut Found) -> FunctionLogs {
    let mut logs = FunctionLogs::default();
    let Some(fields) = Fields::open(&LOGS, given, found) else { return logs };
    let json = fields.get("format").and_then(|given| given.choice(&FORMATS, found)).unwrap_or(false);
    let level = fields.get("level").map(|given| (given.choice(&LEVELS, found), given));
    let system = fields.get("system").map(|given| (given.choice(&SYSTEM_LEVELS, found), given));
    if json {
        logs.format = LogFormat::Json {
            level: level.and_then(|(level, _)| level).unwrap_or("INFO"),
            system: system.and_then(|(level, _)| level).unwrap_or("INFO"),
        };
    } else {
        for (_, given) in level.into_iter().chain(system) {
            let message =
                format!("`{}` chooses among lines that say their level, which text does not", given.name());
            found.push(
                Diagnostic::error(Code::Conflict, Place::Key(given.path), message)
                    .help("add `format: json`, or take this away"),
            );
        }
    }
    if let Some(given) = fields.get("retention") {
        logs.retention_days = retention(&given, found).unwrap_or(logs.retention_days);
    }
    logs
}

/// Days that CloudWatch Logs takes.
fn retention(given: &Given<'_>, found: &mut Found) -> Option<u32> {
    let days = measure::LOG_RETENTION.read(given, found)?;
    if RETENTIONS.contains(&days) {
        return Some(days);
    }
    let longer = RETENTIONS.iter().find(|taken| **taken > days).copied().unwrap_or(3653);
    let message =
        format!("CloudWatch Logs keeps lines for certain times only, and {days} days is none of them");
    found.push(
        Diagnostic::error(Code::OutOfRange, given.place(), message)
            .help(format!("the next that is longer is `{}: {longer}d`", given.name())),
    );
    None
}
