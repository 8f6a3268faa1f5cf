//! What a step or a look has to tell, for people and for programs.

use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::advice::{Advice, advise};
use super::known::Known;
use super::weigh::{Weighed, words};
use crate::execute::{
    Act, ActError, CallError, CallErrorKind, Consumer, Entry, HoldError, Lease, Seen, StreamName, Terms,
    hindrance, routed,
};
use crate::policy::Reason;

/// Why a step could not be made for a stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Another acts on it: all is well.
    #[error("{owner} acts on it; its lease ends {free_at} at the latest, unless it is renewed{}", if *clocks_differ { ". The clocks of the two machines differ by more than a lease allows for: set them" } else { "" })]
    StandsBy {
        /// Who.
        owner: String,
        /// When the lease is free, if it is not renewed.
        free_at: Timestamp,
        /// Whether the clocks are too far apart.
        clocks_differ: bool,
    },
    /// The ledger, or a lease that was lost.
    #[error(transparent)]
    Ledger(HoldError),
    /// A call that waiting does not mend.
    #[error(transparent)]
    Call(CallError),
    /// Its shards could not be made out.
    #[error("its shards are changing, so that nothing can be said of them yet")]
    Unsettled,
}

impl Problem {
    /// Whether somebody has to do something about it.
    #[must_use]
    pub fn is_trouble(&self) -> bool {
        match self {
            Self::StandsBy { clocks_differ, .. } => *clocks_differ,
            Self::Unsettled => false,
            Self::Ledger(error) => !matches!(error, HoldError::Lost(_)),
            Self::Call(_) => true,
        }
    }

    /// The way out, where one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Call(error) => match error.kind {
                CallErrorKind::Denied => Some(format!("allow these credentials {}", error.action)),
                CallErrorKind::Vanished => Some(
                    "the stream was deleted, or is in another region: `pipectl apply` creates it".to_owned(),
                ),
                CallErrorKind::Credentials => {
                    Some("set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned())
                }
                CallErrorKind::Unreachable => {
                    Some("start what should listen there, or give another --endpoint-url".to_owned())
                }
                _ => None,
            },
            _ => None,
        }
    }
}

/// What came of a step for one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Stepped {
    /// Which.
    pub stream: StreamName,
    /// Open shards.
    pub shards: Option<u32>,
    /// What was decided in this step, in a few words, and why.
    pub decided: Option<(String, Reason)>,
    /// How many shards it should come to have, if that was decided in this step.
    pub wanted: Option<u32>,
    /// What was called, or why nothing.
    pub act: Option<Act>,
    /// What went wrong.
    pub problem: Option<Problem>,
    /// How soon to step again.
    pub look_again: Duration,
}

impl Stepped {
    pub(super) fn new(stream: &StreamName, seen: &Seen) -> Self {
        Self {
            stream: stream.clone(),
            shards: Some(seen.description.open_shards),
            decided: None,
            wanted: None,
            act: None,
            problem: None,
            look_again: Duration::MAX,
        }
    }

    pub(super) fn problem(stream: &StreamName, problem: Problem) -> Self {
        Self {
            stream: stream.clone(),
            shards: None,
            decided: None,
            wanted: None,
            act: None,
            problem: Some(problem),
            look_again: super::NEXT,
        }
    }

    pub(super) fn decided(&mut self, weighed: &Weighed) {
        self.decided = Some((words(&weighed.decision.action), weighed.decision.reason));
        self.wanted = Some(weighed.decision.wanted);
    }

    /// Takes in what came of acting, and notes it beside the decision that it came of.
    pub(super) fn acted(&mut self, acted: Result<Option<Act>, ActError>, entry: &mut Entry) {
        let outcome = match &acted {
            Ok(Some(Act::Called { call, .. })) => Some(format!("called {call}")),
            Ok(Some(Act::Waits {
                wait: wait @ (crate::execute::Wait::Refused(_) | crate::execute::Wait::NoRoute(_)),
                ..
            })) => Some(wait.to_string()),
            Err(error) => Some(error.to_string()),
            _ => None,
        };
        if let (Some(outcome), Some(last)) = (outcome, entry.decisions.back_mut()) {
            last.outcome = Some(outcome);
        }
        match acted {
            Ok(act) => {
                if let Some(Act::Called { look_again, .. } | Act::Waits { look_again, .. }) = &act {
                    self.look_again = *look_again;
                }
                self.act = act;
            }
            Err(error) => self.problem = Some(error.into()),
        }
    }
}

/// What a step would see and do.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Explained {
    /// Which stream.
    pub stream: String,
    /// What went wrong, so that nothing more can be said.
    pub problem: Option<String>,
    /// The way out of that, where one is known.
    pub hint: Option<String>,
    /// What is known and would be done, where something is.
    #[serde(flatten)]
    pub planned: Option<Planned>,
}

/// What is known of a stream, and what would be done.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Planned {
    /// Open shards.
    pub open_shards: u32,
    /// Traffic that was taken in during the newest minute, in shards' worth.
    pub accepted_shards: Option<f64>,
    /// Traffic that was refused during it, in shards' worth, as far as it is known.
    pub refused_shards: Option<f64>,
    /// How far the slowest consumer is behind, in seconds.
    pub consumer_lag_seconds: Option<f64>,
    /// Consumers that are known by name.
    pub consumers: Vec<String>,
    /// The newest minute that is known.
    #[schemars(with = "Option<String>")]
    pub newest_minute: Option<Timestamp>,
    /// Minutes that should be there and may come yet.
    pub late_minutes: u64,
    /// Minutes that are missing from the last reading.
    pub missing_minutes: u64,
    /// Whether it is known what each shard takes in.
    pub shares_known: bool,
    /// The greatest part of the traffic that one shard gets, where that is known.
    pub hottest_share: Option<f64>,
    /// `UpdateShardCount` calls that are left of the rolling day.
    pub updates_left: u32,
    /// Who acts on the stream now, when it is not this actor.
    pub held_by: Option<String>,
    /// What would be decided: `hold`, `update-shard-count 12`, `split 2`.
    pub action: String,
    /// Why, in a sentence.
    pub reason: String,
    /// How many shards it should come to have.
    pub wanted_shards: u32,
    /// The calls that lead there from where the stream stands.
    pub calls: Vec<String>,
    /// How long they take, in seconds.
    pub takes_seconds: u64,
    /// What stands in the way of calling now.
    pub waits_for: Option<String>,
    /// What else would be worth doing.
    pub advice: Vec<Advice>,
}

impl Explained {
    pub(super) fn problem(stream: &StreamName, problem: Problem) -> Self {
        let (hint, problem) = (problem.hint(), Some(problem.to_string()));
        Self { stream: stream.to_string(), problem, hint, planned: None }
    }

    pub(super) fn new(
        (stream, seen): (&StreamName, &Seen),
        known: &Known,
        (entry, weighed, held): (&Entry, &Weighed, Option<Lease>),
        (terms, room, now): (&Terms, u32, Timestamp),
    ) -> Self {
        let newest = known.history.newest();
        let (mut calls, mut takes, mut waits) = (Vec::new(), Duration::ZERO, None);
        if let Some((wait, _)) = hindrance(seen, entry, terms, now) {
            waits = Some(wait.to_string());
        }
        if let (Some(target), Ok(map)) = (&weighed.target, &seen.map) {
            match routed(map, entry, now, room, target, terms) {
                Ok(route) => {
                    calls = route.moves.iter().map(ToString::to_string).collect();
                    takes = route.takes;
                }
                Err(none) => waits = Some(none.to_string()),
            }
        }
        let shares = known.history.layout().shards().iter().filter_map(|shard| shard.share);
        let planned = Planned {
            open_shards: seen.description.open_shards,
            accepted_shards: newest.map(|point| point.accepted.shards()),
            refused_shards: newest.map(|point| point.refused.shards()),
            consumer_lag_seconds: newest.and_then(|point| point.consumer_lag_seconds),
            consumers: known.consumers.iter().map(named).collect(),
            newest_minute: newest.and_then(|point| Timestamp::from_second(point.at.0).ok()),
            late_minutes: known.gathered.late,
            missing_minutes: known.gathered.missing,
            shares_known: known.shares_known,
            hottest_share: shares.reduce(f64::max),
            updates_left: entry.updates_left(now),
            held_by: held.map(|lease| lease.owner),
            action: words(&weighed.decision.action),
            reason: weighed.decision.reason.to_string(),
            wanted_shards: weighed.decision.wanted,
            calls,
            takes_seconds: takes.as_secs(),
            waits_for: waits,
            advice: advise(&seen.description, known, &weighed.decision),
        };
        Self { stream: stream.to_string(), problem: None, hint: None, planned: Some(planned) }
    }
}

fn named(consumer: &Consumer) -> String {
    match consumer {
        Consumer::FanOut(name) => format!("fan-out {name}"),
        Consumer::Function(name) => format!("function {name}"),
    }
}
