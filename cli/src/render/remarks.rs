//! A plan as remarks in a pull request: what goes, at the line of the file that it comes from, and the counts.

use pipectl_pipeline::plan::{Action, Plan, Step};
use pipectl_pipeline::spec::{Document, Path, Place};

use crate::output::github::{Annotation, Level, Spot};

/// The counts first, then a warning for each resource that goes with what is in it.
pub(crate) fn plan(plan: &Plan, document: &Document) -> Vec<Annotation> {
    let gone = plan.steps.iter().filter(|step| matches!(step.action, Action::Delete | Action::Replace));
    let counts = Annotation {
        level: Level::Notice,
        title: format!("plan of {}", plan.pipeline),
        message: anstream::adapter::strip_str(&super::plan::counts(plan)).to_string(),
        spot: None,
    };
    std::iter::once(counts).chain(gone.map(|step| goes(step, document))).collect()
}

fn goes(step: &Step, document: &Document) -> Annotation {
    let because = step.reason.as_ref().map(|why| format!("\nbecause {why}")).unwrap_or_default();
    // The nearest key above it, or the top, where the file does not say it any more.
    let place = Place::Key(Path::of(step.address.as_str().split('.')));
    let start = document.locate(&place);
    Annotation {
        level: Level::Warning,
        title: format!("{} {}", step.action, step.address),
        message: format!("{} {} `{}`{because}", step.action, step.kind, step.name),
        spot: start.map(|(file, start)| Spot { file, start: (start.line, start.column), end: None }),
    }
}
