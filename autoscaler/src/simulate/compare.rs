//! Policies side by side on the same traffic, measured against the optimum.

use super::account::{Account, Billing, shard_hours};
use super::contender::Contender;
use super::optimum::{Budget, Optimum, optimum};
use super::policies::aws_samples::AwsSamples;
use super::policies::epsagon::Epsagon;
use super::policies::fixed::{FixedSize, quantile};
use super::policies::on_demand::{self, Plan};
use super::policies::ours::Ours;
use super::policies::scaling_utils::ScalingUtils;
use super::policy::{Policy, Still};
use super::rules::{Call, Minute};
use super::run::{Decided, Run, Scenario, shards_for};
use super::view::Point;
use crate::policy::Limits as Bounds;

/// Traffic, and everything that a comparison on it is told.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    scenario: Scenario<'a>,
    billing: Billing,
    bounds: Bounds,
    optimum: Optimum,
}

/// What became of a stream under one contender.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Whose it is.
    pub contender: Contender,
    /// What it came to.
    pub account: Account,
    /// Its shard-hours over the optimum's. Of on-demand, capacity that was held open; what that costs is in the dollars.
    pub ratio_to_optimum: f64,
    /// Traffic and shards, minute by minute.
    pub points: Vec<Point>,
    /// Shards and calls; none of on-demand, where nobody calls anything.
    pub schedule: Option<Vec<Minute>>,
    /// When it called what, and why.
    pub decisions: Vec<Decided>,
}

/// One setting of a contender on the way from cheap to safe.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct FrontierPoint {
    /// Which family: `pipectl` or `static`.
    pub family: &'static str,
    /// What is varied: for `pipectl` the shard-hours that a shard-hour of refused traffic is worth, for `static` the
    /// share of the minutes that fit.
    pub headroom: f64,
    /// Shard-hours over the optimum's.
    pub ratio_to_optimum: f64,
    /// Volume that was throttled, of all that came.
    pub throttled_ratio: f64,
}

/// What a shard-hour of refused traffic is worth, in shard-hours, on the frontier of our policy.
const PRICES: [f64; 9] = [5.0, 15.0, 50.0, 150.0, 400.0, 1_000.0, 3_000.0, 10_000.0, 50_000.0];
/// Shares of the minutes that fit, on the frontier of fixed sizes.
const SHARES: [f64; 8] = [0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1.0];

impl<'a> Comparison<'a> {
    /// On this traffic, with these prices, our policy within these bounds. Works the optimum out.
    #[must_use]
    pub fn new(scenario: Scenario<'a>, billing: Billing, bounds: Bounds) -> Self {
        let optimum = optimum(scenario.loads, &scenario.limits, Budget::Daily);
        Self { scenario, billing, bounds, optimum }
    }

    /// Lets a contender have its way with the stream.
    #[must_use]
    pub fn outcome(&self, contender: Contender) -> Outcome {
        let first = self.scenario.first_size();
        match contender {
            Contender::Pipectl => self.ours(self.bounds.clone()),
            Contender::ScalingUtils => self.led(contender, first, &mut ScalingUtils::default()),
            Contender::AwsSamples => self.led(contender, first, &mut AwsSamples::default()),
            Contender::Epsagon => self.led(contender, first, &mut Epsagon::default()),
            Contender::StaticMean => self.fixed(contender, FixedSize::Mean),
            Contender::StaticP99 => self.fixed(contender, FixedSize::P99),
            Contender::StaticPeak => self.fixed(contender, FixedSize::Peak),
            Contender::OnDemandStandard => self.on_demand(contender, Plan::Standard),
            Contender::OnDemandAdvantage => self.on_demand(contender, Plan::Advantage),
            Contender::Optimum => self.known(contender, &self.optimum),
            Contender::OptimumLegal => self.known(contender, &self.solve(Budget::Legal)),
            Contender::OptimumUnlimited => self.known(contender, &self.solve(Budget::Unlimited)),
        }
    }

    /// Cost against throttling as the headroom varies: our policy, and streams of a fixed size.
    #[must_use]
    pub fn frontier(&self) -> Vec<FrontierPoint> {
        let ours = PRICES.map(|price| {
            let outcome = self.ours(Bounds { price_of_refusal: price, ..self.bounds.clone() });
            FrontierPoint {
                family: "pipectl",
                headroom: price,
                ratio_to_optimum: outcome.ratio_to_optimum,
                throttled_ratio: outcome.account.throttled_ratio,
            }
        });
        let fixed = SHARES.map(|share| {
            let shards = shards_for(quantile(self.scenario.loads, share));
            let run = self.scenario.run(shards, &mut Still);
            FrontierPoint {
                family: "static",
                headroom: share,
                ratio_to_optimum: self.ratio(shard_hours(&run.points)),
                throttled_ratio: super::account::throttled_ratio(&run.points),
            }
        });
        ours.into_iter().chain(fixed).collect()
    }

    fn solve(&self, budget: Budget) -> Optimum {
        optimum(self.scenario.loads, &self.scenario.limits, budget)
    }

    fn ratio(&self, shard_hours: f64) -> f64 {
        let least = self.optimum.shard_hours();
        if least > 0.0 { shard_hours / least } else { 1.0 }
    }

    fn ours(&self, bounds: Bounds) -> Outcome {
        let start = self.scenario.first_size().clamp(bounds.min_shards, bounds.most().max(bounds.min_shards));
        self.led(Contender::Pipectl, start, &mut Ours::new(bounds))
    }

    fn fixed(&self, contender: Contender, size: FixedSize) -> Outcome {
        self.led(contender, size.shards(self.scenario.loads), &mut Still)
    }

    fn led(&self, contender: Contender, start: u32, policy: &mut dyn Policy) -> Outcome {
        let run = self.scenario.run(start, policy);
        let account = Account::of(&run, &self.billing);
        self.outcome_of(contender, account, run)
    }

    fn known(&self, contender: Contender, optimum: &Optimum) -> Outcome {
        let points = optimum.points(self.scenario.loads);
        let run = Run { schedule: optimum.schedule.clone(), points, decisions: Vec::new() };
        let account = Account::of(&run, &self.billing);
        self.outcome_of(contender, account, run)
    }

    fn outcome_of(&self, contender: Contender, account: Account, run: Run) -> Outcome {
        Outcome {
            contender,
            account,
            ratio_to_optimum: self.ratio(account.shard_hours),
            points: run.points,
            schedule: Some(run.schedule),
            decisions: run.decisions,
        }
    }

    fn on_demand(&self, contender: Contender, plan: Plan) -> Outcome {
        let points = on_demand::run(self.scenario.loads);
        let account = on_demand::account(&points, plan, &self.billing);
        let ratio_to_optimum = self.ratio(account.shard_hours);
        Outcome { contender, account, ratio_to_optimum, points, schedule: None, decisions: Vec::new() }
    }
}

/// A schedule as `t_s,open_shards,operation` lines, one a minute; several operations of a minute stand by `;`.
#[must_use]
pub fn schedule_csv(schedule: &[Minute]) -> String {
    let mut text = String::from("t_s,open_shards,operation\n");
    for (minute, row) in schedule.iter().enumerate() {
        let calls: Vec<String> = row.calls.iter().map(Call::to_string).collect();
        text.push_str(&format!("{},{},{}\n", minute * 60, row.open_shards, calls.join(";")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::rules::check;
    use super::*;
    use proptest::prelude::*;

    fn compared(loads: &[f64], keys: &str) -> Vec<Outcome> {
        let scenario = Scenario { keys: keys.parse().unwrap(), ..Scenario::new(loads) };
        let comparison = Comparison::new(scenario, Billing::default(), Bounds::new(1, 5000).unwrap());
        Contender::ALL.map(|contender| comparison.outcome(contender)).into()
    }

    #[test]
    fn a_schedule_is_a_line_a_minute_with_what_was_called() {
        let row = |open_shards, calls: &[Call]| Minute { open_shards, calls: calls.to_vec() };
        let text = schedule_csv(&[
            row(2, &[Call::Split, Call::Merge]),
            row(2, &[Call::UpdateShardCount(4)]),
            row(2, &[]),
        ]);
        assert_eq!(text, "t_s,open_shards,operation\n0,2,split;merge\n60,2,update-shard-count 4\n120,2,\n");
    }

    #[test]
    fn everyone_is_known_by_their_name() {
        for contender in Contender::ALL {
            assert_eq!(contender.name().parse(), Ok(contender));
        }
        let error = "ours".parse::<Contender>().unwrap_err().to_string();
        assert!(error.starts_with("there is no policy `ours`; there are: pipectl, scaling-utils"), "{error}");
    }

    #[test]
    fn the_frontier_of_fixed_sizes_goes_from_cheap_to_safe() {
        let loads: Vec<f64> = (0..600).map(|minute| f64::from(minute % 60)).collect();
        let comparison =
            Comparison::new(Scenario::new(&loads), Billing::default(), Bounds::new(1, 100).unwrap());
        let points = comparison.frontier();
        let fixed: Vec<_> = points.iter().filter(|point| point.family == "static").collect();
        assert!(fixed.is_sorted_by(
            |a, b| a.ratio_to_optimum <= b.ratio_to_optimum && a.throttled_ratio >= b.throttled_ratio
        ));
        assert!(points.iter().any(|point| point.family == "pipectl"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn every_schedule_keeps_the_rules_and_every_load_is_taken_in_or_refused(
            seed in proptest::collection::vec((0.0_f64..60.0, 1_usize..150), 5..25),
            spread in prop::sample::select(vec!["uniform", "hot:0.1-0.15:0.4", "hot:0-0.5:1"]),
        ) {
            let loads: Vec<f64> = seed.iter().flat_map(|(load, minutes)| vec![*load; *minutes]).collect();
            let total: f64 = loads.iter().sum();
            for outcome in compared(&loads, spread) {
                let schedule = outcome.schedule.as_deref().unwrap_or_default();
                // The measure may use two days' calls in one rolling day, and the unlimited one has no limit.
                if !matches!(outcome.contender, Contender::Optimum | Contender::OptimumUnlimited) {
                    prop_assert_eq!(check(schedule), Ok(()), "{}", outcome.contender);
                }
                let offered: f64 = outcome.points.iter().map(Point::offered).sum();
                prop_assert!((offered - total).abs() <= 1e-6 * total.max(1.0), "{}", outcome.contender);
                prop_assert!((0.0..=1.0).contains(&outcome.account.throttled_ratio));
                let carried = outcome.points.iter().all(|point| point.accepted <= f64::from(point.open_shards) + 1e-6);
                prop_assert!(carried, "{}", outcome.contender);
            }
        }
    }
}
