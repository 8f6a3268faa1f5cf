//! A lane: the records of one shard whose keys hash to it, in order, with one batch under way at most.
//!
//! A batch that failed stays at the front until it succeeds or is given up; its halves, where batches are halved, take
//! its place. Only then is the next one formed from what was read ahead.

use std::collections::VecDeque;

use super::batch::Batch;
use super::entry::Entry;
use super::event::{MAX_EVENT, SURROUNDING};
use super::poller::Moment;
use super::ports::{Answer, Outcome};
use super::response::{self, Asked, Progress};
use super::window::{MAX_STATE, Window, WindowState};
use super::work::{Condition, Discarded, Work};
use crate::kinesis::Sequence;

/// How much longer a batch may wait for reads that go on.
const PATIENCE_MS: i64 = 1000;

/// What a lane wants done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Task {
    Invoke(Work),
    Discard(Discarded),
}

/// How an invocation ended, for the mapping's last result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The batch is done.
    Done,
    /// The function failed with it, or with a part of it.
    Failed,
    /// The function was not reached.
    NotReached,
}

/// How far the shard was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    /// Nothing more is to come.
    pub(super) ended: bool,
    /// More may be there, and can be read at once.
    pub(super) reading: bool,
    /// When it was last read to its tip: all that arrived before has been handed to the lanes.
    pub(super) tip: i64,
}

/// The state of a lane.
#[derive(Debug, Default)]
pub(super) struct Lane {
    pending: VecDeque<Entry>,
    /// Bytes of `pending` in an event, without frames.
    pending_encoded: usize,
    /// Bytes of `pending` in memory.
    pending_held: usize,
    /// Since when records are gathered for the next batch.
    gathering_since: i64,
    batches: VecDeque<Batch>,
    in_flight: bool,
    window: Option<Window>,
}

impl Lane {
    /// Takes a record that was read.
    pub(super) fn push(&mut self, entry: Entry, now: i64) {
        if self.pending.is_empty() {
            self.gathering_since = now;
        }
        self.pending_encoded += entry.encoded_size();
        self.pending_held += entry.held_size();
        self.pending.push_back(entry);
    }

    /// Records read ahead, and their bytes.
    pub(super) fn held(&self) -> (usize, usize) {
        (self.pending.len(), self.pending_held)
    }

    /// Whether the function is at work for it.
    pub(super) fn is_in_flight(&self) -> bool {
        self.in_flight
    }

    /// Whether there is nothing to do, now or later.
    pub(super) fn is_done(&self) -> bool {
        !self.in_flight && self.batches.is_empty() && self.pending.is_empty() && self.window.is_none()
    }

    /// Goes on with a window that was open.
    pub(super) fn go_on(&mut self, window: Window) {
        self.window = Some(window);
    }

    /// The open window.
    pub(super) fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// The oldest record that is not done.
    pub(super) fn oldest(&self) -> Option<Sequence> {
        let under_way = self.batches.iter().flat_map(|batch| &batch.entries);
        under_way.chain(&self.pending).next().map(|entry| entry.sequence)
    }

    /// Whether there is a window of which something was processed.
    pub(super) fn owes_an_end(&self) -> bool {
        self.window.as_ref().is_some_and(|window| window.last.is_some())
    }

    /// Has the window end before its time, if something of it was processed, and before anything else is done; answers
    /// whether that is still to do. AWS does not say what a change of its settings makes of a window (?).
    pub(super) fn wind_up(&mut self) -> bool {
        let is_due = self.owes_an_end();
        let is_begun = self.in_flight || self.batches.front().is_some_and(|batch| batch.closes.is_some());
        if is_due && !is_begun {
            self.batches.push_front(Batch::closing(true));
        }
        is_due
    }

    /// Where the open window ends.
    pub(super) fn window_end(&self) -> Option<i64> {
        self.window.as_ref().map(|window| window.end)
    }

    /// Takes back all records that are not done, oldest first.
    pub(super) fn take_all(&mut self) -> Vec<Entry> {
        let batches = std::mem::take(&mut self.batches).into_iter().flat_map(|batch| batch.entries);
        let all = batches.chain(std::mem::take(&mut self.pending)).collect();
        *self = Self::default();
        all
    }

    /// What is to be done now.
    pub(super) fn next(&mut self, at: &Moment<'_>, standing: Standing) -> Option<Task> {
        if self.in_flight {
            return None;
        }
        if self.batches.is_empty() {
            let formed = self.form(at, standing);
            self.batches.extend(formed);
        }
        if let Some(task) = self.give_up_without_trying(at) {
            return Some(task);
        }
        let window = self.window.as_ref();
        let batch = self.batches.front_mut()?;
        if at.now < batch.not_before {
            return None;
        }
        batch.invocations += 1;
        self.in_flight = true;
        Some(Task::Invoke(batch.work(window)))
    }

    /// When to look again, if nothing happens before. Later than now wherever [`next`](Self::next) has just found
    /// nothing to do: who waits for less than nothing has a paused clock stand still.
    pub(super) fn wake(&self, at: &Moment<'_>, standing: Standing) -> Option<i64> {
        if self.in_flight {
            return None;
        }
        if let Some(batch) = self.batches.front() {
            return Some(batch.not_before);
        }
        let gathered = (!self.pending.is_empty()).then(|| self.gathered(at, standing));
        // From its end on it is no time that a window waits for, but a read that finds nothing more.
        let end = self.window_end().filter(|end| *end > at.now);
        [gathered, end].into_iter().flatten().min()
    }

    /// Hears how the invocation under way ended.
    pub(super) fn finish(&mut self, outcome: Outcome, at: &Moment<'_>) -> (Verdict, Option<Discarded>) {
        self.in_flight = false;
        let Some(batch) = self.batches.front_mut() else { return (Verdict::Done, None) };
        match outcome {
            Outcome::NotReached(_) => {
                batch.invocations -= 1;
                batch.delay(at.now);
                (Verdict::NotReached, None)
            }
            Outcome::Failed(answer) => (Verdict::Failed, self.failed(Some(answer), at)),
            Outcome::Refused(_) => (Verdict::Failed, self.failed(None, at)),
            Outcome::Returned { payload, answer } => {
                batch.answer = Some(answer);
                // Windows may have been set or left since: what counts is what the function was told.
                let asked = Asked { state: self.window.is_some(), failures: at.settings.report_failures };
                let reading = response::read(&payload, &batch.entries, asked);
                self.returned(reading, at)
            }
        }
    }

    fn failed(&mut self, answer: Option<Answer>, at: &Moment<'_>) -> Option<Discarded> {
        let batch = self.batches.front_mut()?;
        batch.answer = answer;
        if at.settings.bisect && batch.entries.len() > 1 {
            self.bisect(at.now);
            return None;
        }
        self.retry_or_discard(at)
    }

    fn returned(&mut self, reading: response::Reading, at: &Moment<'_>) -> (Verdict, Option<Discarded>) {
        let Some(batch) = self.batches.front_mut() else { return (Verdict::Done, None) };
        match reading.progress {
            Progress::Nothing | Progress::Until(0) => (Verdict::Failed, self.retry_or_discard(at)),
            Progress::Until(done) => {
                // What is left is a batch of its own, with all its attempts: so AWS counts them.
                let last = batch.entries.drain(..done).next_back();
                batch.invocations = 0;
                batch.delay(at.now);
                self.advance_window(last, reading.state);
                (Verdict::Failed, None)
            }
            Progress::All => {
                let batch = self.batches.pop_front().unwrap_or_default();
                if batch.closes.is_some() {
                    self.end_window();
                } else {
                    self.advance_window(batch.entries.into_iter().next_back(), reading.state);
                }
                (Verdict::Done, None)
            }
        }
    }

    fn advance_window(&mut self, last: Option<Entry>, state: Option<WindowState>) {
        let (Some(window), Some(state)) = (self.window.as_mut(), state) else { return };
        let is_too_large = state.text().len() > MAX_STATE;
        window.state = state;
        window.last = last;
        if is_too_large {
            self.batches.push_front(Batch::closing(true));
        }
    }

    /// Leaves the window behind. One that ended early may have batches left: they are the first of a new one.
    fn end_window(&mut self) -> Option<Window> {
        let ended = self.window.take()?;
        let next = self.batches.front().and_then(|batch| batch.entries.first());
        self.window = next.map(|entry| ended.anew(entry.arrived));
        Some(ended)
    }

    fn bisect(&mut self, now: i64) {
        let Some(mut first) = self.batches.pop_front() else { return };
        let second = first.entries.split_off(first.entries.len().div_ceil(2));
        let delays = first.delays;
        for entries in [second, first.entries] {
            self.batches.push_front(Batch { entries, delays, ..Batch::default() });
        }
        if let Some(batch) = self.batches.front_mut() {
            batch.delay(now);
        }
    }

    fn retry_or_discard(&mut self, at: &Moment<'_>) -> Option<Discarded> {
        let batch = self.batches.front_mut()?;
        if at.settings.max_retries.is_none_or(|retries| batch.invocations <= retries) {
            batch.delay(at.now);
            return None;
        }
        self.discard_front(Condition::RetryAttemptsExhausted)
    }

    fn discard_front(&mut self, condition: Condition) -> Option<Discarded> {
        let batch = self.batches.pop_front()?;
        let work = batch.work(self.window.as_ref());
        let closed = if batch.closes.is_some() { self.end_window() } else { None };
        let window_last = closed.and_then(|window| window.last);
        Some(Discarded { work, window_last, condition, invocations: batch.invocations, answer: batch.answer })
    }

    /// Records that are too old, or too large, never reach the function (again); nor does the end of a window that is
    /// too long ago.
    fn give_up_without_trying(&mut self, at: &Moment<'_>) -> Option<Task> {
        let batch = self.batches.front_mut()?;
        if batch.closes.is_some() {
            // As old as a record of its last moment: a window may be longer than a record may be old.
            let is_old = self.window.as_ref().is_some_and(|window| window.end <= at.oldest());
            return is_old
                .then(|| self.discard_front(Condition::RecordAgeExceeded))
                .flatten()
                .map(Task::Discard);
        }
        let old = batch.entries.partition_point(|entry| entry.arrived < at.oldest());
        if old == 0 {
            let state = self.window.as_ref().map_or(0, |window| window.state.text().len());
            let too_large = |entry: &Entry| entry.encoded_size() + at.frame + state + SURROUNDING > MAX_EVENT;
            if batch.entries.len() == 1 && batch.entries.first().is_some_and(too_large) {
                return self.discard_front(Condition::RecordTooLarge).map(Task::Discard);
            }
            return None;
        }
        if old < batch.entries.len() {
            let rest = batch.entries.split_off(old);
            let rest = Batch {
                entries: rest,
                invocations: batch.invocations,
                delays: batch.delays,
                not_before: batch.not_before,
                ..Batch::default()
            };
            self.batches.insert(1, rest);
        }
        self.discard_front(Condition::RecordAgeExceeded).map(Task::Discard)
    }

    /// The next batch, if it is time for one.
    fn form(&mut self, at: &Moment<'_>, standing: Standing) -> Option<Batch> {
        let first = self.pending.front().map(|entry| entry.arrived);
        if let Some(window) = &self.window {
            let is_over = match first {
                Some(arrived) => !window.holds(arrived),
                None => standing.ended || standing.tip >= window.end,
            };
            if is_over && (window.last.is_some() || window.end > at.oldest()) {
                return Some(Batch::closing(false));
            }
            if is_over {
                // All of it was too old for the function: there is nothing to end.
                self.window = None;
            }
        }
        let tumbling = at.settings.tumbling_ms;
        let window = tumbling.map(|length| Window::of(first.unwrap_or_default(), length));
        let fits = self.fitting(at, window.as_ref());
        let cut = fits < self.pending.len();
        let is_over = window.as_ref().is_some_and(|window| standing.tip >= window.end);
        let complete = cut
            || fits >= at.settings.batch_size
            || standing.ended
            || is_over
            || at.now >= self.gathered(at, standing);
        if fits == 0 || !complete {
            return None;
        }
        if self.window.is_none() {
            self.window = window;
        }
        self.gathering_since = at.now;
        let entries: Vec<Entry> = self.pending.drain(..fits).collect();
        self.pending_encoded -= entries.iter().map(Entry::encoded_size).sum::<usize>();
        self.pending_held -= entries.iter().map(Entry::held_size).sum::<usize>();
        Some(Batch { entries, ..Batch::default() })
    }

    /// When the time to gather is over. What can be read at once still belongs to the batch; but a flood of records
    /// that are not wanted holds nothing up for long.
    fn gathered(&self, at: &Moment<'_>, standing: Standing) -> i64 {
        let patience = if standing.reading { PATIENCE_MS } else { 0 };
        self.gathering_since.saturating_add(at.settings.gathering_ms() + patience)
    }

    /// How many records the next batch can hold: of its size, in an event, of one window.
    fn fitting(&self, at: &Moment<'_>, window: Option<&Window>) -> usize {
        let most = at.settings.batch_size.min(self.pending.len());
        // The state comes on top. It is the function's own, up to a megabyte and more when it is about to be dropped.
        let state = if window.is_some() { MAX_STATE } else { 0 };
        let room = MAX_EVENT - SURROUNDING - state;
        if window.is_none() && self.pending_encoded + self.pending.len() * at.frame <= room {
            return most;
        }
        let mut size = 0;
        let takes = |entry: &&Entry| {
            size += entry.encoded_size() + at.frame;
            size <= room && window.is_none_or(|window| window.holds(entry.arrived))
        };
        // One in any case: what fits into no event is given up by itself.
        self.pending.iter().take(most).take_while(takes).count().max(most.min(1))
    }
}
