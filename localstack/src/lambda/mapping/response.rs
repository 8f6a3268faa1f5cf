//! What a function's answer says of the batch it was given.

use std::collections::HashMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::entry::Entry;
use super::window::WindowState;

/// How far a batch got.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Progress {
    /// All records are done.
    All,
    /// The records before this index are done; this one failed.
    Until(usize),
    /// The answer counts as a failure of the whole batch.
    Nothing,
}

/// A function's answer, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reading {
    /// How far the batch got.
    pub(super) progress: Progress,
    /// The state for the next invocation of the window.
    pub(super) state: Option<WindowState>,
}

/// What a function was asked to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// A state: it was told of a window.
    pub(super) state: bool,
    /// The items that failed.
    pub(super) failures: bool,
}

/// Reads an answer to what the function was asked.
pub(super) fn read(payload: &[u8], batch: &[Entry], asked: Asked) -> Reading {
    if !asked.state && !asked.failures {
        return Reading { progress: Progress::All, state: None };
    }
    // What is no object has neither.
    let answer: HashMap<String, &RawValue> = serde_json::from_slice(payload).unwrap_or_default();
    let mut state = None;
    if asked.state {
        // "If the response does not contain a state property, Lambda considers this a failed invocation."
        let Some(returned) = answer.get("state") else {
            return Reading { progress: Progress::Nothing, state: None };
        };
        state = Some(WindowState::of(returned));
    }
    let progress = if asked.failures {
        failed_items(answer.get("batchItemFailures").copied(), batch)
    } else {
        Progress::All
    };
    Reading { progress, state }
}

/// Nothing, `null`, `""`, `{}` and an empty list are a success; an item that is not one of the batch's fails it whole.
fn failed_items(reported: Option<&RawValue>, batch: &[Entry]) -> Progress {
    let reported = reported.map(|reported| serde_json::from_str(reported.get()).unwrap_or(Value::Null));
    let items = match reported {
        None | Some(Value::Null) => return Progress::All,
        Some(Value::Array(items)) => items,
        Some(_) => return Progress::Nothing,
    };
    let mut first = batch.len();
    for item in &items {
        let failed = item.get("itemIdentifier").and_then(Value::as_str);
        let place = failed.and_then(|number| batch.iter().position(|entry| *entry.number == *number));
        let Some(place) = place else { return Progress::Nothing };
        first = first.min(place);
    }
    if items.is_empty() { Progress::All } else { Progress::Until(first) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::entries;
    use super::*;

    #[test]
    fn item_failures_are_read_as_the_documentation_lists_them() {
        let batch = entries(3);
        let asked = Asked { state: false, failures: true };
        let item = |number: &str| format!(r#"{{"batchItemFailures":[{{"itemIdentifier":"{number}"}}]}}"#);
        let table = [
            (String::new(), Progress::All),
            ("null".to_owned(), Progress::All),
            (r#""""#.to_owned(), Progress::All),
            ("[]".to_owned(), Progress::All),
            ("{}".to_owned(), Progress::All),
            (r#"{"batchItemFailures":null}"#.to_owned(), Progress::All),
            (r#"{"batchItemFailures":[]}"#.to_owned(), Progress::All),
            (item(&batch[1].number), Progress::Until(1)),
            (
                format!(
                    r#"{{"batchItemFailures":[{{"itemIdentifier":"{}"}},{{"itemIdentifier":"{}"}}]}}"#,
                    batch[2].number, batch[0].number
                ),
                Progress::Until(0),
            ),
            (item(""), Progress::Nothing),
            (item("no such number"), Progress::Nothing),
            (r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#.to_owned(), Progress::Nothing),
            (r#"{"batchItemFailures":[{"bad_key":"1"}]}"#.to_owned(), Progress::Nothing),
            (r#"{"batchItemFailures":[1]}"#.to_owned(), Progress::Nothing),
            (r#"{"batchItemFailures":"all"}"#.to_owned(), Progress::Nothing),
        ];
        for (answer, progress) in table {
            assert_eq!(read(answer.as_bytes(), &batch, asked).progress, progress, "{answer}");
        }
    }

    #[test]
    fn answers_mean_nothing_unless_failures_are_reported() {
        let answer = br#"{"batchItemFailures":[{"itemIdentifier":""}]}"#;
        let asked = Asked { state: false, failures: false };
        assert_eq!(read(answer, &entries(1), asked).progress, Progress::All);
    }

    #[test]
    fn a_window_needs_a_state() {
        let asked = Asked { state: true, failures: false };
        assert_eq!(read(b"{}", &entries(1), asked).progress, Progress::Nothing);
        let reading = read(br#"{"state":{"a":1}}"#, &entries(1), asked);
        let state = reading.state.as_ref().map(WindowState::text);
        assert_eq!((reading.progress, state), (Progress::All, Some(r#"{"a":1}"#)));
    }
}
