//! A token bucket without a clock: exact to the millisecond, and in integers, so that no rate drifts.

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Tokens a second.
    per_second: i64,
    /// Tokens it holds.
    capacity: i64,
}

impl Rate {
    /// So many a second; an idle second is the most that is saved up.
    pub(crate) const fn per_second(tokens: u64) -> Self {
        // A rate beyond i64 is no rate; the constants this is called with are far below.
        let tokens = if tokens > 1 << 40 { 1 << 40 } else { tokens.cast_signed() };
        Self { per_second: tokens, capacity: tokens }
    }

    /// A second's worth.
    pub(crate) const fn capacity(self) -> i64 {
        self.capacity
    }
}

/// A bucket; a new one is full. Tokens may be taken that are not there: it is in debt until they have flowed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// Thousandths of a token: at N tokens a second a millisecond brings N of them.
    level: i64,
    at: i64,
}

impl Default for Bucket {
    fn default() -> Self {
        Self { level: 0, at: i64::MIN }
    }
}

impl Bucket {
    /// Lets flow in what came since; a clock that went back brings nothing.
    pub(crate) fn fill(&mut self, rate: Rate, now: i64) {
        if now > self.at {
            let came = now.saturating_sub(self.at).saturating_mul(rate.per_second);
            self.level = self.level.saturating_add(came).min(rate.capacity * 1000);
            self.at = now;
        }
    }

    /// Whether so many tokens are there.
    pub(crate) fn has(&self, tokens: i64) -> bool {
        self.level >= tokens.saturating_mul(1000)
    }

    /// Whether it is full: nothing was taken for a while.
    pub(crate) fn is_full(&self, rate: Rate) -> bool {
        self.has(rate.capacity)
    }

    /// Whether it is not in debt.
    pub(crate) fn is_positive(&self) -> bool {
        self.level > 0
    }

    /// Takes tokens, those that are not there too.
    pub(crate) fn take(&mut self, tokens: i64) {
        self.level = self.level.saturating_sub(tokens.saturating_mul(1000));
    }

    /// Forgets what was saved up.
    pub(crate) fn forfeit(&mut self) {
        self.level = self.level.min(0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEN: Rate = Rate::per_second(10);

    fn takes(bucket: &mut Bucket, tokens: i64, now: i64) -> bool {
        bucket.fill(TEN, now);
        let has = bucket.has(tokens);
        if has {
            bucket.take(tokens);
        }
        has
    }

    #[test]
    fn a_new_bucket_is_full_and_fills_again_at_its_rate() {
        let mut bucket = Bucket::default();
        assert!(takes(&mut bucket, 10, 1_000_000));
        assert!(!takes(&mut bucket, 1, 1_000_099));
        assert!(takes(&mut bucket, 1, 1_000_100));
        assert!(takes(&mut bucket, 10, 1_001_100));
        assert!(!takes(&mut bucket, 11, 9_000_000));
    }

    #[test]
    fn a_debt_is_paid_before_anything_else_is_taken() {
        let mut bucket = Bucket::default();
        bucket.fill(TEN, 0);
        bucket.take(110);
        assert!(!takes(&mut bucket, 1, 10_000));
        assert!(takes(&mut bucket, 1, 10_100));
    }

    #[test]
    fn a_clock_that_goes_back_brings_nothing() {
        let mut bucket = Bucket::default();
        assert!(takes(&mut bucket, 10, 5000));
        assert!(!takes(&mut bucket, 1, 4000));
        assert!(takes(&mut bucket, 10, 6000));
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate_and_one_second_passes(
            tries in proptest::collection::vec((0_i64..300, 1_i64..15), 1..200),
        ) {
            let mut bucket = Bucket::default();
            let (mut now, mut taken) = (0, 0);
            for (wait, tokens) in tries {
                now += wait;
                if takes(&mut bucket, tokens, now) {
                    taken += tokens;
                }
                prop_assert!(taken * 1000 <= 10 * 1000 + 10 * now);
            }
        }
    }
}
