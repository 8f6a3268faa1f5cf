//! Work in progress: live lines on a terminal, plain lines elsewhere.
//!
//! A [`Board`] shows operations that run side by side; a [`Meter`] counts records towards a total. Both
//! are drawn by indicatif where stderr is a terminal. Elsewhere a finished operation is one line, and a
//! meter says where it is every [`PLAIN_INTERVAL`], so that a CI log shows life without being flooded.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::fold::cut;
use super::style::{self, paint};
use super::{Output, table, words};

/// How often a meter speaks where no terminal redraws it.
pub(crate) const PLAIN_INTERVAL: Duration = Duration::from_secs(10);
const TICKS: &str = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ";
const TICK: Duration = Duration::from_millis(100);

/// The columns that are taken beside the text: by the spinner and the time, by a bar.
const SPINNER: usize = 10;
const BAR: usize = 36;

/// The columns left for the text of a live line. It does not fill the terminal's: a line that wraps, or that the `^C`
/// of the terminal makes wrap, is drawn over by one line too few.
fn room(beside: usize) -> usize {
    table::stderr_width().saturating_sub(beside).max(20)
}

/// Operations that run side by side, each with a line while it runs and a line when it ended.
pub(crate) struct Board<'output> {
    output: &'output Output,
    running: Mutex<HashMap<String, (ProgressBar, Instant)>>,
}

impl<'output> Board<'output> {
    /// An empty board.
    pub(crate) fn new(output: &'output Output) -> Self {
        Board { output, running: Mutex::default() }
    }

    /// `key` begins; `text` is what it does, in the present: `creating stream clickstream-events`.
    pub(crate) fn begin(&self, key: &str, text: &str) {
        let bar = self.output.spinner(text);
        self.lock().insert(key.to_owned(), (bar, Instant::now()));
    }

    /// What `key` is doing now.
    pub(crate) fn update(&self, key: &str, text: &str) {
        if let Some((bar, _)) = self.lock().get(key) {
            bar.set_message(cut(text, room(SPINNER)).into_owned());
        }
    }

    /// `key` ended well; `text` is what it did: `created stream clickstream-events`.
    pub(crate) fn done(&self, key: &str, text: &str) {
        let took = self.end(key).map(|took| format!(" {}", paint(style::FAINT, words::duration(took))));
        self.output.note(format!("{} {text}{}", paint(style::GOOD, "✓"), took.unwrap_or_default()));
    }

    /// `key` failed; `text` says what and why.
    pub(crate) fn failed(&self, key: &str, text: &str) {
        self.end(key);
        self.output.note(format!("{} {text}", paint(style::BAD, "✗")));
    }

    /// `key` will not go on; somebody else says why.
    pub(crate) fn leave(&self, key: &str) {
        self.end(key);
    }

    fn end(&self, key: &str) -> Option<Duration> {
        let (bar, since) = self.lock().remove(key)?;
        bar.finish_and_clear();
        Some(since.elapsed())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, (ProgressBar, Instant)>> {
        self.running.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Board<'_> {
    fn drop(&mut self) {
        for (_, (bar, _)) in self.lock().drain() {
            bar.finish_and_clear();
        }
    }
}

/// A count of records that grows, towards a total where one is known.
pub(crate) struct Meter<'output> {
    output: &'output Output,
    what: String,
    total: Option<u64>,
    plain_every: Option<Duration>,
    bar: ProgressBar,
    started: Instant,
    spoke: Mutex<Instant>,
}

impl<'output> Meter<'output> {
    /// A meter at zero; `what` is what happens to the records: `sent`.
    pub(crate) fn new(output: &'output Output, what: &str, total: Option<u64>) -> Self {
        let now = Instant::now();
        let bar = output.bar(total);
        let plain_every = Some(PLAIN_INTERVAL);
        let (what, spoke) = (what.to_owned(), Mutex::new(now));
        let meter = Meter { output, what, total, plain_every, bar, started: now, spoke };
        meter.set(0, "");
        meter
    }

    /// How often it speaks where no terminal redraws it; `None` for never.
    pub(crate) fn plain_every(mut self, every: Option<Duration>) -> Self {
        self.plain_every = every;
        self
    }

    /// Now at `count`, with a remark beside the rate since the beginning.
    pub(crate) fn set(&self, count: u64, remark: &str) {
        let rate = words::rate(count, self.started.elapsed());
        let remark = if remark.is_empty() { String::new() } else { format!(", {remark}") };
        self.tell(count, &format!("{}/s{remark}", words::grouped(rate)));
    }

    /// Now at `count`, with nothing but this remark beside it. Whether it was said in a line of its own.
    pub(crate) fn tell(&self, count: u64, remark: &str) -> bool {
        self.bar.set_position(count);
        let of = self.total.map(|total| format!(" of {}", words::grouped(total))).unwrap_or_default();
        let line = format!("{}{of} {} ({remark})", words::grouped(count), self.what);
        let beside = if self.total.is_some() { BAR } else { SPINNER };
        self.bar.set_message(cut(&line, room(beside)).into_owned());
        let mut spoke = self.spoke.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let speaks =
            !self.output.shows_live && self.plain_every.is_some_and(|every| spoke.elapsed() >= every);
        if speaks {
            *spoke = Instant::now();
            self.output.note(line);
        }
        speaks
    }

    /// The meter has done its work and leaves the screen.
    pub(crate) fn finish(self) -> Duration {
        self.bar.finish_and_clear();
        self.started.elapsed()
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Output {
    /// A spinning line under everything that was said so far.
    fn spinner(&self, text: &str) -> ProgressBar {
        let style = ProgressStyle::with_template("{spinner:.cyan} {msg} {elapsed:.dim}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner())
            .tick_chars(TICKS);
        let bar = self.live.add(
            ProgressBar::new_spinner().with_style(style).with_message(cut(text, room(SPINNER)).into_owned()),
        );
        self.animate(&bar);
        bar
    }

    /// Something moves even while nothing happens. Costs a thread, so only where it can be seen.
    fn animate(&self, bar: &ProgressBar) {
        if self.shows_live {
            bar.enable_steady_tick(TICK);
        }
    }

    /// A bar towards `total`, or a spinner where there is none.
    fn bar(&self, total: Option<u64>) -> ProgressBar {
        let Some(total) = total else { return self.spinner("") };
        let style = ProgressStyle::with_template("{spinner:.cyan} {bar:28.cyan/dim} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .tick_chars(TICKS)
            .progress_chars("━━─");
        let bar = self.live.add(ProgressBar::new(total).with_style(style));
        self.animate(&bar);
        bar
    }
}
