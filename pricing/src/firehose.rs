//! What a Firehose delivery costs in a month.
//!
//! Source: the Data Firehose pricing page, for direct put and for a Kinesis stream as the source; the prices
//! themselves are in [`crate::Prices`].

use crate::{Bill, GB, Prices, SECONDS_PER_MONTH};

/// What a delivery does, averaged over a month.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Bytes taken in each second, with every record rounded up as [`crate::prices::Firehose::rounding_bytes`]
    /// says.
    pub rounded_bytes_per_second: f64,
    /// Bytes delivered each second, as they are.
    pub bytes_per_second: f64,
    /// Whether records are converted to Parquet or ORC.
    pub converts: bool,
    /// Dynamic partitioning, where it is used.
    pub partitioning: Option<Partitioning>,
}

/// What dynamic partitioning does.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Partitioning {
    /// Objects written in a second, over all partitions.
    pub objects_per_second: f64,
    /// Hours of jq in a month; 0 where a function names the partitions.
    pub jq_hours: f64,
}

/// How the lines of the amounts past each [`crate::prices::Tier`] are called.
const PAST: [&str; 3] = [
    "GB taken in, past the first tier",
    "GB taken in, past the second tier",
    "GB taken in, past the third tier",
];

/// What a delivery with that usage costs.
#[must_use]
pub fn usage(prices: &Prices, usage: &Usage) -> Bill {
    let price = &prices.firehose;
    let gb = usage.rounded_bytes_per_second * SECONDS_PER_MONTH / GB;
    let mut bill = Bill::default();
    let ends = price.cheaper_in_gb.iter().map(|tier| tier.past_gb);
    let mut from = 0.0;
    let rates = std::iter::once(price.in_gb).chain(price.cheaper_in_gb.iter().map(|tier| tier.in_gb));
    for ((place, rate), to) in rates.enumerate().zip(ends.chain([f64::INFINITY])) {
        let what = place.checked_sub(1).map_or("GB taken in", |past| PAST[past.min(PAST.len() - 1)]);
        bill.add(what, (gb.min(to) - from).max(0.0), rate);
        from = to;
    }
    if usage.converts {
        bill.add("GB converted", gb, price.format_conversion_gb);
    }
    if let Some(partitioning) = usage.partitioning {
        let delivered = usage.bytes_per_second * SECONDS_PER_MONTH / GB;
        let objects = partitioning.objects_per_second * SECONDS_PER_MONTH / 1000.0;
        bill.add("GB partitioned", delivered, price.partitioning_gb);
        bill.add("thousand objects of partitions", objects, price.partitioning_objects_thousand);
        bill.add("jq hours", partitioning.jq_hours, price.partitioning_jq_hour);
    }
    bill
}

/// A delivery that takes in `records_per_second` records of `record_bytes` bytes each.
///
/// Every record is rounded up, so small ones that arrive one by one pay many times their size.
#[must_use]
pub fn delivery(prices: &Prices, records_per_second: f64, record_bytes: f64) -> Bill {
    usage(prices, &Usage::of(prices, records_per_second, record_bytes))
}

impl Usage {
    /// So many records a second of so many bytes each, each rounded up, and nothing done with them on the way.
    #[must_use]
    pub fn of(prices: &Prices, records_per_second: f64, record_bytes: f64) -> Self {
        let rounding = f64::from(prices.firehose.rounding_bytes);
        let billed = (record_bytes / rounding).ceil() * rounding;
        Self {
            rounded_bytes_per_second: records_per_second * billed,
            bytes_per_second: records_per_second * record_bytes,
            ..Self::default()
        }
    }
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

    #[test]
    fn past_500_tb_and_2_pb_a_gb_is_cheaper() {
        // 1 GiB/s × 2,628,000 s = 2,628,000 GB: 512,000 × $0.029 = $14,848; 1,536,000 × $0.025 = $38,400;
        // 580,000 × $0.020 = $11,600.
        let bill = delivery(&Prices::builtin(), GB / 1_024_000.0, 1_024_000.0);
        let amounts: Vec<String> = bill.lines.iter().map(|line| line.amount().to_string()).collect();
        assert_eq!(amounts, ["$14848.00", "$38400.00", "$11600.00"]);
    }

    #[test]
    fn conversion_is_charged_on_what_is_taken_in_and_partitioning_on_what_is_delivered() {
        let what = Usage {
            rounded_bytes_per_second: 5120.0 * 1000.0,
            bytes_per_second: 1024.0 * 1000.0,
            converts: true,
            partitioning: Some(Partitioning { objects_per_second: 0.5, jq_hours: 10.0 }),
        };
        let bill = usage(&Prices::builtin(), &what);
        let amounts: Vec<(&str, String)> =
            bill.lines.iter().map(|line| (line.what, line.amount().to_string())).collect();
        let expected = [
            ("GB taken in", "$363.41"),
            // 12,531.3 GB × $0.018
            ("GB converted", "$225.56"),
            // 1,024,000 × 2,628,000 / 2^30 = 2,506.26 GB × $0.020
            ("GB partitioned", "$50.13"),
            // 0.5 × 2,628,000 / 1000 = 1,314 × $0.005
            ("thousand objects of partitions", "$6.57"),
            ("jq hours", "$0.70"),
        ];
        assert_eq!(amounts, expected.map(|(what, amount)| (what, amount.to_owned())));
    }
}
