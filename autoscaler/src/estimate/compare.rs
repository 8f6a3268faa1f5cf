//! The same workload with and without aggregation, whichever of the two was asked for.

use pipectl_pricing::Prices;

use super::answer::{Aggregation, Side};
use super::packing::Packing;
use super::workload::Workload;
use super::{cost, demand};

/// What aggregation saves, or would save with KPL's defaults and one producer.
pub(crate) fn aggregation(workload: &Workload, prices: &Prices) -> Aggregation {
    let packing = workload.aggregation.unwrap_or_default();
    let side = |aggregation: Option<Packing>| {
        let workload = Workload { aggregation, ..workload.clone() };
        side(&workload, prices)
    };
    let (without, with) = (side(None), side(Some(packing)));
    let saves = without.monthly - with.monthly;
    Aggregation { used: workload.aggregation.is_some(), producers: packing.producers, without, with, saves }
}

fn side(workload: &Workload, prices: &Prices) -> Side {
    let sized = demand::size(workload);
    let modes = cost::modes(workload, &sized, prices);
    let (mode, bill) = cost::cheapest(&modes);
    Side {
        shards: sized.shards,
        records_in_one: sized.mean.members,
        kinesis_records_per_second: workload.records_per_second / sized.mean.members,
        provisioned: modes[0].1.total(),
        cheapest: *mode,
        monthly: bill.total(),
    }
}
