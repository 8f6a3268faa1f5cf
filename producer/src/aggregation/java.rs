//! Numbers as KCL's Java reads them, where that is more, or less, than they say.

use pipectl_shards::HashKey;

/// An index as KCL uses it: the low 32 bits of the number, of which Java's sign bit means out of range, as it does
/// here where no table is so long.
pub(super) fn int(index: u64) -> u32 {
    u32::try_from(index & u64::from(u32::MAX)).unwrap_or_default()
}

/// A text that `BigInteger` refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotANumber;

/// A decimal number as `BigInteger` reads it, signs, leading zeros and the digits of other scripts included;
/// `Ok(None)` for one that lies outside the hash-key space.
pub(super) fn big_integer(text: &str) -> Result<Option<HashKey>, NotANumber> {
    let (negative, digits) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() {
        return Err(NotANumber);
    }
    let mut number = Some(0_u128);
    for character in digits.chars() {
        let digit = u128::from(digit(character).ok_or(NotANumber)?);
        number = number.and_then(|number| number.checked_mul(10)?.checked_add(digit));
    }
    Ok(number.filter(|number| !negative || *number == 0).map(HashKey))
}

/// The zeros of the scripts whose digits fit in one UTF-16 unit; `Character.digit` takes them all.
const ZEROS: [u32; 37] = [
    0x0030, 0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6, 0x0c66, 0x0ce6, 0x0d66,
    0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
];

fn digit(character: char) -> Option<u32> {
    let code = u32::from(character);
    let after = ZEROS.partition_point(|zero| *zero <= code);
    Some(code - ZEROS[after.checked_sub(1)?]).filter(|digit| *digit < 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_cut_to_32_bits() {
        assert_eq!(int(1 << 32), 0);
        assert_eq!(int(1 << 31), 1 << 31);
        assert_eq!(int(u64::MAX), u32::MAX);
    }

    #[test]
    fn explicit_hash_keys_are_read_as_numbers_with_all_their_liberties() {
        for (text, number) in [("007", 7), ("+7", 7), ("-0", 0), ("١٢", 12), ("7٣", 73), ("７", 7)] {
            assert_eq!(big_integer(text), Ok(Some(HashKey(number))), "{text:?}");
        }
        let last = u128::MAX.to_string();
        assert_eq!(big_integer(&format!("{}{last}", "0".repeat(100))), Ok(Some(HashKey::MAX)));
    }

    #[test]
    fn a_number_outside_the_hash_keys_is_one_all_the_same() {
        for text in ["-1", "340282366920938463463374607431768211456", &"9".repeat(1000)] {
            assert_eq!(big_integer(text), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_number_to_java_is_none_here() {
        for text in ["", "+", "-", "+-7", "0x7", " 7", "7.0", "Ⅶ", "𝟕", "a"] {
            assert_eq!(big_integer(text), Err(NotANumber), "{text:?}");
        }
    }
}
