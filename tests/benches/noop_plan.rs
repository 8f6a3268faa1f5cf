//! How long a plan without changes takes against an endpoint that is 50 ms away: observation is concurrent, so the
//! answer is a few round trips, not one for each resource.

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]

use std::time::Duration;

use pipectl_localstack::Options;
use pipectl_tests::figure::{Figure, median};
use pipectl_tests::scenario::Scenario;
use pipectl_tests::target::Target;

const LATENCY: Duration = Duration::from_millis(50);
const RUNS: usize = 7;
/// Identity, ledger, a description, and what the description leads to: fewer cannot be enough.
const ROUND_TRIPS: f64 = 4.0;

fn main() {
    let options = Options { latency: Some(LATENCY), ..Options::default() };
    let scenario = Scenario::on(Target::embedded(options), "noop");
    scenario.write_clickstream();
    scenario.pipectl(["apply", "--auto-approve"]).run().succeeds();
    let plan = || scenario.pipectl(["plan", "--detailed-exitcode"]).run().succeeds().took;
    let figure = Figure {
        name: "noop_plan_at_50ms",
        value: median((0..RUNS).map(|_| plan()).collect()),
        unit: "s",
        baseline: "four_round_trips",
        baseline_value: LATENCY.as_secs_f64() * ROUND_TRIPS,
    };
    println!("{}", figure.line());
}
