//! The estimator against AWS's formula, against twenty cases worked out by hand, and against what must hold of any.

mod cases;
mod formula;
mod properties;
mod refusals;

use super::*;

fn builtin() -> Prices {
    Prices::builtin()
}

fn answer(workload: &Workload) -> Estimate {
    estimate(workload, &builtin()).unwrap()
}
