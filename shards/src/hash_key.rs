//! Where a record falls in the 128-bit space that the shards of a stream divide among themselves.

use std::fmt;
use std::str::FromStr;

use md5::{Digest, Md5};

/// A point in the hash-key space `0 ..= 2^128 - 1`.
///
/// Written in decimal, as in the API's `ExplicitHashKey`, `StartingHashKey` and `EndingHashKey`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HashKey(pub u128);

impl HashKey {
    /// The first point of the space.
    pub const MIN: Self = Self(0);
    /// The last point of the space.
    pub const MAX: Self = Self(u128::MAX);

    /// The hash key of a partition key: the MD5 of its UTF-8 bytes, read as a big-endian number.
    ///
    /// Source: `PutRecord` in the Kinesis API reference ("an MD5 hash function is used to map partition
    /// keys to 128-bit integer values").
    #[must_use]
    pub fn of_partition_key(partition_key: &str) -> Self {
        Self(u128::from_be_bytes(Md5::digest(partition_key.as_bytes()).into()))
    }

    /// The point after this one, unless this is the last.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    /// The point before this one, unless this is the first.
    #[must_use]
    pub fn previous(self) -> Option<Self> {
        self.0.checked_sub(1).map(Self)
    }
}

impl fmt::Display for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is no hash key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a hash key: expected a decimal number from 0 to 2^128 - 1 without leading zeros")]
pub struct ParseHashKeyError(String);

impl FromStr for HashKey {
    type Err = ParseHashKeyError;

    /// Accepts what the API's pattern `0|([1-9]\d{0,38})` accepts and 128 bits hold: no sign, no leading
    /// zeros.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let plain = text == "0" || !text.starts_with('0');
        let number = if digits && plain { text.parse().ok() } else { None };
        number.map(Self).ok_or_else(|| ParseHashKeyError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_hash_of_a_partition_key_is_its_md5_read_big_endian() {
        // `printf a | md5sum` gives 0cc175b9c0f1b6a831c399e269772661.
        assert_eq!(HashKey::of_partition_key("a"), HashKey(0x0cc1_75b9_c0f1_b6a8_31c3_99e2_6977_2661));
    }

    #[test]
    fn a_partition_key_is_hashed_by_its_utf8_bytes() {
        // `printf 'ü' | md5sum` gives c03410a5204b21cd8229ff754688d743.
        assert_eq!(HashKey::of_partition_key("ü"), HashKey(0xc034_10a5_204b_21cd_8229_ff75_4688_d743));
    }

    #[test]
    fn signs_leading_zeros_blanks_and_numbers_past_128_bits_are_refused() {
        for text in ["", "-1", "+1", "01", "00", " 1", "1 ", "0x1", "340282366920938463463374607431768211456"]
        {
            assert_eq!(text.parse::<HashKey>(), Err(ParseHashKeyError(text.to_owned())), "{text:?}");
        }
    }

    #[test]
    fn the_ends_have_no_neighbour_outside() {
        assert_eq!(HashKey::MIN.previous(), None);
        assert_eq!(HashKey::MAX.next(), None);
        assert_eq!(HashKey(7).next().and_then(HashKey::previous), Some(HashKey(7)));
    }

    proptest! {
        #[test]
        fn a_hash_key_is_read_as_it_is_written(value: u128) {
            prop_assert_eq!(HashKey(value).to_string().parse(), Ok(HashKey(value)));
        }
    }
}
