//! Which failures pass, why, and how long to wait for them: the list as data, the schedule pure.

use std::time::Duration;

use crate::cloud::{CallError, Meaning};

/// A failure that passes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passing {
    /// Why it is expected to pass, in words.
    pub because: &'static str,
    /// How long it is given.
    patience: Duration,
    /// The first pause.
    first: Duration,
    /// The longest pause.
    longest: Duration,
}

/// A new role or policy can be unusable for minutes: 5 min 30 s were seen, AWS's support speaks of 15.
const PROPAGATION: Passing = Passing {
    because: "a new role or policy takes a while to reach every service",
    patience: Duration::from_secs(15 * 60),
    first: Duration::from_millis(500),
    longest: Duration::from_secs(10),
};
/// Another change is under way; a reshard of many shards takes long.
const BUSY: Passing = Passing {
    because: "another change to it is under way",
    patience: Duration::from_secs(30 * 60),
    first: Duration::from_millis(250),
    longest: Duration::from_secs(10),
};
const THROTTLED: Passing = Passing {
    because: "the service takes only so many calls a second",
    patience: Duration::from_secs(5 * 60),
    first: Duration::from_millis(500),
    longest: Duration::from_secs(20),
};
/// A deleted bucket's name, or a queue of the same name, is not free at once.
const SETTLING: Passing = Passing {
    because: "what was there before is still being removed",
    patience: Duration::from_secs(10 * 60),
    first: Duration::from_millis(500),
    longest: Duration::from_secs(10),
};

/// What services say while IAM still spreads the news, in lower case. From the trackers of other tools:
/// each was met by someone.
const PROPAGATION_MESSAGES: [&str; 12] = [
    "unable to assume role",
    "unable to assume the role",
    "verify that the iam role has access",
    "verify the role",
    "access was denied",
    "is not authorized to",
    "cannot be assumed by lambda",
    "cannot be assumed by",
    "security token included in the request is invalid",
    "cannot access stream",
    "the provided execution role does not have permissions",
    "role does not exist",
];

/// The calls that hand a role to a service; only their failures are taken for propagation. What *we* are
/// not allowed to do does not pass.
const CALLS_WITH_ROLES: [&str; 5] = [
    "lambda:CreateEventSourceMapping",
    "lambda:CreateFunction",
    "lambda:UpdateFunctionConfiguration",
    "firehose:CreateDeliveryStream",
    "firehose:UpdateDestination",
];

/// Whether a failure passes, and why.
#[must_use]
pub fn passing(error: &CallError) -> Option<Passing> {
    match error.meaning {
        Meaning::Busy => return Some(BUSY),
        Meaning::Throttled => return Some(THROTTLED),
        Meaning::Conflict => return Some(SETTLING),
        _ => {}
    }
    let message = error.message.to_lowercase();
    let spreading = CALLS_WITH_ROLES.contains(&error.call)
        && matches!(error.meaning, Meaning::Denied | Meaning::Invalid | Meaning::NotFound)
        // "User … is not authorized to perform" is about us, and about the call itself.
        && !is_about_the_caller(&message, error.call)
        && PROPAGATION_MESSAGES.iter().any(|part| message.contains(part));
    spreading.then_some(PROPAGATION)
}

fn is_about_the_caller(message: &str, call: &str) -> bool {
    message.contains(&format!("perform: {}", call.to_lowercase())) || message.contains("iam:passrole")
}

/// The pause before try number `attempt` (the first retry is 1) after `elapsed` of trying, or `None` when
/// patience is at its end. `jitter` is uniform in 0..1 and spreads pauses over their upper half.
#[must_use]
pub fn pause(passing: &Passing, attempt: u32, elapsed: Duration, jitter: f64) -> Option<Duration> {
    if elapsed >= passing.patience {
        return None;
    }
    let doubled =
        passing.first.saturating_mul(1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX));
    Some(doubled.min(passing.longest).mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0))
}

/// The pause before looking again whether a state has come, after `looks` looks.
#[must_use]
pub fn next_look(looks: u32) -> Duration {
    let growth = 1.5_f64.powi(i32::try_from(looks).unwrap_or(i32::MAX).min(16));
    Duration::from_millis(100).mul_f64(growth).min(Duration::from_secs(5))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(call: &'static str, meaning: Meaning, message: &str) -> CallError {
        CallError::local(call, meaning, message)
    }

    #[test]
    fn a_role_that_firehose_cannot_assume_yet_passes() {
        let message =
            "Firehose is unable to assume role arn:aws:iam::1:role/r. Please check the role provided.";
        let said = error("firehose:CreateDeliveryStream", Meaning::Invalid, message);
        assert_eq!(passing(&said), Some(PROPAGATION));
    }

    #[test]
    fn a_role_that_lambda_cannot_assume_yet_passes() {
        let message = "The role defined for the function cannot be assumed by Lambda.";
        assert_eq!(passing(&error("lambda:CreateFunction", Meaning::Invalid, message)), Some(PROPAGATION));
    }

    #[test]
    fn a_call_that_we_may_not_make_does_not_pass() {
        let message =
            "User: arn:aws:iam::1:user/u is not authorized to perform: lambda:CreateFunction on resource: x";
        assert_eq!(passing(&error("lambda:CreateFunction", Meaning::Denied, message)), None);
        let message = "User: arn:aws:iam::1:user/u is not authorized to perform: iam:PassRole on resource: x";
        assert_eq!(passing(&error("lambda:CreateFunction", Meaning::Denied, message)), None);
        let message = "User is not authorized to perform: kinesis:CreateStream";
        assert_eq!(passing(&error("kinesis:CreateStream", Meaning::Denied, message)), None);
    }

    #[test]
    fn propagation_is_given_more_than_the_five_and_a_half_minutes_that_were_seen() {
        assert!(pause(&PROPAGATION, 50, Duration::from_secs(331), 0.5).is_some());
        assert_eq!(pause(&PROPAGATION, 500, Duration::from_secs(901), 0.5), None);
    }

    proptest! {
        #[test]
        fn pauses_stay_between_half_and_all_of_the_schedule(attempt in 1_u32..200, jitter in 0.0..1.0_f64) {
            let pause = pause(&PROPAGATION, attempt, Duration::ZERO, jitter).expect("patience has not ended");
            prop_assert!(pause >= PROPAGATION.first / 2 && pause <= PROPAGATION.longest);
        }
    }
}
