//! The only module that prints. Data goes to stdout, everything else to stderr.
//!
//! **Rules**
//! - A reader that goes away (`| head`) is no error: later writes are dropped, and [`Output::is_closed`]
//!   tells an endless command to end. Any other failure to write to stdout, a full disk, is kept and fails the command
//!   at its end ([`Output::unwritten`]).
//! - `--json` turns stdout into one event a line, the first of them the version line; the text for people
//!   is then not written to stdout at all.
//! - Where stderr is a terminal, running work shows as live lines ([`live`]); elsewhere as plain lines.
//! - In a job of GitHub Actions, or where `--format github` asks for it, findings and failures are annotations, too
//!   ([`github`]).
//! - Text is built with colours and loses them in the stream when the reader cannot show them.

mod fold;
pub(crate) mod github;
mod json;
pub(crate) mod lines;
pub(crate) mod live;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod words;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use indicatif::{MultiProgress, ProgressDrawTarget};
use pipectl_pipeline::spec::Mask;

use crate::error::{CommandError, Kind};
use github::{Annotation, Level};
use lines::Line;
use style::paint;

/// How a command speaks: set once from the global options.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Manner {
    /// One event a line on stdout instead of text.
    pub(crate) json: bool,
    /// Only data and errors.
    pub(crate) quiet: bool,
    /// Findings are also annotations of GitHub Actions.
    pub(crate) github: bool,
}

/// Where everything a command says goes.
pub(crate) struct Output {
    manner: Manner,
    asks: bool,
    shows_live: bool,
    live: MultiProgress,
    closed: AtomicBool,
    unwritten: OnceLock<io::Error>,
    begun: AtomicBool,
    annotates: AtomicBool,
    /// Whether a finding was an annotation already.
    annotated: AtomicBool,
    mask: RwLock<Mask>,
}

impl Output {
    /// Looks once at what stdin and stderr are. Live lines need a terminal that nobody asked to be quiet.
    pub(crate) fn new(manner: Manner) -> Self {
        let terminal = io::stderr().is_terminal();
        let shows_live = terminal && !manner.quiet && !manner.json;
        let target = if shows_live { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Output {
            manner,
            asks: terminal && io::stdin().is_terminal() && !manner.json,
            shows_live,
            live: MultiProgress::with_draw_target(target),
            closed: AtomicBool::new(false),
            unwritten: OnceLock::new(),
            begun: AtomicBool::new(false),
            annotates: AtomicBool::new(manner.github),
            annotated: AtomicBool::new(false),
            mask: RwLock::default(),
        }
    }

    /// From now on these values are masked in all text and events, whoever says them: a plan, a message of AWS.
    /// Records of a stream ([`Output::bulk`]) are data, and are left as they are.
    pub(crate) fn mask(&self, mask: Mask) {
        *self.mask.write().unwrap_or_else(PoisonError::into_inner) = mask;
    }

    fn masked<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.mask.read().unwrap_or_else(PoisonError::into_inner).apply(text)
    }

    /// Whether there is a person to ask.
    pub(crate) fn can_ask(&self) -> bool {
        self.asks
    }

    /// Whether stdout carries events rather than text.
    pub(crate) fn is_json(&self) -> bool {
        self.manner.json
    }

    /// Whether the reader of stdout has gone away.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Why not all that belongs on stdout got there; a reader that went away is no reason.
    pub(crate) fn unwritten(&self) -> Option<&io::Error> {
        self.unwritten.get()
    }

    /// Sentences and lists for people on stdout, broken between words to the terminal behind it; nothing under `--json`.
    pub(crate) fn prose(&self, text: impl AsRef<str>) {
        match io::stdout().is_terminal() {
            true => self.data(fold::fold(text.as_ref(), table::stdout_columns())),
            false => self.data(text),
        }
    }

    /// Data for people on stdout; nothing under `--json`.
    pub(crate) fn data(&self, text: impl AsRef<str>) {
        if !self.manner.json {
            self.stdout(text.as_ref());
        }
    }

    /// Data that is the same for people and programs (a completion script, a schema): stdout always.
    pub(crate) fn raw(&self, bytes: &[u8]) {
        self.live.suspend(|| {
            let mut stdout = io::stdout().lock();
            let result = stdout.write_all(bytes).and_then(|()| stdout.flush());
            self.note_if_closed(result);
        });
    }

    /// Much data at once on stdout, records of a stream; [`Output::event_text`] where it is events.
    ///
    /// # Errors
    /// It was not written. A reader that went away is none, and shows in [`Output::is_closed`].
    pub(crate) fn bulk(&self, bytes: &[u8]) -> io::Result<()> {
        self.live.suspend(|| {
            let mut stdout = io::stdout().lock();
            let result = stdout.write_all(bytes).and_then(|()| stdout.flush());
            match result {
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
                result => {
                    self.note_if_closed(result);
                    Ok(())
                }
            }
        })
    }

    /// What [`Output::event`] would write, for [`Output::bulk`].
    pub(crate) fn event_text(&self, line: &Line<'_>) -> String {
        let first = (!self.begun.swap(true, Ordering::Relaxed)).then(Line::version);
        let lines = first.iter().chain([line]);
        lines.fold(String::new(), |text, line| text + &json::text(line) + "\n")
    }

    /// One event on stdout under `--json`; nothing otherwise.
    pub(crate) fn event(&self, line: &Line<'_>) {
        if !self.manner.json {
            return;
        }
        if !self.begun.swap(true, Ordering::Relaxed) {
            self.write(&json::text(&Line::version()));
        }
        let mask = self.mask.read().unwrap_or_else(PoisonError::into_inner);
        self.write(&mask.apply_long(&json::masked(line, &mask)));
    }

    /// What a command has to say while it works: stderr, unless `--quiet`.
    pub(crate) fn note(&self, text: impl AsRef<str>) {
        if self.manner.quiet {
            return;
        }
        match io::stderr().is_terminal() {
            true => self.stderr(&fold::fold(text.as_ref(), table::stderr_width())),
            false => self.stderr(text.as_ref()),
        }
    }

    /// How the diagnostics of a pipeline file are to be drawn on stderr.
    pub(crate) fn diagnostic_style(&self) -> pipectl_pipeline::spec::Style {
        let terminal = io::stderr().is_terminal();
        let width = if terminal { table::stderr_width().clamp(60, 140) } else { 140 };
        pipectl_pipeline::spec::Style { colour: true, unicode: terminal, width }
    }

    /// Diagnostics that a library has rendered already: stderr, also under `--quiet`.
    pub(crate) fn diagnostics(&self, text: impl AsRef<str>) {
        self.stderr(text.as_ref());
    }

    /// From now on findings and failures are annotations of GitHub Actions, too.
    pub(crate) fn start_annotating(&self) {
        self.annotates.store(true, Ordering::Relaxed);
    }

    /// Whether they are.
    pub(crate) fn annotates(&self) -> bool {
        self.annotates.load(Ordering::Relaxed)
    }

    /// A remark for GitHub Actions; nothing elsewhere.
    pub(crate) fn annotate(&self, annotation: &Annotation) {
        if self.annotates() {
            let workspace = std::env::var_os("GITHUB_WORKSPACE").map(PathBuf::from);
            // Before signs in it are escaped, in which a value would not be found any more.
            let mask = |text: &str| self.masked(text).into_owned();
            let (title, message) = (mask(&annotation.title), mask(&annotation.message));
            let annotation = Annotation { title, message, ..annotation.clone() };
            self.stderr(&annotation.command(workspace.as_deref()));
            self.annotated.store(true, Ordering::Relaxed);
        }
    }

    /// The end of a failed command: what happened, each cause, the hints last.
    pub(crate) fn failure(&self, error: &CommandError) {
        self.event(&Line::Error(error.into()));
        self.stderr(&render_failure(error));
        // What is wrong in a file stands at its lines already.
        let told = error.kind() == Kind::Invalid && self.annotated.load(Ordering::Relaxed);
        if !told {
            let lines =
                error.chain().into_iter().chain(error.hints().iter().map(|hint| format!("hint: {hint}")));
            let message = lines.collect::<Vec<_>>().join("\n");
            let title = "pipectl".to_owned();
            self.annotate(&Annotation { level: Level::Error, title, message, spot: None });
        }
    }

    /// Asks on stderr and reads a line; `None` at the end of input. Blocks, so call it off the runtime.
    pub(crate) fn ask(&self, question: &str) -> io::Result<Option<String>> {
        self.live.suspend(|| {
            let mut stderr = anstream::stderr().lock();
            write!(stderr, "{question} ")?;
            stderr.flush()
        })?;
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer)?;
        Ok((read > 0).then(|| answer.trim().to_owned()))
    }

    fn stdout(&self, text: &str) {
        self.write(&self.masked(text));
    }

    fn write(&self, text: &str) {
        if self.is_closed() {
            return;
        }
        self.live.suspend(|| {
            let mut stdout = anstream::stdout().lock();
            let result = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
            self.note_if_closed(result);
        });
    }

    fn stderr(&self, text: &str) {
        let text = self.masked(text);
        self.live.suspend(|| {
            let mut stderr = anstream::stderr().lock();
            // There is nowhere left to report a stderr that cannot be written to.
            let _ = writeln!(stderr, "{text}");
        });
    }

    fn note_if_closed(&self, result: io::Result<()>) {
        let Err(error) = result else { return };
        self.closed.store(true, Ordering::Relaxed);
        if error.kind() != io::ErrorKind::BrokenPipe {
            // The first failure says why; what follows is dropped.
            let _ = self.unwritten.set(error);
        }
    }
}

/// `error: …`, the causes indented under it, then the hints.
fn render_failure(error: &CommandError) -> String {
    let mut chain = error.chain().into_iter();
    let mut text = paint(style::BAD.bold(), "error") + ": " + &chain.next().unwrap_or_default();
    for cause in chain {
        let _ =
            write!(text, "\n  {} {}", paint(style::FAINT, "because:"), cause.replace('\n', "\n           "));
    }
    for hint in error.hints() {
        let _ = write!(text, "\n{}: {hint}", paint(style::NAME, "hint"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_causes_and_the_hints_last() {
        let error = CommandError::wrap(
            Kind::Aws,
            "cannot reach http://127.0.0.1:4566",
            io::Error::other("connection refused"),
        )
        .hint("start it with `pipectl local`")
        .hint("or name another endpoint with --endpoint-url");
        let text = anstream::adapter::strip_str(&render_failure(&error)).to_string();
        insta::assert_snapshot!(text, @r"
        error: cannot reach http://127.0.0.1:4566
          because: connection refused
        hint: start it with `pipectl local`
        hint: or name another endpoint with --endpoint-url
        ");
    }
}
