//! Whether crowds stay: how often a demand that no forecast announced was still there when shards for it could serve.
//!
//! On some streams what surprises is a match or an outage upstream, and lasts; on others it is a spike that is gone in a
//! minute, and shards for it come too late. A new stream is taken to be of the second kind until it shows otherwise.

use std::collections::VecDeque;

/// Usual errors from which on a demand surprises.
const SURPRISE: f64 = 3.0;
/// Minutes until an `UpdateShardCount` that answers it serves.
const UNTIL: usize = 7;
/// How much of it must still be there: a fifth less, as a logarithm.
const LEFT: f64 = -0.223;
/// How far one surprise moves what is believed.
const PACE: f64 = 0.05;

/// What became of surprises.
#[derive(Clone, Debug)]
pub(crate) struct Persistence {
    /// The logarithms of the last minutes' demands, those of surprises only.
    waiting: VecDeque<Option<f64>>,
    lasted: f64,
}

impl Default for Persistence {
    fn default() -> Self {
        Self { waiting: VecDeque::with_capacity(UNTIL + 1), lasted: 0.4 }
    }
}

impl Persistence {
    /// Takes in the logarithm of a minute's demand and how far, in usual errors, it lies over what was forecast.
    pub(crate) fn learn(&mut self, value: f64, error: f64) {
        if self.waiting.len() == UNTIL
            && let Some(Some(before)) = self.waiting.pop_front()
        {
            let lasted = if value - before > LEFT { 1.0 } else { 0.0 };
            self.lasted += PACE * (lasted - self.lasted);
        }
        self.waiting.push_back((error > SURPRISE).then_some(value));
    }

    /// Whether most surprises lasted.
    pub(crate) fn lasts(&self) -> bool {
        self.lasted > 0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Surprises that last so many minutes, one an hour.
    fn after(minutes: u32) -> Persistence {
        let mut persistence = Persistence::default();
        for minute in 0..60 * 24 * 3 {
            let surprising = minute % 60 < minutes;
            let (value, error) = if surprising { (2.0, 5.0) } else { (0.0, 0.0) };
            persistence.learn(value, error);
        }
        persistence
    }

    #[test]
    fn spikes_are_told_from_crowds() {
        assert!(!Persistence::default().lasts());
        assert!(after(40).lasts());
        assert!(!after(5).lasts());
    }
}
