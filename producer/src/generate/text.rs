//! Numbers as text, straight into a line: the generators make millions of lines a second, and formatting machinery
//! would be most of their time.

use bytes::{BufMut, BytesMut};

/// Lines are cut out of chunks of this size.
pub(super) const CHUNK: usize = 256 * 1024;

pub(super) fn put_number(out: &mut BytesMut, number: u64) {
    let (mut digits, mut at, mut left) = ([0; 20], 20, number);
    loop {
        at -= 1;
        digits[at] = b'0' + low_byte(left % 10);
        left /= 10;
        if left == 0 {
            return out.put_slice(&digits[at..]);
        }
    }
}

/// A number of tenths: `-123` as `-12.3`.
pub(super) fn put_tenths(out: &mut BytesMut, tenths: i32) {
    if tenths < 0 {
        out.put_u8(b'-');
    }
    let size = u64::from(tenths.unsigned_abs());
    put_number(out, size / 10);
    out.put_u8(b'.');
    out.put_u8(b'0' + low_byte(size % 10));
}

pub(super) fn hex(number: u64) -> [u8; 16] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [0; 16];
    for (pair, byte) in text.chunks_exact_mut(2).zip(number.to_be_bytes()) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    text
}

pub(super) fn low_byte(number: u64) -> u8 {
    number.to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_are_written_as_they_are_formatted(number: u64, tenths in -100_000..100_000_i32) {
            let written = |write: &dyn Fn(&mut BytesMut)| {
                let mut out = BytesMut::new();
                write(&mut out);
                String::from_utf8(out.to_vec()).expect("ASCII")
            };
            prop_assert_eq!(written(&|out| put_number(out, number)), number.to_string());
            let sign = if tenths < 0 { "-" } else { "" };
            let expected = format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10);
            prop_assert_eq!(written(&|out| put_tenths(out, tenths)), expected);
            prop_assert_eq!(written(&|out| out.put_slice(&hex(number))), format!("{number:016x}"));
        }
    }
}
