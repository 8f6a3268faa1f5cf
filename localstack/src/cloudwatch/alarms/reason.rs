//! Why an alarm is in its state, in AWS's words.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::condition::{Condition, Gap, Verdict};
use super::definition::{Reason, State};

/// What was looked at: for the JSON form.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) period: i64,
    /// The statistic and unit of an alarm over one metric.
    pub(super) statistic: Option<&'a str>,
    pub(super) unit: Option<&'a str>,
    /// Where the evaluated periods begin, newest first.
    pub(super) periods: &'a [i64],
}

/// The reason of a verdict.
pub(super) fn reason(
    condition: &Condition,
    verdict: &Verdict,
    subject: Subject<'_>,
    now: Timestamp,
) -> Reason {
    let text = match verdict.state {
        State::InsufficientData => {
            let (count, were) = (condition.periods, if condition.periods == 1 { "was" } else { "were" });
            format!("Insufficient Data: {} {were} unknown.", datapoints(count))
        }
        state => format!("Threshold Crossed: {}.", crossed(condition, verdict, state)),
    };
    Reason { text, data: Some(data(condition, verdict, subject, now).to_string()) }
}

fn crossed(condition: &Condition, verdict: &Verdict, state: State) -> String {
    let is_alarm = state == State::Alarm;
    let filled = treated(condition, verdict.filled);
    let deciding = verdict.points.iter().filter(|(_, value)| condition.breaches(*value) == is_alarm);
    let deciding: Vec<(i64, f64)> = deciding.copied().collect();
    if verdict.points.is_empty() {
        let periods = if condition.periods == 1 {
            "1 period".to_owned()
        } else {
            format!("{} periods", condition.periods)
        };
        return format!("no datapoints were received for {periods} and {filled}");
    }
    let shown: Vec<String> = deciding
        .iter()
        .map(|(at, value)| format!("{value:?} ({})", text(*at, "%d/%m/%y %H:%M:%S")))
        .collect();
    let were = if deciding.len() == 1 { "was" } else { "were" };
    let not = if is_alarm { "" } else { "not " };
    let what = format!(
        "[{}] {were} {not}{} the threshold ({:?})",
        shown.join(", "),
        condition.comparison.words(),
        condition.threshold
    );
    let missing = if verdict.filled > 0 { format!(" and {filled}") } else { String::new() };
    let Some(least) = condition.to_alarm else {
        return format!("{} {what}{missing}", datapoints(deciding.len()));
    };
    let (least, transition) = if is_alarm {
        (least, "OK -> ALARM")
    } else {
        (condition.periods.saturating_sub(least) + 1, "ALARM -> OK")
    };
    format!(
        "{} out of the last {} datapoints {what}{missing} (minimum {} for {transition} transition)",
        deciding.len(),
        condition.periods,
        datapoints(least)
    )
}

fn treated(condition: &Condition, filled: usize) -> String {
    let kind = match condition.missing.unwrap_or(Gap::Missing) {
        Gap::Breaching => "Breaching",
        Gap::NotBreaching => "NonBreaching",
        Gap::Ignore => "Ignored",
        Gap::Missing => "Missing",
    };
    if filled == 1 {
        format!("1 missing datapoint was treated as [{kind}]")
    } else {
        format!("{filled} missing datapoints were treated as [{kind}]")
    }
}

fn datapoints(count: usize) -> String {
    if count == 1 { "1 datapoint".to_owned() } else { format!("{count} datapoints") }
}

fn text(second: i64, format: &str) -> String {
    Timestamp::from_second(second).unwrap_or_default().strftime(format).to_string()
}

/// `2026-11-21T12:00:00.000+0000`
fn stamp(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

fn data(condition: &Condition, verdict: &Verdict, subject: Subject<'_>, now: Timestamp) -> Value {
    let second = |at: i64| stamp(Timestamp::from_second(at).unwrap_or_default());
    let mut data = Map::new();
    data.insert("version".to_owned(), json!("1.0"));
    data.insert("queryDate".to_owned(), json!(stamp(now)));
    if let Some((oldest, _)) = verdict.points.last() {
        data.insert("startDate".to_owned(), json!(second(*oldest)));
    }
    let known = [("unit", subject.unit), ("statistic", subject.statistic)];
    for (name, text) in known.into_iter().filter_map(|(name, text)| Some((name, text?))) {
        data.insert(name.to_owned(), json!(text));
    }
    data.insert("period".to_owned(), json!(subject.period));
    let recent: Vec<f64> = verdict.points.iter().rev().map(|(_, value)| *value).collect();
    data.insert("recentDatapoints".to_owned(), json!(recent));
    data.insert("threshold".to_owned(), json!(condition.threshold));
    let evaluated = subject.periods.iter().map(|at| {
        let value = verdict.points.iter().find(|(point, _)| point == at).map(|(_, value)| *value);
        match value {
            Some(value) => json!({ "timestamp": second(*at), "value": value }),
            None => json!({ "timestamp": second(*at) }),
        }
    });
    data.insert("evaluatedDatapoints".to_owned(), evaluated.collect());
    Value::Object(data)
}
