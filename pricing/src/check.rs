//! What a number in a price file may be. A check that fails while the file is read says where, which one that
//! comes after could not.

use serde::de::{Deserialize, Deserializer, Error, Unexpected};

/// The dearest price of one unit that is believed, in dollars: a slip of the decimal point is no price.
const DEAREST: f64 = 10_000.0;

/// Dollars for a unit: not negative, and not absurd.
pub(crate) fn price<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    within(from, 0.0..=DEAREST, "a price in dollars, from 0 to 10000")
}

/// A quantity: not negative, and not absurd.
pub(crate) fn quantity<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    within(from, 0.0..=1e12, "a quantity from 0 on")
}

/// Bytes that something is rounded up to: at least one.
pub(crate) fn rounding<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    match u32::deserialize(from)? {
        0 => Err(D::Error::invalid_value(Unexpected::Unsigned(0), &"a number of bytes above 0")),
        bytes => Ok(bytes),
    }
}

fn within<'de, D: Deserializer<'de>>(
    from: D,
    bounds: std::ops::RangeInclusive<f64>,
    expected: &'static str,
) -> Result<f64, D::Error> {
    let number = f64::deserialize(from)?;
    if bounds.contains(&number) {
        Ok(number)
    } else {
        Err(D::Error::invalid_value(Unexpected::Float(number), &expected))
    }
}
