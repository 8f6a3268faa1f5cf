//! What a policy may know at a minute: what AWS would tell it by then, and no more.

use super::control::{Control, Running};
use super::keys::KeySpread;
use super::limits::Limits;
use super::stream::{Keys, Stream};

/// A minute of stream metrics, in shards: 1 is what one shard carries at its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// What was taken in: `IncomingBytes` or `IncomingRecords`, whichever binds, over the minute.
    pub accepted: f64,
    /// What was refused, as the producers count it by volume. Who reads CloudWatch alone knows no more than that it is
    /// over zero (`WriteProvisionedThroughputExceeded` counts requests, and with retries many for one record).
    pub throttled: f64,
    /// Shards that served.
    pub open_shards: u32,
}

impl Point {
    /// What came: taken in and refused.
    #[must_use]
    pub fn offered(&self) -> f64 {
        self.accepted + self.throttled
    }

    /// What was taken in of what the shards could take.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        self.accepted / f64::from(self.open_shards.max(1))
    }
}

/// A minute of one shard's metrics, as enhanced monitoring tells them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShardPoint {
    /// Where its range starts, as a share of the hash-key space.
    pub start: f64,
    /// Where its range ends.
    pub end: f64,
    /// What it took in; 1 is all it can.
    pub accepted: f64,
    /// What it refused.
    pub throttled: f64,
}

/// The shards that served from a minute on.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) since: usize,
    pub(crate) stream: Stream,
}

/// What a policy sees at the start of a minute.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(crate) control: &'a Control,
    pub(crate) points: &'a [Point],
    pub(crate) layouts: &'a [Layout],
    pub(crate) keys: &'a KeySpread,
}

impl<'a> View<'a> {
    /// The minute that starts now, from 0.
    #[must_use]
    pub fn minute(&self) -> usize {
        self.control.minute()
    }

    /// The metrics that can be read by now, one a minute from minute 0 on. The last is as old as the delay makes it;
    /// what was read at the last minute is still there, so who keeps running figures goes on where it stopped.
    #[must_use]
    pub fn points(&self) -> &'a [Point] {
        let readable = self.minute().saturating_sub(self.control.limits().metric_delay_minutes);
        self.points.get(..readable).unwrap_or(self.points)
    }

    /// The last minute that can be read.
    #[must_use]
    pub fn latest(&self) -> Option<&'a Point> {
        self.points().last()
    }

    /// The metrics of each shard in the last minute that can be read, in the order of their ranges; none before there
    /// is one.
    #[must_use]
    pub fn shard_points(&self) -> Vec<ShardPoint> {
        self.points().len().checked_sub(1).map_or_else(Vec::new, |minute| self.shard_points_of(minute))
    }

    fn shard_points_of(&self, minute: usize) -> Vec<ShardPoint> {
        let later = self.layouts.partition_point(|layout| layout.since <= minute);
        let (Some(layout), Some(point)) =
            (later.checked_sub(1).and_then(|place| self.layouts.get(place)), self.points.get(minute))
        else {
            return Vec::new();
        };
        let offered = point.offered();
        let shard = |(start, end): (f64, f64)| {
            let load = offered * (self.keys.below(end) - self.keys.below(start));
            ShardPoint { start, end, accepted: load.min(1.0), throttled: (load - 1.0).max(0.0) }
        };
        layout.stream.ranges().map(shard).collect()
    }

    /// Shards that serve now; `ListShards` has no delay.
    #[must_use]
    pub fn open_shards(&self) -> u32 {
        self.control.serving().count()
    }

    /// The ranges of the shards that serve now.
    #[must_use]
    pub fn stream(&self) -> &'a Stream {
        self.control.serving()
    }

    /// The minute since which the shards that serve now do.
    #[must_use]
    pub fn serving_since(&self) -> usize {
        self.layouts.last().map_or(0, |layout| layout.since)
    }

    /// The `UpdateShardCount` that runs; until it ends, whatever is called is refused.
    #[must_use]
    pub fn running(&self) -> Option<Running> {
        self.control.running()
    }

    /// The minutes of the `UpdateShardCount` calls in the last 24 hours, oldest first.
    pub fn updates(&self) -> impl ExactSizeIterator<Item = usize> + 'a {
        self.control.updates()
    }

    /// `UpdateShardCount` calls that the rolling day has left.
    #[must_use]
    pub fn updates_left(&self) -> usize {
        self.control.limits().updates_per_day.saturating_sub(self.updates().len())
    }

    /// What AWS allows, and how long it takes.
    #[must_use]
    pub fn limits(&self) -> &'a Limits {
        self.control.limits()
    }

    /// Targets that one `UpdateShardCount` reaches from here: half, rounded up, to double, within the quota.
    #[must_use]
    pub fn reach(&self) -> (u32, u32) {
        let open = self.open_shards();
        (open.div_ceil(2), open.saturating_mul(2).min(self.limits().most_shards))
    }
}
