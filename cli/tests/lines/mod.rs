//! What commands write under `--json`, for every test that reads it: each line fits the schema of events.

use std::sync::OnceLock;

use jsonschema::Validator;
use serde_json::Value;

fn schema() -> &'static Validator {
    static SCHEMA: OnceLock<Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let text = include_str!("../../schema/events-v1.schema.json");
        let schema = serde_json::from_str(text).expect("the schema is JSON");
        jsonschema::validator_for(&schema).expect("it is a schema")
    })
}

/// Every line, each of which has to fit.
#[track_caller]
pub(crate) fn of(stdout: &str) -> Vec<Value> {
    let line = |text: &str| {
        let line: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
        let wrong: Vec<String> = schema().iter_errors(&line).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{line:#} does not fit the schema of events: {wrong:#?}");
        line
    };
    stdout.lines().map(line).collect()
}
