//! A batch of a lane on its way to the function, as often as it takes.

use super::backoff::pause;
use super::entry::Entry;
use super::ports::Answer;
use super::window::{Pane, Window};
use super::work::Work;

/// Records that go to the function together, or the end of a window, which has none; and what was tried so far.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) entries: Vec<Entry>,
    /// Closes the window, early or not.
    pub(super) closes: Option<bool>,
    pub(super) invocations: u32,
    pub(super) delays: u32,
    pub(super) not_before: i64,
    pub(super) answer: Option<Answer>,
}

impl Batch {
    /// The end of a window, early or not.
    pub(super) fn closing(is_early: bool) -> Self {
        Self { closes: Some(is_early), ..Self::default() }
    }

    /// Has it wait: longer each time it came to nothing.
    pub(super) fn delay(&mut self, now: i64) {
        self.delays += 1;
        self.not_before = now.saturating_add(pause(self.delays));
    }

    /// What the function is to be invoked with.
    pub(super) fn work(&self, window: Option<&Window>) -> Work {
        let pane = window.map(|window| Pane {
            bounds: (window.start, window.end),
            state: window.state.clone(),
            is_final: self.closes.is_some(),
            is_early: self.closes == Some(true),
        });
        Work { entries: self.entries.clone(), pane }
    }
}
