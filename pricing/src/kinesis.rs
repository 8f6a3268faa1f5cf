//! What a Kinesis data stream costs in a month, provisioned and on demand.
//!
//! Source: the Kinesis Data Streams pricing page; the prices themselves are in [`crate::Prices`].

use crate::prices::OnDemand;
use crate::{Bill, GB, HOURS_PER_MONTH, Prices, SECONDS_PER_MONTH};

/// The traffic of one stream, averaged over a month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Traffic {
    /// Kinesis records written in a second; after aggregation, where the producer aggregates.
    pub records_per_second: f64,
    /// Bytes of one of them, partition key included.
    pub record_bytes: f64,
    /// Consumers that read everything with `GetRecords`.
    pub consumers: u32,
    /// Consumers that read everything with enhanced fan-out.
    pub fan_out_consumers: u32,
    /// How long records stay readable.
    pub retention_hours: f64,
}

impl Default for Traffic {
    /// An idle stream with AWS's least retention.
    fn default() -> Self {
        Self {
            records_per_second: 0.0,
            record_bytes: 0.0,
            consumers: 0,
            fan_out_consumers: 0,
            retention_hours: 24.0,
        }
    }
}

/// Retention that costs nothing.
const FREE_RETENTION_HOURS: f64 = 24.0;
/// Where extended retention ends and long-term retention begins.
const EXTENDED_RETENTION_HOURS: f64 = 7.0 * 24.0;

impl Traffic {
    fn gb_per_month(&self) -> f64 {
        self.records_per_second * self.record_bytes * SECONDS_PER_MONTH / GB
    }

    /// As on-demand bills it, every record rounded up.
    fn rounded_gb_per_month(&self, rounding_bytes: u32) -> f64 {
        let rounding = f64::from(rounding_bytes);
        let billed = (self.record_bytes / rounding).ceil() * rounding;
        self.records_per_second * billed * SECONDS_PER_MONTH / GB
    }

    /// GB held at any time between two ages.
    fn gb_held(&self, from_hours: f64, to_hours: f64) -> f64 {
        let hours = self.retention_hours.min(to_hours) - from_hours;
        self.records_per_second * self.record_bytes * hours.max(0.0) * 3600.0 / GB
    }
}

/// A provisioned stream of `shards` open shards on average.
#[must_use]
pub fn provisioned(prices: &Prices, traffic: &Traffic, shards: f64) -> Bill {
    let price = &prices.kinesis.provisioned;
    let shard_hours = shards * HOURS_PER_MONTH;
    let units = (traffic.record_bytes / f64::from(price.put_payload_unit_bytes)).ceil();
    let fan_out = f64::from(traffic.fan_out_consumers);
    let mut bill = Bill::default();
    bill.add("shard hours", shard_hours, price.shard_hour);
    bill.add(
        "million PUT payload units",
        traffic.records_per_second * units * SECONDS_PER_MONTH / 1e6,
        price.put_payload_units_million,
    );
    bill.add("fan-out consumer-shard hours", shard_hours * fan_out, price.fan_out_consumer_shard_hour);
    bill.add("GB by fan-out", traffic.gb_per_month() * fan_out, price.fan_out_gb);
    if traffic.retention_hours > FREE_RETENTION_HOURS {
        bill.add("extended-retention shard hours", shard_hours, price.extended_retention_shard_hour);
    }
    bill.add(
        "GB-months past 7 days",
        traffic.gb_held(EXTENDED_RETENTION_HOURS, f64::INFINITY),
        price.long_retention_gb_month,
    );
    bill
}

/// An on-demand stream in an account without a commitment.
#[must_use]
pub fn on_demand_standard(prices: &Prices, traffic: &Traffic) -> Bill {
    on_demand(&prices.kinesis.on_demand_standard, prices.kinesis.on_demand_rounding_bytes, traffic)
}

/// An on-demand stream in an account with the Advantage commitment, alone in that account: the least that
/// Advantage bills is charged to it in full.
#[must_use]
pub fn on_demand_advantage(prices: &Prices, traffic: &Traffic) -> Bill {
    on_demand(&prices.kinesis.on_demand_advantage, prices.kinesis.on_demand_rounding_bytes, traffic)
}

fn on_demand(price: &OnDemand, rounding_bytes: u32, traffic: &Traffic) -> Bill {
    let least_gb = price.least_mib_per_second * 1024.0 * 1024.0 * SECONDS_PER_MONTH / GB;
    let gb = traffic.rounded_gb_per_month(rounding_bytes);
    let mut bill = Bill::default();
    bill.add("stream hours", HOURS_PER_MONTH, price.stream_hour);
    bill.add("GB in", gb.max(least_gb), price.in_gb);
    let fan_out_gb = gb * f64::from(traffic.fan_out_consumers);
    bill.add("GB out", (gb * f64::from(traffic.consumers)).max(least_gb - fan_out_gb), price.out_gb);
    bill.add("GB by fan-out", fan_out_gb, price.fan_out_gb);
    bill.add(
        "GB-months from 24 hours to 7 days",
        traffic.gb_held(FREE_RETENTION_HOURS, EXTENDED_RETENTION_HOURS),
        price.extended_retention_gb_month,
    );
    bill.add(
        "GB-months past 7 days",
        traffic.gb_held(EXTENDED_RETENTION_HOURS, f64::INFINITY),
        price.long_retention_gb_month,
    );
    bill
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(bill: &Bill) -> Vec<(&'static str, String)> {
        bill.lines.iter().map(|line| (line.what, line.amount().to_string())).collect()
    }

    #[test]
    fn a_provisioned_stream_pays_shard_hours_and_payload_units() {
        // AWS's own example: 100 records/s of 35 KB take two units each, and four shards.
        let traffic = Traffic {
            records_per_second: 100.0,
            record_bytes: 35.0 * 1024.0,
            consumers: 1,
            ..Default::default()
        };
        let bill = provisioned(&Prices::builtin(), &traffic, 4.0);
        // 4 × 730 h × $0.015; 100 × 2 × 2,628,000 s = 525.6 million × $0.014.
        assert_eq!(
            shown(&bill),
            [("shard hours", "$43.80".into()), ("million PUT payload units", "$7.36".into())]
        );
    }

    #[test]
    fn fan_out_and_retention_are_lines_of_their_own() {
        let traffic = Traffic {
            records_per_second: 1000.0,
            record_bytes: 1024.0,
            fan_out_consumers: 2,
            retention_hours: 240.0,
            ..Default::default()
        };
        let bill = provisioned(&Prices::builtin(), &traffic, 1.0);
        let expected = [
            ("shard hours", "$10.95"),
            ("million PUT payload units", "$36.79"),
            // 2 consumers × 730 h × $0.015
            ("fan-out consumer-shard hours", "$21.90"),
            // 2 × 1000 × 1024 × 2,628,000 / 2^30 = 5012.5 GB × $0.013
            ("GB by fan-out", "$65.16"),
            ("extended-retention shard hours", "$14.60"),
            // 72 h × 3600 × 1000 × 1024 / 2^30 = 247.2 GB × $0.023
            ("GB-months past 7 days", "$5.69"),
        ];
        assert_eq!(shown(&bill), expected.map(|(what, amount)| (what, amount.to_owned())));
    }

    #[test]
    fn on_demand_rounds_each_record_up_to_a_kilobyte() {
        let traffic =
            Traffic { records_per_second: 1000.0, record_bytes: 100.0, consumers: 1, ..Default::default() };
        let bill = on_demand_standard(&Prices::builtin(), &traffic);
        // 2506.3 GB in × $0.08, the same out × $0.04.
        let expected = [("stream hours", "$29.20"), ("GB in", "$200.50"), ("GB out", "$100.25")];
        assert_eq!(shown(&bill), expected.map(|(what, amount)| (what, amount.to_owned())));
    }

    #[test]
    fn advantage_bills_its_least_even_to_an_idle_stream() {
        let bill = on_demand_advantage(&Prices::builtin(), &Traffic::default());
        // 25 MiB/s × 2,628,000 s = 64,160.16 GB in × $0.032, out × $0.016.
        assert_eq!(shown(&bill), [("GB in", "$2053.13".to_owned()), ("GB out", "$1026.56".to_owned())]);
    }

    proptest! {
        #[test]
        fn more_traffic_never_costs_less(rate in 0.0_f64..1e5, more in 1.0_f64..10.0, bytes in 1.0_f64..1e6, hours in 24.0_f64..8760.0) {
            let prices = Prices::builtin();
            let less = Traffic { records_per_second: rate, record_bytes: bytes, consumers: 1, fan_out_consumers: 1, retention_hours: hours };
            let more = Traffic { records_per_second: rate * more, ..less };
            for bill in [on_demand_standard, on_demand_advantage] {
                prop_assert!(bill(&prices, &less).total().0 <= bill(&prices, &more).total().0 + 1e-6);
            }
            prop_assert!(provisioned(&prices, &less, 3.0).total().0 <= provisioned(&prices, &more, 3.0).total().0 + 1e-6);
        }
    }
}
