//! What pipectl exits with: the one list behind `pipectl help exit-codes`, the help's end and the README.

use std::fmt::Write as _;

/// Each exit code and what it means.
pub(crate) const ALL: [(u8, &str); 5] = [
    (0, "done, or no changes"),
    (1, "error, a wrong command line included, and an apply that failed and was taken back"),
    (2, "`plan` or `drift` with `--detailed-exitcode` found changes, or `fmt --check` a file to lay out"),
    (3, "an apply or destroy stopped half way; run it again to converge"),
    (4, "`produce` or `demo`: not every record was delivered"),
];

/// The list, as it stands at the end of a help.
pub(crate) fn list() -> String {
    ALL.iter().fold(String::from("Exit codes:"), |mut text, (code, meaning)| {
        let _ = write!(text, "\n  {code}  {meaning}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Exit, Kind};

    #[test]
    fn every_code_that_is_used_is_listed() {
        let kinds = [Kind::Usage, Kind::Invalid, Kind::Halfway, Kind::Undelivered, Kind::RolledBack];
        let mut used: Vec<u8> = kinds.into_iter().map(Kind::exit_code).chain([0, Exit::CHANGES]).collect();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used, ALL.map(|(code, _)| code));
    }

    #[test]
    fn the_readme_has_the_same_list() {
        let readme = include_str!("../../README.md");
        for (code, meaning) in ALL {
            assert!(readme.contains(&format!("| {code} | {meaning} |")), "{code}: {meaning}");
        }
    }
}
