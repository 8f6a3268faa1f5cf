//! The figures in `README.md`: every policy on every trace, and each parameter of ours chosen on the other traces.
//!
//! `cargo run --release -p pipectl-autoscaler --example evidence -- [TRACE.csv …]`; without traces, those of
//! `../shared/traces` and the kinds of traffic that the tests make from seeds.

#![expect(clippy::print_stdout, reason = "printing a table is all this does")]

#[path = "../tests/families/mod.rs"]
mod families;

use std::error::Error;
use std::path::PathBuf;

use families::Family;
use pipectl_autoscaler::policy::Limits;
use pipectl_autoscaler::simulate::account::Billing;
use pipectl_autoscaler::simulate::compare::Comparison;
use pipectl_autoscaler::simulate::contender::Contender;
use pipectl_autoscaler::simulate::policies::ours::Ours;
use pipectl_autoscaler::simulate::run::Scenario;
use pipectl_autoscaler::simulate::trace::Trace;

/// Where traces lie that are not part of the project.
const SHARED: &str = "../shared/traces";
/// What is asked of the geometric mean of the ratios to the optimum.
const ASKED: f64 = 1.25;
/// Prices of a refusal, of a step and of a call that are tried.
const REFUSALS: [f64; 5] = [30.0, 45.0, 60.0, 80.0, 110.0];
const STEPS: [f64; 3] = [1.5, 3.0, 6.0];
const CALLS: [f64; 3] = [2.0, 4.0, 8.0];

/// Traffic by its name.
struct Traffic {
    name: String,
    loads: Vec<f64>,
}

/// A ratio to the optimum's shard-hours, and the part of the volume that was throttled.
type Figures = (f64, f64);

fn main() -> Result<(), Box<dyn Error>> {
    let traffic = traffic()?;
    let optima = table(&traffic);
    cross_validation(&traffic, &optima);
    Ok(())
}

fn traffic() -> Result<Vec<Traffic>, Box<dyn Error>> {
    let mut files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut all = Vec::new();
    if files.is_empty() {
        match std::fs::read_dir(SHARED) {
            Ok(folder) => {
                files = folder.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?
            }
            Err(error) => println!("skipped {SHARED}: {error}"),
        }
        files.sort();
        let made =
            |family: Family| Traffic { name: format!("{family:?} (made)"), loads: family.loads(1, 28) };
        all.extend(Family::ALL.map(made));
    }
    for file in files {
        let loads = Trace::parse(&std::fs::read_to_string(&file)?)?.minutes(20.0);
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        all.push(Traffic { name, loads });
    }
    Ok(all)
}

/// Prints everyone's figures on every trace; answers the optimum's shard-hours.
fn table(traffic: &[Traffic]) -> Vec<f64> {
    const SHOWN: [Contender; 7] = [
        Contender::Pipectl,
        Contender::ScalingUtils,
        Contender::AwsSamples,
        Contender::Epsagon,
        Contender::StaticP99,
        Contender::StaticPeak,
        Contender::OptimumUnlimited,
    ];
    println!("shard-hours over the optimum's, and % of the volume throttled\n");
    println!("| trace | {} |", SHOWN.map(Contender::name).join(" | "));
    println!("|---|{}", "---|".repeat(SHOWN.len()));
    let mut columns = vec![Vec::new(); SHOWN.len()];
    let mut optima = Vec::new();
    for Traffic { name, loads } in traffic {
        let bounds = Limits::new(1, 10_000).unwrap_or_else(|_| unreachable!("1 is not over 10,000"));
        let comparison = Comparison::new(Scenario::new(loads), Billing::default(), bounds);
        optima.push(comparison.outcome(Contender::Optimum).account.shard_hours);
        let row = SHOWN.map(|contender| {
            let outcome = comparison.outcome(contender);
            (outcome.ratio_to_optimum, outcome.account.throttled_ratio)
        });
        println!("| {name} | {} |", row.map(cell).join(" | "));
        columns.iter_mut().zip(row).for_each(|(column, figures)| column.push(figures));
    }
    let means: Vec<String> = columns.iter().map(|column| cell(mean(column))).collect();
    println!("| geometric mean, mean | {} |\n", means.join(" | "));
    optima
}

/// Chooses the parameters on all traces but one, and prints what they do on that one.
fn cross_validation(traffic: &[Traffic], optima: &[f64]) {
    let mut grid = Vec::new();
    for refusal in REFUSALS {
        for (step, call) in STEPS.iter().flat_map(|step| CALLS.map(|call| (*step, call))) {
            let of =
                |(traffic, optimum): (&Traffic, &f64)| ours(&traffic.loads, *optimum, [refusal, step, call]);
            grid.push(([refusal, step, call], traffic.iter().zip(optima).map(of).collect::<Vec<Figures>>()));
        }
    }
    println!("| left out | refusal, step, call | on the others | on it |\n|---|---|---|---|");
    let mut applied = Vec::new();
    for (place, Traffic { name, .. }) in traffic.iter().enumerate() {
        let others = |row: &[Figures]| {
            let rest: Vec<Figures> =
                row.iter().enumerate().filter(|(at, _)| *at != place).map(|(_, figures)| *figures).collect();
            mean(&rest)
        };
        let best = grid.iter().min_by(|a, b| rank(others(&a.1)).total_cmp(&rank(others(&b.1))));
        let Some((chosen, row)) = best else { return };
        applied.push(row[place]);
        println!("| {name} | {chosen:?} | {} | {} |", cell(others(row)), cell(row[place]));
    }
    println!("| all as left out | | | {} |", cell(mean(&applied)));
}

/// What is least for the best choice: throttling while the cost is as asked, else cost.
fn rank((ratio, throttled): Figures) -> f64 {
    if ratio <= ASKED { throttled } else { ratio }
}

fn ours(loads: &[f64], optimum: f64, [refusal, step, call]: [f64; 3]) -> Figures {
    let bounds = Limits::new(1, 10_000).unwrap_or_else(|_| unreachable!("1 is not over 10,000"));
    let bounds = Limits { price_of_refusal: refusal, price_of_step: step, price_of_call: call, ..bounds };
    let scenario = Scenario::new(loads);
    let run = scenario.run(scenario.first_size(), &mut Ours::new(bounds));
    let shards: f64 = run.points.iter().map(|point| f64::from(point.open_shards)).sum();
    let throttled: f64 = run.points.iter().map(|point| point.throttled).sum();
    (shards / 60.0 / optimum, throttled / loads.iter().sum::<f64>())
}

#[expect(clippy::cast_precision_loss, reason = "a few traces")]
fn mean(figures: &[Figures]) -> Figures {
    let count = figures.len().max(1) as f64;
    let logs: f64 = figures.iter().map(|(ratio, _)| ratio.ln()).sum();
    ((logs / count).exp(), figures.iter().map(|(_, throttled)| throttled).sum::<f64>() / count)
}

fn cell((ratio, throttled): Figures) -> String {
    format!("{ratio:.2} / {:.2} %", throttled * 100.0)
}
