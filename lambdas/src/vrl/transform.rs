//! Runs a compiled program over records.
//!
//! **What a program sees.** A record whose bytes are a JSON object becomes the event, field by field. Any
//! other record, JSON or not, becomes `{"message": <its bytes>}`; bytes that are not UTF-8 stay as they are
//! until they are written out. **What comes out.** The event `.` after the program: an object is one line of
//! JSON, an array one line per element (none: dropped), anything else its JSON. Every line ends in `\n`.
//! `abort` drops the record; a runtime error fails it. Times without a zone are UTC.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ::vrl::compiler::runtime::{Runtime, Terminate};
use ::vrl::compiler::{ExpressionError, Program, TargetValue, TimeZone};
use ::vrl::value::{KeyString, ObjectMap, Secrets, Value};
use bytes::Bytes;

use super::compile::Compiled;

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transformed {
    /// The lines to deliver are in the output buffer.
    Lines,
    /// The program gave up the record with `abort`, or made an empty array of it.
    Dropped {
        /// The message of `abort`, where it has one.
        message: Option<String>,
    },
    /// The program failed on the record.
    Failed {
        /// VRL's message.
        reason: String,
    },
}

/// A program with the state it runs on, kept over all the records of a function's life.
#[derive(Debug)]
pub struct Transform {
    program: Program,
    runtime: Runtime,
    timezone: TimeZone,
}

impl Transform {
    /// Makes a compiled program ready to run.
    #[must_use]
    pub fn new(compiled: Compiled) -> Self {
        let timezone = TimeZone::parse("UTC").unwrap_or_default();
        Self { program: compiled.program, runtime: Runtime::default(), timezone }
    }

    /// Runs the program on one record and appends its lines to `out`, which stays as it was unless the
    /// answer is [`Transformed::Lines`].
    pub fn apply(&mut self, record: Bytes, out: &mut Vec<u8>) -> Transformed {
        match self.resolve(record) {
            Ok(value) => write_lines(&value, out),
            Err(ended) => ended,
        }
    }

    /// Runs the program on one event and answers what is in `.` at its end.
    ///
    /// # Errors
    /// [`Transformed::Dropped`] for `abort`, and [`Transformed::Failed`].
    pub fn answer(&mut self, event: Bytes) -> Result<serde_json::Value, Transformed> {
        let value = self.resolve(event)?;
        serde_json::to_value(&value)
            .map_err(|error| Transformed::Failed { reason: format!("the result is not JSON: {error}") })
    }

    /// What is in `.` at the end of the program.
    fn resolve(&mut self, record: Bytes) -> Result<Value, Transformed> {
        let mut target = TargetValue {
            value: event(record),
            metadata: Value::Object(ObjectMap::new()),
            secrets: Secrets::default(),
        };
        self.runtime.clear();
        // A bug in a VRL function must cost one record, not the batch that it came in.
        let run = catch_unwind(AssertUnwindSafe(|| {
            self.runtime.resolve(&mut target, &self.program, &self.timezone)
        }));
        match run {
            Ok(Ok(_)) => Ok(target.value),
            Ok(Err(Terminate::Abort(ExpressionError::Abort { message, .. }))) => {
                Err(Transformed::Dropped { message })
            }
            Ok(Err(error)) => Err(Transformed::Failed { reason: error.to_string() }),
            Err(_) => {
                self.runtime = Runtime::default();
                Err(Transformed::Failed { reason: "a VRL function panicked on this record".to_owned() })
            }
        }
    }
}

/// The event that a record becomes.
fn event(record: Bytes) -> Value {
    if record.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
        && let Ok(value @ Value::Object(_)) = serde_json::from_slice(&record)
    {
        return value;
    }
    Value::Object(ObjectMap::from([(KeyString::from("message"), Value::Bytes(record))]))
}

fn write_lines(value: &Value, out: &mut Vec<u8>) -> Transformed {
    let start = out.len();
    let written = match value {
        Value::Array(elements) if elements.is_empty() => return Transformed::Dropped { message: None },
        Value::Array(elements) => elements.iter().try_for_each(|element| write_line(element, out)),
        value => write_line(value, out),
    };
    match written {
        Ok(()) => Transformed::Lines,
        Err(error) => {
            out.truncate(start);
            Transformed::Failed { reason: format!("the result is not JSON: {error}") }
        }
    }
}

fn write_line(value: &Value, out: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.push(b'\n');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::compile;
    use super::*;

    fn run(program: &str, record: &'static [u8]) -> (Transformed, String) {
        let mut transform = Transform::new(compile(program).expect(program));
        let mut out = Vec::new();
        let transformed = transform.apply(Bytes::from_static(record), &mut out);
        (transformed, String::from_utf8(out).expect("output is UTF-8"))
    }

    fn lines(program: &str, record: &'static [u8]) -> String {
        let (transformed, out) = run(program, record);
        assert_eq!(transformed, Transformed::Lines);
        out
    }

    #[test]
    fn a_json_object_becomes_the_event() {
        assert_eq!(lines(".n = int!(.n) + 1", br#" {"n": 1, "s": "x"}"#), "{\"n\":2,\"s\":\"x\"}\n");
    }

    #[test]
    fn anything_else_arrives_as_the_message() {
        for record in [&b"GET / HTTP/1.1"[..], b"[1,2]", b"12", b"\"text\"", b"{not json", b"", b"null"] {
            let out = lines(".seen = true", record);
            let value: serde_json::Value = serde_json::from_str(&out).expect("JSON");
            assert_eq!(value["message"].as_str().map(str::as_bytes), Some(record));
            assert_eq!(value["seen"], true);
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_reach_the_program_unchanged() {
        assert_eq!(
            lines(". = {\"hex\": encode_base16(string!(.message))}", b"\xff\x00\xfe"),
            "{\"hex\":\"ff00fe\"}\n"
        );
        assert_eq!(lines("", b"a\xffb"), "{\"message\":\"a\u{fffd}b\"}\n");
    }

    #[test]
    fn an_array_fans_out_into_lines_and_an_empty_one_drops_the_record() {
        assert_eq!(lines(". = [{\"a\": 1}, 2, \"x\"]", b"{}"), "{\"a\":1}\n2\n\"x\"\n");
        assert_eq!(run(". = []", b"{}"), (Transformed::Dropped { message: None }, String::new()));
    }

    #[test]
    fn a_scalar_is_written_as_json() {
        assert_eq!(lines(". = \"x\"", b"{}"), "\"x\"\n");
    }

    #[test]
    fn abort_drops_and_an_error_fails_with_its_reason() {
        assert_eq!(
            run("abort \"bots are not clicks\"", b"{}").0,
            Transformed::Dropped { message: Some("bots are not clicks".to_owned()) }
        );
        let (transformed, out) = run(". = parse_json!(.message)", b"no json");
        assert!(
            matches!(&transformed, Transformed::Failed { reason } if reason.contains("parse_json")),
            "{transformed:?}"
        );
        assert_eq!(out, "");
    }

    #[test]
    fn nothing_of_one_record_is_left_for_the_next() {
        let program =
            "if exists(.first) { secret = 1; . = {\"set\": secret} } else { . = {\"message\": .message} }";
        let mut transform = Transform::new(compile(program).expect(program));
        let mut out = Vec::new();
        assert_eq!(transform.apply(Bytes::from_static(b"{\"first\":1}"), &mut out), Transformed::Lines);
        assert_eq!(transform.apply(Bytes::from_static(b"two"), &mut out), Transformed::Lines);
        assert_eq!(String::from_utf8(out).expect("UTF-8"), "{\"set\":1}\n{\"message\":\"two\"}\n");
    }

    #[test]
    fn integers_past_64_bits_and_deep_nesting_do_not_panic() {
        lines("", b"{\"n\": 123456789012345678901234567890}");
        let deep: &'static [u8] = Box::leak(format!("{{\"a\":{}", "[".repeat(100_000)).into_bytes().into());
        assert!(lines("", deep).starts_with("{\"message\":"));
    }
}
