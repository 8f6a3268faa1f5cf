//! What a shard took in during the last second: a few numbers, for people who look at it live.
//!
//! The metrics are told once a minute, as AWS tells them; this is what the endpoint's page shows.

/// One second of a shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Beat {
    /// Bytes taken in.
    pub(crate) bytes: u64,
    /// Records taken in.
    pub(crate) records: u32,
    /// Records refused by the shard's limits.
    pub(crate) throttled: u32,
}

/// The last full second and the one under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pulse {
    second: i64,
    current: Beat,
    full: Beat,
}

impl Pulse {
    /// A record came, of so many bytes, and was taken in or refused.
    pub(crate) fn note(&mut self, bytes: usize, is_taken: bool, millis: i64) {
        self.turn(millis);
        if is_taken {
            self.current.bytes = self.current.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
            self.current.records = self.current.records.saturating_add(1);
        } else {
            self.current.throttled = self.current.throttled.saturating_add(1);
        }
    }

    /// The last full second.
    pub(crate) fn last(mut self, millis: i64) -> Beat {
        self.turn(millis);
        self.full
    }

    fn turn(&mut self, millis: i64) {
        let second = millis.div_euclid(1000);
        if second == self.second {
            return;
        }
        self.full = if second == self.second + 1 { self.current } else { Beat::default() };
        self.current = Beat::default();
        self.second = second;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_full_second_is_shown_and_no_older_one() {
        let mut pulse = Pulse::default();
        pulse.note(10, true, 5_000);
        pulse.note(20, true, 5_999);
        pulse.note(30, false, 5_999);
        assert_eq!(pulse.last(5_999), Beat::default());
        pulse.note(1, true, 6_000);
        let beat = Beat { bytes: 30, records: 2, throttled: 1 };
        assert_eq!((pulse.last(6_000), pulse.last(6_999)), (beat, beat));
        assert_eq!(pulse.last(7_000), Beat { bytes: 1, records: 1, throttled: 0 });
        assert_eq!(pulse.last(9_000), Beat::default());
    }
}
