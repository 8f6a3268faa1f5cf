//! What became of the records that were handed to a producer.

use std::fmt::Write as _;

use pipectl_producer::Stats;

use crate::output::lines::{Account, Reason};
use crate::output::style::{BAD, CHANGE, FAINT, GOOD, paint};
use crate::output::words::{bytes, counted, duration, grouped, rate};

/// A line for the whole, and one for each way a record ended that is not delivery.
pub(crate) fn text(stream: &str, stats: &Stats, reasons: &[(String, u64)]) -> String {
    let account = &stats.account;
    let requests = match stats.kinesis_records < account.delivered {
        true => format!("{} in ", counted(stats.kinesis_records, "Kinesis record")),
        false => String::new(),
    };
    let (sign, style) = if account.all_delivered() { ("✓", GOOD) } else { ("✗", BAD) };
    let mut text = format!(
        "{} {} of {} delivered to {stream} in {} {}",
        paint(style, sign),
        grouped(account.delivered),
        counted(account.put, "record"),
        duration(account.elapsed),
        paint(
            FAINT,
            format!(
                "({}, {}/s, {requests}{}, {} retried{})",
                bytes(account.bytes),
                grouped(rate(account.delivered, account.elapsed)),
                counted(account.requests, "request"),
                grouped(account.retries),
                match account.throttles {
                    0 => String::new(),
                    throttles => format!(", {} throttled", grouped(throttles)),
                },
            )
        ),
    );
    for (why, count) in reasons {
        let _ = write!(text, "\n  {} {why}", paint(CHANGE, format!("{:>8}", grouped(*count))));
    }
    text
}

/// The same for programs.
pub(crate) fn line<'a>(stream: &'a str, stats: &'a Stats, reasons: &'a [(String, u64)]) -> Account<'a> {
    let account = &stats.account;
    Account {
        stream,
        put: account.put,
        delivered: account.delivered,
        expired: account.expired,
        refused: account.refused,
        cancelled: account.cancelled,
        bytes: account.bytes,
        requests: account.requests,
        failed_requests: account.failed_requests,
        retries: account.retries,
        throttles: account.throttles,
        kinesis_records: stats.kinesis_records,
        kinesis_bytes: stats.kinesis_bytes,
        errors: &stats.errors,
        seconds: account.elapsed.as_secs_f64(),
        reasons: reasons.iter().map(|(reason, records)| Reason { reason, records: *records }).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipectl_producer::Account;
    use std::time::Duration;

    #[test]
    fn the_account_names_every_way_a_record_ended() {
        let mut stats = Stats::default();
        stats.account = Account {
            put: 1003,
            delivered: 1000,
            refused: 2,
            expired: 1,
            bytes: 2048,
            requests: 3,
            retries: 12,
            throttles: 7,
            elapsed: Duration::from_millis(500),
            ..Account::default()
        };
        stats.kinesis_records = 9;
        let reasons = [
            ("refused: no text or number in the key field `id`".to_owned(), 2),
            ("expired: X".to_owned(), 1),
        ];
        let shown = anstream::adapter::strip_str(&text("clicks-events", &stats, &reasons)).to_string();
        insta::assert_snapshot!(shown, @r"
        ✗ 1,000 of 1,003 records delivered to clicks-events in 500 ms (2.0 KiB, 2,000/s, 9 Kinesis records in 3 requests, 12 retried, 7 throttled)
                 2 refused: no text or number in the key field `id`
                 1 expired: X
        ");
    }
}
