//! One actor for each stream: who holds the lease may call, for as long as it lasts.
//!
//! The lease stands in the stream's entry, and each write of the entry is conditional on what was read. So taking,
//! renewing and using it are one thing: before every call that reshards the entry is written, which renews the lease,
//! and a write that finds another's is refused before anything is called.
//!
//! Clocks may differ. A holder stops acting [`MARGIN`] before its own clock says that the lease ends, counted on the
//! clock that nobody sets; others take a lease over [`SKEW`] after theirs says so. What is further apart than both is
//! noticed as a lease that lasts longer than leases do, and waited out.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a lease lasts that nobody renews.
pub const TERM: Duration = Duration::from_secs(180);
/// How long before its end the holder stops acting.
pub const MARGIN: Duration = Duration::from_secs(30);
/// How long after its end another takes it over.
pub const SKEW: Duration = Duration::from_secs(60);

/// Who may act, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Tells one holder from every other.
    pub id: String,
    /// The holder, for people: `ada@laptop (process 123)`.
    pub owner: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Whether it was given back.
    pub released: bool,
}

/// Who wants to act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Tells it from every other.
    pub id: String,
    /// For people.
    pub name: String,
}

impl Lease {
    /// A lease from now on; one that this actor holds goes on.
    #[must_use]
    pub fn held(actor: &Actor, now: Timestamp, before: Option<&Self>) -> Self {
        let ours = before.filter(|before| before.id == actor.id && !before.released);
        Self {
            id: actor.id.clone(),
            owner: actor.name.clone(),
            since: ours.map_or(now, |ours| ours.since),
            until: later(now, TERM),
            released: false,
        }
    }

    /// Whether this actor may take it now.
    #[must_use]
    pub fn is_free_for(&self, actor: &Actor, now: Timestamp) -> bool {
        self.released || self.id == actor.id || self.free_at() <= now
    }

    /// When others may take it.
    #[must_use]
    pub fn free_at(&self) -> Timestamp {
        later(self.until, SKEW)
    }

    /// Whether it lasts longer than a lease that was taken by now can: then the clocks are too far apart.
    #[must_use]
    pub fn is_from_the_future(&self, now: Timestamp) -> bool {
        self.until > later(now, TERM + SKEW)
    }
}

fn later(at: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| at.checked_add(by).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(id: &str) -> Actor {
        Actor { id: id.to_owned(), name: id.to_owned() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn another_takes_a_lease_only_after_it_has_ended_for_clocks_that_differ_by_the_skew() {
        let lease = Lease::held(&actor("a"), at(0), None);
        assert!(lease.is_free_for(&actor("a"), at(10)));
        assert!(!lease.is_free_for(&actor("b"), at(180)));
        assert!(!lease.is_free_for(&actor("b"), at(239)));
        assert!(lease.is_free_for(&actor("b"), at(240)));
        assert!(Lease { released: true, ..lease }.is_free_for(&actor("b"), at(1)));
    }

    #[test]
    fn a_renewal_keeps_since_and_a_takeover_does_not() {
        let first = Lease::held(&actor("a"), at(0), None);
        assert_eq!(Lease::held(&actor("a"), at(60), Some(&first)).since, at(0));
        assert_eq!(Lease::held(&actor("b"), at(300), Some(&first)).since, at(300));
    }

    #[test]
    fn a_lease_that_lasts_longer_than_leases_do_shows_clocks_apart() {
        let lease = Lease::held(&actor("a"), at(1000), None);
        assert!(lease.is_from_the_future(at(0)));
        assert!(!lease.is_from_the_future(at(950)));
    }
}
