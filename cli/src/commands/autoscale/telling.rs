//! What a step came to, for people line by line and for programs as events.

use std::collections::HashMap;

use pipectl_autoscaler::controller::{Explained, Stepped};
use pipectl_autoscaler::execute::{Act, Wait};

use super::fleet::Step;
use crate::error::{CommandError, Kind};
use crate::output::lines::{self, Line};
use crate::output::style::{BAD, CHANGE, FAINT, GOOD, paint};
use crate::output::{Output, words};

/// A step as it is told.
struct Told(lines::Step);

impl Told {
    fn of(Step { name, stepped: step }: &Step, at: jiff::Timestamp) -> Self {
        let (decision, reason) = match &step.decided {
            Some((action, reason)) => (Some(action.clone()), Some(reason.to_string())),
            None => (None, None),
        };
        let (mut called, mut waits_for) = (None, None);
        match &step.act {
            Some(Act::Called { call, .. }) => called = Some(call.to_string()),
            Some(Act::Waits { wait, .. }) => waits_for = Some(wait.to_string()),
            Some(Act::Reached) | None => {}
        }
        Self(lines::Step {
            stream: name.clone(),
            at,
            open_shards: step.shards,
            wanted_shards: step.wanted,
            decision,
            reason,
            called,
            waits_for,
            problem: step.problem.as_ref().map(ToString::to_string),
            hint: step.problem.as_ref().and_then(|problem| problem.hint()),
        })
    }

    /// What makes it worth a line: the same again and again is told once.
    fn gist(&self, step: &Stepped) -> String {
        let wait = match &step.act {
            Some(Act::Waits { wait: Wait::Ours(_), .. }) | None => "",
            Some(Act::Waits { wait: Wait::Others, .. }) => "others",
            Some(Act::Waits { wait: Wait::Refused(_), .. }) => "refused",
            Some(Act::Waits { .. }) => "waits",
            Some(_) => "",
        };
        let kind = step.problem.as_ref().map(std::mem::discriminant);
        format!("{:?} {wait} {kind:?}", self.0.decision.as_deref().unwrap_or_default())
    }

    fn line(&self) -> String {
        let at = self.0.at.round(jiff::Unit::Second).unwrap_or(self.0.at);
        let shards = self
            .0
            .open_shards
            .map(|count| format!(" ({})", words::counted(u64::from(count), "shard")))
            .unwrap_or_default();
        let head = format!("{} {}{shards}: ", paint(FAINT, at.to_string()), self.0.stream);
        let reason = self.0.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let decision = self.0.decision.as_deref().unwrap_or("goes on");
        if let Some(problem) = &self.0.problem {
            return format!("{head}{}", paint(BAD, problem));
        }
        match (&self.0.called, &self.0.waits_for) {
            (Some(call), _) => format!("{head}{}{reason}", paint(GOOD, call)),
            (None, Some(wait)) => format!("{head}{}, {wait}", paint(CHANGE, decision)),
            (None, None) => format!("{head}{decision}{reason}"),
        }
    }
}

/// Says what steps come to, and keeps quiet about what it has said.
#[derive(Default)]
pub(super) struct Telling {
    last: HashMap<String, String>,
}

impl Telling {
    /// Tells the steps of one round: an event each; a line where something is new.
    pub(super) fn tell(&mut self, output: &Output, steps: &[Step], at: jiff::Timestamp) {
        for one in steps {
            let (told, step) = (Told::of(one, at), &one.stepped);
            output.event(&Line::Step(&told.0));
            let acts = told.0.called.is_some();
            let decides = step.decided.is_some() || step.problem.is_some();
            let gist = told.gist(step);
            let is_new = self.last.get(&told.0.stream) != Some(&gist);
            if acts || (decides && is_new) {
                output.data(told.line());
                if let Some(hint) = &told.0.hint {
                    output.note(format!("  {}", paint(FAINT, hint)));
                }
            }
            if decides {
                self.last.insert(told.0.stream, gist);
            }
        }
    }
}

impl Telling {
    /// Tells what one round without acting came to: an event each; a line where something is new.
    pub(super) fn tell_looks(&mut self, output: &Output, looks: Vec<Explained>, at: jiff::Timestamp) {
        for look in looks {
            output.event(&Line::Explained(&look));
            let text = match (&look.problem, &look.planned) {
                (Some(problem), _) => paint(BAD, problem),
                (None, Some(planned)) => {
                    let paused =
                        planned.waits_for.as_ref().map(|wait| format!(" ({wait})")).unwrap_or_default();
                    format!("would {}{paused}: {}", paint(CHANGE, &planned.action), planned.reason)
                }
                (None, None) => continue,
            };
            let gist = look.problem.or(look.planned.map(|planned| planned.action)).unwrap_or_default();
            if self.last.get(&look.stream) != Some(&gist) {
                let at = at.round(jiff::Unit::Second).unwrap_or(at);
                output.data(format!("{} {}: {text}", paint(FAINT, at.to_string()), look.stream));
                self.last.insert(look.stream, gist);
            }
        }
    }
}

/// An error when something is wrong with a stream that somebody has to see to.
pub(super) fn trouble(steps: &[Step]) -> Result<(), CommandError> {
    let mut troubled = steps
        .iter()
        .filter_map(|step| Some((&step.name, step.stepped.problem.as_ref()?)))
        .filter(|(_, problem)| problem.is_trouble());
    let Some((name, problem)) = troubled.next() else { return Ok(()) };
    let more = match troubled.count() {
        0 => String::new(),
        count => format!(", and {count} more"),
    };
    let text = format!("the stream {name} could not be seen to{more}");
    let error = CommandError::wrap(Kind::Aws, text, problem.clone());
    Err(match problem.hint() {
        Some(hint) => error.hint(hint),
        None => error,
    })
}
