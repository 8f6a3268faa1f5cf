//! Records at the edges of the format: what KCL makes of each, and which peers agree with it.

use pipectl_producer::aggregation::{
    Deaggregated, DecodeError, KinesisRecord, Unpacked, deaggregate, deaggregate_page, unpack,
};
use pipectl_producer::md5::digest;
use pipectl_shards::HashKeyRange;

use crate::peers::{Seen, peers};
use crate::vectors::{User, read};

struct Edge {
    name: &'static str,
    data: Vec<u8>,
    seen: Seen,
    problem: Option<Deaggregated>,
    /// The peers that see the same; the others' ways are their own.
    like: &'static [&'static str],
}

const BOTH: &[&str] = &["PyPI", "npm"];
const PYPI: &[&str] = &["PyPI"];

fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let message = parts.concat();
    [b"\xf3\x89\x9a\xc2", &message[..], &digest(&message)].concat()
}

/// `partition_key_table: "k"`.
const KEY: &[u8] = b"\x0a\x01k";
/// `explicit_hash_key_table: "7"`.
const HASH: &[u8] = b"\x12\x017";
/// A record under the first key, its data `x`.
const RECORD: &[u8] = b"\x1a\x05\x08\x00\x1a\x01x";

fn passes(name: &'static str, data: Vec<u8>, damage: DecodeError, like: &'static [&'static str]) -> Edge {
    let problem = (damage != DecodeError::NoMagic).then_some(Deaggregated::Damaged(damage));
    Edge { name, data, seen: Seen::Passed, problem, like }
}

fn gives(name: &'static str, parts: &[&[u8]], records: &[User], like: &'static [&'static str]) -> Edge {
    Edge { name, data: framed(parts), seen: Seen::Records(records.to_vec()), problem: None, like }
}

fn passing() -> Vec<Edge> {
    let cut_short = framed(&[KEY, b"\x1a\x05\x08\x80"]);
    let mut corrupt = framed(&[KEY, RECORD]);
    corrupt[6] ^= 1;
    vec![
        passes("nothing at all", vec![], DecodeError::NoMagic, BOTH),
        passes("part of the magic", b"\xf3\x89\x9a".to_vec(), DecodeError::NoMagic, BOTH),
        passes("an ordinary record", b"{\"user\":1}".to_vec(), DecodeError::NoMagic, BOTH),
        passes("the magic alone", b"\xf3\x89\x9a\xc2".to_vec(), DecodeError::TooShort, PYPI),
        passes("fewer bytes than a checksum", b"\xf3\x89\x9a\xc2abc".to_vec(), DecodeError::TooShort, PYPI),
        passes("a checksum of nothing", framed(&[]), DecodeError::TooShort, PYPI),
        passes("a message that was changed", corrupt, DecodeError::Checksum, PYPI),
        passes("a record that is cut short", cut_short, DecodeError::Truncated, PYPI),
        passes("a number that is cut short", framed(&[KEY, b"\x08\x80"]), DecodeError::Truncated, PYPI),
        passes(
            "a number of eleven bytes",
            framed(&[b"\x08", &[0xff; 10], b"\x01"]),
            DecodeError::LongVarint,
            PYPI,
        ),
        passes("a record without data", framed(&[KEY, b"\x1a\x02\x08\x00"]), DecodeError::MissingField, &[]),
        passes(
            "a record without a key",
            framed(&[KEY, b"\x1a\x03\x1a\x01x"]),
            DecodeError::MissingField,
            &[],
        ),
        passes(
            "a tag without a key",
            framed(&[KEY, b"\x1a\x0a\x08\x00\x1a\x01x\x22\x03\x12\x01v"]),
            DecodeError::MissingField,
            &[],
        ),
        passes("a field of number zero", framed(&[KEY, b"\x02\x01x"]), DecodeError::InvalidTag, PYPI),
        passes("the end of a group that never began", framed(&[KEY, b"\x2c"]), DecodeError::InvalidTag, PYPI),
    ]
}

fn giving() -> Vec<Edge> {
    let x = User::new("k", None, b"x");
    let hashed = User::new("k", Some("7"), b"x");
    let bad_index = |index| Some(Deaggregated::BadIndex { index });
    let x = std::slice::from_ref(&x);
    vec![
        gives("tags", &[KEY, b"\x1a\x0d\x08\x00\x1a\x01x\x22\x06\x0a\x01t\x12\x01v"], x, BOTH),
        gives("a tag without a value", &[KEY, b"\x1a\x0a\x08\x00\x1a\x01x\x22\x03\x0a\x01t"], x, BOTH),
        gives("a field of the message that nobody knows", &[KEY, b"\x28\x07\x3a\x02ab", RECORD], x, BOTH),
        gives(
            "a field of a record that nobody knows",
            &[KEY, b"\x1a\x09\x08\x00\x28\x07\x1a\x01x\x30\x01"],
            x,
            BOTH,
        ),
        gives("a group that nobody knows", &[KEY, b"\x2b\x08\x01\x2c", RECORD], x, BOTH),
        gives("records before their table", &[RECORD, KEY], x, BOTH),
        gives("a field that stands twice", &[KEY, b"\x1a\x08\x08\x00\x1a\x01y\x1a\x01x"], x, BOTH),
        gives("tables and no records", &[KEY, HASH], &[], BOTH),
        gives("an explicit hash key", &[KEY, HASH, b"\x1a\x07\x08\x00\x10\x00\x1a\x01x"], &[hashed], BOTH),
        gives("an explicit hash key that no record has", &[KEY, HASH, RECORD], x, &[]),
        gives("an index beyond 32 bits", &[KEY, b"\x1a\x09\x08\x80\x80\x80\x80\x10\x1a\x01x"], x, &[]),
        Edge {
            problem: bad_index(1),
            ..gives(
                "an index out of the table",
                &[KEY, RECORD, b"\x1a\x05\x08\x01\x1a\x01y", RECORD],
                x,
                PYPI,
            )
        },
        Edge { problem: bad_index(0), ..gives("records and no table", &[RECORD], &[], PYPI) },
        Edge {
            problem: bad_index(1),
            ..gives(
                "an explicit index out of the table",
                &[KEY, RECORD, b"\x1a\x07\x08\x00\x10\x05\x1a\x01y"],
                x,
                &[],
            )
        },
        Edge {
            problem: Some(Deaggregated::BadHashKey { index: 0 }),
            ..gives(
                "an explicit hash key that is no number",
                &[KEY, b"\x12\x01?\x1a\x07\x08\x00\x10\x00\x1a\x01x"],
                &[],
                &[],
            )
        },
    ]
}

#[test]
fn each_edge_is_what_kcl_makes_of_it_and_a_strict_reader_is_told() {
    for Edge { name, data, seen, problem, .. } in passing().into_iter().chain(giving()) {
        assert_eq!(read(&data), seen, "{name}");
        let unpacked = unpack([&data[..]], &HashKeyRange::ALL).next().unwrap();
        assert_eq!(unpacked.problem(), problem, "{name}");
    }
}

#[test]
fn a_page_is_unpacked_as_its_records_are_one_by_one() {
    let edges: Vec<_> = passing().into_iter().chain(giving()).map(|edge| edge.data).collect();
    for range in
        [HashKeyRange::ALL, HashKeyRange::ALL.split_at(HashKeyRange::ALL.midpoint().unwrap()).unwrap().0]
    {
        let page = unpack(edges.iter().map(Vec::as_slice), &range);
        assert_eq!(page.len(), edges.len());
        for (data, together) in edges.iter().zip(page) {
            let alone: Vec<Unpacked<'_>> = unpack([&data[..]], &range).collect();
            assert_eq!(alone, [together]);
        }
        let record = |data: &Vec<u8>| KinesisRecord {
            partition_key: "a".into(),
            sequence_number: "495".into(),
            data: data.clone().into(),
        };
        let records: Vec<_> = edges.iter().map(record).collect();
        let one_by_one: Vec<_> =
            records.iter().flat_map(|record| deaggregate(record.clone(), &range)).collect();
        assert_eq!(deaggregate_page(&records, &range), one_by_one);
    }
}

#[test]
fn the_peers_see_the_edges_so_too_save_where_they_have_their_own_ways() {
    let mut otherwise = Vec::new();
    for mut peer in peers() {
        for Edge { name, data, seen, like, .. } in passing().into_iter().chain(giving()) {
            let found = peer.decode(&data);
            if (found == seen) != like.contains(&peer.name) {
                otherwise.push(format!("{name}: {} sees {found:?}", peer.name));
            }
        }
    }
    assert!(otherwise.is_empty(), "{otherwise:#?}");
}
