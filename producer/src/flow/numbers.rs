//! What a flow tells of itself in numbers.

use std::time::Duration;

use super::Flow;
use crate::account::Account;
use crate::metrics;
use crate::stats::{Stats, Tally};

impl Flow {
    /// The account so far.
    #[must_use]
    pub fn account(&self) -> &Account {
        self.tally.account()
    }

    /// The same flow, which measures what passes.
    #[must_use]
    pub fn measured(self, metrics: metrics::Settings) -> Self {
        Self { tally: Tally::new(metrics), ..self }
    }

    /// When [`Self::tell`] is due; `None` while there is nothing to tell.
    #[must_use]
    pub fn tell_at(&self) -> Option<Duration> {
        self.tally.meters().due()
    }

    /// Tells the recorder of metrics that is installed what passed.
    pub fn tell(&mut self, now: Duration) {
        self.tally.tell(now);
    }

    /// The account and what is under way, at this time.
    #[must_use]
    pub fn stats(&self, now: Duration) -> Stats {
        let mut stats = self.tally.snapshot(now);
        self.describe(&mut stats);
        stats
    }
}
