//! One step of the control loop: who may act, what is seen, what is decided, and the next call.
//!
//! A step is one call of [`Controller::step`] with the time it is. What has to outlive it stands in the ledger; what a
//! [`Controller`] keeps beside that is a copy of CloudWatch's metrics, read again when it is not there. So a loop in the
//! foreground, a cron job and a scheduled Lambda function run the same code, and any of them may take over from another.
//!
//! [`Controller::look`] does all of it but take the lease and call.

mod advice;
mod known;
mod report;
mod weigh;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

pub use advice::{Advice, Costs};
pub use report::{Explained, Planned, Problem, Stepped};

use crate::execute::{
    Act, ActError, Actor, CallError, Entry, Hold, HoldError, Ledger, Seen, StreamControl, StreamName, Terms,
    act, hindrance, look, observe,
};
use crate::policy::Limits;
use crate::signals::{self, Metrics, Wanted};
use known::Known;

/// How long between two decisions on a stream: metrics have a point a minute.
const BETWEEN_DECISIONS: SignedDuration = SignedDuration::from_secs(50);
/// How soon to step again when nothing is under way.
const NEXT: Duration = Duration::from_secs(60);

/// A stream that is steered, and its bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Managed {
    /// The stream.
    pub stream: StreamName,
    /// Its bounds.
    pub limits: Limits,
}

/// Steers the streams of one account and region.
pub struct Controller {
    control: Arc<dyn StreamControl>,
    metrics: Arc<dyn Metrics>,
    ledger: Arc<dyn Ledger>,
    actor: Actor,
    terms: Terms,
    known: HashMap<StreamName, Known>,
}

/// A stream in the middle of a step.
struct Turn<'a> {
    managed: &'a Managed,
    hold: Option<Hold<'a>>,
    seen: Seen,
}

impl Controller {
    /// A controller over these ports, as this actor.
    #[must_use]
    pub fn new(
        control: Arc<dyn StreamControl>,
        metrics: Arc<dyn Metrics>,
        ledger: Arc<dyn Ledger>,
        actor: Actor,
    ) -> Self {
        Self { control, metrics, ledger, actor, terms: Terms::default(), known: HashMap::new() }
    }

    /// One step for each of these streams: for those whose lease this actor has or gets, a decision where a minute has
    /// passed since the last, and the next call towards where the stream is to go.
    pub async fn step(&mut self, streams: &[Managed], now: Timestamp) -> Vec<Stepped> {
        self.known.retain(|stream, _| streams.iter().any(|managed| managed.stream == *stream));
        let mut known = std::mem::take(&mut self.known);
        let mut told = Vec::with_capacity(streams.len());
        let mut turns = Vec::new();
        for managed in streams {
            match self.begin(managed, now).await {
                Ok(turn) => turns.push(turn),
                Err(problem) => told.push(Stepped::problem(&managed.stream, problem)),
            }
        }
        let due = self.take_in(&mut known, &turns, now).await;
        for turn in turns {
            let due = due.get(&turn.managed.stream);
            let known = known.get_mut(&turn.managed.stream);
            told.push(self.finish(turn, known, due, now).await);
        }
        self.known = known;
        told
    }

    /// Gives back the leases of these streams, so that another need not wait for their end.
    pub async fn release(&self, streams: &[Managed], now: Timestamp) {
        for managed in streams {
            let Ok(Some(entry)) = look(&*self.ledger, &managed.stream).await else { continue };
            if !entry.lease.is_some_and(|lease| lease.id == self.actor.id && !lease.released) {
                continue;
            }
            let hold = Hold::take(&*self.ledger, &managed.stream, &self.actor, now).await;
            let released = match hold {
                Ok(hold) => hold.release(now).await,
                Err(error) => Err(error),
            };
            if let Err(error) = released {
                tracing::warn!(%error, stream = %managed.stream, "the lease was not given back");
            }
        }
    }

    /// What a step would see and do, without the lease, and without a call that changes anything.
    pub async fn look(&mut self, streams: &[Managed], now: Timestamp) -> Vec<Explained> {
        let mut known = std::mem::take(&mut self.known);
        let mut turns = Vec::new();
        let mut told = Vec::new();
        for managed in streams {
            match observe(&*self.control, &managed.stream).await {
                Ok(seen) => turns.push(Turn { managed, hold: None, seen }),
                Err(error) => told.push(Explained::problem(&managed.stream, error.into())),
            }
        }
        let due = self.take_in(&mut known, &turns, now).await;
        for turn in turns {
            let stream = &turn.managed.stream;
            let explained = match (due.get(stream), known.get_mut(stream)) {
                (Some(Ok(room)), Some(known)) => self.explain(&turn, known, *room, now).await,
                (Some(Err(error)), _) => Explained::problem(stream, error.clone().into()),
                _ => Explained::problem(stream, Problem::Unsettled),
            };
            told.push(explained);
        }
        self.known = known;
        told
    }

    async fn begin<'a>(&'a self, managed: &'a Managed, now: Timestamp) -> Result<Turn<'a>, Problem> {
        let hold = Hold::take(&*self.ledger, &managed.stream, &self.actor, now).await?;
        let seen = observe(&*self.control, &managed.stream).await?;
        Ok(Turn { managed, hold: Some(hold), seen })
    }

    /// Reads what is new of the streams that a decision is due on. Of each of those: how many shards the account has
    /// room for, or why nothing could be read.
    async fn take_in(
        &self,
        known: &mut HashMap<StreamName, Known>,
        turns: &[Turn<'_>],
        now: Timestamp,
    ) -> HashMap<StreamName, Result<u32, CallError>> {
        let due: Vec<&Turn<'_>> = turns.iter().filter(|turn| turn.is_due(now)).collect();
        if due.is_empty() {
            return HashMap::new();
        }
        for turn in &due {
            let stream = &turn.managed.stream;
            if let Ok(map) = &turn.seen.map {
                known.entry(stream.clone()).or_insert_with(|| Known::new(map, now));
            }
            if let Some(known) = known.get_mut(stream) {
                known.ask_for_consumers(&*self.control, stream, now).await;
            }
        }
        let wanted: Vec<Wanted> = due
            .iter()
            .filter_map(|turn| Some((turn, known.get(&turn.managed.stream)?)))
            .map(|(turn, known)| known.wanted(&turn.managed.stream))
            .collect();
        let read = signals::read(&*self.metrics, &wanted, now).await;
        let room = self.control.quota().await.map_or(u32::MAX, |quota| quota.room());
        let mut told = HashMap::new();
        match read {
            Err(error) => {
                told.extend(due.iter().map(|turn| (turn.managed.stream.clone(), Err(error.clone()))))
            }
            Ok(gathered) => {
                for (wanted, gathered) in wanted.iter().zip(gathered) {
                    if let Some(known) = known.get_mut(&wanted.stream) {
                        known.take_in(gathered);
                        told.insert(wanted.stream.clone(), Ok(room));
                    }
                }
            }
        }
        self.take_in_shares(known, &due, now).await;
        told
    }

    /// Reads the shares of the shards where they matter. A failure costs no more than them.
    async fn take_in_shares(
        &self,
        known: &mut HashMap<StreamName, Known>,
        due: &[&Turn<'_>],
        now: Timestamp,
    ) {
        for turn in due {
            let stream = &turn.managed.stream;
            let Some(known) = known.get_mut(stream) else { continue };
            let Ok(map) = &turn.seen.map else { continue };
            let entry = turn.hold.as_ref().map(|hold| &hold.entry);
            known.see_map(map, entry, (&self.terms, now));
            let Some(window) = known.shares_window(turn.seen.description.shard_metrics, now) else {
                continue;
            };
            match signals::read_shares(&*self.metrics, stream, map, window).await {
                Ok(layout) => known.see_shares(layout, now),
                Err(error) => tracing::warn!(%error, %stream, "what each shard takes in is not known"),
            }
        }
    }

    /// Decides where it is due, makes the next call, and notes all of it.
    async fn finish(
        &self,
        turn: Turn<'_>,
        known: Option<&mut Known>,
        due: Option<&Result<u32, CallError>>,
        now: Timestamp,
    ) -> Stepped {
        let Turn { managed, hold, seen } = turn;
        let Some(mut hold) = hold else { return Stepped::problem(&managed.stream, Problem::Unsettled) };
        let before = hold.entry.clone();
        let mut told = Stepped::new(&managed.stream, &seen);
        match (due, known) {
            (Some(Ok(room)), Some(known)) => {
                let weighed =
                    weigh::weigh(known, &mut hold.entry, (&seen, managed, *room), (&self.terms, now));
                told.decided(&weighed);
            }
            (Some(Err(error)), _) => told.problem = Some(error.clone().into()),
            _ => {}
        }
        let acted = self.go_on(&mut hold, &seen, now).await;
        let lost = matches!(acted, Err(ActError::Hold(_)));
        told.acted(acted, &mut hold.entry);
        if !lost
            && hold.entry != before
            && let Err(error) = hold.save(now).await
        {
            told.problem.get_or_insert(error.into());
        }
        told.look_again = told.look_again.min(NEXT);
        told
    }

    async fn go_on(&self, hold: &mut Hold<'_>, seen: &Seen, now: Timestamp) -> Result<Option<Act>, ActError> {
        let Some(goal) = hold.entry.goal.clone() else {
            let hindered = hindrance(seen, &hold.entry, &self.terms, now);
            return Ok(hindered.map(|(wait, look_again)| Act::Waits { wait, look_again }));
        };
        let acted = act(&*self.control, hold, seen, &goal.target, (&self.terms, now)).await?;
        if acted == Act::Reached {
            hold.entry.goal = None;
        }
        Ok(Some(acted))
    }

    async fn explain(&self, turn: &Turn<'_>, known: &mut Known, room: u32, now: Timestamp) -> Explained {
        let stream = &turn.managed.stream;
        let entry = match look(&*self.ledger, stream).await {
            Ok(entry) => entry,
            Err(error) => return Explained::problem(stream, error.into()),
        };
        let mut entry = entry.unwrap_or_else(|| Entry::new(stream.as_str()));
        let held = entry.lease.clone().filter(|lease| !lease.is_free_for(&self.actor, now));
        let weighed = weigh::weigh(known, &mut entry, (&turn.seen, turn.managed, room), (&self.terms, now));
        Explained::new((stream, &turn.seen), known, (&entry, &weighed, held), (&self.terms, room, now))
    }
}

impl Turn<'_> {
    /// Whether it is time to decide anew. A clock that was set back does not keep it from being.
    fn is_due(&self, now: Timestamp) -> bool {
        let looked = self.hold.as_ref().and_then(|hold| hold.entry.looked);
        looked.is_none_or(|looked| {
            let passed = now.duration_since(looked);
            passed >= BETWEEN_DECISIONS || passed.is_negative()
        })
    }
}

impl From<HoldError> for Problem {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Held { owner, free_at, clocks_differ, .. } => {
                Self::StandsBy { owner, free_at, clocks_differ }
            }
            error => Self::Ledger(error),
        }
    }
}

impl From<CallError> for Problem {
    fn from(error: CallError) -> Self {
        Self::Call(error)
    }
}

impl From<ActError> for Problem {
    fn from(error: ActError) -> Self {
        match error {
            ActError::Hold(error) => error.into(),
            ActError::Call(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests;
