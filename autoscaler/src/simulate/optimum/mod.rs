//! The cheapest schedule that throttles nothing, for one who knows the future: what every policy is measured against.
//!
//! It may call `UpdateShardCount` only, as AWS allows it: to at most double and at least half, the new shards serving
//! five minutes later and nothing else until then. What it states is solved exactly, by dynamic programming over time,
//! shard count and calls used. What it states differs from AWS's rules in this:
//!
//! - *The day.* Ten calls in every rolling day would need the times of the last ten calls in the state. So three problems
//!   are solved, named by [`Budget`]. With ten calls in each day of the trace the days may follow each other closely:
//!   no schedule that keeps the rolling day is cheaper, which makes it the measure. With so few calls in stretches of the
//!   day that no rolling day can hold more than ten, it is legal: what is surely attainable. Without any limit it shows what
//!   the limit costs. The best legal schedule lies between the first two.
//! - *Marks.* Calls are made at marks five minutes apart, counted from the start of the trace. Loads that are held five
//!   minutes on those marks lose nothing by it; smoother ones make the optimum a little dearer.
//! - *First size.* It starts with whatever size it likes, where policies start sized for the first minute: otherwise a
//!   trace that jumps at once could not be carried.
//! - *Uniform keys.* Keys are spread evenly, whatever the policies have to live with.
//!
//! Splits and merges are not used, so a policy that trims with them can cost less than this optimum.

mod levels;
mod path;
mod table;

use super::limits::Limits;
use super::rules::Minute;
use super::view::Point;
use levels::Levels;
use table::Problem;

/// How many calls there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// The rolling day's calls in each day of the trace: no legal schedule is cheaper.
    Daily,
    /// Few enough in each part of the day for every rolling day; the cheapest of several ways to part it.
    Legal,
    /// As many as it likes.
    Unlimited,
}

impl Budget {
    /// Stretches of a part, and the calls in it; several where there are several ways.
    fn parts(self, limits: &Limits, mark: usize) -> Vec<(usize, Option<usize>)> {
        let day = Limits::DAY_MINUTES;
        match self {
            Self::Daily => vec![((day / mark).max(1), Some(limits.updates_per_day))],
            Self::Unlimited => vec![((day / mark).max(1), None)],
            // A rolling day touches one part more than a day has.
            Self::Legal => [1, 4, 9]
                .into_iter()
                .map(|parts| (day.div_ceil(parts * mark), Some(limits.updates_per_day / (parts + 1))))
                .collect(),
        }
    }
}

/// A cheapest schedule that throttles nothing.
#[derive(Clone, Debug)]
pub struct Optimum {
    /// Shards and calls, minute by minute.
    pub schedule: Vec<Minute>,
}

impl Optimum {
    /// What the schedule costs.
    #[must_use]
    pub fn shard_hours(&self) -> f64 {
        self.schedule.iter().map(|minute| f64::from(minute.open_shards)).sum::<f64>() / 60.0
    }

    /// What the stream took in under it: everything.
    #[must_use]
    pub fn points(&self, loads: &[f64]) -> Vec<Point> {
        let point = |(minute, load): (&Minute, &f64)| Point {
            accepted: *load,
            throttled: 0.0,
            open_shards: minute.open_shards,
        };
        self.schedule.iter().zip(loads).map(point).collect()
    }
}

/// The optimum for loads in shards, one a minute; of none, nothing.
#[must_use]
pub fn optimum(loads: &[f64], limits: &Limits, budget: Budget) -> Optimum {
    let mark = limits.update_minutes.max(1);
    let levels = Levels::of(loads, mark);
    let solved = budget.parts(limits, mark).into_iter().map(|(part, calls)| Optimum {
        schedule: path::schedule(&Problem::new(&levels, mark, loads.len(), part, calls)),
    });
    let cheapest = solved.min_by(|a, b| a.shard_hours().total_cmp(&b.shard_hours()));
    cheapest.unwrap_or(Optimum { schedule: Vec::new() })
}

#[cfg(test)]
mod tests;
