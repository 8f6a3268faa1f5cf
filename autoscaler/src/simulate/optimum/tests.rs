//! The dynamic program against every schedule there is, on traces small enough to try them all.

use proptest::prelude::*;

use super::super::rules::{Call, UPDATES_PER_DAY, check};
use super::*;

/// The least shard-minutes of any schedule whose calls lie on marks: tried one by one.
fn brute_force(needs: &[u32], calls: usize, most: u32) -> Option<u32> {
    fn from(needs: &[u32], open: u32, calls: usize, most: u32) -> Option<u32> {
        let (need, rest) = needs.split_first()?;
        if open < *need {
            return None;
        }
        if rest.is_empty() {
            return Some(open);
        }
        let stay = from(rest, open, calls, most);
        let call = |target| if calls == 0 { None } else { from(rest, target, calls - 1, most) };
        let called = (open.div_ceil(2)..=(open * 2).min(most)).filter_map(call).min();
        Some(open + stay.into_iter().chain(called).min()?)
    }
    (1..=most).filter_map(|start| from(needs, start, calls, most)).min()
}

fn limits(updates_per_day: usize) -> Limits {
    Limits { updates_per_day, ..Limits::default() }
}

/// Each load for five minutes.
fn held(loads: &[u32]) -> Vec<f64> {
    loads.iter().flat_map(|load| [f64::from(*load); 5]).collect()
}

fn total(optimum: &Optimum) -> u32 {
    optimum.schedule.iter().map(|minute| minute.open_shards).sum()
}

proptest! {
    #[test]
    fn nothing_that_carries_the_load_is_cheaper(
        loads in proptest::collection::vec(0_u32..13, 1..6),
        calls in 0_usize..4,
    ) {
        let needs: Vec<u32> = loads.iter().map(|load| (*load).max(1)).collect();
        let solved = optimum(&held(&loads), &limits(calls), Budget::Daily);
        prop_assert_eq!(Some(total(&solved)), brute_force(&needs, calls, 12).map(|sum| sum * 5));
        let solved = optimum(&held(&loads), &limits(calls), Budget::Unlimited);
        prop_assert_eq!(Some(total(&solved)), brute_force(&needs, 99, 12).map(|sum| sum * 5));
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn the_legal_one_keeps_every_rule_and_the_measure_all_but_the_rolling_day(
        seed in proptest::collection::vec(0.0_f64..40.0, 60..120),
    ) {
        // A jump every 40 minutes, for two to three days: far more than ten calls a day would follow.
        let loads: Vec<f64> = seed.iter().flat_map(|load| [*load; 40]).collect();
        let limits = Limits::default();
        let [daily, legal, unlimited] =
            [Budget::Daily, Budget::Legal, Budget::Unlimited].map(|budget| optimum(&loads, &limits, budget));
        prop_assert_eq!(check(&legal.schedule), Ok(()));
        prop_assert!(unlimited.shard_hours() <= daily.shard_hours() && daily.shard_hours() <= legal.shard_hours());
        for solved in [&daily, &legal, &unlimited] {
            let carried = solved.schedule.iter().zip(&loads);
            prop_assert!(carried.into_iter().all(|(minute, load)| f64::from(minute.open_shards) >= load - 1e-6));
        }
        for day in daily.schedule.chunks(Limits::DAY_MINUTES) {
            prop_assert_eq!(check(day), Ok(()));
            let calls = day.iter().flat_map(|minute| &minute.calls);
            prop_assert!(calls.filter(|call| matches!(call, Call::UpdateShardCount(_))).count() <= UPDATES_PER_DAY);
        }
    }
}

#[test]
fn a_known_spike_is_climbed_in_time_and_left_again() {
    let loads = held(&[2, 2, 2, 2, 16, 2, 2, 2]);
    let shards: Vec<u32> = optimum(&loads, &Limits::default(), Budget::Daily)
        .schedule
        .iter()
        .step_by(5)
        .map(|at| at.open_shards)
        .collect();
    assert_eq!(shards, [2, 2, 4, 8, 16, 8, 4, 2]);
}

#[test]
fn nothing_at_all_costs_nothing() {
    assert_eq!(optimum(&[], &Limits::default(), Budget::Daily).schedule.len(), 0);
    assert_eq!(total(&optimum(&[0.0; 7], &Limits::default(), Budget::Legal)), 7);
}
