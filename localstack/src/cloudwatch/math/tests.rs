//! Formulas as tables, and what is no formula.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// Points at 0, 60, 120 …; a gap where there is none.
fn line(id: &str, values: &[Option<f64>]) -> Line {
    let points = (0..).step_by(60).zip(values).filter_map(|(at, value)| Some((at, (*value)?))).collect();
    Line { id: id.to_owned(), label: id.to_owned(), period: 60, points }
}

fn compute(text: &str) -> Result<Value, MathError> {
    let mut known = HashMap::new();
    let lines = [
        line("m1", &[Some(1.0), Some(2.0), None, Some(4.0)]),
        line("m2", &[Some(10.0), None, Some(30.0), Some(-40.0)]),
    ];
    for line in lines {
        known.insert(line.id.clone(), Value::Line(line));
    }
    known.insert("e1".to_owned(), Value::Scalar(3.0));
    let metrics = ["m1".to_owned(), "m2".to_owned()];
    let scope =
        Scope { known: &known, metrics: &metrics, window: (0, 240), period: 60, room: MOST_POINTS.into() };
    scope.evaluate(&parse(text)?)
}

#[test]
fn formulas_of_numbers() {
    for (text, expected) in [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("2 ^ 3 ^ 2", 512.0),
        ("-2 ^ 2", -4.0),
        ("2 ^ -1", 0.5),
        ("10 - 4 - 3", 3.0),
        ("12 / 3 / 2", 2.0),
        ("1e3 + .5", 1000.5),
        ("1 < 2 AND 3 >= 3", 1.0),
        ("1 > 2 || 0 == 0", 1.0),
        ("0 || 1 && 0", 0.0),
        ("1 != 1", 0.0),
        ("e1 * 2", 6.0),
        ("ABS(-3) + CEIL(1.2) + FLOOR(1.8)", 6.0),
        ("SUM(m1)", 7.0),
        ("AVG(m2)", 0.0),
        ("MIN(m2)", -40.0),
        ("MAX(m2)", 30.0),
        ("STDDEV(m1) ^ 2", 14.0 / 9.0),
        ("PERIOD(m1)", 60.0),
        ("DATAPOINT_COUNT(m1)", 3.0),
        ("METRIC_COUNT(METRICS())", 2.0),
        ("IF(1 > 2, 5, 6)", 6.0),
        ("LOG10(1000)", 3.0),
    ] {
        match compute(text) {
            Ok(Value::Scalar(found)) => assert!((found - expected).abs() < 1e-9, "{text}: {found}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn formulas_of_series() {
    let gap = None;
    for (text, expected) in [
        ("m1", vec![Some(1.0), Some(2.0), gap, Some(4.0)]),
        ("m1 + m2", vec![Some(11.0), gap, gap, Some(-36.0)]),
        ("m1 * 2 - 1", vec![Some(1.0), Some(3.0), gap, Some(7.0)]),
        ("12 / m1", vec![Some(12.0), Some(6.0), gap, Some(3.0)]),
        ("1 / (m1 - 1)", vec![gap, Some(1.0), gap, Some(1.0 / 3.0)]),
        ("m1 >= 2", vec![Some(0.0), Some(1.0), gap, Some(1.0)]),
        ("SUM([m1, m2])", vec![Some(11.0), Some(2.0), Some(30.0), Some(-36.0)]),
        ("SUM(METRICS())", vec![Some(11.0), Some(2.0), Some(30.0), Some(-36.0)]),
        ("MAX(METRICS())", vec![Some(10.0), Some(2.0), Some(30.0), Some(4.0)]),
        ("AVG(METRICS(\"2\"))", vec![Some(10.0), gap, Some(30.0), Some(-40.0)]),
        ("FILL(m1, 0)", vec![Some(1.0), Some(2.0), Some(0.0), Some(4.0)]),
        ("FILL(m1, REPEAT)", vec![Some(1.0), Some(2.0), Some(2.0), Some(4.0)]),
        ("FILL(m1, LINEAR)", vec![Some(1.0), Some(2.0), Some(3.0), Some(4.0)]),
        ("FILL(m1, m2)", vec![Some(1.0), Some(2.0), Some(30.0), Some(4.0)]),
        ("DIFF(m1)", vec![gap, Some(1.0), gap, Some(2.0)]),
        ("DIFF_TIME(m1)", vec![gap, Some(60.0), gap, Some(120.0)]),
        ("RATE(m1)", vec![gap, Some(1.0 / 60.0), gap, Some(2.0 / 120.0)]),
        ("RUNNING_SUM(m1)", vec![Some(1.0), Some(3.0), gap, Some(7.0)]),
        ("IF(m1 > 1, m1, 0)", vec![Some(0.0), Some(2.0), gap, Some(4.0)]),
        ("IF(m1 > 1, m2)", vec![gap, gap, gap, Some(-40.0)]),
        ("ABS(m2)", vec![Some(10.0), gap, Some(30.0), Some(40.0)]),
        ("TIME_SERIES(5)", vec![Some(5.0); 4]),
        ("EPOCH(m1)", vec![Some(0.0), Some(60.0), gap, Some(180.0)]),
        ("FIRST(METRICS()) / PERIOD(m1)", vec![Some(1.0 / 60.0), Some(2.0 / 60.0), gap, Some(4.0 / 60.0)]),
        ("LAST(METRICS())", vec![Some(10.0), gap, Some(30.0), Some(-40.0)]),
        ("SLICE(METRICS(), 1)", vec![Some(10.0), gap, Some(30.0), Some(-40.0)]),
        ("SUM(METRICS() * m1)", vec![Some(11.0), Some(4.0), gap, Some(-144.0)]),
    ] {
        let found = match compute(text) {
            Ok(Value::Line(found)) => found.points,
            other => panic!("{text}: {other:?}"),
        };
        assert_eq!(found, line("", &expected).points, "{text}");
    }
}

#[test]
fn what_is_no_formula_is_refused_with_the_reason() {
    for (text, reason) in [
        ("", "1 to 2048 characters"),
        ("m1 +", "an operand is missing"),
        ("(m1", "')' is missing"),
        ("m1 m2", "unexpected 'm2'"),
        ("m9", "'m9' is not the id of a query"),
        ("NOPE(m1)", "no function NOPE"),
        ("SEARCH('{AWS/Kinesis,StreamName}', 'Sum', 60)", "SEARCH is not supported"),
        ("SELECT AVG(x) FROM SCHEMA(\"AWS/Kinesis\")", "SQL"),
        ("DIFF(3)", "takes a time series"),
        ("METRICS() + METRICS()", "two arrays"),
        ("'abc", "not closed"),
        ("m1 ? m2", "unexpected character '?'"),
        ("1..2", "unexpected"),
        ("METRICS(m1)", "METRICS takes nothing"),
    ] {
        let message = compute(text).unwrap_err().to_string();
        assert!(message.contains(reason), "{text}: {message}");
    }
    assert!(compute(&"(".repeat(2000)).is_err());
    assert!(compute(&"-".repeat(2000)).is_err());
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(text in "[ a-zA-Z0-9.+*/^()\\[\\],<>=&|'\"!eé-]{0,60}") {
        let _ = compute(&text);
    }

    #[test]
    fn arithmetic_follows_the_rules_of_arithmetic(a in -100..100_i32, b in -100..100_i32, c in 1..50_i32) {
        let compute = |text: &str| match compute(text) {
            Ok(Value::Scalar(found)) => found,
            other => panic!("{text}: {other:?}"),
        };
        let (x, y, z) = (f64::from(a), f64::from(b), f64::from(c));
        prop_assert_eq!(compute(&format!("{a} + {b} * {c}")), x + y * z);
        prop_assert_eq!(compute(&format!("({a} - {b}) / {c}")), (x - y) / z);
        prop_assert_eq!(compute(&format!("{a} < {b}")), f64::from(u8::from(x < y)));
    }
}
