//! Waits until the delivery has accounted for every record, as long as records move.

use std::time::{Duration, Instant};

use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::stage::Stage;
use crate::error::{CommandError, Kind};
use crate::output::live::Meter;
use crate::output::words;

/// How often the counts are looked at.
const GLANCE: Duration = Duration::from_millis(50);

/// What the endpoint has counted of a delivery, in records.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct Counted {
    /// Read from the stream.
    pub(super) received: u64,
    /// Written as data.
    pub(super) delivered: u64,
    /// Dropped by the transform.
    pub(super) dropped: u64,
    /// Written as failures.
    pub(super) failed: u64,
    /// On their way.
    pub(super) pending: u64,
}

impl Counted {
    fn ended(self) -> u64 {
        self.delivered + self.dropped + self.failed
    }
}

/// Returns when `expected` records have ended and none is pending.
pub(super) async fn until_accounted(
    stage: &Stage,
    expected: u64,
    patience: Duration,
    cancel: &CancellationToken,
) -> Result<Counted, CommandError> {
    let meter = Meter::new(&stage.session.output, "records through the transform and in S3", Some(expected));
    let mut glances = tokio::time::interval(GLANCE);
    let mut last = Counted::default();
    let mut moved = Instant::now();
    loop {
        tokio::select! {
            _ = glances.tick() => {}
            () = cancel.cancelled() => {
                return Err(CommandError::new(Kind::Interrupted, "stopped while records were under way"));
            }
        }
        let now: Counted =
            stage.counted().and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
        if now.ended() >= expected && now.pending == 0 {
            meter.finish();
            return Ok(now);
        }
        if now != last {
            (last, moved) = (now, Instant::now());
        }
        meter.set(now.ended(), &remark(now));
        if moved.elapsed() >= patience {
            return Err(stuck(expected, now, patience));
        }
    }
}

fn remark(now: Counted) -> String {
    match now.pending {
        0 => String::new(),
        pending => format!("{} in the buffer", words::grouped(pending)),
    }
}

/// Says between which two places the missing records are.
fn stuck(expected: u64, now: Counted, patience: Duration) -> CommandError {
    let waited = words::duration(patience);
    let missing = words::grouped(expected.saturating_sub(now.ended()));
    let place = if now.received < expected {
        let behind = words::counted(expected - now.received, "record");
        format!("the delivery has not read {behind} from the stream")
    } else {
        format!(
            "{} wait in the delivery for the transform or the buffer",
            words::counted(now.pending, "record")
        )
    };
    CommandError::new(
        Kind::Undelivered,
        format!(
            "{missing} of {} are not accounted for, and nothing moved for {waited}: {place}",
            words::counted(expected, "record")
        ),
    )
    .hint("`pipectl demo -vv` logs what the transform and the delivery do")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stuck_demo_says_where_the_records_are() {
        let behind = Counted { received: 400, delivered: 300, pending: 100, ..Counted::default() };
        let text = stuck(1000, behind, Duration::from_secs(30)).to_string();
        assert!(text.contains("700 of 1,000 records"), "{text}");
        assert!(text.contains("has not read 600 records"), "{text}");
        let buffered = Counted { received: 1000, delivered: 300, pending: 700, ..Counted::default() };
        let text = stuck(1000, buffered, Duration::from_secs(30)).to_string();
        assert!(text.contains("700 records wait in the delivery"), "{text}");
    }

    #[test]
    fn counts_are_read_from_what_the_endpoint_answers() {
        let answer = serde_json::json!({
            "received": 10, "delivered": 7, "dropped": 1, "failed": 1, "pending": 1, "objects": 2, "bytes": 3
        });
        let counted: Counted = serde_json::from_value(answer).unwrap();
        assert_eq!((counted.ended(), counted.pending), (9, 1));
    }
}
