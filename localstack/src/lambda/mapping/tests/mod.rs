//! What the tests of mappings share.

mod driver;
mod held_back;
mod lanes;
mod order;
mod sim;
mod window_accounts;
mod window_changes;
mod windows;
mod world;

use std::sync::Arc;

use bytes::Bytes;

use super::entry::Entry;
use super::event::Envelope;
use super::settings::Settings;
use crate::kinesis::Sequence;

/// So many records of different keys, numbered from 1.
pub(super) fn entries(count: u64) -> Vec<Entry> {
    (1..=count).map(|place| entry(place, &format!("key-{place}"), 1_700_000_000_000)).collect()
}

/// One record.
pub(super) fn entry(place: u64, key: &str, arrived: i64) -> Entry {
    Entry {
        sequence: Sequence(place),
        number: format!("{place:056}").into(),
        arrived,
        partition_key: Arc::from(key),
        data: Bytes::from_static(b"{}"),
    }
}

/// AWS's defaults.
pub(super) fn settings() -> Settings {
    Settings::of("arn:aws:lambda:us-east-2:123456789012:function:f".to_owned())
}

/// That of AWS's example.
pub(super) fn envelope() -> Envelope {
    Envelope {
        source_arn: "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream".to_owned(),
        region: "us-east-2".to_owned(),
        role_arn: "arn:aws:iam::123456789012:role/lambda-role".to_owned(),
    }
}
