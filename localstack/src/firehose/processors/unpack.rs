//! `Decompression` and `CloudWatchLogProcessing`: what a CloudWatch Logs subscription sends, taken out of its envelope.
//!
//! A subscription puts one gzip member per record with a JSON document of many log events. Decompressed it is delivered
//! as it is; with message extraction the messages alone are, each followed by a line feed. A record stays one record:
//! a control message, which has no messages, becomes an empty one.

use std::io::Read as _;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// Most bytes a record may become. AWS names no limit; a small record must not fill the memory.
const MOST: u64 = 64 << 20;

/// A record could not be taken out of its envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable;

/// The parts of the envelope that are looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    message_type: String,
    log_events: Vec<LogEvent>,
}

#[derive(Deserialize)]
struct LogEvent {
    message: String,
}

/// Decompresses a record, and takes the messages out of it where `messages` are asked for.
pub(crate) fn unpacked(data: &[u8], messages: bool) -> Result<Bytes, Unreadable> {
    let mut json = Vec::new();
    let read = MultiGzDecoder::new(data).take(MOST + 1).read_to_end(&mut json).map_err(|_| Unreadable)?;
    if u64::try_from(read).unwrap_or(u64::MAX) > MOST {
        return Err(Unreadable);
    }
    if !messages {
        serde_json::from_slice::<IgnoredAny>(&json).map_err(|_| Unreadable)?;
        return Ok(Bytes::from(json));
    }
    let envelope: Envelope = serde_json::from_slice(&json).map_err(|_| Unreadable)?;
    let mut out = String::new();
    if envelope.message_type == "DATA_MESSAGE" {
        for event in envelope.log_events {
            out.push_str(&event.message);
            out.push('\n');
        }
    }
    Ok(Bytes::from(out))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    const DATA: &str = r#"{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],
        "logEvents":[{"id":"1","timestamp":1,"message":"one"},{"id":"2","timestamp":2,"message":""},{"id":"3","timestamp":3,"message":"zwölf"}]}"#;

    #[test]
    fn a_record_is_decompressed_as_it_is() {
        assert_eq!(unpacked(&gzip(DATA.as_bytes()), false).unwrap(), DATA);
        assert_eq!(unpacked(&gzip(b"{\"any\":1}"), false).unwrap(), "{\"any\":1}");
    }

    #[test]
    fn messages_are_lines_and_a_control_message_is_empty() {
        assert_eq!(unpacked(&gzip(DATA.as_bytes()), true).unwrap(), "one\n\nzwölf\n");
        let control = DATA.replace("DATA_MESSAGE", "CONTROL_MESSAGE");
        assert_eq!(unpacked(&gzip(control.as_bytes()), true).unwrap(), "");
    }

    #[test]
    fn what_is_no_envelope_is_told() {
        assert_eq!(unpacked(b"plain", false), Err(Unreadable));
        assert_eq!(unpacked(&gzip(b"no json"), false), Err(Unreadable));
        assert_eq!(unpacked(&gzip(b"{\"any\":1}"), true), Err(Unreadable));
    }

    #[test]
    fn a_bomb_is_told() {
        assert_eq!(unpacked(&gzip(&vec![b' '; (64 << 20) + 1]), false), Err(Unreadable));
    }
}
