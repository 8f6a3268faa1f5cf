//! The two Snappy containers that Firehose writes: both are blocks of raw Snappy, each behind its length.
//!
//! snappy-java: `82 'SNAPPY' 00`, two 32-bit versions, then `length block` again and again. Hadoop: `uncompressed length,
//! length, block` again and again. Numbers are big-endian; a block holds 32 KiB of input, snappy-java's default.

use std::io::{Error, Result};

use bytes::Bytes;
use snap::raw::Encoder;

/// Input of one block.
const BLOCK: usize = 32 * 1024;
/// Opens a stream of snappy-java.
const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
/// The version of its format, and the oldest that can read it.
const VERSION: u32 = 1;

/// The stream format of snappy-java.
pub(super) fn java(body: &[u8]) -> Result<Bytes> {
    let mut out = Vec::with_capacity(body.len() / 2 + 16);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_be_bytes());
    out.extend_from_slice(&VERSION.to_be_bytes());
    blocks(body, false, out)
}

/// Hadoop's block format.
pub(super) fn hadoop(body: &[u8]) -> Result<Bytes> {
    blocks(body, true, Vec::with_capacity(body.len() / 2 + 16))
}

fn blocks(body: &[u8], with_input_length: bool, mut out: Vec<u8>) -> Result<Bytes> {
    let mut encoder = Encoder::new();
    for input in body.chunks(BLOCK) {
        let block = encoder.compress_vec(input).map_err(Error::other)?;
        if with_input_length {
            out.extend_from_slice(&length(input)?.to_be_bytes());
        }
        out.extend_from_slice(&length(&block)?.to_be_bytes());
        out.extend_from_slice(&block);
    }
    Ok(Bytes::from(out))
}

fn length(bytes: &[u8]) -> Result<u32> {
    u32::try_from(bytes.len()).map_err(Error::other)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(bytes: &mut &[u8]) -> usize {
        let (number, rest) = bytes.split_first_chunk::<4>().unwrap();
        *bytes = rest;
        usize::try_from(u32::from_be_bytes(*number)).unwrap()
    }

    /// Reads the blocks as the formats' own readers do.
    fn unpacked(mut bytes: &[u8], with_input_length: bool) -> Vec<u8> {
        let mut out = Vec::new();
        while !bytes.is_empty() {
            let expected = with_input_length.then(|| number(&mut bytes));
            let length = number(&mut bytes);
            let (block, rest) = bytes.split_at(length);
            bytes = rest;
            let block = snap::raw::Decoder::new().decompress_vec(block).unwrap();
            assert!(expected.is_none_or(|expected| expected == block.len()));
            out.extend_from_slice(&block);
        }
        out
    }

    #[test]
    fn a_java_stream_opens_with_its_magic_and_versions() {
        let packed = java(b"hello").unwrap();
        assert_eq!(&packed[..16], b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01");
        // Five bytes as a literal: the length, a tag and the bytes.
        assert_eq!(&packed[16..], b"\0\0\0\x07\x05\x10hello");
        assert_eq!(&hadoop(b"hello").unwrap()[..], b"\0\0\0\x05\0\0\0\x07\x05\x10hello");
    }

    proptest! {
        #[test]
        fn both_unpack_to_what_went_in(piece in prop::collection::vec(any::<u8>(), 0..200), times in 1..600_usize) {
            let body = piece.repeat(times);
            prop_assert_eq!(&unpacked(&java(&body).unwrap()[16..], false), &body);
            prop_assert_eq!(&unpacked(&hadoop(&body).unwrap(), true), &body);
        }
    }
}
