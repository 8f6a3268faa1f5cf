//! On-demand capacity: AWS sizes the stream, at twice the highest traffic of the last 30 days and four shards at least.
//!
//! Source: the developer guide's page on capacity modes: a new stream takes in 4 MB/s; it "accommodates up to double the
//! peak write throughput observed in the previous 30 days", and can throttle when traffic more than doubles the previous
//! peak within 15 minutes. So a peak counts once it is 15 minutes old, and what is taken in, not what is refused. The
//! stream starts as one that has carried the first minute's load before. AWS spreads shards as keys need it, so keys
//! are uniform here; a single key stays bound to one shard's limits, which the model does not show.

use std::collections::VecDeque;

use super::super::account::{Account, Billing};
use super::super::run::shards_for;
use super::super::view::Point;

/// Shards of a new stream.
const LEAST: u32 = 4;
/// Minutes until a peak has made room for more.
const SETTLES: usize = 15;
/// Minutes that a peak counts.
const REMEMBERED: usize = 30 * 24 * 60;
/// What traffic may grow to, over the peak.
const HEADROOM: f64 = 2.0;

/// Which on-demand prices are paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// On-demand Standard.
    Standard,
    /// On-demand Advantage, with its account's least charged to this stream alone.
    Advantage,
}

/// What an on-demand stream took in, refused and held open, minute by minute.
#[must_use]
pub fn run(loads: &[f64]) -> Vec<Point> {
    let first = loads.first().copied().unwrap_or_default();
    let mut points: Vec<Point> = Vec::with_capacity(loads.len());
    // Peaks that may yet be the highest: ever lower from the front to the back.
    let mut peaks: VecDeque<(usize, f64)> = VecDeque::new();
    for (minute, load) in loads.iter().enumerate() {
        if let Some(settled) = minute.checked_sub(SETTLES).and_then(|settled| points.get(settled)) {
            while peaks.back().is_some_and(|(_, peak)| *peak <= settled.accepted) {
                peaks.pop_back();
            }
            peaks.push_back((minute, settled.accepted));
        }
        while peaks.front().is_some_and(|(since, _)| since + REMEMBERED <= minute) {
            peaks.pop_front();
        }
        let before = if minute < REMEMBERED { first } else { 0.0 };
        let peak = peaks.front().map_or(0.0, |(_, peak)| *peak).max(before);
        let open_shards = shards_for(HEADROOM * peak).max(LEAST);
        let throttled = (load - f64::from(open_shards)).max(0.0);
        points.push(Point { accepted: load - throttled, throttled, open_shards });
    }
    points
}

/// What an on-demand stream comes to. Its shard-hours are capacity that was held open; they are not what is charged.
#[must_use]
pub fn account(points: &[Point], plan: Plan, billing: &Billing) -> Account {
    Account {
        shard_hours: super::super::account::shard_hours(points),
        throttled_ratio: super::super::account::throttled_ratio(points),
        dollars: billing.on_demand(points, plan),
        ..Account::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_stream_holds_four_shards_and_twice_its_first_minute() {
        assert_eq!(run(&[0.5; 2])[0].open_shards, 4);
        assert_eq!(run(&[5.0; 2])[0].open_shards, 10);
    }

    #[test]
    fn what_passes_double_the_peak_is_refused_until_the_new_peak_has_settled() {
        let points = run(&[vec![4.0; 30], vec![20.0; 40]].concat());
        let throttled: Vec<_> = points.iter().map(|point| point.throttled).collect();
        assert_eq!(throttled[29..46], [vec![0.0], vec![12.0; 15], vec![4.0]].concat());
        assert!(throttled[60..].iter().all(|refused| *refused == 0.0));
    }

    #[test]
    fn a_peak_is_forgotten_after_thirty_days() {
        let loads = [vec![10.0; 10], vec![1.0; REMEMBERED + 60]].concat();
        let points = run(&loads);
        assert_eq!(points[REMEMBERED].open_shards, 20);
        assert_eq!(points[REMEMBERED + 30].open_shards, 4);
    }

    #[test]
    fn advantage_pays_its_least_and_standard_pays_what_it_takes_in() {
        let points = run(&[1.0; 600]);
        let billing = Billing::default();
        let dollars = |plan| account(&points, plan, &billing).dollars;
        // 10 h × $0.04, and 36,000 MiB in × $0.08 and out × $0.04 a GB; records of 50 KiB need no rounding.
        let expected = 10.0 * 0.04 + 36_000.0 / 1024.0 * 0.12;
        assert!((dollars(Plan::Standard) - expected).abs() < 1e-6, "{}", dollars(Plan::Standard));
        assert!(dollars(Plan::Advantage) > dollars(Plan::Standard));
    }
}
