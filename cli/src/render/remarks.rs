//! A plan as remarks in a pull request: what goes, at the line of the file that it comes from, and the counts.

use pipectl_pipeline::plan::{Action, Loss, Plan, Step};
use pipectl_pipeline::spec::{Document, Path, Place};

use super::losses;
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
    let gone = gone.map(|step| goes(step, losses::of(plan, step.address.as_str()), document));
    let stays = plan.losses.iter().filter(|loss| !loss.goes).map(|loss| loses(loss, document));
    std::iter::once(counts).chain(gone).chain(stays).collect()
}

/// What stays, and loses what is in it.
fn loses(loss: &Loss, document: &Document) -> Annotation {
    Annotation {
        level: Level::Warning,
        title: format!("{} loses data", loss.address),
        message: format!("{} `{}`: {loss}", loss.kind, loss.name),
        spot: spot(loss.address.as_str(), document),
    }
}

/// The nearest key above it, or the top, where the file does not say it any more.
fn spot(address: &str, document: &Document) -> Option<Spot> {
    let start = document.locate(&Place::Key(Path::of(address.split('.'))));
    start.map(|(file, start)| Spot { file, start: (start.line, start.column), end: None })
}

fn goes(step: &Step, loss: Option<&Loss>, document: &Document) -> Annotation {
    let because = step.reason.as_ref().map(|why| format!("\nbecause {why}")).unwrap_or_default();
    let lost = loss.map(|loss| format!("\nloses data: {loss}")).unwrap_or_default();
    Annotation {
        level: Level::Warning,
        title: format!("{} {}", step.action, step.address),
        message: format!("{} {} `{}`{because}{lost}", step.action, step.kind, step.name),
        spot: spot(step.address.as_str(), document),
    }
}
