//! Why the records of one batch failed: each distinct reason once with a count, and a bound on how many are
//! told, so that a program that fails on everything writes a line or two and not a line per record.

/// Distinct reasons kept per batch.
const MAX_REASONS: usize = 10;

/// Characters kept of a reason; VRL quotes values in some of them.
const MAX_REASON_CHARS: usize = 300;

/// The reasons of one batch.
#[derive(Debug, Default)]
pub(crate) struct Reasons {
    kept: Vec<Reason>,
    others: u64,
}

/// One reason.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// VRL's message, shortened.
    pub(crate) text: String,
    /// How many records of the batch failed for it.
    pub(crate) count: u64,
    /// The first of them, by Firehose's record id.
    pub(crate) first: String,
}

impl Reasons {
    pub(crate) fn add(&mut self, reason: &str, record: &str) {
        let text = match reason.char_indices().nth(MAX_REASON_CHARS) {
            Some((end, _)) => &reason[..end],
            None => reason,
        };
        if let Some(known) = self.kept.iter_mut().find(|kept| kept.text == text) {
            known.count += 1;
        } else if self.kept.len() < MAX_REASONS {
            self.kept.push(Reason { text: text.to_owned(), count: 1, first: record.to_owned() });
        } else {
            self.others += 1;
        }
    }

    /// The distinct reasons, in the order they came up.
    pub(crate) fn kept(&self) -> &[Reason] {
        &self.kept
    }

    /// Records that failed for reasons past the bound.
    pub(crate) fn others(&self) -> u64 {
        self.others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_kept_once_with_its_count_and_first_record() {
        let mut reasons = Reasons::default();
        for record in ["r1", "r2", "r3"] {
            reasons.add("not JSON", record);
        }
        reasons.add("no host", "r4");
        let told: Vec<_> =
            reasons.kept().iter().map(|r| (r.text.as_str(), r.count, r.first.as_str())).collect();
        assert_eq!(told, [("not JSON", 3, "r1"), ("no host", 1, "r4")]);
    }

    #[test]
    fn a_different_reason_per_record_stays_bounded_and_counted() {
        let mut reasons = Reasons::default();
        for n in 0..1000 {
            reasons.add(&format!("value {n} {}", "ü".repeat(10_000)), "r");
        }
        assert_eq!(reasons.kept().len(), MAX_REASONS);
        assert!(reasons.kept().iter().all(|reason| reason.text.chars().count() == MAX_REASON_CHARS));
        assert_eq!(reasons.kept().iter().map(|reason| reason.count).sum::<u64>() + reasons.others(), 1000);
    }
}
