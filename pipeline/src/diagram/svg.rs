//! SVG that stands on its own, and reads on a light ground as on a dark one.

use std::fmt::Write as _;

use super::layers::{self, Link, Placed, Point};
use super::style;
use super::{Diagram, Edge, Flow, Mark, Node, NodeKind};

/// Around the picture.
const MARGIN: i64 = 24;
/// The line with the pipeline's name.
const HEAD: i64 = 28;
/// Letters of a line at most; the whole of it is in the tooltip.
const LETTERS: usize = 40;

impl Diagram {
    /// The diagram as an SVG document.
    #[must_use]
    pub fn svg(&self) -> String {
        let sizes: Vec<Point> = self.nodes.iter().map(size).collect();
        let labels = self.edges.iter().map(|edge| letters(&short(&edge.label), 6));
        let links: Vec<Link> = self
            .links()
            .into_iter()
            .zip(labels)
            .map(|((from, to), label)| Link { from, to, label })
            .collect();
        let placed = layers::place(&sizes, &links);
        let title = letters(&self.name, 10);
        let (width, height) = (placed.size.0.max(title) + 2 * MARGIN, placed.size.1 + 2 * MARGIN + HEAD);
        let mut text = String::new();
        let _ = write!(
            text,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
             height=\"{height}\" role=\"img\" aria-label=\"{}\">\n<style>{}</style>\n",
            escape(&format!("pipeline {}", self.name)),
            css()
        );
        text.push_str(
            "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" ",
        );
        text.push_str(
            "markerHeight=\"7\" orient=\"auto\"><path class=\"tip\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n",
        );
        let _ = writeln!(text, "<rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>");
        let _ = writeln!(
            text,
            "<text class=\"name\" x=\"{MARGIN}\" y=\"{}\">{}</text>",
            MARGIN + 8,
            escape(&self.name)
        );
        let _ = writeln!(text, "<g transform=\"translate({MARGIN} {})\">", MARGIN + HEAD);
        self.draw(&mut text, &sizes, &placed);
        text.push_str("</g>\n</svg>\n");
        text
    }

    /// Edges below nodes, labels above both.
    fn draw(&self, text: &mut String, sizes: &[Point], placed: &Placed) {
        for (edge, route) in self.edges.iter().zip(&placed.routes) {
            line(text, edge, route);
        }
        for ((node, size), corner) in self.nodes.iter().zip(sizes).zip(&placed.corners) {
            card(text, node, *size, *corner);
        }
        for (edge, route) in self.edges.iter().zip(&placed.routes) {
            label(text, edge, route);
        }
    }
}

fn size(node: &Node) -> Point {
    let title = letters(&short(&node.title), 9);
    let details = node.details.iter().map(|line| letters(&short(line), 7));
    let badge = node.mark.map_or(0, |mark| letters(mark.word(), 8) + 16) + letters(&kind(node), 8);
    let widest = details.chain([title, badge, 92]).max().unwrap_or(92);
    let rows = i64::try_from(node.details.len()).unwrap_or(0);
    (widest + 32, 52 + 17 * rows)
}

/// The width of a text whose letters take so many pixels, generously.
fn letters(text: &str, width: i64) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX / 64) * width
}

fn short(text: &str) -> String {
    match text.chars().count() {
        0..=LETTERS => text.to_owned(),
        _ => text.chars().take(LETTERS - 1).chain(['…']).collect(),
    }
}

/// What a node is, and in a picture of several pipelines whose.
fn kind(node: &Node) -> String {
    let word = node.kind.word();
    node.pipeline.as_ref().map_or_else(|| word.to_owned(), |name| format!("{word} · {}", short(name)))
}

fn card(text: &mut String, node: &Node, (width, height): Point, (x, y): Point) {
    let mark = node.mark.filter(|mark| *mark != Mark::Unchanged);
    let class = node.mark.map_or_else(String::new, |mark| format!(" {}", mark_class(mark)));
    let whole = std::iter::once(node.id.as_str()).chain(node.details.iter().map(String::as_str));
    let _ = write!(
        text,
        "<g class=\"{}{class}\" transform=\"translate({x} {y})\"><title>{}</title>\
         <rect class=\"card\" width=\"{width}\" height=\"{height}\" rx=\"6\"/>\
         <path class=\"bar\" d=\"M6 0h-1a5 5 0 0 0-5 5v{}a5 5 0 0 0 5 5h1z\"/>\
         <text class=\"kind\" x=\"18\" y=\"18\">{}</text>",
        node.kind.word(),
        escape(&whole.collect::<Vec<_>>().join("\n")),
        height - 10,
        escape(&kind(node)),
    );
    if let Some(mark) = mark {
        let _ = write!(text, "<text class=\"mark\" x=\"{}\" y=\"18\">{}</text>", width - 12, mark.word());
    }
    let _ = write!(text, "<text class=\"title\" x=\"18\" y=\"38\">{}</text>", escape(&short(&node.title)));
    let mut below = 38;
    for line in &node.details {
        below += 17;
        let _ = write!(text, "<text class=\"detail\" x=\"18\" y=\"{below}\">{}</text>", escape(&short(line)));
    }
    text.push_str("</g>\n");
}

fn line(text: &mut String, edge: &Edge, route: &[Point]) {
    let Some(((x, y), rest)) = route.split_first() else { return };
    let mut path = format!("M{x} {y}");
    let mut from = (*x, *y);
    for &(x, y) in rest {
        let middle = i64::midpoint(from.0, x);
        let _ = write!(path, "C{middle} {} {middle} {y} {x} {y}", from.1);
        from = (x, y);
    }
    let class = match edge.flow {
        Flow::Records => "flow",
        Flow::Calls => "flow calls",
        Flow::Failures => "flow failures",
    };
    let _ = writeln!(text, "<path class=\"{class}\" d=\"{path}\" marker-end=\"url(#tip)\"/>");
}

/// In the first gap that the edge crosses, which is as wide as the label.
fn label(text: &mut String, edge: &Edge, route: &[Point]) {
    let [(x, y), (to_x, to_y), ..] = route else { return };
    if edge.label.is_empty() {
        return;
    }
    let (x, y) = (i64::midpoint(*x, *to_x), i64::midpoint(*y, *to_y) - 5);
    let _ =
        writeln!(text, "<text class=\"label\" x=\"{x}\" y=\"{y}\">{}</text>", escape(&short(&edge.label)));
}

fn mark_class(mark: Mark) -> &'static str {
    match mark {
        Mark::Unchanged => "unchanged",
        Mark::Update | Mark::Release => "changes",
        Mark::Create => "comes",
        Mark::Replace | Mark::Delete => "goes",
    }
}

/// Light, and dark where the reader's surroundings are.
fn css() -> String {
    let light = ground(["#ffffff", "#1f2328", "#59636e", "#d0d7de", "#f6f8fa"], |colour| colour.light);
    let dark = ground(["#0d1117", "#e6edf3", "#9198a1", "#3d444d", "#161b22"], |colour| colour.dark);
    format!(
        "text{{font:12px system-ui,-apple-system,'Segoe UI',Helvetica,Arial,sans-serif}}\
         .name{{font-size:16px;font-weight:600}}.title{{font-size:14px;font-weight:600}}\
         .kind,.mark{{font-size:11px;letter-spacing:.04em}}.mark{{text-anchor:end;font-weight:600}}\
         .label{{font-size:11px;text-anchor:middle;paint-order:stroke;stroke-width:4px;stroke-linejoin:round}}\
         .card{{stroke-width:1}}.comes .card,.changes .card,.goes .card{{stroke-width:2.5}}\
         .goes .card{{stroke-dasharray:6 4}}\
         .flow{{fill:none;stroke-width:1.5}}.calls{{stroke-dasharray:5 4}}.failures{{stroke-dasharray:2 3}}\
         {light}@media (prefers-color-scheme:dark){{{dark}}}"
    )
}

/// The rules that have colours in them: ground, text, faint text, lines, cards.
fn ground(
    [ground, strong, faint, line, card]: [&str; 5],
    shade: fn(style::Colour) -> &'static str,
) -> String {
    let mut rules = format!(
        ".ground{{fill:{ground}}}.name,.title{{fill:{strong}}}.detail,.label{{fill:{faint}}}.label{{stroke:{ground}}}\
         .card{{fill:{card};stroke:{line}}}.flow{{stroke:{faint}}}.tip{{fill:{faint}}}"
    );
    for kind in NodeKind::ALL {
        let (class, colour) = (kind.word(), shade(style::kind(kind)));
        let _ = write!(rules, ".{class} .bar,.{class} .kind{{fill:{colour}}}");
    }
    for mark in [Mark::Create, Mark::Update, Mark::Delete] {
        let (class, colour) = (mark_class(mark), shade(style::mark(mark)));
        let _ = write!(rules, ".{class} .card{{stroke:{colour}}}.{class} .mark{{fill:{colour}}}");
    }
    rules
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").chars().filter(|letter| !letter.is_control() || *letter == '\n').collect()
}
