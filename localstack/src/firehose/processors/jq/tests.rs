//! What queries of the guide give, and that no query or record brings the endpoint down.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn extract(query: &str, record: &str) -> Result<Vec<(String, String)>, NoKeys> {
    let query = Query::compile(query).expect("the query compiles");
    let keys = query.extract(vec![Bytes::copy_from_slice(record.as_bytes())], 1_535_365_800.0).remove(0)?;
    Ok(keys.into_iter().collect())
}

fn one(query: &str, record: &str) -> String {
    extract(&format!("{{k: ({query})}}"), record).unwrap().remove(0).1
}

#[test]
fn the_queries_of_the_guide_give_their_keys() {
    let record = r#"{"type":{"device":"mobile"},"customer_id":"1234567890","event_timestamp":1565382027}"#;
    let query = r#"{customer_id: .customer_id, device: .type.device, year: .event_timestamp|strftime("%Y"),
        month: .event_timestamp|strftime("%m"), hour: .event_timestamp|strftime("%H")}"#;
    let keys = extract(query, record).unwrap();
    let pairs: Vec<(&str, &str)> = keys.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(
        pairs,
        [
            ("customer_id", "1234567890"),
            ("device", "mobile"),
            ("hour", "20"),
            ("month", "08"),
            ("year", "2019")
        ]
    );
}

#[test]
fn the_usual_functions_are_there() {
    let record = r#"{"t":"2023-04-01T10:20:30Z","n":41,"tags":["a","b"],"j":"{\"x\":7}","s":"A-b","f":2.5}"#;
    for (query, expected) in [
        (".t[0:4]", "2023"),
        (r#".t | fromdateiso8601 | strftime("%d")"#, "01"),
        (r#".s | split("-") | .[1]"#, "b"),
        (".s | ascii_downcase", "a-b"),
        (".n + 1", "42"),
        (".n * 1.0", "41"),
        (".f", "2.5"),
        (".tags | join(\"/\")", "a/b"),
        (".tags | length", "2"),
        (".j | fromjson | .x", "7"),
        (r#"if .n > 40 then "big" else "small" end"#, "big"),
        (r#".missing // "none""#, "none"),
        (r#".s | test("^[A-Z]")"#, "true"),
        (r#".s | capture("(?<first>[A-Z])").first"#, "A"),
        (r#".t | sub("T.*"; "")"#, "2023-04-01"),
        ("[.tags[] | ascii_upcase] | .[1]", "B"),
        ("to_entries | map(.key) | .[0]", "t"),
        ("reduce range(10) as $i (0; . + $i)", "45"),
        ("def twice: . * 2; .n | twice", "82"),
        (r#".tags | index("b")"#, "1"),
        ("now | floor", "1535365800"),
        (".tags |= map(. + \"x\") | .tags[0]", "ax"),
        ("del(.t) | has(\"t\")", "false"),
    ] {
        assert_eq!(one(query, record), expected, "{query}");
    }
}

#[test]
fn a_record_without_its_keys_is_told_from_one_that_is_no_json() {
    assert_eq!(extract("{a: .a}", "{}"), Err(NoKeys::Empty));
    assert_eq!(extract("{a: .a}", r#"{"a":""}"#), Err(NoKeys::Empty));
    assert_eq!(extract("{a: .a}", r#"{"a":[1]}"#), Err(NoKeys::Empty));
    assert_eq!(extract(".a", r#"{"a":"text"}"#), Err(NoKeys::Empty));
    assert_eq!(extract("empty", "{}"), Err(NoKeys::Empty));
    assert_eq!(extract("{a: .a}", "text"), Err(NoKeys::NotJson));
    assert_eq!(extract("{a: .a}", r#"{"a":1}{"a":2}"#), Err(NoKeys::NotJson));
    assert_eq!(extract("{a: .a.b}", r#"{"a":1}"#), Err(NoKeys::Failed));
    assert_eq!(extract("{a: error(\"no\")}", "{}"), Err(NoKeys::Failed));
}

#[test]
fn what_is_no_query_is_refused() {
    for query in ["{", "{a: .a", "nosuchfunction", "import \"x\" as x; .", "$undefined", &"[".repeat(5000)] {
        assert!(Query::compile(query).is_none(), "{query}");
    }
}

#[test]
fn the_keys_of_a_plain_object_are_known_without_running_it() {
    let keys = |query| Query::compile(query).unwrap().keys().map(<[String]>::to_vec);
    assert_eq!(keys("{a: .a, \"b\": .b.c}"), Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(keys("{a}"), Some(vec!["a".to_owned()]));
    assert_eq!(keys(". | {a}"), None);
}

#[test]
fn a_query_that_never_ends_is_ended() {
    let nested = format!("{}{}", "[".repeat(100), "]".repeat(100));
    for query in [
        "def f: f; f",
        "def f: 1 + f; f",
        "def f: [f]; f",
        "last(repeat(1))",
        "[range(1e12)]",
        "[limit(1e12; repeat(1))]",
        "reduce range(1e12) as $i (0; .)",
        "until(false; .)",
        "reduce range(100) as $i (\"xxxxxxxxxxxxxxxx\"; . + .)",
        "reduce range(100) as $i ([1]; . + .)",
        "reduce range(100) as $i (1; [., .]) | tojson",
        "reduce range(100) as $i (1; [., .]) | . == .",
        "reduce range(60) as $i (10; . * .) | tostring * 1e15",
        "\"x\" * 1e18",
        "reduce range(1e6) as $i (1; [.])",
        "[.. | ..| ..|..|..|..|..|..]",
        "def f(x): f(x | x); f(.)",
        "[paths] | combinations(9)",
    ] {
        let result = extract(&format!("{{k: ({query})}}"), &nested);
        assert!(result.is_err(), "{query}: {result:?}");
    }
}

#[test]
fn a_query_cannot_end_the_process_nor_see_its_environment() {
    assert_eq!(extract("{a: halt}", "{}"), Err(NoKeys::Failed));
    assert_eq!(extract("{a: halt_error}", "{}"), Err(NoKeys::Failed));
    assert_eq!(extract("{a: env.PATH}", "{}"), Err(NoKeys::Empty));
}

#[test]
fn a_record_nested_without_end_is_no_json() {
    assert_eq!(extract("{a: .}", &"[".repeat(500_000)), Err(NoKeys::NotJson));
    let text = serde_json::to_string(&"[".repeat(500_000)).unwrap();
    assert_eq!(extract("{a: fromjson}", &text), Err(NoKeys::Failed));
}

#[test]
fn one_record_that_spends_its_budget_leaves_the_next_alone() {
    let query = Query::compile("if .loop then def f: f; {k: f} else {k: .k} end").unwrap();
    let records = vec![Bytes::from(r#"{"loop":true}"#), Bytes::from(r#"{"k":"v"}"#)];
    let keys = query.extract(records, 0.0);
    assert_eq!(keys[0], Err(NoKeys::Spent));
    assert_eq!(keys[1].as_ref().unwrap().get("k").map(String::as_str), Some("v"));
}

#[test]
fn a_large_record_fits_into_the_budget() {
    let items: Vec<String> = (0..3_000).map(|number| format!(r#"{{"id":{number},"name":"item"}}"#)).collect();
    let record = format!(r#"{{"items":[{}],"pad":"{}"}}"#, items.join(","), "x".repeat(700_000));
    assert_eq!(one("[.items[].id] | add", &record), "4498500");
}

#[test]
fn a_slow_regular_expression_ends() {
    let record = serde_json::to_string(&serde_json::json!({"a": "a".repeat(20_000)})).unwrap();
    let began = tokio::time::Instant::now();
    let _either_way = extract(r#"{k: (.a | test("(a*)*b"))}"#, &record);
    assert!(began.elapsed() < Duration::from_secs(25));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_a_query_or_refused(query in r#"[a-z.\[\]{}|,:()"$ 0-9+*/-]{0,30}"#, record in r#"[a-z{}\[\]":,0-9]{0,30}"#) {
        if let Some(query) = Query::compile(&query) {
            query.extract(vec![Bytes::from(record)], 0.0);
        }
    }
}
