//! Bad input before the format begins: files and YAML.

use insta::assert_snapshot;
use std::path::Path;

use super::super::{MAX_FILE_BYTES, TakeEveryTransform, load, parse};
use super::{codes, refused, stream, with};

fn refused_bytes(bytes: &[u8]) -> String {
    match parse(Path::new("pipeline.yaml"), bytes, &TakeEveryTransform) {
        Err(found) => found.to_string(),
        Ok(document) => panic!("accepted: {:#?}", document.pipeline),
    }
}

#[test]
fn a_file_that_is_missing() {
    let found = load(Path::new("no/such/pipeline.yaml"), &TakeEveryTransform).err();
    assert_snapshot!(found.map(|found| found.to_string()).unwrap_or_default());
}

#[test]
fn a_folder_in_place_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let found = load(folder.path(), &TakeEveryTransform).err().unwrap();
    assert_eq!(codes(&found), ["unreadable-file"]);
    assert!(found.to_string().contains("is a folder"));
}

#[test]
fn an_empty_file() {
    assert_snapshot!(refused("").to_string());
}

#[test]
fn nothing_but_comments_is_empty_too() {
    assert_eq!(codes(&refused("# nothing yet\n\n---\n")), ["empty-file"]);
    assert_eq!(codes(&refused("   \n\n")), ["empty-file"]);
    assert_eq!(codes(&refused("~")), ["empty-file"]);
}

#[test]
fn a_list_in_place_of_a_mapping() {
    assert_snapshot!(refused("- streams\n- deliveries\n").to_string());
}

#[test]
fn text_in_place_of_a_mapping() {
    assert_snapshot!(refused("just some text\n").to_string());
}

#[test]
fn tabs_in_the_indentation() {
    assert_snapshot!(refused(&with("streams:\n\tevents:\n\t\tshards: 2\n")).to_string());
}

#[test]
fn a_file_of_ten_megabytes_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.yaml");
    std::fs::write(&path, vec![b'a'; 10 * 1024 * 1024]).unwrap();
    let found = load(&path, &TakeEveryTransform).err().unwrap();
    assert_eq!(codes(&found), ["file-too-big"]);
    assert!(found.to_string().contains("bigger than 1 MiB"));
}

#[test]
fn too_many_bytes_are_refused_without_a_file_as_well() {
    assert_snapshot!(refused_bytes(&vec![b'a'; MAX_FILE_BYTES + 1]));
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (previous, next) in ('a'..='i').zip('b'..='j') {
        let aliases = vec![format!("*{previous}"); 9].join(", ");
        bomb.push_str(&format!("{next}: &{next} [{aliases}]\n"));
    }
    let found = refused(&bomb);
    assert!(codes(&found).contains(&"too-many-values"));
}

#[test]
fn a_chain_of_aliases_does_not_overflow_the_stack() {
    let mut chain = "k0: &k0 [x]\n".to_owned();
    for link in 1..5_000 {
        chain.push_str(&format!("k{link}: &k{link} [*k{}]\n", link - 1));
    }
    assert!(codes(&refused(&chain)).contains(&"nested-too-deep"));
}

#[test]
fn several_documents() {
    let text = format!("{}---\n{}", stream(""), stream(""));
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn bytes_that_are_not_utf_8() {
    assert_snapshot!(refused_bytes(b"apiVersion: pipectl/v1\nname: caf\xe9\nkind: Pipeline\n"));
}

#[test]
fn a_byte_order_mark_is_no_error() {
    let text = format!("\u{feff}{}", stream(""));
    assert!(super::read(&text).is_ok());
}

#[test]
fn windows_line_ends_are_no_error() {
    assert!(super::read(&stream("").replace('\n', "\r\n")).is_ok());
}

#[test]
fn deep_nesting() {
    assert_snapshot!(refused(&with(&format!("tags: {}\n", "[".repeat(100)))).to_string());
    let blocks: String = (0..200).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert_eq!(codes(&refused(&blocks)), ["nested-too-deep"]);
}

#[test]
fn a_key_twice() {
    let text = with("streams:\n  events:\n    shards: 1\n  orders:\n  events:\n    shards: 2\n");
    assert_snapshot!(refused(&text).to_string());
}

#[test]
fn a_key_that_is_a_list() {
    assert_snapshot!(refused(&with("streams:\n  [a, b]: {}\n")).to_string());
}

#[test]
fn a_colon_in_plain_text() {
    assert_snapshot!(refused(&with("region: eu: west\n")).to_string());
}

#[test]
fn a_quote_that_is_never_closed() {
    assert_snapshot!(refused(&with("region: \"eu-west-1\nstreams:\n  events:\n")).to_string());
}

#[test]
fn an_expression_without_quotes() {
    assert_snapshot!(
        super::refused(&super::s3("        bucket: abc\n        prefix: !{timestamp:yyyy}/\n")).to_string()
    );
}

#[test]
fn a_key_without_a_colon() {
    assert_snapshot!(refused(&with("streams\n  events:\n")).to_string());
}

#[test]
fn lines_that_start_in_different_columns() {
    assert_snapshot!(refused(&with("streams:\n    events:\n  orders:\n")).to_string());
}

#[test]
fn an_alias_without_its_anchor() {
    assert_snapshot!(refused(&with("streams:\n  events: *settings\n")).to_string());
}

#[test]
fn an_alias_inside_its_own_anchor() {
    assert_snapshot!(refused(&with("tags: &t\n  a: *t\n")).to_string());
}

#[test]
fn a_tag_of_another_tool() {
    assert_snapshot!(refused(&with("region: !Ref AWS::Region\nstreams:\n  events:\n")).to_string());
}

#[test]
fn thousands_of_errors_are_all_counted() {
    let fields: String = (0..4_000).map(|n| format!("extra{n}: 1\n")).collect();
    let found = refused(&with(&fields));
    assert_eq!(found.len(), 4_000);
    assert!(found.to_string().contains("4000 errors"));
}

#[test]
fn many_errors_are_counted_and_the_first_hundred_shown() {
    let fields: String = (0..250).map(|n| format!("extra{n}: 1\n")).collect();
    let found = refused(&with(&fields));
    assert_eq!(found.len(), 250);
    assert_eq!(found.items().len(), 100);
    assert!(found.to_string().ends_with("250 errors in pipeline.yaml (the first 100 are shown)"));
}
