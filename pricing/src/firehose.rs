//! What a Firehose delivery costs in a month.
//!
//! Source: the Data Firehose pricing page; the prices themselves are in [`crate::Prices`].

use crate::{Bill, GB, Prices, SECONDS_PER_MONTH};

/// A delivery that takes in `records_per_second` records of `record_bytes` bytes each.
///
/// Every record is rounded up, so small ones that arrive one by one pay many times their size.
#[must_use]
pub fn delivery(prices: &Prices, records_per_second: f64, record_bytes: f64) -> Bill {
    let rounding = f64::from(prices.firehose.rounding_bytes);
    let billed = (record_bytes / rounding).ceil() * rounding;
    let mut bill = Bill::default();
    bill.add("GB taken in", records_per_second * billed * SECONDS_PER_MONTH / GB, prices.firehose.in_gb);
    bill
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_a_hundred_bytes_is_billed_as_five_kilobytes() {
        // 1000 × 5120 × 2,628,000 / 2^30 = 12,531 GB × $0.029.
        assert_eq!(delivery(&Prices::builtin(), 1000.0, 100.0).total().to_string(), "$363.41");
        assert_eq!(delivery(&Prices::builtin(), 1000.0, 5120.0).total().to_string(), "$363.41");
        assert_eq!(delivery(&Prices::builtin(), 1000.0, 5121.0).total().to_string(), "$726.81");
    }

    #[test]
    fn an_idle_delivery_costs_nothing() {
        assert!(delivery(&Prices::builtin(), 0.0, 100.0).lines.is_empty());
    }
}
