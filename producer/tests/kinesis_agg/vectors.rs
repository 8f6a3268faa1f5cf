//! Aggregates that the peers wrote, committed with what went in.
//!
//! `PIPECTL_KINESIS_AGG_WRITE=1 .ci/run kinesis_agg` writes `vectors.json` anew.

use std::path::PathBuf;

use pipectl_producer::aggregation::{Aggregator, KinesisRecord, Unpacked, UserRecord, deaggregate, unpack};
use pipectl_shards::HashKeyRange;
use serde_json::{Value, json};

use crate::peers::{Seen, hex, peers, unhex};

/// A record as a user puts it and a reader is given it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) key: String,
    pub(crate) hash: Option<String>,
    pub(crate) data: Vec<u8>,
}

impl User {
    pub(crate) fn new(key: &str, hash: Option<&str>, data: &[u8]) -> Self {
        Self { key: key.to_owned(), hash: hash.map(str::to_owned), data: data.to_owned() }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({ "key": self.key, "hash": self.hash, "data": hex(&self.data) })
    }

    pub(crate) fn from_json(value: &Value) -> Self {
        let text = |name: &str| value[name].as_str().map(str::to_owned);
        Self { key: text("key").unwrap(), hash: text("hash"), data: unhex(&text("data").unwrap()) }
    }
}

struct Vector {
    name: &'static str,
    records: Vec<User>,
    /// Whose known defect it meets when writing, if anyone's.
    not_written_by: Option<&'static str>,
    /// Whether both readers get it wrong: some records have explicit hash keys and some have none.
    is_mixed: bool,
}

fn vector(name: &'static str, records: Vec<User>) -> Vector {
    let hashes = records.iter().filter(|record| record.hash.is_some()).count();
    let is_mixed = hashes > 0 && hashes < records.len();
    Vector { name, records, not_written_by: None, is_mixed }
}

fn vectors() -> Vec<Vector> {
    let plain =
        |keys: &[&str]| keys.iter().map(|key| User::new(key, None, key.as_bytes())).collect::<Vec<_>>();
    let far = "170141183460469231731687303715884105728";
    let last = u128::MAX.to_string();
    vec![
        vector("one record by itself", plain(&["alone"])),
        vector("the same key twice", plain(&["alice", "alice"])),
        vector("keys in turn", plain(&["alice", "bob", "alice", "carol", "bob"])),
        vector("keys beyond ASCII", plain(&["ключ", "鍵", "🔑", "e\u{301}", "é"])),
        vector("the longest key", plain(&["x", &"k".repeat(256)])),
        vector("no data at all", vec![User::new("a", None, b""), User::new("b", None, b"")]),
        vector(
            "data of every byte",
            vec![
                User::new("a", None, &(0..=255).collect::<Vec<_>>()),
                User::new("b", None, b"\xf3\x89\x9a\xc2"),
            ],
        ),
        vector(
            "explicit hash keys from end to end",
            vec![
                User::new("a", Some(far), b"1"),
                User::new("b", Some(&last), b"2"),
                User::new("c", Some(far), b"3"),
            ],
        ),
        vector(
            "some with an explicit hash key and some without",
            vec![
                User::new("a", None, b"1"),
                User::new("b", Some(far), b"2"),
                User::new("a", None, b"3"),
                User::new("a", Some(&last), b"4"),
            ],
        ),
        Vector {
            not_written_by: Some("npm"),
            ..vector("keys that look like array indices", plain(&["9", "b", "10", "0"]))
        },
        Vector {
            not_written_by: Some("npm"),
            ..vector(
                "explicit hash keys that do too",
                vec![User::new("a", Some("7"), b"1"), User::new("b", Some("0"), b"2")],
            )
        },
        vector("more keys than one byte counts", {
            let keys: Vec<_> = (0..130).map(|n| format!("k{n}")).collect();
            keys.iter().chain(&keys[127..129]).map(|key| User::new(key, None, b"")).collect()
        }),
    ]
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/kinesis_agg/vectors.json")
}

/// What our decoder reads, by KCL's rules and without a shard's range.
pub(crate) fn read(data: &[u8]) -> Seen {
    match unpack([data], &HashKeyRange::ALL).next().unwrap() {
        Unpacked::AsItIs(_) => Seen::Passed,
        Unpacked::Apart(parts) => {
            let parts =
                parts.iter().map(|part| User::new(part.partition_key, part.explicit_hash_key, part.data));
            Seen::Records(parts.collect())
        }
    }
}

/// What our encoder writes.
pub(crate) fn written(records: &[User]) -> Vec<u8> {
    let mut aggregator = Aggregator::default();
    for User { key, hash, data } in records {
        let explicit_hash_key = hash.as_ref().map(|hash| hash.parse().unwrap());
        aggregator.push(&UserRecord { partition_key: key, explicit_hash_key, data });
    }
    aggregator.take().unwrap().data.into()
}

fn committed() -> Vec<(String, Vec<User>, Vec<u8>)> {
    let file: Value = serde_json::from_slice(&std::fs::read(file()).unwrap()).unwrap();
    let read = |vector: &Value| {
        let records = vector["records"].as_array().unwrap().iter().map(User::from_json).collect();
        (vector["name"].as_str().unwrap().to_owned(), records, unhex(vector["data"].as_str().unwrap()))
    };
    file["vectors"].as_array().unwrap().iter().map(read).collect()
}

#[test]
fn what_others_wrote_is_read_and_written_alike() {
    let committed = committed();
    let named: Vec<_> =
        vectors().into_iter().map(|vector| (vector.name.to_owned(), vector.records)).collect();
    let found: Vec<_> = committed.iter().map(|(name, records, _)| (name.clone(), records.clone())).collect();
    assert_eq!(found, named, "`PIPECTL_KINESIS_AGG_WRITE=1 .ci/run kinesis_agg` writes them anew");
    for (name, records, data) in committed {
        assert_eq!(read(&data), Seen::Records(records.clone()), "{name}");
        let expected = if let [alone] = &records[..] { &alone.data } else { &data };
        assert_eq!(hex(&written(&records)), hex(expected), "{name}");
        let record =
            KinesisRecord { partition_key: "a".into(), sequence_number: "495".into(), data: data.into() };
        let numbers: Vec<_> = deaggregate(record, &HashKeyRange::ALL)
            .into_iter()
            .map(|record| (record.sequence_number, record.sub_sequence_number))
            .collect();
        let counted: Vec<_> = (0..records.len() as u64).map(|sub| ("495".to_owned(), sub)).collect();
        assert_eq!(numbers, counted, "{name}");
    }
}

#[test]
fn the_peers_write_what_is_committed_and_read_it_as_we_do() {
    let mut peers = peers();
    if peers.is_empty() {
        println!("skipped: neither PIPECTL_KINESIS_AGG_PYTHON nor PIPECTL_KINESIS_AGG_NODE_MODULES is set");
        return;
    }
    let writes = std::env::var_os("PIPECTL_KINESIS_AGG_WRITE").is_some();
    let mut made = Vec::new();
    for Vector { name, records, not_written_by, is_mixed } in vectors() {
        let mut by = Vec::new();
        for peer in peers.iter_mut().filter(|peer| not_written_by != Some(peer.name)) {
            by.push((peer.name, peer.encode(&records)));
        }
        let [(_, data), others @ ..] = &by[..] else { continue };
        others
            .iter()
            .for_each(|(by, other)| assert_eq!(hex(other), hex(data), "{name}: {by} writes otherwise"));
        for peer in peers.iter_mut().filter(|_| !is_mixed) {
            assert_eq!(peer.decode(data), Seen::Records(records.clone()), "{name}: {}", peer.name);
        }
        let by: Vec<_> = by.iter().map(|(name, _)| name).collect();
        let users: Vec<_> = records.iter().map(User::to_json).collect();
        made.push(json!({ "name": name, "written_by": by, "data": hex(data), "records": users }));
        if !writes {
            let found = committed().into_iter().find(|(found, ..)| found == name);
            assert_eq!(hex(&found.unwrap().2), hex(data), "{name}");
        }
    }
    if writes {
        let lines: Vec<_> = made.iter().map(|vector| format!("  {vector}")).collect();
        let from = "aws-kinesis-agg of npm (4.2.8) and PyPI (1.2.3); `PIPECTL_KINESIS_AGG_WRITE=1 .ci/run kinesis_agg`";
        let text = format!("{{\"from\": \"{from}\", \"vectors\": [\n{}\n]}}\n", lines.join(",\n"));
        std::fs::write(file(), text).unwrap();
    }
}
