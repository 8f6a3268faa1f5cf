//! One call of a VRL function: a batch of a Kinesis stream, or any other event.
//!
//! **A batch of a stream.** The program runs over each record, in order; what is in `.` at its end is a line of the
//! function's log. `abort` passes a record over. At the first record that fails it stops and answers with its sequence
//! number, so that Lambda tries again from there on and no record after it is worked on twice. That answer counts only
//! where the mapping has `ReportBatchItemFailures`, which is why a pipeline never leaves it out.
//!
//! **Anything else.** `.` is the event, and what is in it at the end is the answer; `abort` answers `null`.

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::vrl::{Transform, Transformed};

/// The program failed on an event that is no batch.
#[derive(Debug, thiserror::Error)]
#[error("the program failed: {0}")]
pub struct ProgramFailed(String);

/// Runs the program over what Lambda hands in. Lines of results go to `lines`.
///
/// # Errors
/// The program failed on an event that is no batch of a stream; the call then fails.
pub fn call(
    transform: &mut Transform,
    event: &Value,
    request_id: &str,
    lines: &mut impl Write,
) -> Result<Value, ProgramFailed> {
    if let Some(records) = batch(event) {
        return Ok(of_stream(transform, event, records, request_id, lines));
    }
    match transform.answer(Bytes::from(event.to_string())) {
        Ok(answer) => Ok(answer),
        Err(Transformed::Failed { reason }) => Err(ProgramFailed(reason)),
        Err(Transformed::Dropped { .. } | Transformed::Lines) => Ok(Value::Null),
    }
}

/// The records of a batch that an event source mapping hands in.
fn batch(event: &Value) -> Option<&[Value]> {
    let records = event["Records"].as_array()?;
    records.iter().all(|record| record["eventSource"] == "aws:kinesis").then_some(records)
}

fn of_stream(
    transform: &mut Transform,
    event: &Value,
    records: &[Value],
    request_id: &str,
    lines: &mut impl Write,
) -> Value {
    let (mut written, mut passed_over) = (0_u64, 0_u64);
    let mut failed = None;
    let mut out = Vec::new();
    for record in records {
        let sequence = record["kinesis"]["sequenceNumber"].as_str().unwrap_or_default();
        out.clear();
        let reason = match run(transform, record, &mut out) {
            Ok(Transformed::Dropped { .. }) => {
                passed_over += 1;
                continue;
            }
            Ok(Transformed::Lines) => match lines.write_all(&out) {
                Ok(()) => {
                    written += 1;
                    continue;
                }
                Err(error) => format!("its result could not be written: {error}"),
            },
            Ok(Transformed::Failed { reason }) | Err(reason) => reason,
        };
        tracing::error!(request_id, sequence, reason, "a record failed; the batch is tried again from it on");
        failed = Some(sequence);
        break;
    }
    let flushed = lines.flush();
    tracing::info!(request_id, written, passed_over, failed = failed.is_some(), "batch worked on");
    // What was not flushed may be lost: the whole batch again.
    let first = records.first().and_then(|record| record["kinesis"]["sequenceNumber"].as_str());
    let failed = if flushed.is_err() { first } else { failed };
    let failures: Vec<Value> = failed.into_iter().map(|id| json!({ "itemIdentifier": id })).collect();
    let mut answer = json!({ "batchItemFailures": failures });
    // A tumbling window hands a state on from call to call; this function has none of its own.
    if event.get("window").is_some() {
        answer["state"] = event["state"].clone();
    }
    answer
}

fn run(transform: &mut Transform, record: &Value, out: &mut Vec<u8>) -> Result<Transformed, String> {
    let data = record["kinesis"]["data"].as_str().ok_or("the record has no data")?;
    let data = STANDARD.decode(data).map_err(|error| format!("its data is not base64: {error}"))?;
    Ok(transform.apply(Bytes::from(data), out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vrl::compile;

    fn called(program: &str, event: &Value) -> (Result<Value, String>, String) {
        let mut transform = Transform::new(compile(program).expect(program));
        let mut lines = Vec::new();
        let answer = call(&mut transform, event, "request", &mut lines).map_err(|error| error.to_string());
        (answer, String::from_utf8(lines).expect("UTF-8"))
    }

    fn batch(records: &[&str]) -> Value {
        let record = |(number, data): (usize, &&str)| {
            json!({
                "eventSource": "aws:kinesis",
                "kinesis": { "sequenceNumber": number.to_string(), "data": STANDARD.encode(data) },
            })
        };
        json!({ "Records": records.iter().enumerate().map(record).collect::<Vec<_>>() })
    }

    #[test]
    fn each_record_of_a_stream_becomes_a_line() {
        let (answer, lines) = called(".n = int!(.n) + 1", &batch(&[r#"{"n":1}"#, r#"{"n":2}"#]));
        assert_eq!(
            (answer, lines.as_str()),
            (Ok(json!({"batchItemFailures": []})), "{\"n\":2}\n{\"n\":3}\n")
        );
    }

    #[test]
    fn the_first_record_that_fails_is_named_and_none_after_it_is_worked_on() {
        let program = "if .message == \"skip\" { abort }\n. = parse_json!(.message)\n";
        let (answer, lines) = called(program, &batch(&["[1]", "skip", "{", "[2]"]));
        assert_eq!(answer, Ok(json!({"batchItemFailures": [{"itemIdentifier": "2"}]})));
        assert_eq!(lines, "1\n");
    }

    #[test]
    fn a_record_without_data_or_with_other_text_fails_as_one() {
        let mut event = batch(&["a", "b"]);
        event["Records"][1]["kinesis"]["data"] = json!("***");
        assert_eq!(called("", &event).0, Ok(json!({"batchItemFailures": [{"itemIdentifier": "1"}]})));
    }

    #[test]
    fn the_state_of_a_window_is_handed_on() {
        let mut event = batch(&["{}"]);
        (event["window"], event["state"]) = (json!({"start": "x"}), json!({"count": 3}));
        assert_eq!(called("", &event).0.expect("an answer")["state"], json!({"count": 3}));
    }

    #[test]
    fn any_other_event_is_answered_with_what_the_program_makes_of_it() {
        let event = json!({"name": "ada", "Records": [{"eventSource": "aws:s3"}]});
        let (answer, lines) = called(".hello = \"hello \" + string!(.name)", &event);
        assert_eq!(answer.expect("an answer")["hello"], "hello ada");
        assert_eq!(lines, "");
        assert_eq!(called(". = [.name]", &event).0, Ok(json!(["ada"])));
        assert_eq!(called("abort", &event).0, Ok(Value::Null));
        assert!(called(". = int!(.name)", &event).0.is_err_and(|why| why.contains("the program failed")));
    }
}
