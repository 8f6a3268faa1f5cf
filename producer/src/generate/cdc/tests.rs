//! The stream of changes keeps what Debezium promises, checked by replaying it.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::*;

fn events(count: usize) -> Vec<(String, Value)> {
    Changes::new(5, "2026-11-21T08:00:00Z".parse().expect("a time"))
        .take(count)
        .map(|record| (record.partition_key.clone(), serde_json::from_slice(&record.data).expect("JSON")))
        .collect()
}

fn text<'e>(event: &'e Value, pointer: &str) -> &'e str {
    event.pointer(pointer).and_then(Value::as_str).expect("text")
}

fn number(event: &Value, pointer: &str) -> u64 {
    event.pointer(pointer).and_then(Value::as_u64).expect("a number")
}

#[test]
fn the_first_event_is_debeziums_envelope_field_by_field() {
    let first = Changes::new(5, "2026-11-21T08:00:00Z".parse().expect("a time")).next().expect("endless");
    let event: Value = serde_json::from_slice(&first.data).expect("JSON");
    let fields =
        |value: &Value| -> Vec<String> { value.as_object().expect("an object").keys().cloned().collect() };
    assert_eq!(fields(&event), ["before", "after", "source", "transaction", "op", "ts_ms", "ts_us", "ts_ns"]);
    assert_eq!(
        fields(&event["source"]),
        [
            "version",
            "connector",
            "name",
            "ts_ms",
            "snapshot",
            "db",
            "sequence",
            "ts_us",
            "ts_ns",
            "schema",
            "table",
            "txId",
            "lsn",
            "xmin"
        ]
    );
    assert_eq!(first.partition_key, r#"{"id":1001}"#);
    assert_eq!(event["before"], Value::Null);
    assert_eq!(fields(&event["after"]), ["id", "first_name", "last_name", "email"]);
    assert_eq!(text(&event, "/source/sequence"), r#"[null,"24023128"]"#);
    assert_eq!((text(&event, "/op"), text(&event, "/source/snapshot")), ("r", "first"));
    assert_eq!(number(&event, "/source/ts_ms"), 1_795_248_000_000);
    assert_eq!(event["transaction"], Value::Null);
}

#[test]
fn replaying_the_events_of_each_row_rebuilds_it() {
    let mut rows: HashMap<(String, u64), Value> = HashMap::new();
    let mut gone = HashSet::new();
    let mut seen: HashMap<String, usize> = HashMap::new();
    for (key, event) in events(40_000) {
        let (before, after) = (event["before"].clone(), event["after"].clone());
        let row = if after.is_null() { &before } else { &after };
        let id = number(row, "/id");
        assert_eq!(key, format!("{{\"id\":{id}}}"));
        let place = (text(&event, "/source/table").to_owned(), id);
        let known = rows.get(&place).cloned().unwrap_or_default();
        let operation = text(&event, "/op");
        *seen.entry(operation.to_owned()).or_default() += 1;
        match operation {
            "r" | "c" => assert!(known.is_null() && before.is_null() && !gone.contains(&place)),
            "u" => assert!(known == before && after != before, "{known} {event}"),
            "d" => assert!(known == before && after.is_null()),
            other => panic!("{other}"),
        }
        if after.is_null() {
            rows.remove(&place);
            gone.insert(place);
        } else {
            rows.insert(place, after);
        }
    }
    assert_eq!(seen["r"], 360);
    assert!(["c", "u", "d"].iter().all(|operation| seen[*operation] > 2_000), "{seen:?}");
    // A bounded database.
    assert!(rows.len() <= 6_000);
    for ((table, _), row) in &rows {
        if table == "orders" {
            let purchaser = number(row, "/purchaser");
            assert!(rows.contains_key(&("customers".to_owned(), purchaser)), "{row}");
        }
    }
}

#[test]
fn the_snapshot_has_its_ends_marked_and_comes_first() {
    let events = events(400);
    let words: Vec<&str> = events.iter().map(|(_, event)| text(event, "/source/snapshot")).collect();
    let ends: Vec<(usize, &str)> =
        words.iter().copied().enumerate().filter(|(_, word)| !["true", "false"].contains(word)).collect();
    assert_eq!(
        ends,
        [(0, "first"), (119, "last_in_data_collection"), (120, "first_in_data_collection"), (359, "last")]
    );
    assert!(words[360..].iter().all(|word| *word == "false"));
    assert!(events[..360].iter().all(|(_, event)| text(event, "/op") == "r"));
}

#[test]
fn the_log_never_goes_back_and_transactions_are_numbered_through() {
    let mut last = (0, 0, 0);
    let mut sizes: HashMap<u64, u64> = HashMap::new();
    for (_, event) in events(5_000).iter().skip(360) {
        let (lsn, transaction) = (number(event, "/source/lsn"), number(event, "/source/txId"));
        let order = number(event, "/transaction/total_order");
        let (last_lsn, last_transaction, last_order) = last;
        assert!(lsn > last_lsn && transaction >= last_transaction);
        assert_eq!(order, if transaction == last_transaction { last_order + 1 } else { 1 });
        assert!(number(event, "/transaction/data_collection_order") <= order);
        assert_eq!(text(event, "/transaction/id"), format!("{transaction}:{lsn}"));
        assert!(number(event, "/ts_us") > number(event, "/source/ts_us"));
        sizes.insert(transaction, order);
        last = (lsn, transaction, order);
    }
    let distinct: HashSet<u64> = sizes.into_values().collect();
    assert_eq!(distinct, HashSet::from([1, 2, 3, 4]));
}
