//! Transforms and functions as text.

use serde_json::Value as Json;

use super::{Writer, list, seconds, texts};
use crate::import::draft::Entry;
use crate::import::yaml::{Map, Value};
use crate::spec::model::{
    Code, Function, FunctionLogs, FunctionSettings, LogFormat, Reading, Retries, Start, Transform, Vpc,
};

pub(super) fn transform(writer: &Writer<'_>, entry: &Entry, transform: &Transform) -> Map {
    let mut map = Map::default();
    map.put_some("name", transform.name.as_ref().map(Value::text));
    code(&transform.code, &mut map);
    settings(writer.secrets(entry), &transform.settings, &mut map);
    map
}

pub(super) fn function(writer: &Writer<'_>, entry: &Entry, function: &Function) -> Map {
    let mut map = Map::default();
    map.put_some("name", function.name.as_ref().map(Value::text));
    code(&function.code, &mut map);
    if let Some(reads) = &function.reads {
        let usual = Reading { partial: matches!(function.code, Code::Vrl(_)), ..Reading::of("") };
        reading(reads, &usual, &mut map);
    }
    settings(writer.secrets(entry), &function.settings, &mut map);
    map
}

fn code(code: &Code, map: &mut Map) {
    match code {
        Code::Vrl(program) => map.put("vrl", Value::Block(program.clone())),
        Code::Package(path) => map.put("package", Value::text(path.display().to_string())),
    }
}

fn settings(secrets: &[String], settings: &FunctionSettings, map: &mut Map) {
    let usual = FunctionSettings::default();
    if settings.memory_mib != usual.memory_mib {
        map.put("memory", Value::word(format!("{}MiB", settings.memory_mib)));
    }
    if settings.timeout_seconds != usual.timeout_seconds {
        map.put("timeout", seconds(settings.timeout_seconds));
    }
    let mut environment = texts(&settings.environment);
    for secret in secrets {
        environment.close_with(format!(
            "{secret}: its value looks like a secret and is not written. Without it, apply takes it away."
        ));
    }
    map.put_map("environment", environment);
    map.put_some("architecture", settings.architecture.map(|it| Value::text(it.name())));
    if !settings.layers.is_empty() {
        map.put("layers", list(&settings.layers));
    }
    if let Some(vpc) = &settings.vpc {
        map.put("vpc", Value::Map(self::vpc(vpc)));
    }
    map.put_some("dead-letters", settings.dead_letters.as_ref().map(Value::text));
    map.put_map("logs", logs(&settings.logs, &usual.logs));
    map.put_some("concurrency", settings.concurrency.map(Value::word));
}

fn vpc(vpc: &Vpc) -> Map {
    let mut map = Map::default();
    map.put("subnets", list(&vpc.subnets));
    map.put("security-groups", list(&vpc.security_groups));
    map
}

fn logs(logs: &FunctionLogs, usual: &FunctionLogs) -> Map {
    const USUAL_LEVEL: &str = "INFO";
    let mut map = Map::default();
    if let LogFormat::Json { level, system } = logs.format {
        map.put("format", Value::text("json"));
        for (key, level) in [("level", level), ("system", system)] {
            if level != USUAL_LEVEL {
                map.put(key, Value::text(level.to_lowercase()));
            }
        }
    }
    if logs.retention_days != usual.retention_days {
        map.put("retention", Value::word(format!("{}d", logs.retention_days)));
    }
    map
}

fn reading(reading: &Reading, usual: &Reading, map: &mut Map) {
    map.put("from", Value::text(reading.stream.to_string()));
    match reading.start {
        Start::Latest => {}
        Start::Oldest => map.put("start", Value::text("oldest")),
        Start::At(at) => map.put("start", Value::text(at.to_string())),
    }
    map.put_map("batch", batch(reading, usual));
    map.put_map("failures", failures(reading, usual));
    if !reading.filters.is_empty() {
        map.put("filters", Value::List(reading.filters.iter().map(json).collect()));
    }
    if reading.fan_out {
        map.put("fan-out", Value::word(true));
    }
    if !reading.enabled {
        map.put("enabled", Value::word(false));
    }
}

fn batch(reading: &Reading, usual: &Reading) -> Map {
    let mut map = Map::default();
    if reading.batch_size != usual.batch_size {
        map.put("size", Value::word(reading.batch_size));
    }
    if reading.window_seconds > 0 {
        map.put("window", seconds(reading.window_seconds));
    }
    if reading.parallel != usual.parallel {
        map.put("parallel", Value::word(reading.parallel));
    }
    if reading.tumbling_seconds > 0 {
        map.put("tumbling", seconds(reading.tumbling_seconds));
    }
    map
}

fn failures(reading: &Reading, usual: &Reading) -> Map {
    let mut map = Map::default();
    if let Retries::Times(times) = reading.retries {
        map.put("retries", Value::word(times));
    }
    map.put_some("age", reading.max_age_seconds.map(seconds));
    for (key, switch, usual) in
        [("bisect", reading.bisect, usual.bisect), ("partial", reading.partial, usual.partial)]
    {
        if switch != usual {
            map.put(key, Value::word(switch));
        }
    }
    map.put_some("to", reading.failures_to.as_ref().map(Value::text));
    map
}

/// A pattern of a filter; YAML holds JSON.
fn json(json: &Json) -> Value {
    match json {
        Json::Object(fields) => {
            let mut map = Map::default();
            for (key, value) in fields {
                map.put(key.clone(), self::json(value));
            }
            Value::Map(map)
        }
        Json::Array(items) => Value::List(items.iter().map(self::json).collect()),
        Json::String(text) => Value::text(text),
        other => Value::word(other),
    }
}
