//! How long a batch waits before it is tried again.

use std::time::Duration;

/// The first pause; each further one is twice as long. AWS backs off exponentially and does not say from what to
/// what (?).
const FIRST: Duration = Duration::from_millis(250);
/// The longest pause (?).
const LONGEST: Duration = Duration::from_secs(60);

/// The pause before the next try, after so many in a row that came to nothing; in milliseconds.
pub(super) fn pause(tries: u32) -> i64 {
    let doublings = tries.saturating_sub(1).min(16);
    let pause = FIRST.saturating_mul(1 << doublings).min(LONGEST);
    i64::try_from(pause.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        let pauses: Vec<i64> = (1..=10).map(pause).collect();
        assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
        assert_eq!(pause(u32::MAX), 60_000);
    }
}
