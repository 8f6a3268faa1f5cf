//! What a plan tells beside what it does: the lines of a program, and nothing that is not so.

use super::harness::{Harness, delivery, pipeline, transform};
use crate::engine::observe::Look;
use crate::plan::{Action, Selection};
use crate::spec::model::{AccessKey, Buffer, Compression, Destination, HttpBackup, HttpDestination, KeyText};

fn http() -> Destination {
    let buffer = Buffer { size_mib: 1, interval: std::time::Duration::from_secs(60) };
    Destination::Http(Box::new(HttpDestination {
        url: "https://example.com/in".into(),
        name: None,
        key: AccessKey::Literal(KeyText::new("hunter2")),
        gzip: false,
        attributes: std::collections::BTreeMap::new(),
        buffer,
        retry_seconds: 0,
        backup: HttpBackup {
            bucket: "the-lake".into(),
            all: false,
            prefix: None,
            errors: None,
            buffer,
            compression: Compression::None,
        },
    }))
}

#[tokio::test(start_paused = true)]
async fn what_is_not_picked_is_no_change_where_a_whole_plan_has_none() {
    let harness = Harness::default();
    let mut keyed = pipeline();
    keyed.deliveries["lake"] = crate::spec::model::Delivery { to: http(), ..delivery("the-lake") };
    harness.apply(&keyed).await;
    let selection = Selection { targets: vec!["streams.events".into()], ..Selection::default() };
    // A plan that only shows takes tags for granted, and the tag that seals a key is not among them.
    let part = Harness { selection, look: Look::TrustTags, ..harness.clone() };
    let plan = part.plan(&keyed).await.expect("a plan");
    assert!(plan.left_out.iter().all(|left| left.action == Action::NoChange), "{:?}", plan.left_out);
    assert_eq!(plan.notes, [] as [String; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_changed_program_is_shown_with_the_one_that_runs() {
    let harness = Harness::default();
    harness.apply(&pipeline()).await;
    let mut changed = pipeline();
    changed.transforms["parse"] = transform(".b = 2\n.a = 1");
    let shown = |plan: &crate::plan::Plan| {
        let step = plan.steps.iter().find(|step| step.address.as_str() == "transforms.parse").expect("it");
        step.changes.iter().find(|change| change.path == "vrl").cloned()
    };
    let change = shown(&harness.plan(&changed).await.expect("a plan")).expect("the program");
    assert_eq!((change.before.as_deref(), change.after.as_deref()), (Some(".a = 1"), Some(".b = 2\n.a = 1")));
    // What somebody uploaded is not what the ledger knows, and is not shown as if it were.
    harness.fake.with(|world| {
        let id = crate::resources::ResourceId::new(crate::resources::Kind::Function, "p-parse");
        let seen = world.resources.get_mut(&id).expect("the function");
        seen.tags.insert(crate::resources::tags::SOURCE.to_owned(), "another".to_owned());
    });
    assert_eq!(shown(&harness.plan(&changed).await.expect("a plan")), None);
}
