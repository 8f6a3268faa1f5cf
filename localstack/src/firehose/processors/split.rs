//! `RecordDeAggregation`: several records that were put as one, taken apart.
//!
//! A record with more than 500 others in it, or one that is not what it should be, goes on as a whole: AWS documents
//! the first; of the second its documentation says nothing (?), and the metadata extraction then names the error.

use bytes::Bytes;
use serde::de::IgnoredAny;

/// Most records within one.
const MOST: usize = 500;

/// How the records within one are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SubRecords {
    /// JSON values, one after the other.
    Json,
    /// By these bytes.
    Delimited(Bytes),
}

impl SubRecords {
    /// The records within `data`; they share its memory.
    pub(crate) fn of(&self, data: &Bytes) -> Vec<Bytes> {
        let found = match self {
            Self::Json => json(data),
            Self::Delimited(delimiter) => Some(delimited(data, delimiter)),
        };
        match found {
            Some(found) if found.len() <= MOST => found,
            _ => vec![data.clone()],
        }
    }
}

/// `None` when `data` is anything else than JSON values.
fn json(data: &Bytes) -> Option<Vec<Bytes>> {
    let mut stream = serde_json::Deserializer::from_slice(data).into_iter::<IgnoredAny>();
    let mut found = Vec::new();
    let mut start = 0;
    while found.len() <= MOST {
        match stream.next() {
            Some(Ok(IgnoredAny)) => {
                let end = stream.byte_offset();
                found.push(trimmed(&data.slice(start..end)));
                start = end;
            }
            Some(Err(_)) => return None,
            None => break,
        }
    }
    Some(found)
}

fn trimmed(data: &Bytes) -> Bytes {
    data.slice_ref(data.trim_ascii())
}

fn delimited(data: &Bytes, delimiter: &[u8]) -> Vec<Bytes> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut take = |from: usize, to: usize| {
        if from < to {
            found.push(data.slice(from..to));
        }
    };
    let mut at = 0;
    while at + delimiter.len() <= data.len() {
        if data[at..].starts_with(delimiter) {
            take(start, at);
            at += delimiter.len();
            start = at;
        } else {
            at += 1;
        }
    }
    take(start, data.len());
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(how: &SubRecords, data: &str) -> Vec<String> {
        let found = how.of(&Bytes::copy_from_slice(data.as_bytes()));
        found.iter().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).collect()
    }

    #[test]
    fn json_values_need_nothing_between_them() {
        assert_eq!(texts(&SubRecords::Json, r#"{"a":1}{"b":{"c":2}}"#), [r#"{"a":1}"#, r#"{"b":{"c":2}}"#]);
        assert_eq!(
            texts(&SubRecords::Json, "{\"a\":1}\n \r\n{\"b\":\"}\"}\n"),
            [r#"{"a":1}"#, r#"{"b":"}"}"#]
        );
        assert!(texts(&SubRecords::Json, "\n").is_empty());
    }

    #[test]
    fn what_is_not_json_goes_on_as_a_whole() {
        assert_eq!(texts(&SubRecords::Json, r#"{"a":1} oops"#), [r#"{"a":1} oops"#]);
        assert_eq!(texts(&SubRecords::Json, r#"{"a":"#), [r#"{"a":"#]);
    }

    #[test]
    fn more_than_five_hundred_go_on_as_a_whole() {
        assert_eq!(texts(&SubRecords::Json, &"{}".repeat(500)).len(), 500);
        assert_eq!(texts(&SubRecords::Json, &"{}".repeat(501)).len(), 1);
        let delimiter = SubRecords::Delimited(Bytes::from_static(b"|"));
        assert_eq!(texts(&delimiter, &"x|".repeat(501)).len(), 1);
    }

    #[test]
    fn a_delimiter_may_be_long() {
        let delimiter = SubRecords::Delimited(Bytes::from_static(b"####"));
        assert_eq!(texts(&delimiter, "a####b#c########d"), ["a", "b#c", "d"]);
    }

    proptest! {
        #[test]
        fn pieces_hold_every_byte_but_the_delimiters(data in "[ab|]{0,40}") {
            let how = SubRecords::Delimited(Bytes::from_static(b"|"));
            prop_assert_eq!(texts(&how, &data).concat(), data.replace('|', ""));
        }
    }
}
