//! The load, and the shards that each policy held open.

use std::fmt::Write as _;

use super::super::compare::Outcome;
use super::super::policies::fixed::quantile;
use super::scale::{Height, Time};
use super::style::{colour, dashes};
use super::{LEFT, Picture, RIGHT};

const HEIGHT: f64 = 340.0;

/// Draws the panel from `top` on, and says where it ends.
pub(super) fn draw(body: &mut String, picture: &Picture<'_>, top: f64) -> f64 {
    let bottom = top + HEIGHT;
    let peak = picture.loads.iter().copied().fold(0.0, f64::max);
    let open =
        picture.outcomes.iter().flat_map(|outcome| &outcome.points).map(|point| point.open_shards).max();
    let most = peak.max(f64::from(open.unwrap_or(1)));
    let height = Height::new(top, bottom, most, quantile(picture.loads, 0.5));
    let time = Time::new(picture.loads.len());
    axes(body, time, &height, top, bottom);
    load(body, picture.loads, time, &height, bottom);
    for outcome in picture.outcomes.iter().rev() {
        shards(body, outcome, time, &height);
    }
    bottom + 18.0
}

fn axes(body: &mut String, time: Time, height: &Height, top: f64, bottom: f64) {
    let note = if height.is_logarithmic() { "shards (logarithmic)" } else { "shards" };
    let _ = write!(body, "<text class=\"faint\" x=\"16\" y=\"{:.0}\">{note}</text>", top + 12.0);
    for mark in height.marks() {
        let y = height.y(mark);
        let _ = write!(
            body,
            "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>\
             <text class=\"faint\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{mark:.0}</text>",
            LEFT - 8.0,
            y + 4.0
        );
    }
    for (minute, said) in time.marks() {
        let x = time.x(minute);
        let _ = write!(
            body,
            "<path class=\"grid\" d=\"M{x:.1} {top:.0}V{bottom:.0}\"/>\
             <text class=\"faint\" x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{said}</text>",
            bottom + 16.0
        );
    }
}

fn load(body: &mut String, loads: &[f64], time: Time, height: &Height, bottom: f64) {
    let mut path = format!("M{LEFT} {bottom:.1}");
    for (place, column) in loads.chunks(time.column()).enumerate() {
        let from = place * time.column();
        let y = height.y(column.iter().copied().fold(0.0, f64::max));
        let _ = write!(path, "L{:.1} {y:.1}H{:.1}", time.x(from), time.x(from + column.len()));
    }
    let _ = write!(body, "<path class=\"load\" d=\"{path}V{bottom:.1}Z\"><title>load</title></path>");
}

/// A line of steps; a column shows the most that was open in it.
fn shards(body: &mut String, outcome: &Outcome, time: Time, height: &Height) {
    let (contender, mut path, mut last) = (outcome.contender, String::new(), None);
    for (place, column) in outcome.points.chunks(time.column()).enumerate() {
        let open = column.iter().map(|point| point.open_shards).max().unwrap_or_default();
        if last == Some(open) {
            continue;
        }
        let (x, y) = (time.x(place * time.column()), height.y(f64::from(open)));
        let _ = match last {
            None => write!(path, "M{x:.1} {y:.1}"),
            Some(_) => write!(path, "H{x:.1}V{y:.1}"),
        };
        last = Some(open);
    }
    let _ = write!(
        body,
        "<path class=\"line\" stroke=\"{}\" stroke-dasharray=\"{}\" d=\"{path}H{RIGHT}\"><title>{contender}</title></path>",
        colour(contender),
        dashes(contender),
    );
}
