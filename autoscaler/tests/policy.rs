//! Our policy on kinds of traffic made from seeds, against the peers, with its schedule checked by AWS's rules.

mod families;

use families::Family;
use pipectl_autoscaler::policy::Limits;
use pipectl_autoscaler::simulate::policies::aws_samples::AwsSamples;
use pipectl_autoscaler::simulate::policies::epsagon::Epsagon;
use pipectl_autoscaler::simulate::policies::ours::Ours;
use pipectl_autoscaler::simulate::policies::scaling_utils::ScalingUtils;
use pipectl_autoscaler::simulate::policy::Policy;
use pipectl_autoscaler::simulate::rules::check;
use pipectl_autoscaler::simulate::run::{Run, Scenario};

const DAYS: u32 = 8;
const SEED: u64 = 5;

/// Shard-minutes, and the part of the volume that was throttled.
fn figures(run: &Run, loads: &[f64]) -> (f64, f64) {
    let shards = run.points.iter().map(|point| f64::from(point.open_shards)).sum();
    (shards, run.points.iter().map(|point| point.throttled).sum::<f64>() / loads.iter().sum::<f64>())
}

fn ours() -> Ours {
    Ours::new(Limits::new(1, 10_000).expect("1 is not over 10,000"))
}

fn run(loads: &[f64], policy: &mut dyn Policy) -> Run {
    let scenario = Scenario::new(loads);
    scenario.run(scenario.first_size(), policy)
}

#[test]
fn no_peer_is_both_cheaper_and_less_throttled_on_any_kind_of_traffic() {
    for family in Family::ALL {
        let loads = family.loads(SEED, DAYS);
        let ours = run(&loads, &mut ours());
        assert_eq!(check(&ours.schedule), Ok(()), "{family:?}");
        let ours = figures(&ours, &loads);
        let mut peers: [(&str, Box<dyn Policy>); 3] = [
            ("scaling-utils", Box::<ScalingUtils>::default()),
            ("aws-samples", Box::<AwsSamples>::default()),
            ("epsagon", Box::<Epsagon>::default()),
        ];
        for (name, peer) in &mut peers {
            let theirs = figures(&run(&loads, peer.as_mut()), &loads);
            assert!(ours.0 < theirs.0 || ours.1 <= theirs.1, "{family:?}: {name} {theirs:?}, ours {ours:?}");
        }
    }
}

#[test]
fn a_steady_stream_is_carried_at_a_fifth_over_its_load_with_next_to_nothing_refused() {
    for family in [Family::Provider, Family::Rides] {
        let loads = family.loads(SEED, DAYS);
        let (shards, throttled) = figures(&run(&loads, &mut ours()), &loads);
        let load: f64 = loads.iter().sum();
        assert!(shards < 1.25 * load && throttled < 0.002, "{family:?}: {:.3}, {throttled}", shards / load);
    }
}

#[test]
fn nothing_that_aws_would_refuse_is_ever_called() {
    for family in Family::ALL {
        let run = run(&family.loads(SEED + 1, 3), &mut ours());
        let refused: Vec<_> = run.decisions.iter().filter(|decided| !decided.refused.is_empty()).collect();
        assert!(refused.is_empty(), "{family:?}: {refused:?}");
    }
}

#[test]
fn the_same_past_gives_the_same_decisions() {
    let loads = Family::Clicks.loads(SEED, 1);
    assert_eq!(run(&loads, &mut ours()).schedule, run(&loads, &mut ours()).schedule);
}
