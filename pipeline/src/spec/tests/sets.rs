//! Several pipelines, overlays, and what one pipeline says of another.

use std::path::Path;

use insta::assert_snapshot;
use tempfile::TempDir;

use super::super::model::Capacity;
use super::super::{Diagnostics, Origin, Path as Keys, Request, Set, TakeEveryTransform, load_all, set};
use super::{codes, with};

/// A folder of these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// What a folder, or a file of it, gives with these overlays from it.
fn load(folder: &Path, file: &str, overlays: &[&str]) -> Result<Set, Diagnostics> {
    let overlays = overlays.iter().map(|name| folder.join(name)).collect();
    load_all(&Request { overlays, ..Request::of(folder.join(file)) }, &TakeEveryTransform)
}

fn holds(result: Result<Set, Diagnostics>) -> Set {
    result.unwrap_or_else(|found| panic!("{found}"))
}

fn shown(folder: &Path, result: Result<Set, Diagnostics>) -> String {
    let found = result.expect_err("it is wrong").to_string();
    found.replace(&format!("{}/", folder.display()), "")
}

fn pipeline(name: &str, rest: &str) -> String {
    format!("apiVersion: pipectl/v1\nkind: Pipeline\nname: {name}\n{rest}")
}

fn reads(name: &str, from: &str) -> String {
    let rest = "deliveries:\n  lake: { from: FROM, to: { s3: { bucket: NAME-lake } } }\nstreams:\n  own:\n";
    pipeline(name, &rest.replace("FROM", from).replace("NAME", name))
}

fn names(set: &Set) -> Vec<&str> {
    set.documents.iter().map(|document| document.pipeline.name.as_str()).collect()
}

#[test]
fn the_documents_of_a_file_are_pipelines_with_texts_of_their_own() {
    let (a, b) = (pipeline("a", "streams:\n  x:\n"), pipeline("b", "streams:\n  y: { shards: 3 }\n"));
    let folder = folder(&[("p.yaml", &format!("---\n{a}---\n# the second\n{b}---\n"))]);
    let set = holds(load(folder.path(), "p.yaml", &[]));
    assert_eq!(names(&set), ["a", "b"]);
    assert_eq!(&*set.documents[1].source, format!("---\n# the second\n{b}"));
    let again = super::super::recall(&set.documents[1].source, &set.documents[1].inputs, &TakeEveryTransform);
    assert_eq!(again.unwrap_or_else(|found| panic!("{found}")).pipeline, set.documents[1].pipeline);
}

#[test]
fn a_folder_is_all_its_yaml_files_but_for_those_named_otherwise() {
    let overlay = "streams:\n  y: { shards: 4 }\n";
    let folder = folder(&[
        ("b.yml", &pipeline("b", "streams:\n  y:\n")),
        ("a.yaml", &pipeline("a", "streams:\n  y:\n")),
        ("prod.yaml", overlay),
        ("notes.txt", "not yaml: ["),
    ]);
    let set = holds(load(folder.path(), "", &["prod.yaml"]));
    assert_eq!(names(&set), ["a", "b"]);
    assert!(set.documents.iter().all(|it| it.pipeline.streams["y"].capacity == Capacity::Provisioned(4)));
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(codes(&load(empty.path(), "", &[]).err().unwrap()), ["no-such-file"]);
}

#[test]
fn findings_of_all_files_come_together_each_in_its_own() {
    let folder = folder(&[
        ("a.yaml", &pipeline("a", "streams:\n  x: { shard: 2 }\n")),
        ("b.yaml", "kind: Pipeline\n\tx: 1\n"),
        ("c.yaml", &pipeline("a", "streams:\n  x: { retention: 24 }\n")),
        ("over.yaml", "name: c\nstreams: { x: { colour: red } }\n---\nregion: nowhere\n---\n- a\n"),
    ]);
    assert_snapshot!(shown(folder.path(), load(folder.path(), "", &["over.yaml"])));
}

#[test]
fn an_overlay_merges_and_findings_point_into_it() {
    let base = pipeline("a", "region: eu-west-1\nstreams:\n  x: { shards: 2, retention: 48h }\n  y:\n");
    let folder = folder(&[
        ("p.yaml", &base),
        ("good.yaml", "region: null\nstreams:\n  x: { shards: 8 }\n  y: null\n  z: {}\n"),
        ("bad.yaml", "# for production\nstreams:\n  x:\n    shards: many\n  q: null\n"),
    ]);
    let set = holds(load(folder.path(), "p.yaml", &["good.yaml"]));
    let document = &set.documents[0];
    let streams = &document.pipeline.streams;
    assert_eq!(streams.keys().collect::<Vec<_>>(), ["x", "z"]);
    assert_eq!((streams["x"].capacity, streams["x"].retention_hours), (Capacity::Provisioned(8), 48));
    assert_eq!(document.pipeline.region, None);
    let origin = |field: &str| document.origin(&Keys::of(["streams", "x", field]));
    assert_eq!(origin("retention"), Origin::Text);
    assert_eq!(origin("shards"), Origin::Overlay(folder.path().join("good.yaml")));
    assert_eq!(document.inputs.overlays.len(), 1);
    assert_snapshot!(shown(folder.path(), load(folder.path(), "p.yaml", &["bad.yaml"])));
}

#[test]
fn an_overlay_with_a_name_is_for_the_pipeline_of_that_name() {
    let folder = folder(&[
        (
            "p.yaml",
            &format!("{}---\n{}", pipeline("a", "streams:\n  x:\n"), pipeline("b", "streams:\n  x:\n")),
        ),
        ("over.yaml", "name: b\nstreams:\n  x: { shards: 5 }\n---\ntags: { team: t }\n"),
        ("lost.yaml", "name: bb\nregion: eu-west-1\n"),
    ]);
    let set = holds(load(folder.path(), "p.yaml", &["over.yaml"]));
    let shards: Vec<Capacity> = set.documents.iter().map(|it| it.pipeline.streams["x"].capacity).collect();
    assert_eq!(shards, [Capacity::Provisioned(1), Capacity::Provisioned(5)]);
    assert!(set.documents.iter().all(|it| it.pipeline.tags["team"] == "t"));
    assert_snapshot!(shown(folder.path(), load(folder.path(), "p.yaml", &["lost.yaml"])));
}

#[test]
fn a_pipeline_comes_after_those_it_reads() {
    let folder = folder(&[
        ("1.yaml", &reads("first", "second/own")),
        ("2.yaml", &reads("second", "third/own")),
        ("3.yaml", &pipeline("third", "streams:\n  own: { encryption: alias/mine }\n")),
        ("4.yaml", &reads("fourth", "elsewhere/own")),
    ]);
    let set = holds(load(folder.path(), "", &[]));
    assert_eq!(names(&set), ["third", "second", "first", "fourth"]);
    let from = |at: usize| set.documents[at].pipeline.deliveries["lake"].from.clone().unwrap();
    assert_eq!(set.documents[1].pipeline.name_of(&from(1)), "third-own");
    assert_eq!(set.documents[1].pipeline.stream_key(&from(1)), Some("alias/mine"));
    assert_eq!(from(2).other().and_then(|other| other.found.clone()), Some(set_found("second-own", None)));
    assert_eq!(from(3).other().and_then(|other| other.found.clone()), None);
}

fn set_found(name: &str, encryption: Option<&str>) -> super::super::model::FoundStream {
    super::super::model::FoundStream { name: name.to_owned(), encryption: encryption.map(str::to_owned) }
}

#[test]
fn pipelines_in_a_circle_are_named() {
    let folder = folder(&[
        ("a.yaml", &reads("a", "b/own")),
        ("b.yaml", &reads("b", "c/own")),
        ("c.yaml", &reads("c", "b/own")),
    ]);
    assert_snapshot!(shown(folder.path(), load(folder.path(), "", &[])));
}

#[test]
fn references_that_lead_nowhere() {
    let folder = folder(&[
        ("a.yaml", &reads("a", "b/onw")),
        ("b.yaml", &reads("b", "b/own")),
        ("c.yaml", &reads("c", "B/own")),
        ("d.yaml", &reads("d", "a/b/c")),
    ]);
    assert_snapshot!(shown(folder.path(), load(folder.path(), "", &[])));
    std::fs::remove_file(folder.path().join("c.yaml")).unwrap();
    std::fs::remove_file(folder.path().join("d.yaml")).unwrap();
    std::fs::write(folder.path().join("b.yaml"), pipeline("b", "region: eu-west-1\nstreams:\n  own:\n"))
        .unwrap();
    assert_snapshot!(shown(folder.path(), load(folder.path(), "", &[])));
}

#[test]
fn one_name_and_one_bucket_belong_to_one_pipeline() {
    let same_bucket = reads("b", "own").replace("b-lake", "a-lake");
    let folder =
        folder(&[("a.yaml", &reads("a", "own")), ("b.yaml", &same_bucket), ("c.yaml", &reads("a", "own"))]);
    assert_snapshot!(shown(folder.path(), load(folder.path(), "", &[])));
}

#[test]
fn one_name_on_aws_belongs_to_one_pipeline() {
    let folder = folder(&[
        ("a.yaml", &pipeline("a", "streams:\n  b-c:\n  own: { name: Mine }\n")),
        ("b.yaml", &pipeline("a-b", "streams:\n  c:\n  d: { name: Mine }\n")),
        ("c.yaml", &pipeline("c", "region: eu-west-1\nstreams:\n  d: { name: Mine }\n")),
    ]);
    assert_snapshot!(shown(folder.path(), load(folder.path(), "", &[])));
}

#[test]
fn a_stream_of_another_pipeline_is_called_what_its_file_says() {
    let folder = folder(&[
        ("1.yaml", &reads("first", "second/own")),
        ("2.yaml", &pipeline("second", "streams:\n  own: { name: OrdersProd }\n")),
        ("3.yaml", &reads("third", "elsewhere/own")),
    ]);
    let set = holds(load(folder.path(), "", &[]));
    let read = |name: &str| {
        let document = set.documents.iter().find(|it| it.pipeline.name == name).unwrap();
        document.pipeline.name_of(document.pipeline.deliveries["lake"].from.as_ref().unwrap())
    };
    assert_eq!(read("first"), "OrdersProd");
    assert_eq!(read("third"), "elsewhere-own");
}

#[test]
fn a_file_by_itself_has_one_pipeline() {
    let text =
        format!("{}---\n{}", with("streams:\n  a:\n"), with("streams:\n  b:\n").replace("clicks", "other"));
    assert_eq!(codes(&super::refused(&text)), ["several-documents"]);
    let request = Request::of("pipeline.yaml");
    assert!(set::parse_all(&request, text.as_bytes(), &TakeEveryTransform).is_ok());
}
