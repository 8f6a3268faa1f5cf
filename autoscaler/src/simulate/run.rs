//! The simulation itself: minute by minute, the policy first, then the traffic.
//!
//! In a minute, what finished by its start serves, the policy is asked and its calls are answered, and the minute's
//! load falls on the shards that serve. A minute's splits and merges serve from the next minute on, as its
//! `UpdateShardCount` does five minutes later. What the shards cannot take is dropped: nobody sends it again.

use super::control::{Control, Refusal};
use super::keys::KeySpread;
use super::limits::Limits;
use super::policy::{Action, Policy};
use super::rules::Minute;
use super::stream::{Operation, Stream};
use super::view::{Layout, Point, View};

/// The fewest shards that carry a load of evenly spread keys; one at least.
///
/// A millionth of a shard over is forgiven, since loads are scaled and so never round.
#[must_use]
pub fn shards_for(load: f64) -> u32 {
    let shards = (load - 1e-6).ceil().clamp(1.0, f64::from(u32::MAX));
    #[expect(clippy::cast_possible_truncation, reason = "whole and clamped to what fits; NaN becomes 0")]
    let shards = shards as u32;
    shards.max(1)
}

/// Traffic, where its keys fall, and what the stream may be asked for.
#[derive(Clone, Copy, Debug)]
pub struct Scenario<'a> {
    /// The load of every minute, in shards, as [`super::trace::Trace::minutes`] lays it out.
    pub loads: &'a [f64],
    /// Where it falls.
    pub keys: KeySpread,
    /// What AWS allows, and how long it takes.
    pub limits: Limits,
}

/// A minute in which a policy called something.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// When.
    pub minute: usize,
    /// What and why.
    pub action: Action,
    /// What of it AWS would have refused; it did not happen.
    pub refused: Vec<(Operation, Refusal)>,
}

/// What became of a stream under a policy.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Shards that served and calls that were made, for every minute.
    pub schedule: Vec<Minute>,
    /// Traffic that was taken in and refused, for every minute.
    pub points: Vec<Point>,
    /// When the policy called what, and why.
    pub decisions: Vec<Decided>,
}

impl<'a> Scenario<'a> {
    /// Traffic with evenly spread keys under AWS's limits.
    #[must_use]
    pub fn new(loads: &'a [f64]) -> Self {
        Self { loads, keys: KeySpread::Uniform, limits: Limits::default() }
    }

    /// The shards that a stream starts with where nothing else is said: enough for the first minute.
    #[must_use]
    pub fn first_size(&self) -> u32 {
        shards_for(self.loads.first().copied().unwrap_or_default()).min(self.limits.most_shards)
    }

    /// Lets a policy run the stream from `start` shards of equal ranges on, or as many as the quota allows.
    pub fn run(&self, start: u32, policy: &mut dyn Policy) -> Run {
        let start = start.min(self.limits.most_shards);
        let mut state = State::new(Control::new(Stream::uniform(start), self.limits), self.keys);
        let mut run = Run::default();
        run.schedule.reserve(self.loads.len());
        for load in self.loads {
            let calls = state.ask(policy, &mut run.decisions);
            run.schedule.push(Minute { open_shards: state.control.serving().count(), calls });
            state.pass(*load);
        }
        run.points = state.points;
        run
    }
}

struct State {
    control: Control,
    keys: KeySpread,
    /// What the shards that serve get of the traffic.
    shares: Vec<f64>,
    /// The largest of the shares.
    largest: f64,
    points: Vec<Point>,
    layouts: Vec<Layout>,
}

impl State {
    fn new(control: Control, keys: KeySpread) -> Self {
        let mut state =
            Self { control, keys, shares: Vec::new(), largest: 1.0, points: Vec::new(), layouts: Vec::new() };
        state.laid_out();
        state
    }

    /// Takes note of the shards that serve from this minute on.
    fn laid_out(&mut self) {
        let stream = self.control.serving();
        self.shares.clear();
        self.shares.extend(stream.shares(&self.keys));
        self.largest = self.shares.iter().copied().fold(0.0, f64::max);
        // A policy reads one old minute, so the layouts before the one that served in it are of no use.
        let oldest = self.points.len().saturating_sub(self.control.limits().metric_delay_minutes + 1);
        let unused = self.layouts.partition_point(|layout| layout.since <= oldest).saturating_sub(1);
        self.layouts.drain(..unused);
        self.layouts.push(Layout { since: self.control.minute(), stream: stream.clone() });
    }

    fn ask(&mut self, policy: &mut dyn Policy, decisions: &mut Vec<Decided>) -> Vec<super::rules::Call> {
        let view =
            View { control: &self.control, points: &self.points, layouts: &self.layouts, keys: &self.keys };
        let Some(action) = policy.decide(&view) else { return Vec::new() };
        let (mut calls, mut refused) = (Vec::new(), Vec::new());
        for operation in &action.operations {
            match self.control.call(*operation) {
                Ok(call) => calls.push(call),
                Err(refusal) => refused.push((*operation, refusal)),
            }
        }
        decisions.push(Decided { minute: self.control.minute(), action, refused });
        calls
    }

    /// The minute's traffic falls on the shards, and the next minute begins.
    fn pass(&mut self, load: f64) {
        // Shares of equal ranges are rounded; what the shards carry together is never throttled by that.
        let throttled = match load * self.largest <= 1.0 + 1e-9 {
            true => 0.0,
            false => self.shares.iter().map(|share| (load * share - 1.0).max(0.0)).sum(),
        };
        let open_shards = self.control.serving().count();
        self.points.push(Point { accepted: load - throttled, throttled, open_shards });
        if self.control.advance() {
            self.laid_out();
        }
    }
}
