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
    /// What is billed of it, every record having the same size.
    #[must_use]
    pub fn usage(&self, prices: &Prices) -> Usage {
        let rounding = f64::from(prices.kinesis.on_demand_rounding_bytes);
        let unit = f64::from(prices.kinesis.provisioned.put_payload_unit_bytes);
        Usage {
            bytes_per_second: self.records_per_second * self.record_bytes,
            rounded_bytes_per_second: self.records_per_second
                * (self.record_bytes / rounding).ceil()
                * rounding,
            payload_units_per_second: self.records_per_second * (self.record_bytes / unit).ceil(),
            consumers: self.consumers,
            fan_out_consumers: self.fan_out_consumers,
            retention_hours: self.retention_hours,
        }
    }
}

/// What is billed of a stream's traffic, averaged over a month: for traffic whose records differ in size, which
/// their mean does not tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usage {
    /// Bytes written in a second, as they are.
    pub bytes_per_second: f64,
    /// The same with every record rounded up, as on-demand bills it.
    pub rounded_bytes_per_second: f64,
    /// PUT payload units in a second.
    pub payload_units_per_second: f64,
    /// Consumers that read everything with `GetRecords`.
    pub consumers: u32,
    /// Consumers that read everything with enhanced fan-out.
    pub fan_out_consumers: u32,
    /// How long records stay readable.
    pub retention_hours: f64,
}

impl Usage {
    fn gb_per_month(&self) -> f64 {
        self.bytes_per_second * SECONDS_PER_MONTH / GB
    }

    /// GB held at any time between two ages.
    fn gb_held(&self, from_hours: f64, to_hours: f64) -> f64 {
        let hours = self.retention_hours.min(to_hours) - from_hours;
        self.bytes_per_second * hours.max(0.0) * 3600.0 / GB
    }
}

/// A provisioned stream of `shards` open shards on average.
#[must_use]
pub fn provisioned(prices: &Prices, traffic: &Traffic, shards: f64) -> Bill {
    provisioned_usage(prices, &traffic.usage(prices), shards)
}

/// A provisioned stream of `shards` open shards on average with that usage.
#[must_use]
pub fn provisioned_usage(prices: &Prices, traffic: &Usage, shards: f64) -> Bill {
    let price = &prices.kinesis.provisioned;
    let shard_hours = shards * HOURS_PER_MONTH;
    let fan_out = f64::from(traffic.fan_out_consumers);
    let mut bill = Bill::default();
    bill.add("shard hours", shard_hours, price.shard_hour);
    bill.add(
        "million PUT payload units",
        traffic.payload_units_per_second * SECONDS_PER_MONTH / 1e6,
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
    on_demand(&prices.kinesis.on_demand_standard, &traffic.usage(prices))
}

/// An on-demand stream in an account with the Advantage commitment, alone in that account: the least that
/// Advantage bills is charged to it in full.
#[must_use]
pub fn on_demand_advantage(prices: &Prices, traffic: &Traffic) -> Bill {
    on_demand(&prices.kinesis.on_demand_advantage, &traffic.usage(prices))
}

/// An on-demand stream with that usage, alone in its account: the least that is billed is charged to it in full.
#[must_use]
pub fn on_demand(price: &OnDemand, traffic: &Usage) -> Bill {
    let least_gb = price.least_mib_per_second * 1024.0 * 1024.0 * SECONDS_PER_MONTH / GB;
    let gb = traffic.rounded_bytes_per_second * SECONDS_PER_MONTH / GB;
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

    /// AWS measured its own bills for "Kinesis On-demand Advantage saves 60%+ on streaming costs" (AWS Big Data Blog,
    /// March 2026). What was written was a few percent above the round figure, in both modes alike.
    #[test]
    fn the_bills_that_aws_published_of_its_own_simulations_come_out() {
        let prices = Prices::builtin();
        let days = |bill: Bill, days: f64| bill.total().0 * days * 24.0 / HOURS_PER_MONTH;
        let traffic = |mib: f64, fan_out_consumers: u32| Traffic {
            records_per_second: mib * 1024.0,
            record_bytes: 1024.0,
            consumers: u32::from(fan_out_consumers == 0),
            fan_out_consumers,
            ..Default::default()
        };
        // 100 MiB/s over ten streams for two days: $2,071.75 and $823.44. Nine more streams cost 9 × 48 h × $0.04.
        let standard = days(on_demand_standard(&prices, &traffic(100.0, 0)), 2.0) + 9.0 * 48.0 * 0.04;
        let advantage = days(on_demand_advantage(&prices, &traffic(100.0, 0)), 2.0);
        // 25 MiB/s to ten fan-out consumers for a day: $1,266 and $419. The reads count towards the least.
        let fanned = days(on_demand_standard(&prices, &traffic(25.0, 10)), 1.0);
        let fanned_advantage = days(on_demand_advantage(&prices, &traffic(25.0, 10)), 1.0);
        // "The minimum commitment is about $100 a day."
        let least = days(on_demand_advantage(&prices, &Traffic::default()), 1.0);
        for (ours, published) in [
            (standard, 2071.75),
            (advantage, 823.44),
            (fanned, 1266.0),
            (fanned_advantage, 419.0),
            (least, 100.0),
        ] {
            assert!((published / ours - 1.0).abs() < 0.04, "{ours} and {published}");
        }
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
