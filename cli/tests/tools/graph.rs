//! `pipectl graph`, from the file and from a plan.

use super::*;

const SHOP: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: shop
streams: { events: }
deliveries:
  lake: { from: events, to: { s3: { bucket: shop-lake } } }
";

#[test]
fn the_file_alone_is_enough_for_every_format() {
    let folder = folder(&[("pipeline.yaml", SHOP)]);
    let graph =
        |format: &str| stdout(&pipectl(folder.path()).args(["graph", "--format", format]).assert().success());
    assert!(graph("mermaid").starts_with("flowchart LR\n"));
    assert!(graph("svg").starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    assert!(graph("dot").starts_with("digraph \"shop\""));
    let json: serde_json::Value = serde_json::from_str(&graph("json")).expect("JSON");
    assert_eq!(json["edges"][0]["from"], "streams.events");
}

#[test]
fn a_file_takes_the_picture() {
    let folder = folder(&[("pipeline.yaml", SHOP)]);
    let assert =
        pipectl(folder.path()).args(["graph", "--format", "svg", "-o", "shop.svg"]).assert().success();
    assert_eq!(stdout(&assert), "");
    assert!(read(&folder, "shop.svg").ends_with("</svg>\n"));
}
