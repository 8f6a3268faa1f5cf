//! An apply while it runs and when it ended.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use pipectl_pipeline::apply::{CriticalPath, Event, Failure, Outcome, Report};
use pipectl_pipeline::plan::{Action, Counts, Purpose};

use crate::output::lines::Line;
use crate::output::live::Board;
use crate::output::style::{BAD, CHANGE, FAINT, GOOD, paint};
use crate::output::{Output, words};

/// Turns the events of an apply into live lines, plain lines or JSON.
pub(crate) struct Narrator<'output> {
    output: &'output Output,
    board: Board<'output>,
    names: std::sync::Mutex<std::collections::HashMap<String, String>>,
    /// How many steps an interruption kept from beginning: one line says it for all of them.
    not_begun: AtomicU64,
}

impl<'output> Narrator<'output> {
    /// Tells to `output`.
    pub(crate) fn new(output: &'output Output) -> Self {
        Narrator {
            output,
            board: Board::new(output),
            names: std::sync::Mutex::default(),
            not_begun: AtomicU64::new(0),
        }
    }

    /// One event.
    pub(crate) fn hear(&self, event: &Event) {
        self.output.event(&Line::Apply(event));
        match event {
            Event::Started { .. } => {}
            Event::Finished { .. } => self.tell_not_begun(),
            Event::Packaging { address } => {
                self.board
                    .update(address.as_str(), &format!("{} builds its package", self.name(address.as_str())));
            }
            Event::StepStarted { address, kind, name, action } => {
                self.remember(address.as_str(), format!("{kind} {name}"));
                self.board.begin(address.as_str(), &format!("{} {kind} {name}", doing(*action)));
            }
            Event::Performing { address, operation } => {
                self.board.update(address.as_str(), &format!("{}: {operation}", self.name(address.as_str())));
            }
            Event::Waiting { address, waiting_for } => {
                let name = self.name(address.as_str());
                self.board.update(address.as_str(), &format!("{name}: waits for {waiting_for}"));
            }
            Event::Retrying { address, because, after_ms, .. } => {
                let name = self.name(address.as_str());
                let pause = words::duration(Duration::from_millis(*after_ms));
                self.board.update(address.as_str(), &format!("{name}: again in {pause}, {because}"));
            }
            Event::StepDone { address, action, .. } => {
                let name = self.name(address.as_str());
                self.board.done(address.as_str(), &format!("{} {name}", did(*action)));
            }
            Event::StepFailed { address, failure } => {
                self.board.failed(address.as_str(), &describe(failure));
            }
            Event::StepSkipped { address, because_of: None } if !self.has_begun(address.as_str()) => {
                self.not_begun.fetch_add(1, Ordering::Relaxed);
            }
            Event::StepSkipped { address, because_of } => {
                let why = match because_of {
                    Some(other) => format!("not begun: it needs {other}"),
                    None => "stopped before it was done".to_owned(),
                };
                let name = self.name(address.as_str());
                self.board.leave(address.as_str());
                self.output.note(format!("{} {name} {}", paint(CHANGE, "-"), paint(FAINT, why)));
            }
            Event::Note { text } => self.output.note(format!("{} {text}", paint(CHANGE, "note:"))),
        }
    }

    fn tell_not_begun(&self) {
        let count = self.not_begun.swap(0, Ordering::Relaxed);
        if count > 0 {
            let steps = words::counted(count, "step");
            self.output.note(format!("{} {steps} {}", paint(CHANGE, "-"), paint(FAINT, "not begun")));
        }
    }

    fn has_begun(&self, address: &str) -> bool {
        self.names().contains_key(address)
    }

    fn remember(&self, address: &str, name: String) {
        self.names().insert(address.to_owned(), name);
    }

    fn name(&self, address: &str) -> String {
        self.names().get(address).cloned().unwrap_or_else(|| address.to_owned())
    }

    fn names(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<String, String>> {
        self.names.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

fn doing(action: Action) -> &'static str {
    match action {
        Action::NoChange => "checking",
        Action::Create => "creating",
        Action::Update => "updating",
        Action::Replace => "replacing",
        Action::Delete => "deleting",
        Action::Release => "letting go of",
    }
}

fn did(action: Action) -> &'static str {
    match action {
        Action::NoChange => "checked",
        Action::Create => "created",
        Action::Update => "updated",
        Action::Replace => "replaced",
        Action::Delete => "deleted",
        Action::Release => "let go of",
    }
}

/// `Kinesis stream clicks-events: kinesis:CreateStream failed: … (LimitExceededException, request 1234)`.
fn describe(failure: &Failure) -> String {
    let mut text = format!("{} {}: ", failure.kind, failure.name);
    if let Some(call) = &failure.call {
        let _ = write!(text, "{call} failed: ");
    }
    text.push_str(&failure.message);
    let request = failure.request_id.as_ref().map(|id| format!("request {id}"));
    let details: Vec<String> = failure.code.clone().into_iter().chain(request).collect();
    if !details.is_empty() {
        let _ = write!(text, " {}", paint(FAINT, format!("({})", details.join(", "))));
    }
    if let Some(hint) = &failure.hint {
        let _ = write!(text, "\n  {hint}");
    }
    text
}

/// The last line: `Applied revision 3: 7 created, 1 updated in 4.2 s.`
pub(crate) fn summary(report: &Report, purpose: Purpose) -> String {
    let took = words::duration(Duration::try_from_secs_f64(report.seconds).unwrap_or_default());
    let done = done(&report.done);
    let revision = match report.revision {
        0 => String::new(),
        number => format!(" (revision {number})"),
    };
    let ledger =
        report.ledger.as_ref().map(|why| format!(" It is not all recorded: {why}.")).unwrap_or_default();
    match (report.outcome, purpose) {
        (Outcome::Succeeded, Purpose::Apply) => {
            let chain = chain(&report.critical_path);
            format!("{} {done} in {took}{revision}.{chain}", paint(GOOD, "Applied."))
        }
        (Outcome::Succeeded, Purpose::Destroy) => {
            format!("{} {done} in {took}{revision}.", paint(GOOD, "Destroyed."))
        }
        (Outcome::Interrupted, _) => {
            format!("{} {done} in {took}{revision}.", paint(CHANGE, "Stopped half way."))
        }
        (Outcome::Failed | Outcome::Applying, _) => format!(
            "{} {done}, {} failed, {} not done, in {took}{revision}.{ledger}",
            paint(BAD, "Stopped half way."),
            report.failures.len(),
            report.skipped.len()
        ),
    }
}

/// What a wider apply could not have made quicker, where there was a chain at all.
fn chain(path: &CriticalPath) -> String {
    if path.steps.len() < 2 {
        return String::new();
    }
    let took = words::duration(Duration::try_from_secs_f64(path.seconds).unwrap_or_default());
    let steps: Vec<&str> = path.steps.iter().map(|step| step.as_str()).collect();
    paint(FAINT, format!("\nThe longest chain took {took}: {}.", steps.join(", then ")))
}

fn done(counts: &Counts) -> String {
    let parts: Vec<String> = [
        (counts.create, "created"),
        (counts.update, "updated"),
        (counts.replace, "replaced"),
        (counts.delete, "deleted"),
        (counts.release, "let go"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{count} {word}"))
    .collect();
    if parts.is_empty() { "Nothing was changed".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipectl_pipeline::resources::{Address, Kind};

    fn report(outcome: Outcome) -> Report {
        Report {
            revision: 3,
            outcome,
            done: Counts { create: 7, update: 1, ..Counts::default() },
            failures: Vec::new(),
            skipped: vec![Address::delivery("lake")],
            ledger: None,
            seconds: 4.25,
            critical_path: CriticalPath::default(),
        }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn the_summary_says_how_it_ended() {
        let applied = plain(&summary(&report(Outcome::Succeeded), Purpose::Apply));
        assert_eq!(applied, "Applied. 7 created, 1 updated in 4.2 s (revision 3).");
        let stopped = plain(&summary(&report(Outcome::Interrupted), Purpose::Apply));
        assert_eq!(stopped, "Stopped half way. 7 created, 1 updated in 4.2 s (revision 3).");
    }

    #[test]
    fn a_failure_names_resource_call_code_and_way_out() {
        let failure = Failure {
            address: Address::stream("events"),
            kind: Kind::Stream,
            name: "clicks-events".into(),
            call: Some("kinesis:CreateStream".into()),
            code: Some("LimitExceededException".into()),
            message: "5 streams are being created already".into(),
            request_id: Some("abc".into()),
            hint: Some("try again in a minute".into()),
        };
        insta::assert_snapshot!(plain(&describe(&failure)), @r"
        Kinesis stream clicks-events: kinesis:CreateStream failed: 5 streams are being created already (LimitExceededException, request abc)
          try again in a minute
        ");
    }
}
