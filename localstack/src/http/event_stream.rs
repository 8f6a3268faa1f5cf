//! AWS's event streams: messages of headers and a payload, framed with their lengths and two CRC32s, one after another
//! in an HTTP body of type `application/vnd.amazon.eventstream`.
//!
//! A frame is: total length and headers length (4 bytes each, big-endian), the CRC of these 8 bytes, the headers, the
//! payload, the CRC of everything before. A header is its name's length (1 byte), its name, 7 (text), the value's
//! length (2 bytes), the value. Text is the only kind of header that the services here write.

use bytes::{BufMut, Bytes, BytesMut};

use super::error::AwsError;

/// The content type of a body of such messages.
pub(crate) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// The kind of a header whose value is text.
const TEXT: u8 = 7;

/// Both lengths and their CRC.
const PRELUDE: usize = 12;

/// Lengths, both CRCs.
const AROUND: usize = PRELUDE + 4;

/// An event of this type, with a payload of this content type.
pub(crate) fn event(event_type: &str, content_type: &str, payload: &[u8]) -> Bytes {
    message(
        &[(":event-type", event_type), (":content-type", content_type), (":message-type", "event")],
        payload,
    )
}

/// An error the API's model knows, after which the stream ends.
pub(crate) fn exception(error: &AwsError, content_type: &str, payload: &[u8]) -> Bytes {
    message(
        &[(":exception-type", &error.code), (":content-type", content_type), (":message-type", "exception")],
        payload,
    )
}

/// One frame. A name or a value that its length field cannot tell is cut off; none here comes near.
fn message(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let mut head = BytesMut::new();
    for (name, value) in headers {
        let (name, value) = (cut(name, usize::from(u8::MAX)), cut(value, usize::from(u16::MAX)));
        head.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
        head.put_slice(name);
        head.put_u8(TEXT);
        head.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
        head.put_slice(value);
    }
    let total = AROUND + head.len() + payload.len();
    let mut frame = BytesMut::with_capacity(total);
    frame.put_u32(u32::try_from(total).unwrap_or(u32::MAX));
    frame.put_u32(u32::try_from(head.len()).unwrap_or(u32::MAX));
    frame.put_u32(crc32fast::hash(&frame));
    frame.put_slice(&head);
    frame.put_slice(payload);
    frame.put_u32(crc32fast::hash(&frame));
    frame.freeze()
}

fn cut(text: &str, most: usize) -> &[u8] {
    let bytes = text.as_bytes();
    bytes.get(..most).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_sdks_decoder_reads_what_was_written(
            headers in proptest::collection::vec(("[a-z:-]{1,40}", "\\PC{0,80}"), 0..6),
            payload in proptest::collection::vec(any::<u8>(), 0..3000),
        ) {
            let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let mut frame = message(&pairs, &payload);
            let read = aws_smithy_eventstream::frame::read_message_from(&mut frame).unwrap();
            prop_assert!(frame.is_empty());
            prop_assert_eq!(&read.payload()[..], &payload[..]);
            let found: Vec<_> = read
                .headers()
                .iter()
                .map(|header| (header.name().as_str().to_owned(), header.value().as_string().unwrap().as_str().to_owned()))
                .collect();
            prop_assert_eq!(found, headers);
        }
    }

    #[test]
    fn an_event_says_what_it_is() {
        let mut frame = event("initial-response", "application/x-amz-json-1.1", b"{}");
        let read = aws_smithy_eventstream::frame::read_message_from(&mut frame).unwrap();
        let parsed = aws_smithy_eventstream::smithy::parse_response_headers(&read).unwrap();
        assert_eq!(parsed.message_type.as_str(), "event");
        assert_eq!(parsed.smithy_type.as_str(), "initial-response");
    }
}
