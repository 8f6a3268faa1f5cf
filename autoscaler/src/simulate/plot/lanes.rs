//! A lane for each policy: its name and figures, what was throttled, and what was called when.

use std::fmt::Write as _;

use super::super::compare::Outcome;
use super::super::rules::Call;
use super::scale::Time;
use super::style::{colour, dashes};
use super::{LEFT, Picture, RIGHT};

const LANE: f64 = 34.0;
/// Height of what was called, under what was throttled.
const CALLS: f64 = 9.0;
const GAP: f64 = 6.0;

/// Draws the lanes from `top` on, and says where they end.
pub(super) fn draw(body: &mut String, picture: &Picture<'_>, top: f64) -> f64 {
    let time = Time::new(picture.loads.len());
    let _ = write!(
        body,
        "<text class=\"faint\" x=\"{LEFT}\" y=\"{top:.0}\">red: what was throttled of the load; below it: \
         UpdateShardCount (long), splits and merges (short)</text>"
    );
    let mut at = top + 8.0;
    for outcome in picture.outcomes {
        lane(body, outcome, time, at);
        at += LANE + GAP;
    }
    at
}

fn lane(body: &mut String, outcome: &Outcome, time: Time, top: f64) {
    let (contender, account) = (outcome.contender, &outcome.account);
    let (colour, dashes) = (colour(contender), dashes(contender));
    let _ = write!(
        body,
        "<g><title>{contender}: {}</title>\
         <path class=\"line\" stroke=\"{colour}\" stroke-dasharray=\"{dashes}\" stroke-width=\"3\" d=\"M16 {:.1}H40\"/>\
         <text x=\"48\" y=\"{:.1}\">{contender}</text>\
         <text class=\"faint\" x=\"48\" y=\"{:.1}\" font-size=\"11\">{:.2}× · {:.2} % · ${:.0}</text>\
         <rect class=\"lane\" x=\"{LEFT}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{LANE}\"/>",
        contender.about(),
        top + 11.0,
        top + 15.0,
        top + 29.0,
        outcome.ratio_to_optimum,
        account.throttled_ratio * 100.0,
        account.dollars,
        RIGHT - LEFT,
    );
    throttled(body, outcome, time, top);
    calls(body, outcome, time, top + LANE - CALLS, colour);
    body.push_str("</g>");
}

/// One bar a column: the most that was throttled of the load of any of its minutes.
fn throttled(body: &mut String, outcome: &Outcome, time: Time, top: f64) {
    let (mut path, full) = (String::new(), LANE - CALLS - 2.0);
    for (place, column) in outcome.points.chunks(time.column()).enumerate() {
        let part =
            |point: &super::super::view::Point| point.throttled / point.offered().max(f64::MIN_POSITIVE);
        let most = column.iter().map(part).fold(0.0, f64::max);
        if most > 0.0 {
            let from = place * time.column();
            let (x, to) = (time.x(from), time.x(from + column.len()));
            // A little is to be seen, too.
            let height = (full * most).max(1.5);
            let _ =
                write!(path, "M{x:.1} {:.1}v-{height:.1}h{:.1}v{height:.1}z", top + full, (to - x).max(0.8));
        }
    }
    if !path.is_empty() {
        let _ = write!(body, "<path class=\"throttled\" d=\"{path}\"/>");
    }
}

/// A stroke for each column in which something was called.
fn calls(body: &mut String, outcome: &Outcome, time: Time, top: f64, colour: &str) {
    let (mut updates, mut serial) = (String::new(), String::new());
    for (place, column) in outcome.schedule.as_deref().unwrap_or_default().chunks(time.column()).enumerate() {
        let called = || column.iter().flat_map(|minute| &minute.calls);
        let x = time.x(place * time.column());
        if called().any(|call| matches!(call, Call::UpdateShardCount(_))) {
            let _ = write!(updates, "M{x:.1} {top:.1}v{CALLS}");
        }
        if called().any(|call| !matches!(call, Call::UpdateShardCount(_))) {
            let _ = write!(serial, "M{x:.1} {:.1}v{:.1}", top + CALLS / 2.0, CALLS / 2.0);
        }
    }
    for (class, path) in [("update", updates), ("serial", serial)] {
        if !path.is_empty() {
            let _ = write!(body, "<path class=\"{class}\" stroke=\"{colour}\" fill=\"none\" d=\"{path}\"/>");
        }
    }
}
