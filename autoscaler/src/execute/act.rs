//! One call towards a target: look, find the route, note the call, make it, and say what came of it.
//!
//! The call is noted before it is made, by the write that renews the lease. So a process that was killed between the
//! two has one `UpdateShardCount` counted that was not made, and never one made that is not counted; and one that lost
//! its lease finds out before it calls. What else a kill leaves behind shows in the stream itself.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout_at;

use super::call::Call;
use super::control::{CallError, CallErrorKind, Description, Status, StreamControl, StreamName};
use super::entry::{Entry, Pause};
use super::hold::{Hold, HoldError};
use super::layout::{ShardMap, TornMap};
use super::route::{Move, NoRoute, Route, Situation, Terms, route};
use super::target::Target;

/// How soon to look again at a stream that changes or has refused: a split takes half a minute.
const SOON: Duration = Duration::from_secs(5);
/// How soon to look again at a stream in `UpdateShardCount`.
const LATER: Duration = Duration::from_secs(15);
/// The longest pause after calls that were refused.
const LONGEST_PAUSE: u32 = 300;
/// The pause when the shard quota is in the way.
const QUOTA_PAUSE: u32 = 600;

/// A stream as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it is and does.
    pub description: Description,
    /// Its open shards, where they could be made out.
    pub map: Result<ShardMap, TornMap>,
}

/// Looks at a stream.
///
/// # Errors
/// See [`CallError`].
pub async fn observe(control: &dyn StreamControl, stream: &StreamName) -> Result<Seen, CallError> {
    let description = control.describe(stream).await?;
    let shards = control.open_shards(stream).await?;
    Ok(Seen { description, map: ShardMap::new(shards) })
}

/// What came of a step towards a target.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// The stream is there.
    Reached,
    /// A call was accepted.
    Called {
        /// The call.
        call: Call,
        /// How many calls are left after it.
        left: usize,
        /// How soon to look again.
        look_again: Duration,
    },
    /// Nothing could be called now.
    Waits {
        /// Why.
        wait: Wait,
        /// How soon to look again.
        look_again: Duration,
    },
}

/// Why nothing can be called now.
#[derive(Clone, Debug, PartialEq)]
pub enum Wait {
    /// What we have called for is under way.
    Ours(String),
    /// The stream changes, and not by a call of this autoscaler.
    Others,
    /// It is being made.
    Creating,
    /// AWS sizes it.
    OnDemand,
    /// Its shards were listed while they changed.
    Torn(TornMap),
    /// After calls that were refused.
    Paused {
        /// Until when.
        until: Timestamp,
        /// Why.
        why: String,
    },
    /// A call was refused, or its answer did not come.
    Refused(CallError),
    /// No way there.
    NoRoute(NoRoute),
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours(call) => write!(f, "{call} is under way"),
            Self::Others => {
                f.write_str("someone else is changing the stream; it is left alone until it is ACTIVE")
            }
            Self::Creating => f.write_str("the stream is being created"),
            Self::OnDemand => f.write_str("the stream is on-demand, and AWS sizes it"),
            Self::Torn(torn) => torn.fmt(f),
            Self::Paused { until, why } => write!(f, "nothing is called until {until}: {why}"),
            Self::Refused(error) => error.fmt(f),
            Self::NoRoute(none) => none.fmt(f),
        }
    }
}

/// What keeps a step from being made at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    /// The lease, or the ledger.
    #[error(transparent)]
    Hold(#[from] HoldError),
    /// A call that no later step will mend by itself.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// What stands in the way of any call, whatever the target.
#[must_use]
pub fn hindrance(seen: &Seen, entry: &Entry, terms: &Terms, now: Timestamp) -> Option<(Wait, Duration)> {
    match seen.description.status {
        Status::Updating => return Some(updating(entry, terms, now)),
        Status::Creating | Status::Deleting => return Some((Wait::Creating, LATER)),
        Status::Active => {}
    }
    if seen.description.on_demand {
        return Some((Wait::OnDemand, Duration::from_secs(60)));
    }
    if let Err(torn) = &seen.map {
        return Some((Wait::Torn(*torn), SOON));
    }
    let pause = entry.pause.as_ref().filter(|pause| pause.until > now)?;
    let rest = Duration::try_from(pause.until.duration_since(now)).unwrap_or(SOON);
    Some((Wait::Paused { until: pause.until, why: pause.why.clone() }, rest))
}

fn updating(entry: &Entry, terms: &Terms, now: Timestamp) -> (Wait, Duration) {
    match entry.last_call.as_ref().filter(|made| made.may_run(terms, now)) {
        Some(made) => {
            let look_again = if made.update_to.is_some() { LATER } else { SOON };
            (Wait::Ours(made.call.clone()), look_again)
        }
        None => (Wait::Others, LATER),
    }
}

/// The route from what was seen, without making a call.
///
/// # Errors
/// The quota is in the way.
pub fn routed(
    map: &ShardMap,
    entry: &Entry,
    now: Timestamp,
    room: u32,
    target: &Target,
    terms: &Terms,
) -> Result<Route, NoRoute> {
    let updated_to = entry.last_call.as_ref().and_then(|made| made.update_to);
    let situation = Situation { map, updates_left: entry.updates_left(now), room, updated_to };
    route(&situation, target, terms)
}

/// Makes the next call towards a target, if there is one and it can be made now. The entry is saved before the call;
/// what came of it is noted and left to be saved with the next.
///
/// # Errors
/// The lease was lost, the ledger cannot be used, or a call failed in a way that waiting does not mend.
pub async fn act(
    control: &dyn StreamControl,
    hold: &mut Hold<'_>,
    seen: &Seen,
    target: &Target,
    (terms, now): (&Terms, Timestamp),
) -> Result<Act, ActError> {
    if let Some((wait, look_again)) = hindrance(seen, &hold.entry, terms, now) {
        return Ok(Act::Waits { wait, look_again });
    }
    let Ok(map) = &seen.map else { return Ok(Act::Reached) };
    let free = routed(map, &hold.entry, now, u32::MAX, target, terms);
    let grows = free.is_ok_and(|route| route.moves.first().is_some_and(|first| opens_shards(*first, map)));
    let room = if grows { room(control).await? } else { u32::MAX };
    let route = match routed(map, &hold.entry, now, room, target, terms) {
        Ok(route) => route,
        Err(none) => {
            pause(&mut hold.entry, now, (&none.to_string(), QUOTA_PAUSE));
            return Ok(Act::Waits { wait: Wait::NoRoute(none), look_again: secs(QUOTA_PAUSE) });
        }
    };
    let Some(first) = route.moves.first() else {
        hold.entry.pause = None;
        return Ok(Act::Reached);
    };
    let Some(call) = Call::of(*first, map) else {
        // A route is found for this very map; it does not come to this.
        return Ok(Act::Waits { wait: Wait::Torn(TornMap { shards: map.shards().len() }), look_again: SOON });
    };
    make(control, hold, call, now).await.map(|made| match made {
        Ok(()) => {
            let look_again = if matches!(call, Call::UpdateShardCount(_)) { LATER } else { SOON };
            Act::Called { call, left: route.moves.len() - 1, look_again }
        }
        Err((error, look_again)) => Act::Waits { wait: Wait::Refused(error), look_again },
    })
}

/// Notes the call, makes it, and says whether it was accepted; else how soon to look again.
async fn make(
    control: &dyn StreamControl,
    hold: &mut Hold<'_>,
    call: Call,
    now: Timestamp,
) -> Result<Result<(), (CallError, Duration)>, ActError> {
    hold.entry.note_call(&call, now);
    hold.save(now).await?;
    let stream = hold.stream().clone();
    let answer = match timeout_at(hold.ends(), control.reshard(&stream, &call)).await {
        Ok(answer) => answer,
        Err(_) => {
            let message = "no answer before the lease ended".to_owned();
            Err(CallError { kind: CallErrorKind::Unknown, action: call.action(), message })
        }
    };
    let Err(error) = answer else {
        if let Some(made) = &mut hold.entry.last_call {
            made.accepted = true;
        }
        hold.entry.pause = None;
        return Ok(Ok(()));
    };
    refused(&mut hold.entry, &error, now)?;
    let rest =
        hold.entry.pause.as_ref().and_then(|pause| Duration::try_from(pause.until.duration_since(now)).ok());
    let look_again = rest.filter(|rest| *rest > SOON).unwrap_or(SOON);
    Ok(Err((error, look_again)))
}

/// Notes what a refusal means; an error where waiting does not mend it.
fn refused(entry: &mut Entry, error: &CallError, now: Timestamp) -> Result<(), CallError> {
    use CallErrorKind as Kind;
    if error.kind != Kind::Unknown {
        entry.unmake_call();
    }
    let times = entry.pause.as_ref().map_or(0, |pause| pause.times);
    let backing_off = (1_u32 << times.min(8)).min(LONGEST_PAUSE);
    let told = error.to_string();
    match error.kind {
        Kind::Busy | Kind::Unknown => {}
        Kind::DaySpent => entry.note_day_spent(now),
        Kind::Quota => pause(entry, now, (&told, QUOTA_PAUSE)),
        Kind::Throttled | Kind::Refused => pause(entry, now, (&told, backing_off)),
        Kind::Vanished | Kind::Denied | Kind::Credentials | Kind::Unreachable => return Err(error.clone()),
    }
    Ok(())
}

fn pause(entry: &mut Entry, now: Timestamp, (why, seconds): (&str, u32)) {
    let times = entry.pause.as_ref().map_or(1, |pause| pause.times.saturating_add(1));
    let until = now.checked_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(Timestamp::MAX);
    entry.pause = Some(Pause { until, times, why: why.to_owned() });
}

fn secs(seconds: u32) -> Duration {
    Duration::from_secs(u64::from(seconds))
}

fn opens_shards(first: Move, map: &ShardMap) -> bool {
    match first {
        Move::Update(count) => count > map.count(),
        Move::Split(_) => true,
        Move::Merge(_) => false,
    }
}

/// Shards that the account may open yet. Who may not ask is taken to have room: AWS says so if not.
async fn room(control: &dyn StreamControl) -> Result<u32, CallError> {
    match control.quota().await {
        Ok(quota) => Ok(quota.room()),
        Err(error) if matches!(error.kind, CallErrorKind::Credentials | CallErrorKind::Unreachable) => {
            Err(error)
        }
        Err(error) => {
            tracing::debug!(%error, "the shard quota is not known");
            Ok(u32::MAX)
        }
    }
}
