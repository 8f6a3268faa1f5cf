//! How records look: their own bytes and a line end, or under `--json` an event with all that is known of them.

use std::io;
use std::sync::Arc;

use pipectl_producer::read::{Damaged, Event, Gap, ReadRecord};

use super::filter::Filter;
use crate::output::Output;
use crate::output::lines::{self, Line};
use crate::output::style::{CHANGE, paint};

/// Bytes that are written at once, where so many are at hand.
const AT_ONCE: usize = 64 << 10;

/// Said once, so that nobody waits for what cannot come.
const NO_JSON: &str = "there are records that are no JSON: `--filter .name=value` never takes one of them; \
                       `--filter TEXT` and `--filter re:PATTERN` look at any";

/// Collects what is to be written, and writes it.
pub(super) struct Printer {
    output: Arc<Output>,
    filter: Filter,
    left: u64,
    damaged: u64,
    /// Whether it was said that a filter asks for what records do not have.
    warned: bool,
    buffer: Vec<u8>,
}

impl Printer {
    pub(super) fn new(output: Arc<Output>, filter: Filter, limit: Option<u64>) -> Self {
        Printer {
            output,
            filter,
            left: limit.unwrap_or(u64::MAX),
            damaged: 0,
            warned: false,
            buffer: Vec::new(),
        }
    }

    /// Whether all that was asked for has been shown.
    pub(super) fn is_done(&self) -> bool {
        self.left == 0
    }

    /// Whether more may be collected before it is written.
    pub(super) fn has_room(&self) -> bool {
        self.left > 0 && self.buffer.len() < AT_ONCE
    }

    /// Whether nobody reads the output any more.
    pub(super) fn is_closed(&self) -> bool {
        self.output.is_closed()
    }

    /// Records that were reported instead of shown.
    pub(super) fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Takes in what was read.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Record(read) => {
                if self.filter.takes(read) {
                    self.left -= 1;
                    self.record(read);
                } else if !self.warned && self.filter.is_lost_on(&read.record.data) {
                    self.warned = true;
                    self.output.note(NO_JSON);
                }
            }
            Event::Damaged(damaged) => {
                self.damaged += 1;
                self.tell("damaged", &Line::Damaged(lines::Damaged::of(damaged)), damaged_text(damaged));
            }
            Event::Gap(gap) => self.tell("gap", &Line::Gap(gap.into()), gap_text(gap)),
        }
    }

    /// Writes all that was collected. That nobody reads it is no error.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let written = self.output.bulk(&self.buffer);
        self.buffer.clear();
        self.buffer.shrink_to(2 * AT_ONCE);
        written
    }

    fn record(&mut self, read: &ReadRecord) {
        if self.output.is_json() {
            return self.event(&Line::Record(lines::Record::of(read)));
        }
        self.buffer.extend_from_slice(&read.record.data);
        if self.buffer.last() != Some(&b'\n') {
            self.buffer.push(b'\n');
        }
    }

    fn event(&mut self, line: &Line<'_>) {
        self.buffer.extend_from_slice(self.output.event_text(line).as_bytes());
    }

    /// Something beside the records: an event among them under `--json`, a line on stderr otherwise, `--quiet` or not.
    fn tell(&mut self, kind: &str, line: &Line<'_>, text: String) {
        if self.output.is_json() {
            self.event(line);
        } else {
            self.output.diagnostics(format!("{}: {text}", paint(CHANGE.bold(), kind)));
        }
    }
}

fn damaged_text(damaged: &Damaged) -> String {
    let Damaged { shard, record, problem } = damaged;
    format!("{shard}, sequence number {}: {problem}", record.sequence)
}

fn gap_text(gap: &Gap) -> String {
    let at = |time: Option<jiff::Timestamp>| time.map(|time| format!(" of {time:.0}")).unwrap_or_default();
    let last = format!("the record{} that was read last", at(gap.after_time));
    match &gap.next {
        Some(_) => format!(
            "{}: {last} has expired, and so have records after it, if there were any; the next is{}",
            gap.shard,
            if gap.next_time.is_some() { at(gap.next_time) } else { " not dated".to_owned() },
        ),
        None => format!("{}: {last} has expired, and the rest of the shard with it", gap.shard),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use pipectl_producer::SequenceNumber;
    use pipectl_shards::ShardId;

    #[test]
    fn a_gap_says_what_was_read_last_and_what_comes_next() {
        let gap = Gap {
            shard: ShardId::new(1),
            after: SequenceNumber::new("1"),
            after_time: Timestamp::from_second(60).ok(),
            next: Some(SequenceNumber::new("9")),
            next_time: Timestamp::from_second(120).ok(),
        };
        insta::assert_snapshot!(gap_text(&gap), @"shardId-000000000001: the record of 1970-01-01T00:01:00Z that was read last has expired, and so have records after it, if there were any; the next is of 1970-01-01T00:02:00Z");
        let gone = Gap { next: None, ..gap };
        assert!(gap_text(&gone).ends_with("and the rest of the shard with it"));
    }
}
