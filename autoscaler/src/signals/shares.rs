//! Which part of a stream's traffic each open shard gets, from its shard-level metrics.

use std::collections::BTreeMap;

use pipectl_shards::ShardId;
use pipectl_shards::limits::{WRITE_BYTES_PER_SECOND, WRITE_RECORDS_PER_SECOND};

use super::measure::{Measure, Query};
use super::metrics::Series;
use crate::execute::{OpenShard, ShardMap};
use crate::policy::{Layout, LayoutError, OpenShard as Shared};

/// What a shard got over the time that was read.
#[derive(Clone, Copy, Debug, Default)]
struct Got {
    bytes: f64,
    records: f64,
    throttles: f64,
}

impl Got {
    /// In shards and seconds: what it took in by whichever limit binds; with throttles, what it refused on top, no more
    /// than it took in, as a record that is put again counts again.
    fn demand(self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "limits are small numbers")]
        let (bytes, records) = (WRITE_BYTES_PER_SECOND as f64, WRITE_RECORDS_PER_SECOND as f64);
        let accepted = (self.bytes / bytes).max(self.records / records);
        let refused = if self.records > 0.0 { (self.throttles / self.records).min(1.0) } else { 0.0 };
        accepted * (1.0 + refused)
    }
}

/// The queries for the shards of a stream.
#[must_use]
pub(super) fn queries(query: impl Fn(Measure) -> Query, map: &ShardMap) -> Vec<Query> {
    let of = |shard: &OpenShard| {
        [Measure::ShardBytes(shard.id), Measure::ShardRecords(shard.id), Measure::ShardThrottles(shard.id)]
    };
    map.shards().iter().flat_map(of).map(query).collect()
}

/// The layout with the share of each shard, over all minutes of the series; without shares where nothing came.
///
/// # Errors
/// A map always makes a layout; the error is the layout's own.
pub(super) fn layout(map: &ShardMap, queries: &[Query], series: &[Series]) -> Result<Layout, LayoutError> {
    let mut got: BTreeMap<ShardId, Got> = BTreeMap::new();
    for (query, series) in queries.iter().zip(series) {
        let sum: f64 = series.iter().map(|(_, value)| value).filter(|value| value.is_finite()).sum();
        match query.measure {
            Measure::ShardBytes(shard) => got.entry(shard).or_default().bytes += sum,
            Measure::ShardRecords(shard) => got.entry(shard).or_default().records += sum,
            Measure::ShardThrottles(shard) => got.entry(shard).or_default().throttles += sum,
            _ => {}
        }
    }
    let demand = |shard: &OpenShard| got.get(&shard.id).map_or(0.0, |got| got.demand());
    let total: f64 = map.shards().iter().map(demand).sum();
    let share = |shard: &OpenShard| (total > 0.0).then(|| (demand(shard) / total).clamp(0.0, 1.0));
    Layout::new(map.shards().iter().map(|shard| Shared { range: shard.range, share: share(shard) }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::StreamName;
    use jiff::Timestamp;
    use pipectl_shards::HashKeyRange;

    #[test]
    fn a_hot_shard_has_the_share_of_what_it_took_in_and_refused() {
        let ranges = HashKeyRange::uniform(4.try_into().unwrap());
        let shards =
            ranges.iter().zip(0..).map(|(range, id)| OpenShard { id: ShardId::new(id), range: *range });
        let map = ShardMap::new(shards.collect()).unwrap();
        let queries = queries(|measure| Query { stream: StreamName::new("s"), measure }, &map);
        assert_eq!(queries.len(), 12);
        let value = |measure: &Measure| match measure {
            Measure::ShardRecords(shard) if shard.number() == 2 => 60_000.0,
            Measure::ShardThrottles(shard) if shard.number() == 2 => 60_000.0,
            Measure::ShardRecords(_) => 20_000.0,
            _ => 0.0,
        };
        let series: Vec<Series> =
            queries.iter().map(|query| vec![(Timestamp::UNIX_EPOCH, value(&query.measure))]).collect();
        let hot = layout(&map, &queries, &series).unwrap();
        let shares: Vec<f64> = hot.shards().iter().map(|shard| shard.share.unwrap()).collect();
        assert!((shares[2] - 120.0 / 180.0).abs() < 1e-9, "{shares:?}");
        let nothing = layout(&map, &queries, &vec![Vec::new(); 12]).unwrap();
        assert!(nothing.shards().iter().all(|shard| shard.share.is_none()));
    }
}
