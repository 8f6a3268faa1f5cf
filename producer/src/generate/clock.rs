//! The time of made-up events, which goes on from event to event and does not look at any clock.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::generate::text::low_byte;

/// How far apart events are on average unless somebody says otherwise.
const INTERVAL_MICROS: u64 = 3_500;

/// The longest interval: with it a million events are some thirty years.
const LONGEST_MICROS: u64 = 1_000_000_000;

/// The time of the next event, with its text: only what changed is written again.
#[derive(Debug)]
pub(super) struct Clock {
    second: i64,
    micros: u64,
    interval: u64,
    /// `2026-01-31T23:59:59.999Z`
    text: [u8; 24],
}

impl Clock {
    pub(super) fn new(start: Timestamp) -> Self {
        let micros = start.as_microsecond();
        let mut clock = Self {
            second: micros.div_euclid(1_000_000),
            micros: micros.rem_euclid(1_000_000).unsigned_abs(),
            interval: INTERVAL_MICROS,
            text: *b"1970-01-01T00:00:00.000Z",
        };
        clock.write_second();
        clock.write_millis();
        clock
    }

    /// How far apart events are on average from now on.
    pub(super) fn set_interval(&mut self, interval: Duration) {
        self.interval = u64::try_from(interval.as_micros()).unwrap_or(u64::MAX).min(LONGEST_MICROS);
    }

    /// Goes on by something between nothing and twice the interval.
    pub(super) fn advance(&mut self, random: &mut fastrand::Rng) {
        self.micros += random.u64(..=2 * self.interval);
        if self.micros >= 1_000_000 {
            self.second += i64::try_from(self.micros / 1_000_000).unwrap_or(0);
            self.micros %= 1_000_000;
            self.write_second();
        }
        self.write_millis();
    }

    /// As RFC 3339 has it, in milliseconds.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Microseconds since 1970.
    pub(super) fn micros(&self) -> u64 {
        u64::try_from(self.second).unwrap_or(0) * 1_000_000 + self.micros
    }

    fn write_second(&mut self) {
        let time = Timestamp::from_second(self.second).unwrap_or_default().to_zoned(TimeZone::UTC);
        let text = time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        if let Some(place) = self.text.get_mut(..text.len()).filter(|place| place.len() == 19) {
            place.copy_from_slice(text.as_bytes());
        }
    }

    fn write_millis(&mut self) {
        let millis = self.micros / 1000;
        self.text[20] = b'0' + low_byte(millis / 100);
        self.text[21] = b'0' + low_byte(millis / 10 % 10);
        self.text[22] = b'0' + low_byte(millis % 10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_the_time_in_milliseconds() {
        let mut clock = Clock::new("2026-02-28T23:59:59.998Z".parse().expect("a time"));
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..1_000 {
            clock.advance(&mut random);
            let text: Timestamp = std::str::from_utf8(clock.text()).expect("ASCII").parse().expect("a time");
            assert_eq!(u64::try_from(text.as_millisecond()).expect("after 1970"), clock.micros() / 1000);
        }
        assert!(clock.text().starts_with(b"2026-03-01T00:00:0"), "{:?}", clock.text());
    }
}
