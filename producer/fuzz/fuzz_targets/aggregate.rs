//! The decoder of aggregated records, and KCL's rules on top of it. The input is read as it is, and as the message of a
//! record whose frame is right, for no fuzzer finds an MD5.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipectl_producer::aggregation::{
    DecodeError, Unpacked, deaggregate, deaggregate_page, deaggregate_strictly, decode, unpack,
};
use pipectl_producer_fuzz::{Aggregated, framed, kinesis_record, users, written};
use pipectl_shards::{HashKey, HashKeyRange};
use prost::Message as _;

fuzz_target!(|input: &[u8]| {
    rules(input);
    let data = framed(input);
    rules(&data);
    let ours = decode(&data);
    assert!(!matches!(ours, Err(DecodeError::NoMagic | DecodeError::Checksum)), "the frame is right");
    // prost refuses what we skip as protobuf's Java does: a known field of another wire type. What it reads, we do.
    if let Ok(theirs) = Aggregated::decode(input)
        && !input.is_empty()
    {
        match &ours {
            Ok(ours) => assert!(theirs.is(ours), "{theirs:?} is not {ours:?}"),
            Err(error) => {
                assert!(*error == DecodeError::MissingField && !theirs.is_complete(), "{error}: {theirs:?}");
            }
        }
    }
    if let Some(users) = ours.ok().as_ref().and_then(users) {
        let (again, size) = written(&users);
        assert_eq!(again.len(), size);
        let read = decode(&again).expect("we read what we write");
        assert_eq!(pipectl_producer_fuzz::users(&read), Some(users));
    }
});

/// What holds of any record on any shard.
fn rules(data: &[u8]) {
    let whole = deaggregate(kinesis_record(data), &HashKeyRange::ALL);
    let lower = HashKeyRange::new(HashKey::MIN, HashKey(u128::MAX / 2)).expect("it is a range");
    for range in [HashKeyRange::ALL, lower] {
        let record = kinesis_record(data);
        let given = deaggregate(record.clone(), &range);
        assert!(given.is_empty() || given == whole[..given.len()], "a shard's range adds nothing");
        assert_eq!(deaggregate_page(&[record.clone(), record.clone()], &range), [&given[..], &given[..]].concat());
        let unpacked = unpack([data], &range).next().expect("a record went in");
        assert_eq!(matches!(unpacked, Unpacked::AsItIs(_)), decode(data).is_err());
        if let Unpacked::AsItIs(error) = &unpacked {
            assert_eq!(decode(data), Err(*error));
            assert_eq!((given.len(), &given[0].data[..]), (1, data));
        }
        assert_eq!(deaggregate_strictly(record, &range), unpacked.problem().map_or(Ok(given), Err));
    }
}
