//! What is written is read, and what is not a checkpoint of this stream is refused by name.

use super::*;
use proptest::prelude::*;
use tempfile::TempDir;

const ARN: &str = "arn:aws:kinesis:eu-west-1:123456789012:stream/events";

fn stream() -> StreamIdentity {
    StreamIdentity { arn: ARN.to_owned(), created: Timestamp::from_second(1_700_000_000).ok() }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(folder: &TempDir) -> CheckpointFile {
    CheckpointFile::open(&folder.path().join("events"), stream()).unwrap()
}

/// What reading a file with this text says.
fn refusal(text: &str) -> String {
    let folder = folder();
    fs::write(folder.path().join("events"), text).unwrap();
    let error = open(&folder).read().unwrap_err();
    assert!(error.to_string().contains("events"), "{error} does not name the file");
    error.to_string()
}

fn text() -> String {
    Kept::of(&stream(), &Checkpoint::new(Origin::TrimHorizon)).text()
}

fn progress() -> impl Strategy<Value = Progress> {
    let number = "[1-9][0-9]{0,100}".prop_map(|text| SequenceNumber::new(&text));
    let time =
        prop::option::of((0_i64..2_000_000_000_000).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap()));
    let place = (number.clone(), any::<Option<u64>>(), time)
        .prop_map(|(sequence, sub_sequence, time)| Progress::At(Place { sequence, sub_sequence, time }));
    prop_oneof![Just(Progress::Ended), place, number.prop_map(Progress::Passed)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_written_is_read(
        origin in prop::option::of(0_i64..2_000_000_000),
        shards in prop::collection::btree_map((0_u64..99).prop_map(ShardId::new), progress(), 0..8),
    ) {
        let origin = origin.map_or(Origin::TrimHorizon, |second| Origin::At(Timestamp::from_second(second).unwrap()));
        let checkpoint = Checkpoint::with(origin, shards);
        let folder = folder();
        let mut file = open(&folder);
        prop_assert_eq!(file.read().unwrap(), None);
        file.write(&Checkpoint::new(Origin::TrimHorizon)).unwrap();
        file.write(&checkpoint).unwrap();
        prop_assert_eq!(file.read().unwrap(), Some(checkpoint));
        drop(file);
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        prop_assert_eq!(left, ["events"]);
    }

    #[test]
    fn a_file_that_was_cut_off_anywhere_is_refused(cut in 0_usize..150) {
        let text = text();
        prop_assume!(cut < text.len() - 1);
        prop_assert!(refusal(&text[..cut]).contains("no checkpoint"));
    }
}

#[test]
fn a_second_reader_is_kept_away_until_the_first_is_done() {
    let folder = folder();
    let first = open(&folder);
    let second = CheckpointFile::open(&folder.path().join("events"), stream());
    assert!(second.unwrap_err().to_string().contains("in use"));
    drop(first);
    open(&folder);
}

#[test]
fn another_stream_a_later_format_and_a_new_stream_of_the_old_name_are_told_apart() {
    assert!(refusal(&text().replace("stream/events", "stream/other")).contains("stream/other, not of"));
    let later = text().replace("\"pipectl_checkpoint\": 1", "\"pipectl_checkpoint\": 2, \"unheard\": []");
    assert!(refusal(&later).contains("format 2"));
    let earlier = refusal(&text().replace("2023-11-14T", "2023-11-13T"));
    assert!(earlier.contains("an earlier stream"), "{earlier}");
}

#[test]
fn what_is_no_checkpoint_says_what_is_wrong() {
    for (text, reason) in [
        ("hello".to_owned(), "expected"),
        ("{}".to_owned(), "pipectl_checkpoint"),
        (text().replace("trim-horizon", "somewhere"), "somewhere"),
        (text().replace("\"shards\": {}", "\"shards\": {\"shard-1\": {\"ended\": true}}"), "shard-1"),
        (
            text().replace("\"shards\": {}", "\"shards\": {\"shardId-000000000001\": {\"sequence\": \"x\"}}"),
            "no number",
        ),
        (text().replace("\"shards\": {}", "\"shards\": {\"shardId-000000000001\": {}}"), "no checkpoint"),
    ] {
        let said = refusal(&text);
        assert!(said.contains(reason), "{said}");
    }
}

#[test]
fn a_folder_that_is_not_there_is_named_and_a_failed_write_leaves_the_last_one() {
    let folder = folder();
    let error = CheckpointFile::open(&folder.path().join("no/events"), stream()).unwrap_err();
    assert!(error.to_string().contains("no/events"), "{error}");
    let mut file = open(&folder);
    let first = Checkpoint::new(Origin::TrimHorizon);
    file.write(&first).unwrap();
    // A folder in the way of the file that is written first.
    fs::create_dir(folder.path().join("events.new")).unwrap();
    let later = Checkpoint::with(Origin::TrimHorizon, [(ShardId::new(0), Progress::Ended)]);
    assert!(matches!(file.write(&later), Err(CheckpointError::Io { .. })));
    assert_eq!(file.read().unwrap(), Some(first));
}
