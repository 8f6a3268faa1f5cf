//! The settings of an account in a region: the commitment to a minimum throughput, which makes on-demand streams
//! "Advantage" ones, with warm throughput and more consumers. Pure: `now` is passed in, in milliseconds.

/// A commitment lasts at least a day.
const LEAST_MILLIS: i64 = 24 * 3_600_000;

/// The commitment of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Commitment {
    started: Option<i64>,
    ended: Option<i64>,
}

impl Commitment {
    /// Commits; nothing changes for who has.
    pub(crate) fn enable(&mut self, now: i64) {
        if self.status(now) == "DISABLED" {
            self.started = Some(now);
        }
        self.ended = None;
    }

    /// Ends the commitment: now, or as soon as its first day is over.
    pub(crate) fn disable(&mut self, now: i64) {
        if let (Some(earliest), None) = (self.earliest_end(), self.ended) {
            self.ended = Some(earliest.max(now));
        }
    }

    /// Whether it is in force.
    pub(crate) fn is_on(&self, now: i64) -> bool {
        self.started.is_some() && self.ended.is_none_or(|ended| now < ended)
    }

    /// As the API writes it.
    pub(crate) fn status(&self, now: i64) -> &'static str {
        match (self.is_on(now), self.ended) {
            (true, None) => "ENABLED",
            (true, Some(_)) => "ENABLED_UNTIL_EARLIEST_ALLOWED_END",
            (false, _) => "DISABLED",
        }
    }

    /// When it began.
    pub(crate) fn started(&self) -> Option<i64> {
        self.started
    }

    /// When it ended, if it has.
    pub(crate) fn ended(&self, now: i64) -> Option<i64> {
        self.ended.filter(|ended| *ended <= now)
    }

    /// When it can end at the earliest.
    pub(crate) fn earliest_end(&self) -> Option<i64> {
        self.started.map(|started| started + LEAST_MILLIS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_cannot_end_within_a_day() {
        let mut commitment = Commitment::default();
        assert_eq!(commitment.status(0), "DISABLED");
        commitment.disable(0);
        assert_eq!(commitment, Commitment::default());
        commitment.enable(1000);
        assert_eq!(commitment.status(1000), "ENABLED");
        commitment.disable(2000);
        assert_eq!(commitment.status(2000), "ENABLED_UNTIL_EARLIEST_ALLOWED_END");
        let end = 1000 + LEAST_MILLIS;
        assert!(commitment.is_on(end - 1) && !commitment.is_on(end));
        assert_eq!((commitment.ended(end - 1), commitment.ended(end)), (None, Some(end)));
    }

    #[test]
    fn enabling_again_takes_the_end_back() {
        let mut commitment = Commitment::default();
        commitment.enable(0);
        commitment.disable(1);
        commitment.enable(2);
        assert_eq!((commitment.status(3), commitment.started()), ("ENABLED", Some(0)));
        commitment.disable(2 * LEAST_MILLIS);
        assert_eq!(commitment.status(2 * LEAST_MILLIS), "DISABLED");
    }
}
