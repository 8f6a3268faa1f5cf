//! One invocation of the VRL transform: a batch in, one verdict per record out, within what Lambda can answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::firehose::{Event, Input, Output, Reply, Verdict};
use crate::reasons::Reasons;
use crate::vrl::{Transform, Transformed};

/// The largest answer of a synchronous Lambda invocation: 6 MB, which Lambda counts as 6,291,556 bytes.
const MAX_REPLY_BYTES: usize = 6_291_556;

/// What a record costs in the answer beside its id and its data: `{"recordId":"","result":"ProcessingFailed","data":""},`.
const RECORD_ENVELOPE_BYTES: usize = 56;

/// How many records of a batch ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Delivered.
    pub ok: u64,
    /// Given up by the program.
    pub dropped: u64,
    /// Sent to the error output.
    pub failed: u64,
}

/// Transforms the records of `event`, in order, and logs why records failed.
///
/// A record whose output would take the answer past Lambda's 6 MB fails, and those after it that still fit
/// are delivered: one huge record cannot fail its whole batch.
pub fn transform_event(transform: &mut Transform, event: Event, request_id: &str) -> (Reply, Tally) {
    let mut batch = Batch::new(&event);
    for input in event.records {
        batch.run(transform, input);
    }
    batch.log(request_id);
    (Reply { records: batch.outputs }, batch.tally)
}

struct Batch {
    outputs: Vec<Output>,
    tally: Tally,
    reasons: Reasons,
    /// What is left of the answer for data, once every record has its envelope.
    room: usize,
    lines: Vec<u8>,
}

impl Batch {
    fn new(event: &Event) -> Self {
        let envelopes: usize =
            event.records.iter().map(|record| record.record_id.len() + RECORD_ENVELOPE_BYTES).sum();
        Self {
            outputs: Vec::with_capacity(event.records.len()),
            tally: Tally::default(),
            reasons: Reasons::default(),
            room: MAX_REPLY_BYTES.saturating_sub(envelopes + 16),
            lines: Vec::new(),
        }
    }

    fn run(&mut self, transform: &mut Transform, Input { record_id, data }: Input) {
        self.lines.clear();
        let (result, data) = match transform.apply(data, &mut self.lines) {
            Transformed::Lines => self.fit(&record_id),
            Transformed::Dropped { message } => {
                self.tally.dropped += 1;
                if let Some(message) = message {
                    tracing::debug!(record_id, message, "record dropped by the program");
                }
                (Verdict::Dropped, None)
            }
            Transformed::Failed { reason } => self.fail(&reason, &record_id),
        };
        self.outputs.push(Output { record_id, result, data });
    }

    fn fit(&mut self, record_id: &str) -> (Verdict, Option<String>) {
        let encoded = self.lines.len().div_ceil(3) * 4;
        if encoded > self.room {
            return self.fail(
                "the answer to Firehose would pass Lambda's 6 MB: make the output smaller or the buffer of the processor",
                record_id,
            );
        }
        self.room -= encoded;
        self.tally.ok += 1;
        (Verdict::Ok, Some(STANDARD.encode(&self.lines)))
    }

    fn fail(&mut self, reason: &str, record_id: &str) -> (Verdict, Option<String>) {
        self.tally.failed += 1;
        self.reasons.add(reason, record_id);
        (Verdict::ProcessingFailed, None)
    }

    fn log(&self, request_id: &str) {
        for reason in self.reasons.kept() {
            tracing::error!(
                request_id,
                records = reason.count,
                first_record = reason.first,
                reason = reason.text,
                "records failed"
            );
        }
        if self.reasons.others() > 0 {
            tracing::error!(request_id, records = self.reasons.others(), "records failed for other reasons");
        }
        let Tally { ok, dropped, failed } = self.tally;
        tracing::info!(request_id, ok, dropped, failed, "batch transformed");
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::vrl::compile;

    fn transform(program: &str) -> Transform {
        Transform::new(compile(program).expect(program))
    }

    fn event<D: AsRef<[u8]>>(records: impl IntoIterator<Item = D>) -> Event {
        let records = records
            .into_iter()
            .enumerate()
            .map(|(n, data)| Input {
                record_id: format!("r{n}"),
                data: Bytes::copy_from_slice(data.as_ref()),
            })
            .collect();
        Event { records }
    }

    fn data(output: &Output) -> String {
        let bytes = STANDARD.decode(output.data.as_deref().expect("data")).expect("base64");
        String::from_utf8(bytes).expect("UTF-8")
    }

    #[test]
    fn every_record_gets_its_own_verdict_under_its_own_id() {
        let mut transform = transform("if .message == \"bot\" { abort }\n. = parse_json!(.message)\n");
        let (reply, tally) = transform_event(&mut transform, event(["[1]", "bot", "{", "\"x\""]), "request");
        let verdicts: Vec<_> = reply.records.iter().map(|r| (r.record_id.as_str(), r.result)).collect();
        assert_eq!(
            verdicts,
            [
                ("r0", Verdict::Ok),
                ("r1", Verdict::Dropped),
                ("r2", Verdict::ProcessingFailed),
                ("r3", Verdict::Ok)
            ]
        );
        assert_eq!(data(&reply.records[0]), "1\n");
        assert_eq!(data(&reply.records[3]), "\"x\"\n");
        assert_eq!(tally, Tally { ok: 2, dropped: 1, failed: 1 });
    }

    #[test]
    fn an_answer_never_passes_six_megabytes_and_what_still_fits_is_delivered() {
        let mut transform =
            transform(". = {\"text\": repeat!(.message)}".replace("repeat!(.message)", ".message").as_str());
        let large = vec![b'x'; 1_000_000];
        let small = b"small".to_vec();
        let records = [large.clone(), large.clone(), large.clone(), large.clone(), large, small];
        let (reply, tally) = transform_event(&mut transform, event(records), "request");
        assert_eq!(tally, Tally { ok: 5, dropped: 0, failed: 1 });
        assert_eq!(reply.records[4].result, Verdict::ProcessingFailed);
        assert_eq!(reply.records[5].result, Verdict::Ok);
        assert!(serde_json::to_vec(&reply).expect("JSON").len() <= MAX_REPLY_BYTES);
    }

    #[test]
    fn an_empty_batch_is_an_empty_answer() {
        let (reply, tally) = transform_event(&mut transform(""), event(Vec::<Vec<u8>>::new()), "request");
        assert!(reply.records.is_empty());
        assert_eq!(tally, Tally::default());
    }

    proptest! {
        #[test]
        fn whatever_the_bytes_every_record_is_answered_once_and_in_order(
            records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..64), 0..40)
        ) {
            let mut transform = transform("if exists(.drop) { abort }\n.n = length!(.message)\n");
            let count = records.len();
            let (reply, tally) = transform_event(&mut transform, event(records), "request");
            prop_assert_eq!(reply.records.len(), count);
            for (n, output) in reply.records.iter().enumerate() {
                prop_assert_eq!(&output.record_id, &format!("r{n}"));
                prop_assert_eq!(output.data.is_some(), output.result == Verdict::Ok);
            }
            prop_assert_eq!(tally.ok + tally.dropped + tally.failed, count as u64);
        }
    }
}
