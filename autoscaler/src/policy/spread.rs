//! How large errors usually are: of late, and at such a demand.
//!
//! A stream that is steady by day can be all noise by night, and one disturbed hour makes the next hour doubtful. So the
//! square of an error is followed three ways: fast over time, slowly over all, and slowly by the level of the forecast;
//! what holds now is the mean of the recent one and of the level's, which starts from the one over all.

/// How fast the recent size follows, a minute.
const RECENT: f64 = 0.01;

/// Minutes at a level after which it is believed as much as all levels together.
const LEVEL_EVIDENCE: f64 = 1000.0;

/// How much the recent size counts, against the usual one at that level.
const RECENT_PART: f64 = 0.35;
/// Levels that are told apart, each a third of a logarithm wide, around the long mean.
const LEVELS: usize = 12;
/// Levels below the long mean.
const BELOW: f64 = 6.0;
/// The width of a level.
const WIDTH: f64 = 0.33;
/// Error that is expected of a stream that has shown none yet: a fifth of its demand.
const FIRST: f64 = 0.2;
/// The least that a square can be: counting noise of a shard's records is of that order.
const LEAST: f64 = 1e-4;
/// The slowest that squares are followed, a minute: half in a day and a half.
const SLOWEST: f64 = 0.0004;

/// Squares of errors, followed.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    recent: f64,
    overall: f64,
    seen: f64,
    levels: [(f64, f64); LEVELS],
}

impl Default for Spread {
    fn default() -> Self {
        let square = FIRST * FIRST;
        Self { recent: square, overall: square, seen: 200.0, levels: [(square, 0.0); LEVELS] }
    }
}

impl Spread {
    /// Takes in the error of a forecast of this logarithm. A single error counts as a few usual ones at most.
    pub(crate) fn learn(&mut self, value: f64, error: f64) {
        let square = error * error;
        self.recent += RECENT * (square.min(9.0 * self.recent) - self.recent);
        self.seen += 1.0;
        self.overall += (1.0 / self.seen).max(SLOWEST) * (square.min(16.0 * self.overall) - self.overall);
        let (level, seen) = &mut self.levels[place(value)];
        *seen += 1.0;
        *level += (1.0 / *seen).max(SLOWEST) * (square.min(16.0 * self.overall) - *level);
    }

    /// The usual error over all.
    pub(crate) fn usual(&self) -> f64 {
        (self.overall + LEAST).sqrt()
    }

    /// The usual error of a forecast of this logarithm now.
    pub(crate) fn around(&self, value: f64) -> f64 {
        let (level, seen) = self.levels[place(value)];
        let level = (level * seen + self.overall * LEVEL_EVIDENCE) / (seen + LEVEL_EVIDENCE);
        (RECENT_PART * self.recent + (1.0 - RECENT_PART) * level + LEAST).sqrt()
    }
}

fn place(value: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the levels")]
    let place = (value / WIDTH + BELOW).clamp(0.0, 11.0) as usize;
    place
}
