//! AWS's published formula, written down once more from the FAQ and compared.

use proptest::prelude::*;

use super::*;

/// "Estimate the average size of the record in kilobytes, rounded up to the nearest 1 KB; estimate the number of records
/// written per second; decide the number of applications consuming concurrently and independently; calculate the incoming
/// write bandwidth, size × records; calculate the outgoing read bandwidth, that × consumers; `number_of_shards =
/// max(incoming_write_bandwidth_in_KiB / 1024, outgoing_read_bandwidth_in_KiB / 2048)`."
fn published(average_bytes: f64, records_per_second: f64, number_of_consumers: f64) -> f64 {
    let average_data_size_in_kib = (average_bytes / 1024.0).ceil();
    let incoming_write_bandwidth_in_kib = average_data_size_in_kib * records_per_second;
    let outgoing_read_bandwidth_in_kib = incoming_write_bandwidth_in_kib * number_of_consumers;
    (incoming_write_bandwidth_in_kib / 1024.0).max(outgoing_read_bandwidth_in_kib / 2048.0)
}

#[test]
fn the_formula_holds_for_well_known_examples() {
    // 50 records a second of 35 KB, from AWS's pricing page: 1.7 MB/s, two shards.
    assert_eq!(answer(&Workload::steady(35.0 * 1024.0, 50.0)).shards, 2.0);
    // A shard, exactly filled.
    assert_eq!(answer(&Workload::steady(1024.0 * 1024.0, 1.0)).shards, 1.0);
    assert_eq!(answer(&Workload::steady(4096.0, 256.0)).shards, 1.0);
    assert_eq!(answer(&Workload::steady(4096.0, 257.0)).shards, 2.0);
}

proptest! {
    #[test]
    fn estimates_equal_the_published_formula(
        bytes in 1_u32..1_048_576,
        rate in 1_u32..20_000,
        consumers in 1_u32..20,
    ) {
        let (bytes, rate) = (f64::from(bytes), f64::from(rate));
        let workload = Workload { consumers, ..Workload::steady(bytes, rate) };
        let formula = published(bytes, rate, f64::from(consumers));
        let answer = answer(&workload);
        prop_assert!((answer.aws_formula - formula).abs() <= 1e-9 * formula);
        // What the formula leaves out: a shard takes 1,000 records a second.
        let whole = formula.max(rate / 1000.0).ceil();
        prop_assert_eq!(answer.shards, whole);
        if formula >= rate / 1000.0 {
            prop_assert!(answer.binding != Limit::WriteRecords);
            prop_assert_eq!(answer.shards, formula.ceil());
        }
    }
}
