//! Findings about files with secrets in them: drawn, for machines, and in words, none of them has the secret.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::set::parse_all;
use super::super::{Diagnostics, GivenValues, Request, Style, TakeEveryTransform, format, load_all};
use super::{codes, with};

/// All that is said of findings.
fn said(found: &Diagnostics) -> String {
    let drawn = found.render(Style::plain());
    let narrow = found.render(Style { colour: true, unicode: true, width: 60 });
    let reports = found.report();
    format!("{drawn}\n{narrow}\n{}", serde_json::to_string(&reports).expect("plain data"))
}

fn endpoint(fields: &str) -> String {
    with(&format!(
        "deliveries:\n  hook:\n    to:\n      http:\n        url: https://example.com\n        backup: {{ bucket: kept }}\n{fields}"
    ))
}

#[test]
fn a_key_in_the_file_is_in_no_finding_whatever_is_wrong() {
    for wrong in [
        "        access-key: hunter2, retry: 1s\n        access-key: hunter3\n",
        "        acces-key: hunter2\n",
        "        accessKey: \"hunter2\"\n",
        "        access-key: [hunter2, hunter3]\n",
        "        access-key: { value: hunter2 }\n",
        "        access-key: hunter2: hunter3\n",
        "        access-key: \"hunter2\n",
        "        access-key: hunter2\n        secret: hunter3\n",
        "        secret: hunter2\n",
        "        access-key: |\n          hunter2\n          hunter3\n        retry: 9h\n",
        "        access-key: hunter2\n        name: !hunter x\n",
        "        access-key: 'hunter2\n          hunter3'\n\tname: x\n",
    ] {
        let text = endpoint(wrong);
        let request = Request::of("pipeline.yaml");
        let found = parse_all(&request, text.as_bytes(), &TakeEveryTransform).expect_err(wrong);
        let said = said(&found);
        assert!(!said.contains("hunter2") && !said.contains("hunter3"), "{wrong}: {said}");
        if let Err(error) = format(Path::new("pipeline.yaml"), text.as_bytes()) {
            let text = format!("{error:?} {error}");
            assert!(!text.contains("a key"), "{text}");
        }
    }
}

#[test]
fn a_key_beside_what_is_wrong_leaves_the_caret_where_it_belongs() {
    let line = "    to: { http: { url: ftp://x, access-key: hunter2-hunter2, retri: 1s, backup: { bucket: kept } } }\n";
    let text = with(&format!("deliveries:\n  hook:\n{line}"));
    let found = parse_all(&Request::of("f"), text.as_bytes(), &TakeEveryTransform).expect_err("wrong");
    let drawn = found.to_string();
    assert!(!drawn.contains("hunter"), "{drawn}");
    let lines: Vec<&str> = drawn.lines().collect();
    let at =
        lines.iter().position(|line| line.contains("^^^^^") && !line.contains("^^^^^^")).expect("a caret");
    let column = lines[at].find('^').expect("a caret");
    assert_eq!(&lines[at - 1][column..column + 5], "retri", "{drawn}");
}

#[test]
fn a_key_behind_an_anchor_or_in_an_overlay_is_hidden_too() {
    let text = with(
        "tags: { a: &k hunter2, a: b }\ndeliveries:\n  hook: { to: { http: { url: \"https://x.y\", access-key: *k, backup: { bucket: kept } } } }\n",
    );
    let found = parse_all(&Request::of("f"), text.as_bytes(), &TakeEveryTransform).expect_err("a key twice");
    assert!(!said(&found).contains("hunter2"), "{found}");

    let folder = tempfile::tempdir().expect("a folder");
    let (file, overlay) = (folder.path().join("p.yaml"), folder.path().join("o.yaml"));
    std::fs::write(&file, endpoint("")).expect("written");
    let laid = "deliveries: { hook: { to: { http: { access-key: hunter2, retri: 1s } } } }\n";
    std::fs::write(&overlay, laid).expect("written");
    let request = Request { overlays: vec![overlay], ..Request::of(file) };
    let found = load_all(&request, &TakeEveryTransform).expect_err("`retri`");
    assert!(said(&found).contains("retri") && !said(&found).contains("hunter2"), "{found}");
}

const VARIABLES: &str = "vars:
  pin: { sensitive: true, type: number }
  token: { sensitive: true }
functions:
  f: { package: f.zip, environment: { PIN: \"n${var.pin}\", TOKEN: \"${var.token}\" } }
";

fn given(
    options: &[&str],
    environment: &[(&str, &str)],
    file: &str,
) -> Result<super::super::Set, Diagnostics> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("values.yaml");
    std::fs::write(&path, file).expect("written");
    let environment: BTreeMap<String, String> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let options = options.iter().map(|option| (*option).to_owned()).collect();
    let values = GivenValues { options, files: vec![path], environment };
    let request = Request { values, ..Request::of("pipeline.yaml") };
    parse_all(&request, with(VARIABLES).as_bytes(), &TakeEveryTransform)
}

#[test]
fn a_sensitive_value_is_in_no_finding_wherever_it_was_given_and_however_short() {
    for secret in ["q7q", "hunter2-hunter2"] {
        let option = |name: &str| format!("{name}={secret}");
        let (pin, token, typo) = (option("pin"), option("token"), option("tokn"));
        for found in [
            given(&[&pin, &token], &[], ""),
            given(&[&token], &[("PIN", secret)], ""),
            given(&[&token], &[], &format!("pin: {secret}\n")),
            given(&[&typo], &[("PIN", "1")], ""),
            given(&["token=x"], &[("PIN", "1")], &format!("tokn: {secret}\npin: [1]\n")),
            given(&[], &[("PIN", "1")], &format!("token: {secret}: {secret}\n")),
            given(&[], &[("PIN", "1")], &format!("token: [{secret}]\n")),
        ] {
            let said = said(&found.expect_err("each of them is wrong"));
            assert!(!said.contains(secret), "{said}");
        }
    }
}

#[test]
fn a_secret_that_is_too_short_to_be_looked_for_is_warned_of() {
    let set = given(&["pin=1234", "token=ab"], &[], "").unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(codes(&set.warnings), ["unsuitable-value"]);
    let told = said(&set.warnings);
    assert!(
        told.contains("the value of the sensitive variable `token` has fewer than 4 characters"),
        "{told}"
    );
    let text = endpoint("        access-key: abc\n");
    let set = parse_all(&Request::of("f"), text.as_bytes(), &TakeEveryTransform);
    let set = set.unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(codes(&set.warnings), ["unsuitable-value"]);
    assert!(!said(&set.warnings).contains(": abc"), "{}", set.warnings);
    let text = endpoint("        access-key: abcd\n");
    let set = parse_all(&Request::of("f"), text.as_bytes(), &TakeEveryTransform);
    let set = set.unwrap_or_else(|found| panic!("{found}"));
    assert!(set.warnings.is_empty(), "{}", set.warnings);
    assert_eq!(set.mask.apply("key abcd"), "key (sensitive)", "it is looked for in all output");
}

#[test]
fn a_variable_that_goes_into_a_key_is_sealed_where_it_is_recorded() {
    for key in ["k7", "hunter2-hunter2"] {
        let text = endpoint("        access-key: \"${var.key}\"\n") + "vars: { key: }\n";
        let read = |value: &str| {
            let values = GivenValues { options: vec![format!("key={value}")], ..GivenValues::default() };
            let request = Request { values, ..Request::of("f") };
            let set = parse_all(&request, text.as_bytes(), &TakeEveryTransform);
            set.unwrap_or_else(|found| panic!("{found}")).documents.remove(0).recorded_inputs()
        };
        let (one, other) = (read(key), read("another"));
        assert!(one.variables["key"].is_closed() && !one.variables["key"].value.contains(key));
        assert_eq!(one.changed_variables(&other), ["key"]);
        assert_eq!(one, read(key));
    }
}
