//! The registry as Prometheus reads it: text format 0.0.4.
//!
//! The names are KPL's, so that one dashboard's words are the other's. A distribution is a histogram with fixed
//! bounds, which Prometheus adds up over processes and takes percentiles of: `histogram_quantile(0.99, …)`.

use std::fmt::Write;

use super::Sketch;
use super::registry::{Id, Reading, Registry};

/// The `Content-Type` of the text.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds of the buckets; milliseconds and counts alike.
const BOUNDS: [f64; 18] =
    [0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6];

impl Registry {
    /// What [`render`](Self::render) is, for the `Content-Type` of an answer.
    pub const CONTENT_TYPE: &str = CONTENT_TYPE;

    /// Everything in Prometheus's text format.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        let mut last = None;
        for (id, reading) in self.readings() {
            let name = sanitized(&id.name);
            if last.as_ref() != Some(&id.name) {
                let described = self.described(&id.name);
                if !described.meaning.is_empty() {
                    line(&mut text, format_args!("# HELP {name} {}", escaped(&described.meaning, false)));
                }
                line(&mut text, format_args!("# TYPE {name} {}", kind(&reading)));
                last = Some(id.name.clone());
            }
            series(&mut text, &name, &id, &reading);
        }
        text
    }
}

fn kind(reading: &Reading) -> &'static str {
    match reading {
        Reading::Counter(_) => "counter",
        Reading::Gauge(_) => "gauge",
        Reading::Histogram(_) => "histogram",
    }
}

fn series(text: &mut String, name: &str, id: &Id, reading: &Reading) {
    let labels = labels(id, None);
    match reading {
        Reading::Counter(count) => line(text, format_args!("{name}{labels} {count}")),
        Reading::Gauge(level) => line(text, format_args!("{name}{labels} {level}")),
        Reading::Histogram(sketch) => {
            for bound in BOUNDS {
                let labels = self::labels(id, Some(&bound.to_string()));
                line(text, format_args!("{name}_bucket{labels} {}", up_to(sketch, bound)));
            }
            let all = self::labels(id, Some("+Inf"));
            line(text, format_args!("{name}_bucket{all} {}", sketch.count()));
            line(text, format_args!("{name}_sum{labels} {}", sketch.sum()));
            line(text, format_args!("{name}_count{labels} {}", sketch.count()));
        }
    }
}

fn up_to(sketch: &Sketch, bound: f64) -> u64 {
    sketch.values().take_while(|(value, _)| *value <= bound).map(|(_, count)| count).sum()
}

fn labels(id: &Id, bound: Option<&str>) -> String {
    let bound = bound.map(|bound| ("le".to_owned(), bound.to_owned()));
    let labels = id.labels.iter().cloned().chain(bound);
    let labels: Vec<String> =
        labels.map(|(key, value)| format!("{}=\"{}\"", sanitized(&key), escaped(&value, true))).collect();
    if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) }
}

/// A name of letters, digits and underscores that does not begin with a digit.
fn sanitized(name: &str) -> String {
    let allowed = |(index, letter): (usize, char)| match letter {
        '0'..='9' if index == 0 => '_',
        'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => letter,
        _ => '_',
    };
    name.chars().enumerate().map(allowed).collect()
}

fn escaped(text: &str, quotes: bool) -> String {
    let text = text.replace('\\', r"\\").replace('\n', r"\n");
    if quotes { text.replace('"', "\\\"") } else { text }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // A string takes all that is written to it.
    let _ = writeln!(text, "{line}");
}

#[cfg(test)]
mod tests {
    use metrics::{Unit, counter, describe_counter, gauge, histogram, with_local_recorder};

    use super::*;

    #[test]
    fn every_kind_is_rendered_as_prometheus_reads_it() {
        let registry = Registry::default();
        with_local_recorder(&registry, || {
            describe_counter!("AllErrors", Unit::Count, "Failed\nattempts");
            counter!("AllErrors", "StreamName" => "a\"b\\c").increment(3);
            counter!("AllErrors").increment(4);
            gauge!("room.left").set(1.5);
            let times = histogram!("RequestTime", "StreamName" => "s");
            times.record_many(2.0, 3);
            times.record(4000.0);
        });
        let text = registry.render();
        let expected = [
            "# HELP AllErrors Failed\\nattempts",
            "# TYPE AllErrors counter",
            "AllErrors 4",
            "AllErrors{StreamName=\"a\\\"b\\\\c\"} 3",
            "# TYPE RequestTime histogram",
            "RequestTime_bucket{StreamName=\"s\",le=\"1\"} 0",
            "RequestTime_bucket{StreamName=\"s\",le=\"2\"} 3",
            "RequestTime_bucket{StreamName=\"s\",le=\"2000\"} 3",
            "RequestTime_bucket{StreamName=\"s\",le=\"5000\"} 4",
            "RequestTime_bucket{StreamName=\"s\",le=\"+Inf\"} 4",
            "RequestTime_sum{StreamName=\"s\"} 4006",
            "RequestTime_count{StreamName=\"s\"} 4",
            "# TYPE room_left gauge",
            "room_left 1.5",
        ];
        let mut lines = text.lines();
        for expected in expected {
            assert!(lines.any(|line| line == expected), "`{expected}` is missing or out of order in\n{text}");
        }
    }
}
