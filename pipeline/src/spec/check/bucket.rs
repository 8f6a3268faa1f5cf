//! Bucket names: every rule that S3 has for general purpose buckets, so that none of them fails an apply.
//!
//! Source: "General purpose bucket naming rules" in the S3 user guide.

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::fields::{Found, Given};

const PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
const SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/// A bucket that S3 takes.
pub(crate) fn name(given: &Given<'_>, found: &mut Found) -> Option<String> {
    let name = given.text(found)?;
    check(name, given.place(), found).then(|| name.to_owned())
}

/// Whether S3 takes a bucket of this name, which stands at this place.
pub(crate) fn check(name: &str, place: Place, found: &mut Found) -> bool {
    let Some(problem) = problem(name) else { return true };
    let shown: String = name.chars().take(80).collect();
    let message = format!("S3 takes no bucket named `{shown}`: {problem}");
    let diagnostic = Diagnostic::error(Code::InvalidBucket, place, message);
    found.push(match legal_form(name) {
        Some(form) => diagnostic.help(format!("for example `{form}`")),
        None => diagnostic,
    });
    false
}

fn problem(name: &str) -> Option<String> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
    let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if name.starts_with("s3://") || name.starts_with("arn:") || name.contains('/') {
        return Some("only the bucket's name belongs here, folders go into `prefix`".to_owned());
    }
    if let Some(wrong) = name.chars().find(|c| !legal(*c)) {
        return Some(match wrong {
            c if c.is_ascii_uppercase() => "it has upper-case letters".to_owned(),
            ' ' => "it has a space".to_owned(),
            c => format!("it has a `{c}`; letters, digits, `-` and `.` are all it takes"),
        });
    }
    if !(3..=63).contains(&name.len()) {
        return Some(format!("it has {} characters, and 3 to 63 are allowed", name.len()));
    }
    if !name.starts_with(ends) || !name.ends_with(ends) {
        return Some("it begins and ends with a letter or a digit".to_owned());
    }
    if name.contains("..") {
        return Some("it has two dots in a row".to_owned());
    }
    if name.parse::<std::net::Ipv4Addr>().is_ok() || four_numbers(name) {
        return Some("it looks like an IP address".to_owned());
    }
    if let Some(prefix) = PREFIXES.into_iter().find(|prefix| name.starts_with(prefix)) {
        return Some(format!("names that begin with `{prefix}` are AWS's own"));
    }
    if let Some(suffix) = SUFFIXES.into_iter().find(|suffix| name.ends_with(suffix)) {
        return Some(format!("names that end with `{suffix}` are AWS's own"));
    }
    ledger(name).then(|| "pipectl keeps its ledger in buckets with such names".to_owned())
}

fn four_numbers(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    parts.len() == 4
        && parts
            .iter()
            .all(|part| (1..=3).contains(&part.len()) && part.chars().all(|digit| digit.is_ascii_digit()))
}

/// `pipectl-<account>-<region>` is where the ledger lives.
fn ledger(name: &str) -> bool {
    name.strip_prefix("pipectl-").is_some_and(|rest| {
        rest.len() > 13
            && rest.as_bytes()[12] == b'-'
            && rest.bytes().take(12).all(|digit| digit.is_ascii_digit())
    })
}

/// The nearest name that S3 takes, for the hint.
fn legal_form(name: &str) -> Option<String> {
    let rest = name.strip_prefix("s3://").unwrap_or(name);
    let rest = rest.rsplit(":::").next().unwrap_or(rest);
    let rest = rest.split('/').next().unwrap_or(rest);
    let mut form = String::new();
    for character in rest.chars().take(63) {
        match character.to_ascii_lowercase() {
            legal if legal.is_ascii_lowercase() || legal.is_ascii_digit() => form.push(legal),
            _ if form.is_empty() || form.ends_with('-') => {}
            _ => form.push('-'),
        }
    }
    let form = form.trim_end_matches('-');
    (form != name && problem(form).is_none()).then(|| form.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_s3_takes_pass() {
        for name in ["abc", "clickstream-lake", "my.bucket.name", "0-0", "pipectl-demo", "1.2.3"] {
            assert_eq!(problem(name), None, "{name}");
        }
        assert_eq!(problem(&"a".repeat(63)), None);
    }

    #[test]
    fn names_that_s3_refuses_are_refused() {
        for name in [
            "",
            "ab",
            "Clicks",
            "my_bucket",
            "my bucket",
            "-abc",
            "abc-",
            ".abc",
            "a..b",
            "192.168.5.4",
            "999.999.999.999",
            "xn--abc",
            "sthree-abc",
            "amzn-s3-demo-x",
            "abc-s3alias",
            "abc--ol-s3",
            "abc.mrap",
            "abc--x-s3",
            "abc--table-s3",
            "s3://abc",
            "abc/def",
            "straße",
            "pipectl-123456789012-eu-west-1",
        ] {
            assert!(problem(name).is_some(), "{name}");
        }
        assert!(problem(&"a".repeat(64)).is_some());
    }

    proptest! {
        #[test]
        fn suggested_names_are_taken(name in "\\PC{0,70}") {
            if let Some(form) = legal_form(&name) {
                prop_assert_eq!(problem(&form), None);
            }
        }
    }
}
