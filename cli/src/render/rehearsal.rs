//! What a dry run found: how much would be sent, in what, and to which shards.

use std::fmt::Write as _;

use pipectl_producer::Account;
use pipectl_producer::rehearsal::{Share, Sums};
use pipectl_shards::ShardId;

use crate::output::lines::{DryRun, ShardShare};
use crate::output::style::{BAD, FAINT, GOOD, paint};
use crate::output::table::{self, Field};
use crate::output::words::{bytes, counted, duration, grouped};

/// Rows of the table of shards, at most.
const SHOWN: usize = 16;

/// A line for the whole, one for how it is gathered, and a table of the shards.
pub(crate) fn text(stream: &str, account: &Account, sums: &Sums) -> String {
    let (sign, style) = if account.all_delivered() { ("✓", GOOD) } else { ("✗", BAD) };
    let total = sums.total();
    let mut text = format!(
        "{} {} of {} would be sent to {stream} {}",
        paint(style, sign),
        grouped(account.delivered),
        counted(account.put, "record"),
        paint(FAINT, format!("({} in {})", bytes(total.bytes), counted(sums.requests, "request"))),
    );
    if sums.aggregates > 0 {
        let _ = write!(
            text,
            "\n  {} in {}, {} each on average; {} alone",
            grouped(sums.aggregated),
            counted(sums.aggregates, "aggregate"),
            grouped(sums.aggregated / sums.aggregates),
            grouped(sums.alone),
        );
    }
    if account.refused > 0 {
        let _ = write!(text, "\n  {} cannot be sent", counted(account.refused, "record"));
    }
    let slowest = sums.shards.values().map(Share::least_time).max().unwrap_or_default();
    let _ = write!(text, "\n  provisioned shards need at least {} for that\n\n", duration(slowest));
    text.push_str(&shards(sums, total));
    text
}

fn shards(sums: &Sums, total: Share) -> String {
    let mut largest: Vec<_> = sums.shards.iter().collect();
    // Where not all are shown, those are that matter.
    if largest.len() > SHOWN {
        largest.sort_by_key(|(shard, share)| (std::cmp::Reverse(share.bytes), **shard));
    }
    let rows = largest.iter().take(SHOWN).map(|(shard, share)| {
        vec![
            Field::Plain(shard.to_string()),
            Field::Number(grouped(share.records)),
            Field::Number(grouped(share.kinesis_records)),
            Field::Number(bytes(share.bytes)),
            Field::Number(percent(share.bytes, total.bytes)),
        ]
    });
    let heading = ["SHARD", "RECORDS", "KINESIS RECORDS", "BYTES", "SHARE"];
    let mut table = table::render(&heading, rows.collect::<Vec<_>>());
    if let Some(more) = largest.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = write!(table, "\nand {} with less", counted(more as u64, "shard"));
    }
    table
}

/// `12.5 %`
fn percent(part: u64, whole: u64) -> String {
    let tenths = u128::from(part) * 1_000 / u128::from(whole.max(1));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// The same for programs.
pub(crate) fn line<'a>(stream: &'a str, account: &Account, sums: &Sums) -> DryRun<'a> {
    let total = sums.total();
    let share = |(shard, share): (&ShardId, &Share)| ShardShare {
        shard: shard.to_string(),
        records: share.records,
        kinesis_records: share.kinesis_records,
        bytes: share.bytes,
        least_seconds: share.least_time().as_secs_f64(),
    };
    DryRun {
        stream,
        put: account.put,
        would_send: account.delivered,
        refused: account.refused,
        bytes: total.bytes,
        kinesis_records: total.kinesis_records,
        aggregates: sums.aggregates,
        requests: sums.requests,
        shards: sums.shards.iter().map(share).collect(),
    }
}

#[cfg(test)]
mod tests {
    use pipectl_producer::rehearsal::Share;

    use super::*;

    #[test]
    fn a_dry_run_shows_what_would_go_where() {
        let share = |records, kinesis_records, bytes| Share { records, kinesis_records, bytes };
        let ids = ["shardId-000000000000", "shardId-000000000001"].map(|id| id.parse().expect("an id"));
        let sums = Sums {
            requests: 2,
            aggregates: 10,
            aggregated: 995,
            alone: 5,
            shards: ids.into_iter().zip([share(700, 8, 3 << 20), share(300, 7, 1 << 20)]).collect(),
        };
        let account = Account { put: 1003, delivered: 1000, refused: 3, ..Account::default() };
        let shown = anstream::adapter::strip_str(&text("clicks-events", &account, &sums)).to_string();
        insta::assert_snapshot!(shown, @r"
        ✗ 1,000 of 1,003 records would be sent to clicks-events (4.0 MiB in 2 requests)
          995 in 10 aggregates, 99 each on average; 5 alone
          3 records cannot be sent
          provisioned shards need at least 3.0 s for that

        SHARD                 RECORDS  KINESIS RECORDS    BYTES   SHARE
        shardId-000000000000      700                8  3.0 MiB  75.0 %
        shardId-000000000001      300                7  1.0 MiB  25.0 %
        ");
    }
}
