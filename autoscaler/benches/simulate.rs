//! What a month of traffic costs to simulate, with everybody side by side and the optimum worked out.
//!
//! The traffic is made from a seed: days and weeks, noise, and a spike now and then, in loads of five minutes. The
//! baseline is the same month under a stream that nobody reshards: the simulator itself, without policies.

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]
#![expect(clippy::unwrap_used, reason = "a bench may end where its premises do")]
#![expect(clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::hint::black_box;
use std::time::Instant;

use pipectl_autoscaler::policy::Limits as Bounds;
use pipectl_autoscaler::simulate::{Billing, Comparison, Contender, Scenario};

const MINUTES: u32 = 30 * 24 * 60;
const ROUNDS: usize = 5;

/// Loads with a mean of about 20 shards.
fn month() -> Vec<f64> {
    let mut state = 7_u64;
    let mut random = move || {
        // xorshift: the same month everywhere.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX)
    };
    let held = |place: u32| {
        let hours = f64::from(place) / 12.0;
        let day = 1.0 + 0.6 * (hours / 24.0 * std::f64::consts::TAU).sin();
        let week = 1.0 + 0.2 * (hours / 168.0 * std::f64::consts::TAU).sin();
        let spike = if random() > 0.997 { 3.0 } else { 1.0 };
        20.0 * day * week * (0.85 + 0.3 * random()) * spike
    };
    (0..MINUTES / 5).map(held).flat_map(|load| [load; 5]).collect()
}

/// The median of some rounds, in seconds.
fn seconds(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn main() {
    let loads = month();
    let compare =
        || Comparison::new(Scenario::new(&loads), Billing::default(), Bounds::new(1, 10_000).unwrap());
    let comparison = compare();
    let alone = seconds(|| drop(black_box(comparison.outcome(Contender::StaticMean))));
    let figure = |name: &str, value: f64| {
        println!("figure {name} {value:.4} s ratio={:.1} baseline=static_month", value / alone);
    };
    figure("static_month", alone);
    figure("measure_month", seconds(|| drop(black_box(compare()))));
    for contender in [Contender::Pipectl, Contender::ScalingUtils, Contender::AwsSamples, Contender::Epsagon]
    {
        figure(
            &format!("{}_month", contender.name().replace('-', "_")),
            seconds(|| drop(black_box(comparison.outcome(contender)))),
        );
    }
    let everybody = || {
        let comparison = compare();
        Contender::ALL.map(|contender| black_box(comparison.outcome(contender)))
    };
    figure("everybody_month", seconds(|| drop(everybody())));
    let frontier = seconds(|| drop(black_box(comparison.frontier())));
    figure("frontier_month", frontier);
}
