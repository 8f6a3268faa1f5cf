//! When the next record may go: so many a second, or as a recorded load rises and falls.
//!
//! Pure: time comes in, counted from the start. A tempo that was kept waiting, because the stream took no more or the
//! input had none, makes up for a moment and no more: afterwards it goes on at its rate, and does not burst.

use std::time::Duration;

/// How much of what was missed is made up for.
const CATCH_UP: Duration = Duration::from_millis(250);

/// A nanosecond has one record at most: a rate beyond is as good as none.
const FASTEST: f64 = 1e9;

/// A rate that changes over time, and how far it has been followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Tempo {
    /// From when on which rate holds, in records a second; in order, and never empty.
    steps: Vec<(Duration, f64)>,
    /// When it is over.
    end: Duration,
    /// The step that is followed.
    step: usize,
    /// When the next record may go, as far as is known.
    next: Duration,
}

impl Tempo {
    /// So many records a second, for good. A rate that is not above zero never lets one go.
    #[must_use]
    pub fn steady(records_per_second: f64) -> Self {
        Self::steps(vec![(Duration::ZERO, records_per_second)], Duration::MAX)
    }

    /// Each rate from its time on, in records a second, until `end`. Times that do not grow are passed over.
    #[must_use]
    pub fn ramp(steps: impl IntoIterator<Item = (Duration, f64)>, end: Duration) -> Self {
        let mut grown: Vec<(Duration, f64)> = vec![(Duration::ZERO, 0.0)];
        for (from, rate) in steps {
            match grown.last_mut() {
                Some(last) if from == last.0 => last.1 = rate,
                Some(last) if from > last.0 => grown.push((from, rate)),
                _ => {}
            }
        }
        Self::steps(grown, end)
    }

    fn steps(steps: Vec<(Duration, f64)>, end: Duration) -> Self {
        let plain = |rate: f64| if rate > 0.0 { rate.min(FASTEST) } else { 0.0 };
        let steps = steps.into_iter().map(|(from, rate)| (from, plain(rate))).collect();
        Self { steps, end, step: 0, next: Duration::ZERO }
    }

    /// Ended at that time, if it does not end before.
    #[must_use]
    pub fn until(mut self, end: Duration) -> Self {
        self.end = self.end.min(end);
        self
    }

    /// When the next record may go, which may be past already; `None` when none may any more. Each call is a record.
    pub fn due(&mut self, now: Duration) -> Option<Duration> {
        self.next = self.next.max(now.saturating_sub(CATCH_UP));
        let due = self.forward()?;
        self.next = self.after(due);
        Some(due)
    }

    /// How many records it lets go if nothing keeps it waiting; `None` when it has no end.
    #[must_use]
    pub fn records(&self) -> Option<u64> {
        if self.end == Duration::MAX {
            return None;
        }
        let ends = self.steps.iter().skip(1).map(|(from, _)| *from).chain([self.end]);
        let records: f64 = self
            .steps
            .iter()
            .zip(ends)
            .map(|((from, rate), until)| until.min(self.end).saturating_sub(*from).as_secs_f64() * rate)
            .sum();
        // The first goes at once. What is a hair below a whole number is meant to be one.
        Some(whole((records - 1e-6).ceil()))
    }

    /// How far apart records are on average; `None` when it has no end, or no records.
    #[must_use]
    pub fn mean_interval(&self) -> Option<Duration> {
        let records = u32::try_from(self.records()?).unwrap_or(u32::MAX);
        self.end.checked_div(records)
    }

    /// The highest rate there is.
    #[must_use]
    pub fn fastest(&self) -> f64 {
        self.steps.iter().map(|(_, rate)| *rate).fold(0.0, f64::max)
    }

    /// Goes on to a step that lets records go, from `next` on.
    fn forward(&mut self) -> Option<Duration> {
        loop {
            let until = self.steps.get(self.step + 1).map_or(self.end, |(from, _)| *from).min(self.end);
            if self.next < until && self.steps[self.step].1 > 0.0 {
                return Some(self.next);
            }
            if until >= self.end {
                return None;
            }
            self.next = self.next.max(until);
            self.step += 1;
        }
    }

    /// A record later, through all the rates that lie between.
    fn after(&self, due: Duration) -> Duration {
        let (mut at, mut left) = (due, 1.0);
        for (index, (_, rate)) in self.steps.iter().enumerate().skip(self.step) {
            let until = self.steps.get(index + 1).map_or(self.end, |(from, _)| *from);
            let room = until.saturating_sub(at).as_secs_f64() * rate;
            if room >= left {
                return at.saturating_add(Duration::try_from_secs_f64(left / rate).unwrap_or(Duration::MAX));
            }
            left -= room;
            at = at.max(until);
        }
        at
    }
}

/// As a whole number; what is none is nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates, which is meant")]
fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    /// When each record goes, where whoever feeds wakes at every due time.
    fn times(mut tempo: Tempo, most: usize) -> Vec<Duration> {
        let mut now = Duration::ZERO;
        std::iter::from_fn(|| {
            now = now.max(tempo.due(now)?);
            Some(now)
        })
        .take(most)
        .collect()
    }

    #[test]
    fn a_steady_tempo_lets_one_go_at_a_time() {
        assert_eq!(times(Tempo::steady(10.0), 5), [0, 100, 200, 300, 400].map(MS));
        assert_eq!(Tempo::steady(10.0).records(), None);
        assert!(times(Tempo::steady(0.0), 5).is_empty());
        assert!(times(Tempo::steady(f64::NAN), 5).is_empty());
    }

    #[test]
    fn the_end_is_kept_to() {
        let tempo = Tempo::steady(1_000.0).until(MS(2_500));
        assert_eq!((tempo.records(), tempo.mean_interval()), (Some(2_500), Some(MS(1))));
        assert_eq!(times(tempo, usize::MAX).len(), 2_500);
    }

    #[test]
    fn a_ramp_has_the_rate_of_each_step_and_silence_where_it_is_zero() {
        let tempo =
            Tempo::ramp([(MS(0), 0.0), (MS(1_000), 4.0), (MS(2_000), 0.0), (MS(3_000), 2.0)], MS(4_000));
        assert_eq!(times(tempo.clone(), usize::MAX), [1_000, 1_250, 1_500, 1_750, 3_000, 3_500].map(MS));
        assert_eq!((tempo.records(), tempo.fastest()), (Some(6), 4.0));
    }

    #[test]
    fn a_record_that_takes_longer_than_a_step_is_due_in_a_later_one() {
        let tempo = Tempo::ramp([(MS(0), 0.5), (MS(1_000), 1.0)], MS(10_000));
        // Half a record by the first second, the other half in the next half second.
        assert_eq!(times(tempo, 3), [0, 1_500, 2_500].map(MS));
    }

    #[test]
    fn what_was_missed_is_made_up_for_a_moment_only() {
        let mut tempo = Tempo::steady(1_000.0);
        assert_eq!(tempo.due(MS(0)), Some(MS(0)));
        // Ten seconds of silence.
        let late = (0..10_000).take_while(|_| tempo.due(MS(10_000)).is_some_and(|due| due <= MS(10_000)));
        assert_eq!(late.count(), 251);
        assert_eq!(tempo.due(MS(10_000)), Some(MS(10_002)));
    }

    proptest! {
        #[test]
        fn as_many_records_go_as_the_rates_add_up_to(
            rates in prop::collection::vec(prop_oneof![Just(0.0), 0.1..500.0_f64], 1..12), step in 20_u64..900,
        ) {
            let end = MS(step * rates.len() as u64);
            let tempo = Tempo::ramp((0..).map(|n| MS(n * step)).zip(rates.iter().copied()), end);
            let gone = times(tempo.clone(), usize::MAX);
            prop_assert!(gone.is_sorted());
            prop_assert!(gone.iter().all(|at| *at < end));
            let sum: f64 = rates.iter().sum::<f64>() * MS(step).as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
            let count = gone.len() as f64;
            prop_assert!((count - sum).abs() <= 1.01, "{count} {sum}");
        }
    }
}
