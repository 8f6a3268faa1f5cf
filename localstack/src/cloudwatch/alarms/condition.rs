//! When an alarm is in which state: M out of N datapoints, and what missing ones count for. Pure.
//!
//! CloudWatch looks at more datapoints than the alarm asks for, the *evaluation range*, so that a late one does not
//! change the state. The rules are those of "Configuring how CloudWatch alarms treat missing data" in the user guide, of
//! which the tables are in the tests.

use super::definition::State;

/// Datapoints looked at beyond those asked for: two in AWS's examples, how many in general it does not say (?).
pub(super) const EXTRA: usize = 2;

/// How a datapoint breaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Comparison {
    GreaterOrEqual,
    Greater,
    Less,
    LessOrEqual,
}

impl Comparison {
    const ALL: [Self; 4] = [Self::GreaterOrEqual, Self::Greater, Self::Less, Self::LessOrEqual];

    pub(in super::super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|comparison| comparison.as_str() == text)
    }

    /// As the API writes it.
    pub(in super::super) fn as_str(self) -> &'static str {
        match self {
            Self::GreaterOrEqual => "GreaterThanOrEqualToThreshold",
            Self::Greater => "GreaterThanThreshold",
            Self::Less => "LessThanThreshold",
            Self::LessOrEqual => "LessThanOrEqualToThreshold",
        }
    }

    /// As a reason says it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::GreaterOrEqual => "greater than or equal to",
            Self::Greater => "greater than",
            Self::Less => "less than",
            Self::LessOrEqual => "less than or equal to",
        }
    }
}

/// What a missing datapoint counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Gap {
    Missing,
    Ignore,
    Breaching,
    NotBreaching,
}

impl Gap {
    pub(in super::super) fn parse(text: &str) -> Option<Self> {
        match text {
            "missing" => Some(Self::Missing),
            "ignore" => Some(Self::Ignore),
            "breaching" => Some(Self::Breaching),
            "notBreaching" => Some(Self::NotBreaching),
            _ => None,
        }
    }

    /// As the API writes it.
    pub(in super::super) fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ignore => "ignore",
            Self::Breaching => "breaching",
            Self::NotBreaching => "notBreaching",
        }
    }
}

/// When an alarm goes off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Condition {
    pub(in super::super) comparison: Comparison,
    pub(in super::super) threshold: f64,
    /// N.
    pub(in super::super) periods: usize,
    /// M, where it was given; else N.
    pub(in super::super) to_alarm: Option<usize>,
    /// What missing points count for, where it was given; else they are missing.
    pub(in super::super) missing: Option<Gap>,
}

/// The datapoints that decided, newest first, and how many were filled in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    pub(super) state: State,
    pub(super) points: Vec<(i64, f64)>,
    pub(super) filled: usize,
}

impl Condition {
    /// Datapoints to look at.
    pub(super) fn range(&self) -> usize {
        self.periods + EXTRA
    }

    pub(super) fn least_to_alarm(&self) -> usize {
        self.to_alarm.unwrap_or(self.periods)
    }

    pub(super) fn breaches(&self, value: f64) -> bool {
        match self.comparison {
            Comparison::GreaterOrEqual => value >= self.threshold,
            Comparison::Greater => value > self.threshold,
            Comparison::Less => value < self.threshold,
            Comparison::LessOrEqual => value <= self.threshold,
        }
    }

    /// Decides from the range's datapoints, oldest first with when they started; nothing where one is missing.
    pub(super) fn judge(&self, range: &[Option<(i64, f64)>], current: State) -> Verdict {
        let asked = &range[range.len().saturating_sub(self.periods)..];
        let source = if asked.iter().all(Option::is_some) { asked } else { range };
        let points: Vec<(i64, f64)> = source.iter().rev().flatten().copied().take(self.periods).collect();
        let filled = self.periods.saturating_sub(points.len());
        let breaching = points.iter().filter(|(_, value)| self.breaches(*value)).count();
        let least = self.least_to_alarm();
        let by_count = |breaching: usize| if breaching >= least { State::Alarm } else { State::Ok };
        let missing = self.missing.unwrap_or(Gap::Missing);
        let state = match missing {
            _ if filled == 0 => by_count(breaching),
            Gap::Breaching => by_count(breaching + filled),
            Gap::NotBreaching => by_count(breaching),
            Gap::Ignore if points.is_empty() => current,
            Gap::Missing if points.is_empty() => State::InsufficientData,
            // Every datapoint there is breaches, and the first of them long enough ago: it would be an alarm by now.
            Gap::Missing | Gap::Ignore if breaching == points.len() && breaching < least => {
                let oldest = range.iter().rev().rposition(Option::is_some).map_or(0, |index| index + 1);
                match missing {
                    Gap::Ignore => current,
                    _ if oldest >= least => State::Alarm,
                    // Too few to tell; AWS's tables leave this open (?).
                    _ => State::Ok,
                }
            }
            Gap::Missing | Gap::Ignore => by_count(breaching),
        };
        Verdict { state, points, filled }
    }
}
