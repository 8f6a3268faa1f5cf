//! `pipectl demo`: the first thing anyone runs, and its account of every record.

use pipectl_tests::clicks::Log;
use pipectl_tests::run::Pipectl;
use serde_json::Value;

/// The last line of a demo's output, which is its account.
fn account(arguments: &[&str]) -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let finished = Pipectl::new(folder.path(), arguments).run().succeeds();
    finished.json_lines().pop().expect("an account is printed")
}

#[test]
fn every_generated_record_is_accounted_for() {
    let account = account(&["demo", "--records", "2000", "--json"]);
    assert_eq!(account["records_in"], 2000, "{account}");
    assert_eq!((&account["lost"], &account["duplicated"]), (&0.into(), &0.into()), "{account}");
    let number = |field: &str| account[field].as_u64().unwrap_or_else(|| panic!("no {field} in {account}"));
    assert_eq!(number("delivered") + number("dropped") + number("failed"), 2000, "{account}");
    assert!(number("objects") > 0, "{account}");
    assert!(number("bytes") > 0, "{account}");
    assert!(account["seconds"].is_number(), "{account}");
}

#[test]
fn a_log_file_arrives_whole() {
    let Some(file) = Log::file() else {
        println!("skipped: no access.log.gz beside the repository, and PIPECTL_ACCESS_LOG names none");
        return;
    };
    let file = file.canonicalize().unwrap();
    let account = account(&["demo", "--file", file.to_str().unwrap(), "--json"]);
    assert_eq!(account["records_in"], Log::large().lines.len(), "{account}");
    assert_eq!((&account["lost"], &account["duplicated"]), (&0.into(), &0.into()), "{account}");
}

#[test]
fn two_demos_run_side_by_side() {
    let other = std::thread::spawn(|| account(&["demo", "--records", "300", "--json"]));
    assert_eq!(account(&["demo", "--records", "300", "--json"])["lost"], 0);
    assert_eq!(other.join().unwrap()["lost"], 0);
}
