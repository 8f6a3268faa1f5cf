//! A picture of a comparison: one self-contained SVG, or a page around it, in light and dark.
//!
//! From the top: the load and the shards that each policy held open; a lane for each policy with what was throttled and
//! what was called; and, where it was asked for, cost against throttling with everybody as a point. A trace has more
//! minutes than a picture has columns, so a column shows the highest of its minutes: nothing that was throttled is lost
//! between two of them.

mod frontier;
mod lanes;
mod scale;
mod style;
mod timeline;

use std::fmt::Write as _;

use super::compare::{FrontierPoint, Outcome};

/// What a picture is of.
#[derive(Clone, Copy, Debug)]
pub struct Picture<'a> {
    /// What stands above it, such as the trace's name.
    pub title: &'a str,
    /// The load of every minute, in shards.
    pub loads: &'a [f64],
    /// Who took part.
    pub outcomes: &'a [Outcome],
    /// Cost against throttling; none for no such panel.
    pub frontier: &'a [FrontierPoint],
}

/// Where the panels lie, in the picture's units.
pub(crate) const WIDTH: f64 = 1200.0;
pub(crate) const LEFT: f64 = 190.0;
pub(crate) const RIGHT: f64 = 1180.0;
const TOP: f64 = 64.0;

impl Picture<'_> {
    /// The picture as an SVG file.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut body = String::new();
        let mut at = TOP;
        at = timeline::draw(&mut body, self, at);
        at = lanes::draw(&mut body, self, at + 24.0);
        if !self.frontier.is_empty() {
            at = frontier::draw(&mut body, self, at + 40.0);
        }
        let height = at + 16.0;
        let style = style::CSS;
        let (title, hours) = (escaped(self.title), self.loads.len() / 60);
        let mean = mean(self.loads);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"img\" \
             font-family=\"system-ui, sans-serif\" font-size=\"12\"><title>{title}</title><style>{style}</style>\
             <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height:.0}\"/>\
             <text class=\"strong\" x=\"16\" y=\"26\" font-size=\"17\">{title}</text>\
             <text class=\"faint\" x=\"16\" y=\"46\">{hours} hours, a mean load of {mean:.1} shards; a shard takes in \
             1 MiB/s or 1,000 records/s</text>{body}</svg>\n"
        )
    }

    /// The picture in a page, with the figures as a table below it.
    #[must_use]
    pub fn html(&self) -> String {
        let mut rows = String::new();
        for outcome in self.outcomes {
            let account = &outcome.account;
            let _ = write!(
                rows,
                "<tr><th>{}</th><td>{:.0}</td><td>{:.2}</td><td>{:.3} %</td><td>{}</td><td>{}</td><td>{}</td>\
                 <td>${:.2}</td><td class=\"about\">{}</td></tr>",
                outcome.contender,
                account.shard_hours,
                outcome.ratio_to_optimum,
                account.throttled_ratio * 100.0,
                account.update_shard_count_calls,
                account.splits,
                account.merges,
                account.dollars,
                outcome.contender.about(),
            );
        }
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"color-scheme\" content=\"light dark\">\
             <title>{}</title><style>{}</style><main>{}<table><thead><tr><th>policy</th><th>shard-hours</th>\
             <th>to optimum</th><th>throttled</th><th>updates</th><th>splits</th><th>merges</th><th>cost</th>\
             <th class=\"about\">what it does</th></tr></thead><tbody>{rows}</tbody></table></main></html>\n",
            escaped(self.title),
            style::PAGE,
            self.svg(),
        )
    }
}

fn mean(loads: &[f64]) -> f64 {
    let (sum, count) = loads.iter().fold((0.0, 0.0), |(sum, count), load| (sum + load, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

/// A text that may stand in markup.
pub(crate) fn escaped(text: &str) -> String {
    let plain = text.chars().filter(|sign| !sign.is_control());
    plain.fold(String::new(), |mut safe, sign| {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            sign => safe.push(sign),
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Billing, Comparison, Contender, Scenario};
    use super::*;
    use crate::policy::Limits as Bounds;

    fn picture(frontier: bool) -> (String, String) {
        let loads: Vec<f64> = (0..1200).map(|minute| f64::from(minute % 300) / 8.0).collect();
        let comparison =
            Comparison::new(Scenario::new(&loads), Billing::default(), Bounds::new(1, 500).unwrap());
        let outcomes = Contender::ALL.map(|contender| comparison.outcome(contender));
        let points = if frontier { comparison.frontier() } else { Vec::new() };
        let picture =
            Picture { title: "a <b> & \"c\"", loads: &loads, outcomes: &outcomes, frontier: &points };
        (picture.svg(), picture.html())
    }

    #[test]
    fn every_tag_is_closed_and_every_policy_is_named() {
        for frontier in [false, true] {
            let (svg, html) = picture(frontier);
            for text in [&svg, &html] {
                for tag in ["svg", "g", "text", "style", "title"] {
                    let opened =
                        text.matches(&format!("<{tag}>")).count() + text.matches(&format!("<{tag} ")).count();
                    assert_eq!(opened, text.matches(&format!("</{tag}>")).count(), "{tag}");
                }
                assert!(Contender::ALL.iter().all(|contender| text.contains(contender.name())));
                assert!(!text.contains("NaN") && !text.contains("inf"), "a place that is none");
            }
            assert_eq!(svg.contains("shard-hours over the optimum's"), frontier);
        }
    }

    #[test]
    fn a_title_cannot_break_out_and_nothing_is_loaded_from_elsewhere() {
        let (svg, html) = picture(true);
        assert!(svg.contains("a &lt;b&gt; &amp; &quot;c&quot;"));
        assert!(!html.contains("<b>") && !html.contains("src=") && !html.contains("href="));
        assert_eq!(html.matches("http").count(), 1, "the name space alone");
    }

    #[test]
    fn a_month_fits_a_picture_that_a_browser_opens_at_once() {
        let loads = vec![3.0; 43_200];
        let comparison =
            Comparison::new(Scenario::new(&loads), Billing::default(), Bounds::new(1, 500).unwrap());
        let outcomes =
            [Contender::ScalingUtils, Contender::Optimum].map(|contender| comparison.outcome(contender));
        let svg = Picture { title: "flat", loads: &loads, outcomes: &outcomes, frontier: &[] }.svg();
        assert!(svg.len() < 400_000, "{}", svg.len());
    }
}
