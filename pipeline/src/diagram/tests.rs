//! Pictures of pipelines: what is in them, and that they can be drawn whatever the names are.

use std::path::Path;

use proptest::prelude::*;

use super::layers::{Link, place};
use super::*;
use crate::spec::{TakeEveryTransform, parse};
use crate::templates;

const SHOP: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: shop
streams:
  events: { shards: 2, autoscale: { min: 1, max: 64 }, fan-out: [dashboard] }
  orders: { shards: on-demand, retention: 7d }
transforms:
  parse: { vrl: . = parse_json!(.message) }
functions:
  enrich:
    package: ./build/enrich.zip
    from: events
    start: oldest
    fan-out: true
    failures: { to: \"arn:aws:sqs:eu-west-1:123456789012:failed\" }
  load: { package: ./load.zip, dead-letters: \"arn:aws:sns:eu-west-1:123456789012:on-call\" }
deliveries:
  lake:
    from: events
    transform: parse
    to: { s3: { bucket: shop-lake, prefix: \"clicks/dt=!{timestamp:yyyy-MM-dd}/\", backup: { bucket: shop-raw } } }
  bills: { from: orders, transform: parse, to: { s3: { bucket: shop-lake } } }
buckets:
  shop-lake: { versioning: true, lifecycle: [{ expire: 90d }], notify: [{ function: load, prefix: clicks/ }] }
";

fn drawn(text: &str) -> Diagram {
    let document = parse(Path::new("pipeline.yaml"), text.as_bytes(), &TakeEveryTransform);
    Diagram::of(&document.unwrap_or_else(|found| panic!("{found}")).pipeline)
}

#[test]
fn a_shop_in_mermaid() {
    insta::assert_snapshot!(drawn(SHOP).mermaid());
}

#[test]
fn a_shop_for_graphviz() {
    insta::assert_snapshot!(drawn(SHOP).dot());
}

#[test]
fn every_edge_leads_from_a_node_to_a_node() {
    for text in templates::ALL.iter().map(|template| template.files[0].1).chain([SHOP]) {
        let diagram = drawn(text);
        assert_eq!(diagram.links().len(), diagram.edges.len(), "{}", diagram.name);
        let ids: std::collections::BTreeSet<&str> =
            diagram.nodes.iter().map(|node| node.id.as_str()).collect();
        assert_eq!(ids.len(), diagram.nodes.len(), "a node twice in {}", diagram.name);
    }
}

#[test]
fn svg_is_the_same_each_time_and_holds_every_name() {
    let diagram = drawn(SHOP);
    let svg = diagram.svg();
    assert_eq!(svg, diagram.svg());
    for node in &diagram.nodes {
        assert!(svg.contains(&format!(">{}</text>", node.title)), "{}", node.title);
    }
    assert!(svg.contains("prefers-color-scheme:dark"));
}

#[test]
fn nothing_in_a_text_breaks_out_of_it() {
    let mut diagram = drawn(SHOP);
    diagram.nodes[0].details = vec!["\"]:::x <b>&#35; \\\n".to_owned()];
    let mermaid = diagram.mermaid();
    assert!(mermaid.contains("#34;#93;:::x #60;b#62;#38;#35;35#59; #92;#10;"), "{mermaid}");
    assert!(diagram.svg().contains("&quot;]:::x &lt;b&gt;&amp;#35;"), "{}", diagram.svg());
    assert!(diagram.dot().contains("\\\"]:::x <b>&#35; \\\\\\n"), "{}", diagram.dot());
}

#[test]
fn a_bucket_that_tells_a_function_that_fails_into_it_is_drawn() {
    let text = "\
apiVersion: pipectl/v1
kind: Pipeline
name: round
streams: { events: }
functions:
  load: { package: ./load.zip, from: events, failures: { to: \"arn:aws:s3:::round-lake\" } }
buckets:
  round-lake: { notify: [{ function: load }] }
";
    let diagram = drawn(text);
    assert_eq!(diagram.nodes.len(), 3, "the bucket is the pipeline's own: {:?}", diagram.nodes);
    assert!(diagram.svg().contains("round-lake"));
}

#[test]
fn a_node_says_what_its_entry_is_called_on_aws() {
    let text = "apiVersion: pipectl/v1\nkind: Pipeline\nname: p\nstreams:\n  a: { name: OrdersProd }\n  b:\n";
    let details = |diagram: &Diagram, id: &str| {
        diagram.nodes.iter().find(|node| node.id == id).map(|node| node.details[0].clone())
    };
    let diagram = drawn(text);
    assert_eq!(details(&diagram, "streams.a").as_deref(), Some("OrdersProd on AWS"));
    assert_eq!(details(&diagram, "streams.b").as_deref(), Some("1 shard"));
}

#[test]
fn what_nothing_flows_through_leaves_no_gap() {
    let link = |from, to| Link { from, to, label: 0 };
    // Alone stands below the first, however far below that its neighbour pulls the second.
    let sizes = [(100, 50), (100, 50), (100, 50), (100, 400)];
    let placed = place(&sizes, &[link(0, 3)]);
    assert_eq!(placed.corners[1].1 - placed.corners[0].1, 50 + 24);
    assert_eq!(placed.corners[2].1 - placed.corners[1].1, 50 + 24);
}

proptest! {
    /// No two nodes overlap, and every edge goes from its one to its other, cycles and all.
    #[test]
    fn nodes_keep_apart_and_edges_arrive(
        sizes in proptest::collection::vec((40_i64..300, 30_i64..120), 1..24),
        ends in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..40),
    ) {
        let links: Vec<Link> = ends
            .iter()
            .map(|(from, to)| (from.index(sizes.len()), to.index(sizes.len())))
            .filter(|(from, to)| from != to)
            .map(|(from, to)| Link { from, to, label: 30 })
            .collect();
        let placed = place(&sizes, &links);
        for (index, (size, corner)) in sizes.iter().zip(&placed.corners).enumerate() {
            prop_assert!(corner.0 >= 0 && corner.1 >= 0);
            prop_assert!(corner.0 + size.0 <= placed.size.0 && corner.1 + size.1 <= placed.size.1 + 1);
            for (other, other_corner) in sizes.iter().zip(&placed.corners).skip(index + 1) {
                let apart = corner.0 + size.0 <= other_corner.0
                    || other_corner.0 + other.0 <= corner.0
                    || corner.1 + size.1 <= other_corner.1
                    || other_corner.1 + other.1 <= corner.1;
                prop_assert!(apart, "{corner:?} {size:?} and {other_corner:?} {other:?}");
            }
        }
        for (link, route) in links.iter().zip(&placed.routes) {
            for (node, point) in [(link.from, route[0]), (link.to, route[route.len() - 1])] {
                let (corner, size) = (placed.corners[node], sizes[node]);
                prop_assert!(point.0 == corner.0 || point.0 == corner.0 + size.0);
                prop_assert!(point.1 >= corner.1 && point.1 <= corner.1 + size.1);
            }
        }
    }
}

const READER: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: books
functions:
  audit:
    package: ./audit.zip
    from: shop/orders
    failures: { to: \"arn:aws:s3:::shop-lake\" }
  load: { package: ./load.zip, dead-letters: \"arn:aws:sns:eu-west-1:123456789012:on-call\" }
deliveries:
  elsewhere: { from: far/away, to: { s3: { bucket: books-lake } } }
";

#[test]
fn what_two_pipelines_share_is_one_node_of_a_picture_of_both() {
    let joined = Diagram::joined(vec![drawn(SHOP), drawn(READER)]);
    assert_eq!(joined.name, "shop, books");
    assert_eq!(joined.links().len(), joined.edges.len(), "{joined:?}");
    let ids: std::collections::BTreeSet<&str> = joined.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(ids.len(), joined.nodes.len(), "a node twice in {joined:?}");
    let edge = |from: &str, to: &str| joined.edges.iter().any(|edge| edge.from == from && edge.to == to);
    assert!(edge("shop/streams.orders", "books/functions.audit"), "the stream that is read");
    assert!(edge("books/functions.audit", "shop/buckets.shop-lake"), "the bucket of whom it is");
    assert!(edge("books/functions.load", "arn:aws:sns:eu-west-1:123456789012:on-call"));
    assert!(edge("far/away", "books/deliveries.elsewhere"), "a pipeline that is not there");
    let orders = joined.nodes.iter().find(|node| node.id == "shop/streams.orders").expect("the stream");
    assert_eq!((orders.title.as_str(), orders.details.len()), ("orders", 2));
    // In the other order it is the same picture.
    let turned = Diagram::joined(vec![drawn(READER), drawn(SHOP)]);
    let node = |diagram: &Diagram, id: &str| diagram.nodes.iter().find(|node| node.id == id).cloned();
    for node_of in &joined.nodes {
        assert_eq!(node(&turned, &node_of.id).as_ref(), Some(node_of));
    }
    assert_eq!(Diagram::joined(vec![drawn(SHOP)]), drawn(SHOP));
}

#[test]
fn several_pipelines_are_groups_in_every_form() {
    let joined = Diagram::joined(vec![drawn(SHOP), drawn(READER)]);
    let mermaid = joined.mermaid();
    assert!(
        mermaid.contains("  subgraph pipeline_20_shop[\"shop\"]\n    shop_2f_streams_2e_events(["),
        "{mermaid}"
    );
    assert_eq!((mermaid.matches("  subgraph ").count(), mermaid.matches("\n  end\n").count()), (2, 2));
    let dot = joined.dot();
    assert_eq!(dot.matches("subgraph \"cluster ").count(), 2, "{dot}");
    assert_eq!(dot.matches('{').count(), dot.matches('}').count(), "{dot}");
    assert!(joined.svg().contains(">stream · shop</text>"));
}
