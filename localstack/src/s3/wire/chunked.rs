//! `aws-chunked` framing: what SDKs put around a body whose checksum follows it.
//!
//! `SIZE-IN-HEX[;chunk-signature=…]\r\n DATA \r\n … 0\r\n TRAILER: VALUE\r\n … \r\n`. Chunk signatures are not checked.

use bytes::{Bytes, BytesMut};

/// The framing is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the aws-chunked body is malformed")]
pub(super) struct Malformed;

/// A body without its framing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) body: Bytes,
    /// Names in lower case, as SDKs send them.
    pub(super) trailers: Vec<(String, String)>,
}

/// Takes the framing off. A body of one chunk is not copied.
pub(super) fn decode(mut framed: Bytes) -> Result<Decoded, Malformed> {
    let mut chunks: Vec<Bytes> = Vec::new();
    loop {
        let head = line(&mut framed)?;
        let size = head.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| Malformed)?;
        if size == 0 {
            break;
        }
        if framed.len() < size {
            return Err(Malformed);
        }
        chunks.push(framed.split_to(size));
        if !line(&mut framed)?.is_empty() {
            return Err(Malformed);
        }
    }
    let mut trailers = Vec::new();
    while !framed.is_empty() {
        let text = line(&mut framed)?;
        if text.is_empty() {
            break;
        }
        let (name, value) = text.split_once(':').ok_or(Malformed)?;
        trailers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok(Decoded { body: join(chunks), trailers })
}

fn line(framed: &mut Bytes) -> Result<String, Malformed> {
    let end = framed.windows(2).position(|pair| pair == b"\r\n").ok_or(Malformed)?;
    let line = framed.split_to(end);
    drop(framed.split_to(2));
    String::from_utf8(line.to_vec()).map_err(|_| Malformed)
}

fn join(chunks: Vec<Bytes>) -> Bytes {
    match <[Bytes; 1]>::try_from(chunks) {
        Ok([only]) => only,
        Err(chunks) => {
            let mut body = BytesMut::with_capacity(chunks.iter().map(Bytes::len).sum());
            chunks.iter().for_each(|chunk| body.extend_from_slice(chunk));
            body.freeze()
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn chunks_are_joined_and_trailers_read() {
        let framed = "3\r\nabc\r\n2;chunk-signature=00\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAA==\r\n\r\n";
        let decoded = decode(Bytes::from_static(framed.as_bytes())).unwrap();
        assert_eq!(decoded.body, "abcde");
        assert_eq!(decoded.trailers, [("x-amz-checksum-crc32".to_owned(), "AAAA==".to_owned())]);
    }

    #[test]
    fn a_body_that_breaks_off_is_refused() {
        for framed in ["", "5\r\nabc\r\n", "3\r\nabcd\r\n0\r\n", "x\r\n", "3\r\nabc\r\n"] {
            assert_eq!(decode(Bytes::from_static(framed.as_bytes())), Err(Malformed), "{framed:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_framed_comes_back(chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..50), 0..5)) {
            let mut framed = Vec::new();
            for chunk in &chunks {
                framed.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                framed.extend(chunk);
                framed.extend(b"\r\n");
            }
            framed.extend(b"0\r\n\r\n");
            prop_assert_eq!(decode(framed.into()).unwrap().body, chunks.concat());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = decode(bytes.into());
        }
    }
}
