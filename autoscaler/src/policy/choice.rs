//! Which change pays: every way to go on priced in shard-minutes over the next hour.
//!
//! A way costs the shards that are open meanwhile, the refusals to expect at their price, a little for every
//! shard that is replaced, and for an `UpdateShardCount` what a call of the day's ten is worth. Headroom is not set
//! anywhere: it follows from the odds of the demand, as in the newsvendor problem, where it pays to add shards as long
//! as the chance that the last one is needed, times the price of a refusal, is over one.

use std::num::NonZeroU32;

use super::limits::Limits;
use super::outlook::Outlook;
use super::shape::Shape;

/// Minutes that a choice is judged over: as long as it takes to think again by splits and merges.
const HORIZON: f64 = 45.0;

/// Other counts that are looked at on either side of the best.
const AROUND: u32 = 8;

/// A way to go on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    /// As it is.
    Stay,
    /// By splits and merges, to so many equal shards.
    Serial(NonZeroU32),
    /// By one `UpdateShardCount`.
    Update(NonZeroU32),
}

/// What the choice is made from.
#[derive(Clone, Debug)]
pub(crate) struct Situation<'a> {
    pub(crate) outlook: &'a Outlook,
    pub(crate) shape: &'a Shape,
    pub(crate) limits: &'a Limits,
    /// What is to be expected over the shards as they are.
    pub(crate) excess: f64,
    /// The same until an `UpdateShardCount` would be done.
    pub(crate) soon: f64,
    /// Open shards.
    pub(crate) open: u32,
    /// The fewest shards that may be gone to.
    pub(crate) least: u32,
    /// What a call of `UpdateShardCount` is worth, in shard-minutes; `None` when there is none to spend.
    pub(crate) call: Option<f64>,
}

impl Situation<'_> {
    /// The cheapest way.
    pub(crate) fn best(&self) -> Way {
        let mut best = (self.stay(), Way::Stay);
        let ideal = self.ideal();
        for to in self.counts(ideal) {
            let excess = self.outlook.over(f64::from(to.get())).excess;
            // Fewer steps than the difference never do; where even those are too dear, they need not be counted.
            let fewest = f64::from(self.open.abs_diff(to.get()));
            if fewest > 0.0 && self.serial(f64::from(to.get()), excess, fewest) >= best.0 {
                continue;
            }
            let steps = f64::from(self.shape.steps_to(to));
            // On the way there may be one shard more than at either end, unless it is splits or merges alone.
            if steps > fewest && self.open.max(to.get()) >= self.limits.most() {
                continue;
            }
            let serial = self.serial(f64::from(to.get()), excess, steps);
            if steps > 0.0 && serial < best.0 {
                best = (serial, Way::Serial(to));
            }
        }
        for to in self.reachable(ideal) {
            let excess = self.outlook.over(f64::from(to.get())).excess;
            if let Some(update) = self.update(to, excess).filter(|update| *update < best.0) {
                best = (update, Way::Update(to));
            }
        }
        best.1
    }

    /// The count that the odds ask for, within the bounds.
    pub(crate) fn ideal(&self) -> u32 {
        let chance = 1.0 / self.limits.price_of_refusal.max(1.0);
        let count = whole(self.outlook.passed_with(chance));
        let count =
            self.limits.target.map_or(count, |target| count.max(whole(self.outlook.centre() / target)));
        self.bounded(count)
    }

    fn bounded(&self, count: u32) -> u32 {
        count.max(self.least).max(self.limits.min_shards).min(self.limits.most())
    }

    fn counts(&self, ideal: u32) -> impl Iterator<Item = NonZeroU32> + use<> {
        let step = (ideal / 80).max(1);
        let (low, high) =
            (self.bounded(ideal.saturating_sub(AROUND * step)), self.bounded(ideal + AROUND * step));
        (low..=high).step_by(usize::try_from(step).unwrap_or(1)).filter_map(NonZeroU32::new)
    }

    fn reachable(&self, ideal: u32) -> impl Iterator<Item = NonZeroU32> + use<> {
        let (low, high) = (self.open.div_ceil(2), self.open.saturating_mul(2));
        let ideal = ideal.clamp(low, high);
        let most = high.min(self.limits.most());
        [0, 10, 25, 50]
            .map(|more| (ideal + (ideal * more).div_ceil(100)).min(most))
            .into_iter()
            .filter_map(NonZeroU32::new)
    }

    fn price(&self) -> f64 {
        self.limits.price_of_refusal
    }

    fn stay(&self) -> f64 {
        HORIZON * (f64::from(self.open) + self.price() * self.excess)
    }

    fn serial(&self, to: f64, excess: f64, steps: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "seconds of one step")]
        let minutes = steps * self.limits.serial_seconds as f64 / 60.0;
        // What is not done within the horizon counts as far as it goes.
        let done = (HORIZON / minutes).min(1.0);
        let under_way = minutes.min(HORIZON);
        let open = f64::from(self.open);
        let now = self.excess;
        let mean_open = open + (to - open) * done / 2.0;
        let mean_excess = now + (excess - now) * done / 2.0;
        under_way * (mean_open + self.price() * mean_excess)
            + (HORIZON - under_way) * (to + self.price() * excess)
            + self.limits.price_of_step * steps * done
    }

    fn update(&self, to: NonZeroU32, excess: f64) -> Option<f64> {
        let call = self.call?;
        let legal = self.open.div_ceil(2)..=self.open.saturating_mul(2);
        if !legal.contains(&to.get()) || to.get() == self.open {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "minutes of one update")]
        let minutes = self.limits.update_seconds as f64 / 60.0;
        let open = f64::from(self.open);
        let steps = f64::from(self.shape.steps_to(to));
        Some(
            minutes * (open + self.price() * self.soon)
                + (HORIZON - minutes) * (f64::from(to.get()) + self.price() * excess)
                + self.limits.price_of_step * steps
                + call,
        )
    }
}

/// Shards that carry a load: its whole number upwards, forgiving what rounding adds.
pub(crate) fn whole(shards: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
    let count = (shards - 1e-6).ceil().clamp(1.0, 1e9) as u32;
    count
}
