//! What a Lambda function costs in a month.
//!
//! Source: the Lambda pricing page, without the free tier, which belongs to an account and not to a function.

use crate::{Bill, Prices, SECONDS_PER_MONTH};

/// The processor a function runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Intel and AMD.
    X86_64,
    /// Graviton.
    Arm64,
}

/// A function that is called `invocations_per_second` times, for `seconds` each, with `memory_mib` of memory.
#[must_use]
pub fn function(
    prices: &Prices,
    architecture: Architecture,
    invocations_per_second: f64,
    seconds: f64,
    memory_mib: f64,
) -> Bill {
    let invocations = invocations_per_second * SECONDS_PER_MONTH;
    let gb_second = match architecture {
        Architecture::X86_64 => prices.lambda.gb_second_x86_64,
        Architecture::Arm64 => prices.lambda.gb_second_arm64,
    };
    let mut bill = Bill::default();
    bill.add("million requests", invocations / 1e6, prices.lambda.requests_million);
    bill.add("GB-seconds", invocations * seconds * memory_mib / 1024.0, gb_second);
    bill
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_pays_for_requests_and_for_memory_held() {
        let prices = Prices::builtin();
        // 2.628 million × $0.20 = $0.53; 2,628,000 × 0.1 s × 0.25 GB = 65,700 GB-s × $0.0000166667 = $1.10.
        let bill = function(&prices, Architecture::X86_64, 1.0, 0.1, 256.0);
        assert_eq!(bill.total().to_string(), "$1.62");
        let arm = function(&prices, Architecture::Arm64, 1.0, 0.1, 256.0);
        assert!(arm.total().0 < bill.total().0);
    }
}
