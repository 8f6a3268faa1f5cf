//! Cost against throttling: our policy and fixed sizes as lines, everybody as a point.

use std::fmt::Write as _;

use super::super::compare::FrontierPoint;
use super::super::contender::Contender;
use super::style::colour;
use super::{LEFT, Picture, RIGHT};

const HEIGHT: f64 = 300.0;
/// Costs beyond so many times the optimum's stand at the edge.
const DEAREST: f64 = 5.0;
/// Throttled volume, in percent, from the least that is told apart from nothing to the most.
const LEAST: f64 = 0.001;
const MOST: f64 = 100.0;

/// Draws the panel from `top` on, and says where it ends.
pub(super) fn draw(body: &mut String, picture: &Picture<'_>, top: f64) -> f64 {
    let panel = Panel { top, bottom: top + HEIGHT };
    panel.axes(body);
    for (family, stroke) in
        [("pipectl", colour(Contender::Pipectl)), ("static", colour(Contender::StaticP99))]
    {
        panel.line(body, picture.frontier, family, stroke);
    }
    for outcome in picture.outcomes {
        let (x, y) = panel.place(outcome.ratio_to_optimum, outcome.account.throttled_ratio);
        let contender = outcome.contender;
        let _ = write!(
            body,
            "<g><title>{contender}: {:.2}×, {:.3} %</title><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"11\">{contender}</text></g>",
            outcome.ratio_to_optimum,
            outcome.account.throttled_ratio * 100.0,
            colour(contender),
            x + 8.0,
            y - 5.0,
        );
    }
    panel.bottom + 34.0
}

struct Panel {
    top: f64,
    bottom: f64,
}

impl Panel {
    fn x(cost: f64) -> f64 {
        // Room for a name at the right edge.
        LEFT + (RIGHT - 130.0 - LEFT) * (cost / DEAREST).clamp(0.0, 1.0)
    }

    fn y(&self, percent: f64) -> f64 {
        let part = (percent.clamp(LEAST, MOST) / LEAST).ln() / (MOST / LEAST).ln();
        self.bottom - (self.bottom - self.top) * part
    }

    fn place(&self, cost: f64, throttled_ratio: f64) -> (f64, f64) {
        (Self::x(cost), self.y(throttled_ratio * 100.0))
    }

    fn axes(&self, body: &mut String) {
        for (percent, said) in
            [(LEAST, "none"), (0.01, "0.01 %"), (0.1, "0.1 %"), (1.0, "1 %"), (10.0, "10 %"), (MOST, "100 %")]
        {
            let y = self.y(percent);
            let _ = write!(
                body,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{RIGHT}\"/>\
                 <text class=\"faint\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{said}</text>",
                LEFT - 8.0,
                y + 4.0
            );
        }
        for half in 0..=10_u32 {
            let cost = f64::from(half) / 2.0;
            let x = Self::x(cost);
            let more = if half == 10 { " or more" } else { "" };
            let _ = write!(
                body,
                "<path class=\"grid\" d=\"M{x:.1} {:.0}V{:.0}\"/>\
                 <text class=\"faint\" x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{cost}×{more}</text>",
                self.top,
                self.bottom,
                self.bottom + 16.0
            );
        }
        let _ = write!(
            body,
            "<text class=\"faint\" x=\"16\" y=\"{:.0}\">throttled volume</text>\
             <text class=\"faint\" x=\"{LEFT}\" y=\"{:.0}\">shard-hours over the optimum's; lines: our policy as a refused \
             shard-hour is worth more, and fixed sizes</text>",
            self.top - 8.0,
            self.bottom + 32.0
        );
    }

    fn line(&self, body: &mut String, points: &[FrontierPoint], family: &str, stroke: &str) {
        let (mut path, mut dots) = (String::new(), String::new());
        for point in points.iter().filter(|point| point.family == family) {
            let (x, y) = self.place(point.ratio_to_optimum, point.throttled_ratio);
            let _ = write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { "M" } else { "L" });
            let _ = write!(
                dots,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\" fill=\"{stroke}\"><title>{family} {}: {:.2}×, {:.3} %</title></circle>",
                point.headroom,
                point.ratio_to_optimum,
                point.throttled_ratio * 100.0
            );
        }
        if !path.is_empty() {
            let _ = write!(body, "<path class=\"line\" stroke=\"{stroke}\" d=\"{path}\"/>{dots}");
        }
    }
}
