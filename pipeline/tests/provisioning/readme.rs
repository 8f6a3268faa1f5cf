//! The README's table of behaviours: each row names tests, and they exist.

use std::collections::BTreeSet;
use std::path::Path;

fn tests_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the crate has its sources").filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            tests_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.extend(tests_of(&std::fs::read_to_string(&path).expect("sources are text")));
        }
    }
}

/// The functions below an attribute that makes them tests, those aside that are not run.
fn tests_of(source: &str) -> Vec<String> {
    let (mut names, mut attributes) = (Vec::new(), Vec::new());
    for line in source.lines().map(str::trim) {
        if line.starts_with("#[") {
            attributes.push(line);
            continue;
        }
        let is_test = attributes.iter().any(|it| it.starts_with("#[test") || it.starts_with("#[tokio::test"));
        let is_run = !attributes.iter().any(|it| it.starts_with("#[ignore"));
        attributes.clear();
        if let (true, true, Some((_, rest))) = (is_test, is_run, line.split_once("fn ")) {
            names.extend(rest.split('(').next().map(str::to_owned));
        }
    }
    names
}

#[test]
fn every_behaviour_in_the_readme_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    for folder in ["src", "tests"] {
        tests_in(&root.join(folder), &mut tests);
    }
    let readme = std::fs::read_to_string(root.join("README.md")).expect("there is a README");
    let (_, table) = readme.split_once("| behaviour |").expect("there is a table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut count = 0;
    for row in rows {
        let named = row.trim_end_matches(['|', ' ']).rsplit('|').next().unwrap_or_default();
        let names: Vec<_> = named.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "a row without a test: {row}");
        for name in names {
            assert!(tests.contains(name), "there is no test {name}");
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}
