//! What is known of one minute of a stream, and the point that a policy sees of it.
//!
//! Accepted traffic of a full shard is a lower bound of the demand. What was refused comes from producers that publish
//! KPL's metrics, who know what they were handed and what they delivered; else from the throttles that Kinesis counts,
//! where a record that is put again and again counts each time, so that they are taken for no more than was accepted.

use crate::policy::{Load, Point, Timestamp};

use super::measure::Measure;

/// The part of the accepted bytes that reporting producers have to account for, to be believed of all of them.
const MOST_OF_IT: f64 = 0.8;
/// Bytes of a record when none is known.
const RECORD: f64 = 1024.0;
const MINUTE: f64 = 60.0;

/// The values of a minute that there are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Minute {
    bytes: Option<f64>,
    records: Option<f64>,
    throttles: Option<f64>,
    read_bytes: Option<f64>,
    read_throttles: Option<f64>,
    age_millis: Option<f64>,
    received: Option<f64>,
    put: Option<f64>,
    user_bytes: Option<f64>,
    pending: Option<f64>,
    kinesis_put: Option<f64>,
}

impl Minute {
    /// Takes in a value of this minute; one that is no number, or negative, is none.
    pub fn take(&mut self, measure: &Measure, value: f64) {
        if !value.is_finite() || value < 0.0 {
            return;
        }
        let place = match measure {
            Measure::IncomingBytes => &mut self.bytes,
            Measure::IncomingRecords => &mut self.records,
            Measure::WriteThrottles => &mut self.throttles,
            Measure::ReadBytes => &mut self.read_bytes,
            Measure::ReadThrottles => &mut self.read_throttles,
            Measure::ReadAge | Measure::FanOutAge(_) | Measure::FunctionAge(_) => {
                self.age_millis = Some(self.age_millis.map_or(value, |age| age.max(value)));
                return;
            }
            Measure::UsersReceived => &mut self.received,
            Measure::UsersPut => &mut self.put,
            Measure::UserBytes => &mut self.user_bytes,
            Measure::UsersPending => &mut self.pending,
            Measure::KinesisPut => &mut self.kinesis_put,
            Measure::ShardBytes(_) | Measure::ShardRecords(_) | Measure::ShardThrottles(_) => return,
        };
        *place = Some(value);
    }

    /// The point of this minute, if enough is known: what was taken in, or that something else was measured, so that
    /// nothing was. A minute of which nothing is known at all is not one without traffic.
    #[must_use]
    pub fn point(&self, at: Timestamp) -> Option<Point> {
        let of_kinesis = [self.bytes, self.records, self.throttles, self.read_bytes, self.read_throttles];
        of_kinesis.iter().any(Option::is_some).then(|| {
            let accepted = Load {
                bytes_per_second: self.bytes.unwrap_or(0.0) / MINUTE,
                records_per_second: self.records.unwrap_or(0.0) / MINUTE,
            };
            Point {
                at,
                accepted,
                refused: self.refused(),
                backlog_bytes: self.pending.unwrap_or(0.0) * self.user_size().unwrap_or(RECORD),
                read_bytes_per_second: self.read_bytes.unwrap_or(0.0) / MINUTE,
                consumer_lag_seconds: self.age_millis.map(|age| age / 1000.0),
            }
        })
    }

    /// Whether something was refused.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        self.throttles.is_some_and(|throttles| throttles > 0.0)
    }

    /// Bytes of a user record, of producers that say so.
    fn user_size(&self) -> Option<f64> {
        Some(self.user_bytes? / self.put.filter(|put| *put > 0.0)?)
    }

    fn refused(&self) -> Load {
        let counted = self.counted();
        match self.unmet() {
            Some((unmet, part)) if part >= MOST_OF_IT => unmet,
            Some((unmet, _)) if unmet.shards() > counted.shards() => unmet,
            _ => counted,
        }
    }

    /// What producers were handed and did not deliver, and which part of the accepted bytes they account for.
    fn unmet(&self) -> Option<(Load, f64)> {
        let (received, put) = (self.received?, self.put?);
        let unmet = (received - put).max(0.0);
        let size = self.user_size().unwrap_or(RECORD);
        let kinesis_records = self.kinesis_put.filter(|_| put > 0.0).map_or(1.0, |records| records / put);
        let load = Load {
            bytes_per_second: unmet * size / MINUTE,
            records_per_second: unmet * kinesis_records / MINUTE,
        };
        let part = self.user_bytes.unwrap_or(0.0) / self.bytes.unwrap_or(0.0).max(1.0);
        Some((load, part))
    }

    /// What Kinesis counted as throttled, no more than it took in, or than one shard takes where that was nothing.
    fn counted(&self) -> Load {
        let throttles = self.throttles.unwrap_or(0.0);
        let (bytes, records) = (self.bytes.unwrap_or(0.0), self.records.unwrap_or(0.0));
        let size = if records > 0.0 { bytes / records } else { RECORD };
        let most = if records > 0.0 { records } else { MINUTE * 1_000.0 };
        let refused = throttles.min(most);
        Load { bytes_per_second: refused * size / MINUTE, records_per_second: refused / MINUTE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(values: &[(Measure, f64)]) -> Minute {
        let mut minute = Minute::default();
        values.iter().for_each(|(measure, value)| minute.take(measure, *value));
        minute
    }

    fn point(values: &[(Measure, f64)]) -> Option<Point> {
        minute(values).point(Timestamp(0))
    }

    #[test]
    fn a_minute_of_which_nothing_is_known_is_not_one_without_traffic() {
        assert_eq!(point(&[]), None);
        // Of the producer alone: Kinesis's own may be late.
        assert_eq!(point(&[(Measure::UsersPut, 5.0)]), None);
        let silent = point(&[(Measure::ReadBytes, 0.0), (Measure::ReadAge, 0.0)]).unwrap();
        assert_eq!(silent.accepted, Load::ZERO);
    }

    #[test]
    fn throttles_are_taken_for_no_more_than_was_accepted() {
        let values = [
            (Measure::IncomingBytes, 600_000.0),
            (Measure::IncomingRecords, 600.0),
            (Measure::WriteThrottles, 300.0),
        ];
        let refused = point(&values).unwrap().refused;
        assert_eq!((refused.bytes_per_second, refused.records_per_second), (5_000.0, 5.0));
        let storm = [values[0].clone(), values[1].clone(), (Measure::WriteThrottles, 90_000.0)];
        assert_eq!(point(&storm).unwrap().refused.records_per_second, 10.0);
        let all = point(&[(Measure::WriteThrottles, 1e9)]).unwrap();
        assert!((all.refused.by_records() - 1.0).abs() < 1e-9, "one shard at least: {all:?}");
    }

    #[test]
    fn producers_that_report_tell_the_demand_better_than_throttles() {
        let point = point(&[
            (Measure::IncomingBytes, 60_000.0),
            (Measure::IncomingRecords, 600.0),
            (Measure::WriteThrottles, 9_000.0),
            (Measure::UsersReceived, 900.0),
            (Measure::UsersPut, 600.0),
            (Measure::UserBytes, 60_000.0),
            (Measure::KinesisPut, 60.0),
            (Measure::UsersPending, 500.0),
        ])
        .unwrap();
        assert_eq!(point.refused.bytes_per_second, 300.0 * 100.0 / 60.0);
        assert!((point.refused.records_per_second - 0.5).abs() < 1e-9, "aggregates count once");
        assert_eq!(point.backlog_bytes, 50_000.0);
    }

    #[test]
    fn producers_that_report_only_a_part_are_not_believed_of_all() {
        let values = [
            (Measure::IncomingBytes, 600_000.0),
            (Measure::IncomingRecords, 600.0),
            (Measure::WriteThrottles, 300.0),
            (Measure::UsersReceived, 10.0),
            (Measure::UsersPut, 10.0),
            (Measure::UserBytes, 10_000.0),
        ];
        assert_eq!(point(&values).unwrap().refused.records_per_second, 5.0);
    }

    #[test]
    fn the_slowest_consumer_counts_and_nonsense_does_not() {
        let point = point(&[
            (Measure::IncomingBytes, f64::NAN),
            (Measure::IncomingRecords, -1.0),
            (Measure::ReadThrottles, 0.0),
            (Measure::ReadAge, 1_500.0),
            (Measure::FunctionAge("f".into()), 90_000.0),
            (Measure::FanOutAge("c".into()), 0.0),
        ])
        .unwrap();
        assert_eq!(point.consumer_lag_seconds, Some(90.0));
        assert_eq!(point.accepted, Load::ZERO);
    }
}
