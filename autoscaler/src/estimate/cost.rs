//! What a month costs in each mode, from what is billed of the traffic's mean.

use pipectl_pricing::kinesis::{self, Usage};
use pipectl_pricing::{Bill, Prices};

use super::answer::Mode;
use super::demand::Sized;
use super::workload::Workload;

/// A mode with its bill.
pub(crate) type Priced = (Mode, Bill);

/// Every mode, in the order of [`Mode`]. A provisioned stream has the shards that the peak needs all the month.
pub(crate) fn modes(workload: &Workload, sized: &Sized, prices: &Prices) -> Vec<Priced> {
    let usage = usage(workload, sized, prices);
    let kinesis = &prices.kinesis;
    vec![
        (Mode::Provisioned, kinesis::provisioned_usage(prices, &usage, sized.shards)),
        (Mode::OnDemandStandard, kinesis::on_demand(&kinesis.on_demand_standard, &usage)),
        (Mode::OnDemandAdvantage, kinesis::on_demand(&kinesis.on_demand_advantage, &usage)),
    ]
}

/// Advantage in an account whose other streams use up the least that it bills.
pub(crate) fn advantage_among_others(workload: &Workload, sized: &Sized, prices: &Prices) -> Bill {
    let price = pipectl_pricing::prices::OnDemand {
        least_mib_per_second: 0.0,
        ..prices.kinesis.on_demand_advantage.clone()
    };
    kinesis::on_demand(&price, &usage(workload, sized, prices))
}

/// The mode that costs least.
pub(crate) fn cheapest(modes: &[Priced]) -> &Priced {
    let less = |one: &&Priced, other: &&Priced| one.1.total().0.total_cmp(&other.1.total().0);
    modes.iter().min_by(less).unwrap_or(&modes[0])
}

fn usage(workload: &Workload, sized: &Sized, prices: &Prices) -> Usage {
    let (records, sizes) = (workload.records_per_second, &workload.sizes);
    let rounding = f64::from(prices.kinesis.on_demand_rounding_bytes);
    let unit = f64::from(prices.kinesis.provisioned.put_payload_unit_bytes);
    // Of aggregates only the mean is known; of records perhaps every size.
    let (kinesis_records, bytes, rounded) = if sized.mean.members > 1.0 {
        let up = |unit: f64| (sized.mean.bytes / unit).ceil() * unit;
        (records / sized.mean.members, sized.mean.bytes, [up(rounding), up(unit)])
    } else {
        (records, sizes.mean(), [sizes.rounded(rounding), sizes.rounded(unit)])
    };
    Usage {
        bytes_per_second: kinesis_records * bytes,
        rounded_bytes_per_second: kinesis_records * rounded[0],
        payload_units_per_second: kinesis_records * rounded[1] / unit,
        consumers: workload.shared_consumers(),
        fan_out_consumers: workload.fan_out_consumers,
        retention_hours: workload.retention_hours,
    }
}
