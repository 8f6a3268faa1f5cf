//! The functions of metric maths.

use std::collections::BTreeMap;

use super::MathError;
use super::evaluate::Scope;
use super::parse::Expression;
use super::value::{Line, Value};

/// What this endpoint leaves out, so that the answer says that it does.
const LEFT_OUT: [&str; 7] = [
    "SEARCH",
    "ANOMALY_DETECTION_BAND",
    "INSIGHT_RULE_METRIC",
    "LAMBDA",
    "SERVICE_QUOTA",
    "DB_PERF_INSIGHTS",
    "SELECT",
];

/// Calls a function.
pub(super) fn call(scope: &Scope<'_>, name: &str, arguments: &[Expression]) -> Result<Value, MathError> {
    if LEFT_OUT.contains(&name) {
        return Err(MathError::new(format!("the function {name} is not supported by this endpoint")));
    }
    match (name, arguments) {
        ("METRICS", filter) => metrics(scope, filter),
        ("FILL", [line, with]) => fill(scope, line, with),
        ("IF", [condition, then]) => choose(scope, condition, then, None),
        ("IF", [condition, then, otherwise]) => choose(scope, condition, then, Some(otherwise)),
        ("SLICE", [lines, from]) => slice(scope, lines, from, None),
        ("SLICE", [lines, from, to]) => slice(scope, lines, from, Some(to)),
        ("TIME_SERIES", [number]) => time_series(scope, number),
        (_, [argument]) => of_one(name, &scope.evaluate(argument)?),
        _ => Err(unknown(name, arguments.len())),
    }
}

fn unknown(name: &str, count: usize) -> MathError {
    MathError::new(format!("there is no function {name} with {count} arguments"))
}

/// The functions that take one value.
fn of_one(name: &str, value: &Value) -> Result<Value, MathError> {
    let each = |function: &dyn Fn(f64) -> f64| Ok(value.map(function));
    match name {
        "ABS" => each(&f64::abs),
        "CEIL" => each(&f64::ceil),
        "FLOOR" => each(&f64::floor),
        "LOG" => each(&f64::ln),
        "LOG10" => each(&f64::log10),
        "SUM" => Ok(summed_up(value, &|values| values.iter().sum())),
        "AVG" => Ok(summed_up(value, &average)),
        "MIN" => Ok(summed_up(value, &|values| values.iter().copied().fold(f64::NAN, f64::min))),
        "MAX" => Ok(summed_up(value, &|values| values.iter().copied().fold(f64::NAN, f64::max))),
        "STDDEV" => Ok(summed_up(value, &deviation)),
        "DIFF" => value.map_lines(name, |line| steps(line, |(_, before), (_, after)| after - before)),
        "DIFF_TIME" => value.map_lines(name, |line| steps(line, |(from, _), (to, _)| seconds(to - from))),
        "RATE" => value.map_lines(name, |line| {
            steps(line, |(from, before), (to, after)| (after - before) / seconds(to - from))
        }),
        "RUNNING_SUM" => value.map_lines(name, |line| {
            let mut sum = 0.0;
            let sums = line.points.iter().map(|(at, value)| {
                sum += value;
                (*at, sum)
            });
            line.with(sums.collect())
        }),
        "EPOCH" => value.map_lines(name, |line| line.map(|at, _| seconds(at))),
        "PERIOD" | "DATAPOINT_COUNT" => match value {
            Value::Line(line) if name == "PERIOD" => Ok(Value::Scalar(seconds(line.period))),
            Value::Line(line) => Ok(Value::Scalar(count(line.points.len()))),
            _ => Err(MathError::new(format!("{name} takes one time series"))),
        },
        "METRIC_COUNT" | "FIRST" | "LAST" | "REMOVE_EMPTY" => of_array(name, value),
        _ => Err(unknown(name, 1)),
    }
}

fn of_array(name: &str, value: &Value) -> Result<Value, MathError> {
    let Value::Lines(lines) = value else {
        return Err(MathError::new(format!("{name} takes an array of time series")));
    };
    let one = |line: Option<&Line>| {
        line.cloned().map(Value::Line).ok_or_else(|| MathError::new(format!("{name} of an empty array")))
    };
    match name {
        "METRIC_COUNT" => Ok(Value::Scalar(count(lines.len()))),
        "FIRST" => one(lines.first()),
        "LAST" => one(lines.last()),
        _ => Ok(Value::Lines(lines.iter().filter(|line| !line.points.is_empty()).cloned().collect())),
    }
}

/// One number of a series; one series of an array, over the lines that have a point.
fn summed_up(value: &Value, function: &dyn Fn(&[f64]) -> f64) -> Value {
    match value {
        Value::Scalar(number) => Value::Scalar(function(&[*number])),
        Value::Line(line) => {
            let values: Vec<f64> = line.points.iter().map(|(_, value)| *value).collect();
            Value::Scalar(function(&values))
        }
        Value::Lines(lines) => {
            let mut columns: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
            for (at, value) in lines.iter().flat_map(|line| &line.points) {
                columns.entry(*at).or_default().push(*value);
            }
            let points = columns.into_iter().map(|(at, values)| (at, function(&values)));
            let period = lines.iter().map(|line| line.period).max().unwrap_or(60);
            let points = points.filter(|(_, value)| value.is_finite()).collect();
            Value::Line(Line { id: String::new(), label: String::new(), period, points })
        }
    }
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / count(values.len())
}

/// The population's standard deviation; AWS does not say which it takes (?).
fn deviation(values: &[f64]) -> f64 {
    let mean = average(values);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (squares / count(values.len())).sqrt()
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}

fn seconds(seconds: i64) -> f64 {
    // Exact: seconds of this epoch are far below 2^53.
    std::time::Duration::from_secs(seconds.unsigned_abs()).as_secs_f64().copysign(if seconds < 0 {
        -1.0
    } else {
        1.0
    })
}

/// From each point to the next; the first has none before it.
fn steps(line: &Line, each: impl Fn((i64, f64), (i64, f64)) -> f64) -> Line {
    let pairs = line.points.windows(2).map(|pair| (pair[1].0, each(pair[0], pair[1])));
    line.with(pairs.filter(|(_, value)| value.is_finite()).collect())
}

fn metrics(scope: &Scope<'_>, filter: &[Expression]) -> Result<Value, MathError> {
    let part = match filter {
        [] => "",
        [Expression::Text(part)] => part.as_str(),
        _ => return Err(MathError::new("METRICS takes nothing, or a part of ids in quotes")),
    };
    let chosen = scope.metrics.iter().filter(|id| id.contains(part));
    let mut lines = Vec::new();
    for id in chosen {
        lines.extend(scope.value(id)?.into_lines());
    }
    Ok(Value::Lines(lines))
}

fn time_series(scope: &Scope<'_>, number: &Expression) -> Result<Value, MathError> {
    let Value::Scalar(number) = scope.evaluate(number)? else {
        return Err(MathError::new("TIME_SERIES takes a number"));
    };
    let points = scope.grid(scope.period)?.into_iter().map(|at| (at, number)).collect();
    Ok(Value::Line(Line { id: String::new(), label: String::new(), period: scope.period, points }))
}

/// Fills the gaps of series: with a number, with another series, by repeating the last point, or along a straight line.
fn fill(scope: &Scope<'_>, lines: &Expression, with: &Expression) -> Result<Value, MathError> {
    let value = scope.evaluate(lines)?;
    match with {
        Expression::Name(word) if word == "REPEAT" && !scope.known.contains_key(word) => value
            .try_map_lines("FILL", |line| filled(scope, line, |at| before(line, at).map(|(_, value)| value))),
        Expression::Name(word) if word == "LINEAR" && !scope.known.contains_key(word) => {
            value.try_map_lines("FILL", |line| filled(scope, line, |at| between(line, at)))
        }
        with => match scope.evaluate(with)? {
            Value::Scalar(number) => {
                value.try_map_lines("FILL", |line| filled(scope, line, |_| Some(number)))
            }
            Value::Line(other) => value.try_map_lines("FILL", |line| filled(scope, line, |at| other.at(at))),
            Value::Lines(_) => Err(MathError::new("FILL fills with a number or one time series")),
        },
    }
}

fn filled(scope: &Scope<'_>, line: &Line, gap: impl Fn(i64) -> Option<f64>) -> Result<Line, MathError> {
    let mut points = Vec::new();
    let mut known = line.points.iter().peekable();
    for at in scope.grid(line.period)? {
        while let Some(early) = known.next_if(|(known, _)| *known < at) {
            points.push(*early);
        }
        match known.next_if(|(known, _)| *known == at) {
            Some(point) => points.push(*point),
            None => points.extend(gap(at).map(|value| (at, value))),
        }
    }
    points.extend(known.copied());
    Ok(line.with(points))
}

fn before(line: &Line, at: i64) -> Option<(i64, f64)> {
    let index = line.points.partition_point(|(known, _)| *known < at);
    index.checked_sub(1).and_then(|index| line.points.get(index)).copied()
}

fn between(line: &Line, at: i64) -> Option<f64> {
    let (from, low) = before(line, at)?;
    let (to, high) = line.points.get(line.points.partition_point(|(known, _)| *known < at)).copied()?;
    Some(low + (high - low) * seconds(at - from) / seconds(to - from))
}

fn choose(
    scope: &Scope<'_>,
    condition: &Expression,
    then: &Expression,
    otherwise: Option<&Expression>,
) -> Result<Value, MathError> {
    let condition = scope.evaluate(condition)?;
    let then = scope.evaluate(then)?;
    let otherwise = otherwise.map(|otherwise| scope.evaluate(otherwise)).transpose()?;
    let pick = |holds: bool| if holds { Some(&then) } else { otherwise.as_ref() };
    match condition {
        Value::Scalar(number) => pick(number != 0.0)
            .cloned()
            .ok_or_else(|| MathError::new("IF of a number that is 0 has no third argument")),
        Value::Line(line) => {
            let mut points = Vec::new();
            for (at, value) in &line.points {
                let chosen = match pick(*value != 0.0) {
                    None => None,
                    Some(Value::Scalar(number)) => Some(*number),
                    Some(Value::Line(other)) => other.at(*at),
                    Some(Value::Lines(_)) => return Err(arrays()),
                };
                points.extend(chosen.map(|chosen| (*at, chosen)));
            }
            Ok(Value::Line(line.with(points)))
        }
        Value::Lines(_) => Err(arrays()),
    }
}

fn arrays() -> MathError {
    MathError::new("IF takes numbers and time series, no arrays")
}

fn slice(
    scope: &Scope<'_>,
    lines: &Expression,
    from: &Expression,
    to: Option<&Expression>,
) -> Result<Value, MathError> {
    let wrong = || MathError::new("SLICE takes an array and whole numbers");
    let index = |expression: &Expression| match expression {
        Expression::Number(number) => format!("{number}").parse::<usize>().map_err(|_| wrong()),
        _ => Err(wrong()),
    };
    let Value::Lines(lines) = scope.evaluate(lines)? else { return Err(wrong()) };
    let from = index(from)?;
    match to {
        None => lines.get(from).cloned().map(Value::Line).ok_or_else(wrong),
        Some(to) => {
            let to = index(to)?;
            Ok(Value::Lines(lines.into_iter().take(to).skip(from).collect()))
        }
    }
}
