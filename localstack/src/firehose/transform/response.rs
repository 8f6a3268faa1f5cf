//! What a transform function answered: one verdict per record.
//!
//! AWS takes an answer that does not parse as a failure of the whole batch, and judges an answer that does
//! parse record by record: what came back `Ok` is delivered although its neighbour failed. No answer is ever
//! retried; only an invocation that failed is.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

use super::event::RecordIds;
use super::failure::Failure;
use crate::firehose::processors::partition::Keys;

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Delivered; its output ends here in [`Transformed::output`], and starts where the delivered record
    /// before it ended.
    Ok {
        /// Offset of the end.
        end: usize,
        /// The partition keys the function gave it.
        keys: Option<Keys>,
    },
    /// The function meant it to disappear.
    Dropped,
    /// It goes to the error output.
    Failed(Failure),
}

/// The answer to a batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Transformed {
    /// What was delivered, one record after the other.
    pub(crate) output: Vec<u8>,
    /// One verdict per record of the batch, in the order of the batch.
    pub(crate) verdicts: Vec<Verdict>,
}

impl Transformed {
    /// Every record of a batch failed for one reason.
    pub(crate) fn all_failed(count: usize, failure: &Failure) -> Self {
        Self { output: Vec::new(), verdicts: vec![Verdict::Failed(failure.clone()); count] }
    }
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    records: Option<Vec<Returned<'a>>>,
}

#[derive(Clone, Deserialize)]
struct Returned<'a> {
    #[serde(borrow, rename = "recordId", default)]
    record_id: Option<Text<'a>>,
    #[serde(borrow, default)]
    result: Option<Text<'a>>,
    #[serde(borrow, default)]
    data: Option<Text<'a>>,
    #[serde(default)]
    metadata: Option<serde_json::Value>,
}

/// A string that borrows from the answer where it holds no escapes: serde copies a `Cow` in an `Option`.
#[derive(Clone)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowing;
        impl<'de> Visitor<'de> for Borrowing {
            type Value = Text<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowing)
    }
}

/// Where a record of the batch was found in the answer.
#[derive(Clone, Copy)]
enum Found {
    Nowhere,
    At(usize),
    Twice,
}

/// Reads the answer to a batch of `count` records.
pub(crate) fn read(payload: &[u8], ids: &RecordIds, count: usize) -> Transformed {
    let answer: Answer<'_> = match serde_json::from_slice(payload) {
        Ok(answer) => answer,
        Err(error) if error.is_data() => return Transformed::all_failed(count, &Failure::invalid_format()),
        Err(_) => return Transformed::all_failed(count, &Failure::not_json()),
    };
    let returned = answer.records.unwrap_or_default();
    let mut found = vec![Found::Nowhere; count];
    for (at, record) in returned.iter().enumerate() {
        // A record the batch never held is ignored, as AWS does.
        let Some(index) = record.record_id.as_ref().and_then(|id| ids.position(&id.0)) else { continue };
        if let Some(place) = found.get_mut(index) {
            *place = if matches!(place, Found::Nowhere) { Found::At(at) } else { Found::Twice };
        }
    }
    let mut transformed = Transformed {
        output: Vec::with_capacity(payload.len() / 4 * 3),
        verdicts: Vec::with_capacity(count),
    };
    for place in found {
        let verdict = match place {
            Found::Nowhere => Verdict::Failed(Failure::missing_record_id()),
            Found::Twice => Verdict::Failed(Failure::duplicated_record_id()),
            Found::At(at) => match judge(&returned[at], &mut transformed.output) {
                Some(verdict) => verdict,
                None => return Transformed::all_failed(count, &Failure::invalid_format()),
            },
        };
        transformed.verdicts.push(verdict);
    }
    transformed
}

/// The verdict on one returned record; `None` when it makes the whole answer invalid.
fn judge(returned: &Returned<'_>, output: &mut Vec<u8>) -> Option<Verdict> {
    match returned.result.as_ref()?.0.as_ref() {
        "Ok" => {
            STANDARD.decode_vec(returned.data.as_ref()?.0.as_bytes(), output).ok()?;
            let keys = returned.metadata.as_ref().and_then(partition_keys);
            Some(Verdict::Ok { end: output.len(), keys })
        }
        "Dropped" => Some(Verdict::Dropped),
        "ProcessingFailed" => Some(Verdict::Failed(Failure::processing_failed())),
        _ => None,
    }
}

/// `partitionKeys` of a record's metadata: a map of text; numbers and truth values are taken as text too.
fn partition_keys(metadata: &serde_json::Value) -> Option<Keys> {
    use serde_json::Value as Json;
    let members = metadata.get("partitionKeys")?.as_object()?.iter();
    let text = |(key, value): (&String, &Json)| match value {
        Json::String(text) => Some((key.clone(), text.clone())),
        Json::Number(_) | Json::Bool(_) => Some((key.clone(), value.to_string())),
        _ => None,
    };
    Some(members.filter_map(text).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn ids() -> RecordIds {
        RecordIds::draw(3, 40)
    }

    fn returned(index: usize, result: &str, data: &str) -> Value {
        json!({"recordId": ids().get(index), "result": result, "data": STANDARD.encode(data)})
    }

    fn answer(records: &[Value]) -> Transformed {
        read(json!({ "records": records }).to_string().as_bytes(), &ids(), 3)
    }

    fn code(verdict: &Verdict) -> &str {
        match verdict {
            Verdict::Failed(failure) => failure.code,
            other => panic!("not a failure: {other:?}"),
        }
    }

    #[test]
    fn each_result_has_its_way() {
        let read =
            answer(&[returned(0, "Ok", "first"), returned(1, "Dropped", ""), returned(2, "Ok", "third")]);
        assert_eq!(read.output, b"firstthird");
        assert_eq!(
            read.verdicts,
            [Verdict::Ok { end: 5, keys: None }, Verdict::Dropped, Verdict::Ok { end: 10, keys: None }]
        );
    }

    #[test]
    fn results_in_another_order_land_in_the_order_of_the_batch() {
        let read = answer(&[returned(2, "Ok", "3"), returned(0, "Ok", "1"), returned(1, "Ok", "2")]);
        assert_eq!(read.output, b"123");
    }

    #[test]
    fn a_record_the_function_failed_leaves_its_neighbours_alone() {
        let read =
            answer(&[returned(0, "Ok", "1"), returned(1, "ProcessingFailed", "x"), returned(2, "Ok", "3")]);
        assert_eq!(read.output, b"13");
        assert_eq!(code(&read.verdicts[1]), "Lambda.ProcessingFailedStatus");
    }

    #[test]
    fn a_record_that_did_not_come_back_fails() {
        let read = answer(&[returned(0, "Ok", "1"), returned(2, "Ok", "3")]);
        assert_eq!(code(&read.verdicts[1]), "Lambda.MissingRecordId");
        assert_eq!(read.output, b"13");
    }

    #[test]
    fn a_record_that_came_back_twice_fails() {
        let read = answer(&[returned(0, "Ok", "1"), returned(0, "Ok", "again"), returned(1, "Ok", "2")]);
        assert_eq!(code(&read.verdicts[0]), "Lambda.DuplicatedRecordId");
        assert_eq!(read.output, b"2");
    }

    #[test]
    fn a_record_nobody_sent_is_ignored() {
        let stranger = json!({"recordId": "nope", "result": "what", "data": "%"});
        let read =
            answer(&[stranger, returned(0, "Ok", "1"), returned(1, "Ok", "2"), returned(2, "Ok", "3")]);
        assert_eq!(read.output, b"123");
    }

    #[test]
    fn without_records_every_record_is_missing() {
        for payload in ["{}", r#"{"records":null}"#, r#"{"records":[]}"#] {
            let read = read(payload.as_bytes(), &ids(), 3);
            assert!(read.verdicts.iter().all(|verdict| code(verdict) == "Lambda.MissingRecordId"));
        }
    }

    #[test]
    fn an_answer_of_the_wrong_shape_fails_the_batch() {
        let wrong = [
            json!({"recordId": ids().get(1), "result": "Okay", "data": ""}),
            json!({"recordId": ids().get(1), "result": "Ok", "data": "not base64!"}),
            json!({"recordId": ids().get(1), "result": "Ok"}),
            json!({"recordId": ids().get(1), "data": ""}),
            json!({"recordId": ids().get(1), "result": 5, "data": ""}),
        ];
        for record in wrong {
            let read = answer(&[returned(0, "Ok", "1"), record, returned(2, "Ok", "3")]);
            assert!(read.output.is_empty());
            assert!(read.verdicts.iter().all(|verdict| code(verdict) == "Lambda.FunctionError"));
        }
    }

    #[test]
    fn an_answer_that_is_not_json_fails_the_batch() {
        for payload in ["", "{", "oops"] {
            let read = read(payload.as_bytes(), &ids(), 3);
            assert!(read.verdicts.iter().all(|verdict| code(verdict) == "Lambda.JsonProcessingException"));
        }
    }

    #[test]
    fn partition_keys_come_with_their_record() {
        let mut first = returned(0, "Ok", "1");
        first["metadata"] = json!({"partitionKeys": {"customer": "7", "year": 2024, "nothing": null}});
        let mut second = returned(1, "Ok", "2");
        second["metadata"] = json!("what");
        let read = answer(&[first, second, returned(2, "Ok", "3")]);
        let keys = |verdict: &Verdict| match verdict {
            Verdict::Ok { keys, .. } => keys.clone(),
            other => panic!("not delivered: {other:?}"),
        };
        let expected =
            [("customer".to_owned(), "7".to_owned()), ("year".to_owned(), "2024".to_owned())].into();
        assert_eq!(keys(&read.verdicts[0]), Some(expected));
        assert_eq!((keys(&read.verdicts[1]), keys(&read.verdicts[2])), (None, None));
    }

    #[test]
    fn escaped_slashes_in_base64_are_read() {
        let data = STANDARD.encode([0xff, 0xff, 0xff]);
        let record = format!(
            r#"{{"recordId":"{}","result":"Ok","data":"{}"}}"#,
            ids().get(0),
            data.replace('/', "\\/")
        );
        let read = read(format!(r#"{{"records":[{record}]}}"#).as_bytes(), &ids(), 1);
        assert_eq!(read.output, [0xff, 0xff, 0xff]);
    }

    proptest! {
        #[test]
        fn any_answer_gives_one_verdict_per_record(payload in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(read(&payload, &ids(), 3).verdicts.len(), 3);
        }
    }
}
