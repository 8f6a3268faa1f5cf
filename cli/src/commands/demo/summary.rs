//! What happened in the demo: the account of every record, a sample, and what to try next.

use std::fmt::Write as _;
use std::time::Duration;

use pipectl_pipeline::lake;
use pipectl_producer::Account;

use crate::output::Output;
use crate::output::lines::{self, Line};
use crate::output::style::{BAD, FAINT, GOOD, NAME, STRONG, paint};
use crate::output::table::{self, Field};
use crate::output::words::{bytes, counted, duration, grouped, rate};

/// The account of the demo. What was delivered and what failed is counted in S3.
#[derive(Clone, Debug)]
pub(super) struct Summary {
    /// What programs are told, too.
    counts: lines::Summary,
    /// Where the stream is.
    stream: String,
    bucket: String,
    sent_per_second: u64,
    sample: Option<(String, String)>,
}

impl Summary {
    /// Adds everything up.
    pub(super) fn new(
        stream: &str,
        bucket: &str,
        sent: Account,
        lake: lake::Account,
        dropped: u64,
        took: Duration,
    ) -> Self {
        let found = lake.delivered + lake.failed + dropped;
        Summary {
            counts: lines::Summary {
                records_in: sent.put,
                delivered: lake.delivered,
                dropped,
                failed: lake.failed,
                lost: sent.put.saturating_sub(found),
                duplicated: found.saturating_sub(sent.put),
                objects: lake.objects,
                bytes: lake.bytes,
                seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
            },
            stream: stream.to_owned(),
            bucket: bucket.to_owned(),
            sent_per_second: rate(sent.delivered, sent.elapsed),
            sample: lake.sample_key.zip(lake.sample),
        }
    }

    /// Records that were found nowhere.
    pub(super) fn lost(&self) -> u64 {
        self.counts.lost
    }

    /// Text with what to try next, or the last JSON line.
    pub(super) fn show(&self, output: &Output, next: &[(String, &'static str)]) {
        output.data(self.text(next));
        output.event(&Line::Summary(&self.counts));
    }

    fn text(&self, next: &[(String, &'static str)]) -> String {
        let took = duration(Duration::from_secs_f64(self.counts.seconds));
        let verdict = match (self.counts.lost, self.counts.duplicated) {
            (0, 0) => format!("{} every record accounted for", paint(GOOD, "✓")),
            // Counts cannot tell a loss that a duplicate makes up for.
            (0, twice) => {
                format!("{} as many records as went in, and {} more", paint(BAD, "!"), grouped(twice))
            }
            (lost, _) => format!("{} {} lost", paint(BAD, "✗"), counted(lost, "record")),
        };
        let mut text = format!("\n{} {}\n\n", paint(STRONG, verdict), paint(FAINT, format!("in {took}")));
        let _ = writeln!(text, "{}", self.table());
        if let Some((key, record)) = &self.sample {
            let _ = writeln!(
                text,
                "\n{}",
                paint(FAINT, format!("the first record of s3://{}/{key}", self.bucket))
            );
            let _ = writeln!(text, "  {record}");
        }
        let _ = write!(text, "\n{}", paint(STRONG, "Next"));
        let width = next.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
        for (command, why) in next {
            let _ = write!(text, "\n  {}  {}", paint(NAME, format!("{command:width$}")), paint(FAINT, why));
        }
        text
    }

    fn table(&self) -> String {
        let row = |what: &str, count: u64, where_: String| {
            vec![Field::Plain(what.to_owned()), Field::Number(grouped(count)), Field::Faint(where_)]
        };
        let counts = &self.counts;
        let stored =
            format!("s3://{}: {}, {}", self.bucket, counted(counts.objects, "object"), bytes(counts.bytes));
        let mut rows = vec![
            row(
                "sent",
                counts.records_in,
                format!("{}, {} records/s", self.stream, grouped(self.sent_per_second)),
            ),
            row("delivered", counts.delivered, stored),
            row("dropped", counts.dropped, "by the transform".to_owned()),
            row("failed", counts.failed, "in the transform, kept under errors/".to_owned()),
            row("lost", counts.lost, String::new()),
        ];
        if counts.duplicated > 0 {
            rows.push(row("duplicated", counts.duplicated, "delivery is at least once".to_owned()));
        }
        table::render(&["RECORDS", "", ""], rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(delivered: u64) -> Summary {
        let sent =
            Account { put: 1000, delivered: 1000, elapsed: Duration::from_millis(100), ..Account::default() };
        let lake = lake::Account {
            delivered,
            failed: 3,
            objects: 2,
            bytes: 2048,
            sample_key: Some("clicks/dt=2026-11-21/clickstream-lake-1.gz".into()),
            sample: Some(r#"{"status":200}"#.into()),
        };
        Summary::new("clickstream-events", "clickstream-lake", sent, lake, 7, Duration::from_millis(6204))
    }

    #[test]
    fn what_is_in_no_place_is_lost() {
        let missed = |delivered| {
            let counts = summary(delivered).counts;
            (counts.lost, counts.duplicated)
        };
        assert_eq!(missed(990), (0, 0));
        assert_eq!(missed(980), (10, 0));
        assert_eq!(missed(995), (0, 5));
    }

    #[test]
    fn the_json_has_the_fields_that_scripts_read() {
        let value = serde_json::to_value(summary(990).counts).unwrap();
        let names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        for name in ["records_in", "delivered", "dropped", "failed", "lost", "objects", "bytes", "seconds"] {
            assert!(names.contains(&name), "{name} is missing in {names:?}");
        }
        assert_eq!(value["records_in"], 1000);
        assert_eq!(value["seconds"], 6.204);
    }

    #[test]
    fn the_summary_shows_account_sample_and_ways_on() {
        let text = summary(990).text(&super::super::stage::ways_on());
        insta::assert_snapshot!(anstream::adapter::strip_str(&text).to_string());
    }
}
