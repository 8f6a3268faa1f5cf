//! What the demand will be, with the odds: learnt minute by minute from the stream's own past.
//!
//! For each of a few leads, a [`Regression`] says the logarithm of the demand from its levels over the last minutes,
//! hour and six hours and from its usual course over the day and week; how wrong it has been gives the odds
//! ([`Residuals`]), scaled by how wrong it has been of late. On a steady stream that comes to following the profile
//! closely, on a noisy one to holding a level: which, each stream shows by itself. Logarithms are of the demand plus
//! a part of its long mean, so that next to nothing at night is not infinitely far from nothing.

use std::collections::VecDeque;

use super::outlook::{Component, Outlook};
use super::persistence::Persistence;
use super::regression::{Features, Regression};
use super::residuals::Residuals;
use super::season::Season;
use super::spread::Spread;

/// The part of the long mean that the demand is counted with.
const FLOOR: f64 = 1.0;

/// Minutes from the newest metrics to what is forecast: an `UpdateShardCount` away, a re-layout by splits and
/// merges away, and what comes after it.
pub(crate) const LEADS: [i64; 3] = [7, 20, 45];
/// How much each lead counts: what is near cannot be helped any more when it comes, what is far can.
const WEIGHTS: [f64; 3] = [0.5, 0.35, 0.15];
/// Minutes that forecasts are remembered for, to be judged.
const REMEMBERED: usize = 46;
/// Minutes of the long mean.
const LONG: f64 = 7.0 * 1440.0;
/// A forecast that waits for its minute.
#[derive(Clone, Copy, Debug)]
struct Guess {
    features: Features,
    value: f64,
    spread: f64,
}

/// What one lead has learnt.
#[derive(Clone, Debug)]
struct Lead {
    regression: Regression,
    residuals: Residuals,
    spread: Spread,
}

/// Everything learnt of a stream's demand; bounded, however long it runs.
#[derive(Clone, Debug)]
pub(crate) struct Forecaster {
    minute: Option<i64>,
    seen: f64,
    /// Levels over a few minutes, an hour and six, in shards.
    levels: [f64; 3],
    mean: f64,
    daily: Season,
    weekly: Season,
    leads: [Lead; 3],
    persistence: Persistence,
    guesses: VecDeque<Option<[Guess; 3]>>,
}

impl Default for Forecaster {
    fn default() -> Self {
        let lead = Lead {
            regression: Regression::starting_from([0.5, 0.5, 0.0, 0.5, 0.0, 0.0, 0.0]),
            residuals: Residuals::default(),
            spread: Spread::default(),
        };
        Self {
            minute: None,
            seen: 0.0,
            levels: [0.0; 3],
            mean: 0.0,
            daily: Season::daily(),
            weekly: Season::weekly(),
            leads: [lead.clone(), lead.clone(), lead],
            persistence: Persistence::default(),
            guesses: VecDeque::with_capacity(REMEMBERED),
        }
    }
}

impl Forecaster {
    /// Takes in the demand of a minute, in shards. Minutes come in order; missing ones teach nothing.
    pub(crate) fn learn(&mut self, minute: i64, demand: f64) {
        let missing = self.minute.map_or(0, |last| minute - last - 1);
        for _ in 0..missing.min(i64::try_from(REMEMBERED).unwrap_or(i64::MAX)) {
            self.remember(None);
        }
        self.take_level(demand, missing);
        let value = self.log(demand);
        for place in 0..LEADS.len() {
            self.judge(place, value);
        }
        self.minute = Some(minute);
        let guesses = [0, 1, 2].map(|place| self.guess(minute, place));
        self.remember(Some(guesses));
        // The profile holds plain logarithms: the long mean that they are relative to moves.
        let plain = value + self.scale().ln();
        self.daily.learn(minute, plain);
        self.weekly.learn(minute, plain);
    }

    /// The odds of the demand at each lead; `None` before the first minute.
    pub(crate) fn outlook(&self) -> Option<Outlook> {
        let guesses = self.guesses.back()?.as_ref()?;
        let scale = self.scale();
        let components = guesses
            .iter()
            .zip(&self.leads)
            .zip(WEIGHTS)
            .map(|((guess, lead), weight)| {
                Component::new(weight, guess.value.exp() * scale, guess.spread, &lead.residuals)
            })
            .collect();
        Some(Outlook::new(components, FLOOR * self.mean))
    }

    /// Whether a demand that no forecast announced has mostly lasted until shards for it could serve.
    pub(crate) fn surprises_last(&self) -> bool {
        self.persistence.lasts()
    }

    fn take_level(&mut self, demand: f64, missing: i64) {
        if self.minute.is_none() {
            self.levels = [demand; 3];
        }
        for (level, span) in self.levels.iter_mut().zip([4.0, 60.0, 360.0]) {
            let mut kept = 1.0 - 2.0 / (span + 1.0);
            // What is older for a gap counts for less.
            kept = f64::powi(kept, i32::try_from(missing.clamp(0, 10_000)).unwrap_or(0) + 1);
            *level = kept * *level + (1.0 - kept) * demand;
        }
        self.seen += 1.0;
        self.mean += (demand - self.mean) / self.seen.min(LONG);
    }

    /// What the demand is relative to; over nothing for a stream that has seen nothing.
    fn scale(&self) -> f64 {
        self.mean * (1.0 + FLOOR) + 1e-6
    }

    fn log(&self, demand: f64) -> f64 {
        ((demand + FLOOR * self.mean + 1e-6) / self.scale()).ln()
    }

    fn judge(&mut self, place: usize, value: f64) {
        let ahead = usize::try_from(LEADS[place]).unwrap_or(usize::MAX);
        let made = self.guesses.len().checked_sub(ahead).and_then(|at| self.guesses[at].as_ref());
        let Some(guess) = made.map(|guesses| guesses[place]) else { return };
        if place == 0 {
            self.persistence.learn(value, (value - guess.value) / guess.spread);
        }
        let lead = &mut self.leads[place];
        let error = value - guess.value;
        lead.residuals.learn(error / guess.spread);
        lead.spread.learn(guess.value, error);
        lead.regression.learn(&guess.features, value, lead.spread.usual());
    }

    fn guess(&self, minute: i64, place: usize) -> Guess {
        let [now, hour, long] = self.levels.map(|level| self.log(level));
        let then = minute + LEADS[place];
        let scale = self.scale().ln();
        let usual = |season: &Season, minute| season.at(minute).map(|value| value - scale);
        let (day_now, day_then) = (usual(&self.daily, minute), usual(&self.daily, then));
        let (week_now, week_then) = (usual(&self.weekly, minute), usual(&self.weekly, then));
        let course = day_then.zip(day_now).map(|(then, now)| then - now);
        let week = week_then.zip(week_now).map(|(then, now)| then - now);
        let features = [
            now,
            hour,
            long - hour,
            course.unwrap_or(0.0),
            day_then.map_or(-hour, |then| then - hour),
            week.zip(course).map_or(0.0, |(week, day)| week - day),
            0.1,
        ];
        let lead = &self.leads[place];
        let value = lead.regression.predict(&features);
        Guess { features, value, spread: lead.spread.around(value) }
    }

    fn remember(&mut self, guesses: Option<[Guess; 3]>) {
        if self.guesses.len() == REMEMBERED {
            self.guesses.pop_front();
        }
        self.guesses.push_back(guesses);
    }
}
