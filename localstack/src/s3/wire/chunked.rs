//! `aws-chunked` framing: what SDKs put around a body whose checksum follows it.
//!
//! `SIZE-IN-HEX[;chunk-signature=…]\r\n DATA \r\n … 0\r\n TRAILER: VALUE\r\n … \r\n`. Where the endpoint verifies signatures,
//! those of the chunks and of the trailers are verified too.

use bytes::{Bytes, BytesMut};

use crate::http::signature::ChunkSeal;

/// Why a framed body is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unframed {
    /// The framing is broken.
    #[error("the aws-chunked body is malformed")]
    Malformed,
    /// A chunk or the trailers are not as they were signed.
    #[error("the signature of a chunk does not match")]
    Signature,
}

use Unframed::Malformed;

/// A body without its framing.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) body: Bytes,
    /// Names in lower case, as SDKs send them.
    pub(super) trailers: Vec<(String, String)>,
}

/// Takes the framing off. A body of one chunk is not copied; one of many takes no more than it did with its framing,
/// however small they are.
pub(super) fn decode(mut framed: Bytes, mut seal: Option<ChunkSeal>) -> Result<Decoded, Unframed> {
    let mut body = Body::Empty;
    loop {
        let head = line(&mut framed)?;
        let (size, extension) = head.split_once(';').unwrap_or((&head, ""));
        let size = usize::from_str_radix(size.trim(), 16).map_err(|_| Malformed)?;
        if framed.len() < size {
            return Err(Malformed);
        }
        let chunk = framed.split_to(size);
        let signature = extension.strip_prefix("chunk-signature=").unwrap_or_default();
        if seal.as_mut().is_some_and(|seal| !seal.verifies(&chunk, signature)) {
            return Err(Unframed::Signature);
        }
        if size == 0 {
            break;
        }
        body = body.with(chunk, framed.len());
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
    verify_trailers(&trailers, seal)?;
    Ok(Decoded { body: body.joined(), trailers })
}

/// Trailers are signed as a whole, if there are any; their signature is the last of them.
fn verify_trailers(trailers: &[(String, String)], seal: Option<ChunkSeal>) -> Result<(), Unframed> {
    let Some(mut seal) = seal.filter(|_| !trailers.is_empty()) else { return Ok(()) };
    let (signatures, signed): (Vec<_>, Vec<_>) =
        trailers.iter().partition(|(name, _)| name == "x-amz-trailer-signature");
    let text: String = signed.into_iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let fits = signatures.first().is_some_and(|(_, signature)| seal.verifies_trailers(&text, signature));
    if fits { Ok(()) } else { Err(Unframed::Signature) }
}

fn line(framed: &mut Bytes) -> Result<String, Unframed> {
    let end = framed.windows(2).position(|pair| pair == b"\r\n").ok_or(Malformed)?;
    let line = framed.split_to(end);
    drop(framed.split_to(2));
    String::from_utf8(line.to_vec()).map_err(|_| Malformed)
}

/// The chunks that were read.
enum Body {
    Empty,
    One(Bytes),
    Many(BytesMut),
}

impl Body {
    /// This and one more chunk, after which so many bytes are left.
    fn with(self, chunk: Bytes, left: usize) -> Self {
        match self {
            Self::Empty => Self::One(chunk),
            Self::One(first) => {
                let mut body = BytesMut::with_capacity(first.len() + chunk.len() + left);
                body.extend_from_slice(&first);
                body.extend_from_slice(&chunk);
                Self::Many(body)
            }
            Self::Many(mut body) => {
                body.extend_from_slice(&chunk);
                Self::Many(body)
            }
        }
    }

    fn joined(self) -> Bytes {
        match self {
            Self::Empty => Bytes::new(),
            Self::One(only) => only,
            Self::Many(body) => body.freeze(),
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
        let decoded = decode(Bytes::from_static(framed.as_bytes()), None).unwrap();
        assert_eq!(decoded.body, "abcde");
        assert_eq!(decoded.trailers, [("x-amz-checksum-crc32".to_owned(), "AAAA==".to_owned())]);
    }

    #[test]
    fn a_body_that_breaks_off_is_refused() {
        for framed in ["", "5\r\nabc\r\n", "3\r\nabcd\r\n0\r\n", "x\r\n", "3\r\nabc\r\n"] {
            assert_eq!(decode(Bytes::from_static(framed.as_bytes()), None), Err(Malformed), "{framed:?}");
        }
    }

    #[test]
    fn a_body_of_one_chunk_is_not_copied() {
        let framed = Bytes::from_static(b"3\r\nabc\r\n0\r\n\r\n");
        let decoded = decode(framed.clone(), None).unwrap();
        assert_eq!(decoded.body.as_ptr(), framed[3..].as_ptr());
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
            prop_assert_eq!(decode(framed.into(), None).unwrap().body, chunks.concat());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let _ = decode(bytes.into(), None);
        }
    }
}
