//! Faults from a seed.
//!
//! **Invariant:** what becomes of a call depends on the seed, the service, the operation, the resource, and how many
//! such calls there were before; never on the time, nor on calls for anything else. A retry is the next such call.

use std::time::Duration;

use jiff::Timestamp;

use super::profile::{Profile, Share};
use super::{Faults, Lag, Verdict, words};
use crate::dice::{Dice, mix};
use crate::layers::Call;

/// All of the calls, as a [`Share`].
const ALL: u128 = 10_000;

/// What goes wrong and when. The same seed and the same program give the same faults.
#[derive(Debug)]
pub struct FaultPlan {
    seed: u64,
    profile: Profile,
    dice: Dice,
}

/// What may happen to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Throttled,
    Internal,
    Unavailable,
    TimedOutBefore,
    TimedOutAfter,
    Dropped,
    Slow,
}

impl FaultPlan {
    /// A plan from a seed.
    pub fn new(seed: u64, profile: Profile) -> Self {
        Self { seed, profile, dice: Dice::new(Some(seed)) }
    }

    fn drawn(&self, value: u128) -> Option<Fault> {
        let profile = &self.profile;
        let shares = [
            (Fault::Throttled, profile.throttled),
            (Fault::Internal, profile.internal),
            (Fault::Unavailable, profile.unavailable),
            (Fault::TimedOutBefore, profile.timed_out_before),
            (Fault::TimedOutAfter, profile.timed_out_after),
            (Fault::Dropped, profile.dropped),
            (Fault::Slow, profile.slow),
        ];
        let mut place = value % ALL;
        for (fault, share) in shares {
            match place.checked_sub(share.into()) {
                None => return Some(fault),
                Some(rest) => place = rest,
            }
        }
        None
    }
}

/// A part of `longest`, a tenth of it at least, so that a fault is one.
fn part(value: u128, longest: Duration) -> Duration {
    let thousandths = 100 + u32::try_from(value % 901).unwrap_or_default();
    longest * thousandths / 1000
}

fn falls_in(value: u128, share: Share) -> bool {
    value % ALL < share.into()
}

impl Faults for FaultPlan {
    fn verdict(&self, call: &Call, _now: Timestamp) -> Verdict {
        let value =
            self.dice.draw("verdict", &format!("{}/{}/{}", call.service, call.operation, call.resource));
        let Some(fault) = self.drawn(value) else { return Verdict::Proceed };
        let (service, operation, resource) = (call.service, &call.operation, &call.resource);
        tracing::debug!(service, operation, resource, ?fault, "a fault of the plan");
        match fault {
            Fault::Throttled => Verdict::Refuse(words::throttled(call)),
            Fault::Internal => Verdict::Refuse(words::internal(call)),
            Fault::Unavailable => Verdict::Refuse(words::unavailable(call)),
            Fault::TimedOutBefore => Verdict::Close { effect: false, after: Profile::HANG },
            Fault::TimedOutAfter => Verdict::Close { effect: true, after: Profile::HANG },
            Fault::Dropped => Verdict::Close { effect: true, after: Duration::ZERO },
            Fault::Slow => Verdict::Slow(part(value / ALL, self.profile.slowest)),
        }
    }

    fn fails_record(&self, service: &'static str, stream: &str) -> bool {
        self.profile.records > 0
            && falls_in(self.dice.draw("record", &format!("{service}/{stream}")), self.profile.records)
    }

    fn lag(&self, lag: Lag, name: &str) -> Duration {
        let (kind, longest) = match lag {
            Lag::StreamState => ("stream state", self.profile.stream_state),
            Lag::NewRole => ("new role", self.profile.new_role),
            Lag::ShardList => ("shard list", self.profile.shard_list),
        };
        part(mix(self.seed, &[kind, name], 0), longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::Service;

    fn call(operation: &str, resource: &str) -> Call {
        Call::new(Service::Kinesis, operation.to_owned(), resource.to_owned())
    }

    fn verdicts(plan: &FaultPlan, call: &Call, count: usize) -> Vec<Verdict> {
        (0..count).map(|_| plan.verdict(call, Timestamp::UNIX_EPOCH)).collect()
    }

    #[test]
    fn as_many_calls_go_wrong_as_the_profile_says() {
        for (profile, least, most) in [(Profile::LIGHT, 100, 200), (Profile::HEAVY, 1650, 1950)] {
            let plan = FaultPlan::new(1, profile);
            let verdicts = verdicts(&plan, &call("PutRecords", "events"), 10_000);
            let wrong = verdicts.iter().filter(|verdict| **verdict != Verdict::Proceed).count();
            assert!((least..most).contains(&wrong), "{wrong}");
            let failed = (0..10_000).filter(|_| plan.fails_record("kinesis", "events")).count();
            let expected = usize::from(profile.records);
            assert!(failed > expected / 2 && failed < expected * 2, "{failed}");
        }
        let none = FaultPlan::new(1, Profile::NONE);
        assert!(verdicts(&none, &call("PutRecords", "s"), 1000).iter().all(|v| *v == Verdict::Proceed));
    }

    #[test]
    fn the_same_seed_gives_the_same_verdicts_whatever_others_do_and_another_seed_gives_others() {
        let mine = call("PutRecords", "events");
        let (quiet, busy) = (FaultPlan::new(5, Profile::HEAVY), FaultPlan::new(5, Profile::HEAVY));
        verdicts(&busy, &call("PutRecords", "other"), 77);
        verdicts(&busy, &call("GetRecords", "events"), 33);
        let seen = verdicts(&quiet, &mine, 200);
        assert_eq!(seen, verdicts(&busy, &mine, 200));
        assert_ne!(seen, verdicts(&FaultPlan::new(6, Profile::HEAVY), &mine, 200));
    }

    #[test]
    fn a_lag_is_the_same_however_often_it_is_asked_for() {
        let plan = FaultPlan::new(1, Profile::HEAVY);
        let lag = plan.lag(Lag::NewRole, "r");
        assert_eq!(lag, plan.lag(Lag::NewRole, "r"));
        assert_ne!(lag, plan.lag(Lag::NewRole, "q"));
        assert!(lag >= Profile::HEAVY.new_role / 10 && lag <= Profile::HEAVY.new_role);
    }
}
