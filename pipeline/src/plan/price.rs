//! What a plan costs: a month before and after it, line by line. What runs by the hour is priced; what is charged by use
//! is told as rates, or priced for a usage that somebody assumes, and then says so.

use pipectl_pricing::kinesis::{self, Traffic};
use pipectl_pricing::{Bill, Dollars, Prices, cloudwatch, firehose, lambda};
use schemars::JsonSchema;
use serde::Serialize;

use super::Plan;
use super::footprint::{Footprint, Partitioned, Size};
use crate::resources::{Address, Kind};

/// A usage that is assumed of every stream of a pipeline, and of what comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Assumed {
    /// Records a second, on average.
    pub records_per_second: f64,
    /// Bytes of one.
    pub record_bytes: f64,
    /// How long a function's invocation takes, in seconds; `None` leaves that charged by use.
    pub invocation_seconds: Option<f64>,
}

/// What Firehose gathers for one invocation of a function, unless it is told otherwise.
const INVOCATION_BYTES: f64 = 1024.0 * 1024.0;

/// A plan's price.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PlanPrice {
    /// A line for each resource that costs something, in the order of the steps.
    pub lines: Vec<PriceLine>,
    /// A month of all of them before.
    pub before: Dollars,
    /// A month after.
    pub after: Dollars,
    /// What a month costs more, or less.
    pub difference: Dollars,
    /// Whether anything is charged by use beside that.
    pub more_by_use: bool,
    /// The usage that was assumed.
    pub assumed: Option<Assumed>,
    /// The region the prices are of.
    pub region: String,
    /// The day they were read.
    pub as_of: String,
    /// Where.
    pub source: String,
}

/// What one resource costs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PriceLine {
    /// Where it stands in the file.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// Before; `None` when there is none.
    pub before: Option<Cost>,
    /// After; `None` when it goes.
    pub after: Option<Cost>,
    /// Whether the autoscaler moves its size, so that the price moves with it.
    pub autoscaled: bool,
}

/// What something costs in a month.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Cost {
    /// By the hour, and by the usage that was assumed.
    pub monthly: Bill,
    /// What is charged by use on top, which the bill does not have.
    pub by_use: Vec<Rate>,
}

/// The price of one of something.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Rate {
    /// What is counted: `GB in`.
    pub what: &'static str,
    /// What one of it costs.
    pub unit_price: Dollars,
}

impl PriceLine {
    /// Whether there is a price in it.
    fn says_something(&self) -> bool {
        let priced = |cost: &Cost| !cost.monthly.lines.is_empty() || !cost.by_use.is_empty();
        self.before.iter().chain(&self.after).any(priced)
    }

    /// What it costs in a month before and after; nothing where it is not there.
    #[must_use]
    pub fn monthly(&self) -> (Dollars, Dollars) {
        let total = |cost: &Option<Cost>| cost.as_ref().map(|cost| cost.monthly.total()).unwrap_or_default();
        (total(&self.before), total(&self.after))
    }
}

impl Plan {
    /// What it costs at `prices`.
    #[must_use]
    pub fn price(&self, prices: &Prices, assumed: Option<&Assumed>) -> PlanPrice {
        let side = |of: fn(&Footprint) -> Option<&Size>| Side {
            resources: self.footprint.iter().filter_map(|one| Some((one.name.as_str(), of(one)?))).collect(),
            prices,
            assumed,
        };
        let (then, now) = (side(|one| one.before.as_ref()), side(|one| one.after.as_ref()));
        let lines = self.footprint.iter().map(|one| PriceLine {
            address: one.address.clone(),
            kind: one.kind,
            name: one.name.clone(),
            before: one.before.as_ref().map(|size| then.cost(&one.name, size)),
            after: one.after.as_ref().map(|size| now.cost(&one.name, size)),
            autoscaled: matches!(one.after, Some(Size::ProvisionedStream { autoscaled: true, .. })),
        });
        let lines: Vec<PriceLine> = lines.filter(PriceLine::says_something).collect();
        let before = lines.iter().map(|line| line.monthly().0).sum();
        let after = lines.iter().map(|line| line.monthly().1).sum();
        let by_use =
            |line: &PriceLine| line.before.iter().chain(&line.after).any(|cost| !cost.by_use.is_empty());
        PlanPrice {
            more_by_use: lines.iter().any(by_use),
            lines,
            before,
            after,
            difference: after - before,
            assumed: assumed.copied(),
            region: prices.region.clone(),
            as_of: prices.as_of.clone(),
            source: prices.source.clone(),
        }
    }
}

/// All resources before a plan, or all after it.
struct Side<'a> {
    /// By physical name.
    resources: Vec<(&'a str, &'a Size)>,
    prices: &'a Prices,
    assumed: Option<&'a Assumed>,
}

impl Side<'_> {
    fn cost(&self, name: &str, size: &Size) -> Cost {
        match *size {
            Size::FanOutConsumer { ref stream } => self.fan_out(stream),
            Size::Mapping { .. } => Cost { monthly: Bill::default(), by_use: Vec::new() },
            Size::ProvisionedStream { shards, retention_hours, .. } => {
                let traffic = self.traffic(name, retention_hours);
                let monthly = kinesis::provisioned(self.prices, &traffic, f64::from(shards));
                Cost { monthly, by_use: self.unless_assumed(provisioned_rates(self.prices, retention_hours)) }
            }
            Size::OnDemandStream { retention_hours } => {
                let monthly = kinesis::on_demand_standard(self.prices, &self.traffic(name, retention_hours));
                Cost { monthly, by_use: self.unless_assumed(on_demand_rates(self.prices, retention_hours)) }
            }
            Size::Delivery { ref partitioned, .. } => self.delivery(partitioned.as_ref()),
            Size::Function { memory_mib, arm64 } => self.function(memory_mib, arm64),
            Size::Alarm => Cost { monthly: cloudwatch::alarm(self.prices), by_use: Vec::new() },
            Size::Dashboard => Cost { monthly: cloudwatch::dashboard(self.prices), by_use: Vec::new() },
        }
    }

    /// A delivery. How many partitions it writes to at a time nobody says: priced is what its traffic fills, and objects
    /// beyond that, as partitions that fill slowly make them, are told as a rate; so are the hours of jq.
    fn delivery(&self, partitioned: Option<&Partitioned>) -> Cost {
        let price = &self.prices.firehose;
        let mut by_use =
            self.unless_assumed(vec![Rate::new("GB taken in, each record as 5 KiB at least", price.in_gb)]);
        if let Some(partitioned) = partitioned {
            by_use.extend(self.unless_assumed(vec![Rate::new("GB partitioned", price.partitioning_gb)]));
            let objects = if self.assumed.is_some() {
                "thousand objects more, as each partition writes its own"
            } else {
                "thousand objects of partitions"
            };
            by_use.push(Rate::new(objects, price.partitioning_objects_thousand));
            if partitioned.by_jq {
                by_use.push(Rate::new("hour of jq, which finds the partitions", price.partitioning_jq_hour));
            }
        }
        let bill = |it: &Assumed| {
            let mut usage = firehose::Usage::of(self.prices, it.records_per_second, it.record_bytes);
            usage.partitioning = partitioned.map(|it| it.filled_by(usage.bytes_per_second));
            firehose::usage(self.prices, &usage)
        };
        Cost { monthly: self.assumed.map_or_else(Bill::default, bill), by_use }
    }

    /// A consumer's share of its stream's bill: what the stream costs with one more than without.
    fn fan_out(&self, stream: &str) -> Cost {
        let of = self.resources.iter().find(|(name, _)| *name == stream).map(|(_, size)| *size);
        let kinesis = &self.prices.kinesis;
        let rate = match of {
            Some(Size::OnDemandStream { .. }) => kinesis.on_demand_standard.fan_out_gb,
            _ => kinesis.provisioned.fan_out_gb,
        };
        let monthly = match of {
            Some(Size::ProvisionedStream { shards, retention_hours, .. }) => {
                let traffic = Traffic { fan_out_consumers: 1, ..self.traffic(stream, *retention_hours) };
                kinesis::provisioned(self.prices, &traffic, f64::from(*shards))
            }
            Some(Size::OnDemandStream { retention_hours }) => {
                let traffic = Traffic { fan_out_consumers: 1, ..self.traffic(stream, *retention_hours) };
                kinesis::on_demand_standard(self.prices, &traffic)
            }
            _ => Bill::default(),
        };
        let by_use = self.unless_assumed(vec![Rate::new("GB by fan-out", rate)]);
        Cost { monthly: monthly.only(|what| what.contains("fan-out")), by_use }
    }

    fn traffic(&self, name: &str, retention_hours: u32) -> Traffic {
        let retention_hours = f64::from(retention_hours);
        let reads = |(_, size): &&(&str, &Size)| match size {
            Size::Delivery { source, .. } => source.as_deref() == Some(name),
            Size::Mapping { stream } => stream == name,
            _ => false,
        };
        let consumers = u32::try_from(self.resources.iter().filter(reads).count());
        let idle = Traffic { retention_hours, ..Traffic::default() };
        self.assumed.map_or(idle, |it| Traffic {
            records_per_second: it.records_per_second,
            record_bytes: it.record_bytes,
            consumers: consumers.unwrap_or(u32::MAX),
            ..idle
        })
    }

    fn function(&self, memory_mib: u32, arm64: bool) -> Cost {
        let price = &self.prices.lambda;
        let (architecture, gb_second) = if arm64 {
            (lambda::Architecture::Arm64, price.gb_second_arm64)
        } else {
            (lambda::Architecture::X86_64, price.gb_second_x86_64)
        };
        let invocations = self.assumed.map(|it| it.records_per_second * it.record_bytes / INVOCATION_BYTES);
        let seconds = self.assumed.and_then(|it| it.invocation_seconds);
        let memory = f64::from(memory_mib);
        let bill = |count| lambda::function(self.prices, architecture, count, seconds.unwrap_or(0.0), memory);
        let mut by_use = self.unless_assumed(vec![Rate::new("million requests", price.requests_million)]);
        if seconds.is_none() {
            by_use.push(Rate::new("GB-second", gb_second));
        }
        Cost { monthly: invocations.map_or_else(Bill::default, bill), by_use }
    }

    fn unless_assumed(&self, rates: Vec<Rate>) -> Vec<Rate> {
        if self.assumed.is_some() { Vec::new() } else { rates }
    }
}

impl Partitioned {
    /// The objects that so many bytes a second fill, or the time makes of them: the least there can be.
    fn filled_by(&self, bytes_per_second: f64) -> firehose::Partitioning {
        let filled = bytes_per_second / (f64::from(self.buffer_mib) * 1024.0 * 1024.0);
        let waited = if bytes_per_second > 0.0 { 1.0 / f64::from(self.buffer_seconds.max(1)) } else { 0.0 };
        firehose::Partitioning { objects_per_second: filled.max(waited), jq_hours: 0.0 }
    }
}

impl Rate {
    fn new(what: &'static str, unit_price: f64) -> Self {
        Self { what, unit_price: Dollars(unit_price) }
    }
}

/// How long records stay readable without a price, and without another one, in hours.
const FREE: u32 = 24;
const EXTENDED: u32 = 7 * 24;

fn provisioned_rates(prices: &Prices, retention_hours: u32) -> Vec<Rate> {
    let price = &prices.kinesis.provisioned;
    let mut rates = vec![Rate::new("million PUT payload units", price.put_payload_units_million)];
    if retention_hours > EXTENDED {
        rates.push(Rate::new("GB-month past 7 days", price.long_retention_gb_month));
    }
    rates
}

fn on_demand_rates(prices: &Prices, retention_hours: u32) -> Vec<Rate> {
    let price = &prices.kinesis.on_demand_standard;
    let mut rates = vec![Rate::new("GB in", price.in_gb), Rate::new("GB out", price.out_gb)];
    if retention_hours > FREE {
        rates.push(Rate::new("GB-month from 24 hours to 7 days", price.extended_retention_gb_month));
    }
    if retention_hours > EXTENDED {
        rates.push(Rate::new("GB-month past 7 days", price.long_retention_gb_month));
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{PLAN_FORMAT, Purpose};

    fn plan(footprint: Vec<Footprint>) -> Plan {
        Plan {
            format: PLAN_FORMAT,
            pipeline: "clicks".into(),
            purpose: Purpose::Apply,
            account: "000000000000".into(),
            region: "us-east-1".into(),
            source: String::new(),
            based_on: 0,
            steps: Vec::new(),
            notes: Vec::new(),
            footprint,
            losses: Vec::new(),
            refusals: Vec::new(),
            left_out: Vec::new(),
            returns_to: None,
            inputs: crate::spec::FileInputs::default(),
        }
    }

    fn footprint(address: Address, kind: Kind, before: Option<Size>, after: Option<Size>) -> Footprint {
        Footprint { address, kind, name: "clicks-events".into(), before, after }
    }

    fn shards(shards: u32, retention_hours: u32) -> Option<Size> {
        Some(Size::ProvisionedStream { shards, retention_hours, autoscaled: false })
    }

    fn stream(before: Option<Size>, after: Option<Size>) -> Footprint {
        footprint(Address::stream("events"), Kind::Stream, before, after)
    }

    fn consumer() -> Footprint {
        let size = Some(Size::FanOutConsumer { stream: "clicks-events".into() });
        footprint(Address::stream("events").consumer("audit"), Kind::StreamConsumer, None, size)
    }

    fn lake() -> Footprint {
        let size = Some(Size::Delivery { source: Some("clicks-events".into()), partitioned: None });
        footprint(Address::delivery("lake"), Kind::Delivery, None, size)
    }

    fn parse() -> Footprint {
        let size = Some(Size::Function { memory_mib: 256, arm64: true });
        footprint(Address::transform("parse"), Kind::Function, None, size)
    }

    #[test]
    fn what_runs_by_the_hour_is_priced_and_what_is_used_is_told_as_rates() {
        let price =
            plan(vec![stream(shards(2, 24), shards(8, 48)), lake(), parse()]).price(&Prices::builtin(), None);
        // 2 × 730 × $0.015 = $21.90. 8 × 730 × $0.015 = $87.60 + 8 × 730 × $0.02 = $116.80.
        let shown = [price.before, price.after, price.difference].map(|amount| amount.to_string());
        assert_eq!(shown, ["$21.90", "$204.40", "$182.50"]);
        assert!(price.more_by_use);
        let rates =
            |line: &PriceLine| line.after.as_ref().unwrap().by_use.iter().map(|rate| rate.what).collect();
        let rates: Vec<Vec<&str>> = price.lines.iter().map(rates).collect();
        assert_eq!(rates[0], ["million PUT payload units"]);
        assert_eq!(rates[1], ["GB taken in, each record as 5 KiB at least"]);
        assert_eq!(rates[2], ["million requests", "GB-second"]);
    }

    #[test]
    fn an_assumed_usage_is_priced_on_both_sides() {
        let on_demand = Some(Size::OnDemandStream { retention_hours: 24 });
        let plan = plan(vec![stream(shards(1, 24), on_demand), lake(), parse()]);
        let assumed =
            Assumed { records_per_second: 1000.0, record_bytes: 1024.0, invocation_seconds: Some(0.1) };
        let price = plan.price(&Prices::builtin(), Some(&assumed));
        // Before: $10.95 + 2,628 million units × $0.014. After: $29.20 + 2,506.26 GB × ($0.08 in + $0.04 out to the
        // delivery); the delivery 12,531.28 GB × $0.029; the function 2.566 million × $0.20 and 64,160.16 GB-s.
        let monthly = |line: &PriceLine| line.monthly().1.to_string();
        assert_eq!(price.before.to_string(), "$47.74");
        assert_eq!(price.lines.iter().map(monthly).collect::<Vec<_>>(), ["$329.95", "$363.41", "$1.37"]);
        assert!(!price.more_by_use);
    }

    #[test]
    fn a_fan_out_consumer_costs_by_the_shards_of_its_stream() {
        let plan = plan(vec![stream(shards(4, 24), shards(4, 24)), consumer()]);
        let price = plan.price(&Prices::builtin(), None);
        // 4 × 730 h × $0.015, and no more of what the stream itself costs.
        assert_eq!(price.lines[1].monthly().1.to_string(), "$43.80");
        assert_eq!(price.difference.to_string(), "$43.80");
        assert_eq!(price.lines[1].after.as_ref().unwrap().by_use[0].unit_price, Dollars(0.013));
        let assumed = Assumed { records_per_second: 1000.0, record_bytes: 1024.0, invocation_seconds: None };
        // 2,506.26 GB × $0.013 = $32.58 more.
        let price = plan.price(&Prices::builtin(), Some(&assumed));
        assert_eq!(price.lines[1].monthly().1.to_string(), "$76.38");
    }

    #[test]
    fn dynamic_partitioning_alarms_and_a_dashboard_are_in_it_and_what_is_not_is_told_as_a_rate() {
        let partitioned = Some(Partitioned { buffer_mib: 64, buffer_seconds: 300, by_jq: true });
        let size = Size::Delivery { source: Some("clicks-events".into()), partitioned };
        let lake = footprint(Address::delivery("lake"), Kind::Delivery, None, Some(size));
        let alarm = Address::stream("events").alarm("iterator-age");
        let alarm = footprint(alarm, Kind::Alarm, None, Some(Size::Alarm));
        let dashboard = footprint(Address::dashboard(), Kind::Dashboard, None, Some(Size::Dashboard));
        let plan = plan(vec![lake, alarm, dashboard]);
        let assumed = Assumed { records_per_second: 100.0, record_bytes: 1024.0, invocation_seconds: None };
        let price = plan.price(&Prices::builtin(), Some(&assumed));
        // 1,253.13 GB × $0.029 = $36.34, 250.63 GB × $0.02 = $5.01, and an object each 300 s: 8.76 × $0.005 = $0.04.
        let monthly: Vec<String> = price.lines.iter().map(|line| line.monthly().1.to_string()).collect();
        assert_eq!(monthly, ["$41.40", "$0.10", "$3.00"]);
        let rates = &price.lines[0].after.as_ref().unwrap().by_use;
        assert!(price.more_by_use && rates.iter().any(|rate| rate.what.contains("jq")), "{rates:?}");
        let idle = plan.price(&Prices::builtin(), None);
        assert_eq!(idle.difference.to_string(), "$3.10");
        assert_eq!(idle.lines[0].after.as_ref().unwrap().by_use.len(), 4);
    }

    #[test]
    fn a_stream_that_goes_costs_nothing_after() {
        let price = plan(vec![stream(shards(4, 24), None)]).price(&Prices::builtin(), None);
        assert_eq!(price.difference.to_string(), "-$43.80");
        assert_eq!(price.lines[0].after, None);
    }
}
