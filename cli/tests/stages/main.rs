//! One set of files for several stages, as its users run it: variables, overlays, several pipelines, and a secret
//! that is looked for in everything that is said and kept.

#[path = "../outside/mod.rs"]
mod outside;
mod secrets;
mod sets;
mod world;

use world::{SECRET, World, holds, in_order};

#[test]
fn a_folder_is_applied_in_order_and_destroyed_in_the_other() {
    let world = World::new();
    let folder = ["-f", "pipelines", "--var", "stage=prod"];
    let with = |command: &[&'static str]| [command, &folder].concat();
    let text = world.good(&with(&["validate"]));
    in_order(&text, &["pipeline clicks-prod", "pipeline archive-prod"]);
    let text = world.good(&with(&["apply", "-y"]));
    in_order(&text, &["clicks-prod in", "archive-prod in"]);
    assert!(!holds(&world.folder.path().join("state"), SECRET));
    let text = world.good(&with(&["status"]));
    in_order(&text, &["clicks-prod", "archive-prod"]);
    assert_eq!(world.ran(&with(&["plan", "--detailed-exitcode"])).code, Some(0));
    world.good(&with(&["drift", "--detailed-exitcode"]));

    // The reader alone: what it reads is in the ledger.
    let alone = ["-f", "pipelines/archive.yaml", "--var", "stage=prod"];
    let text = world.good(&[&["plan"], &alone[..]].concat());
    assert!(text.contains("No changes"), "{text}");
    let text = world.bad(&["plan", "-f", "pipelines/archive.yaml", "--var", "stage=prud"]);
    assert!(
        text.contains("there is no pipeline `clicks-prud`") && text.contains("did you mean `clicks-prod`?"),
        "{text}"
    );

    let text = world.good(&with(&["history", "show", "1", "--pipeline", "clicks-prod"]));
    assert!(text.contains("stage = prod, from --var") && text.contains("token = (sensitive)"), "{text}");
    let text = world.good(&with(&["destroy", "-y"]));
    in_order(&text, &["archive-prod in", "clicks-prod in"]);
}

#[test]
fn what_is_about_one_pipeline_asks_which() {
    let world = World::new();
    for command in [
        &["history", "show", "1"][..],
        &["rollback", "-y"],
        &["apply", "-y", "--target", "streams.a"],
        &["tail"],
    ] {
        let text = world.bad(&[command, &["-f", "pipelines"]].concat());
        assert!(text.contains("--pipeline NAME says which: clicks-dev, archive-dev"), "{command:?}: {text}");
    }
    let text = world.bad(&["plan", "-f", "pipelines", "--pipeline", "click-dev"]);
    assert!(text.contains("there is no pipeline `click-dev`"), "{text}");
    let text = world.bad(&["validate", "--pipeline", "pipelines/clicks.yml", "-f", "pipelines"]);
    assert!(text.contains("-f FILE names the file"), "{text}");
    let text = world.good(&["validate", "-f", "pipelines", "--pipeline", "clicks-dev"]);
    assert!(!text.contains("archive-dev"), "{text}");
}

#[test]
fn a_saved_plan_is_bound_to_overlays_and_variables() {
    let world = World::new();
    world.write("prod.yaml", "streams:\n  events: { shards: 2 }\ntags: { team: growth }\n");
    let file = ["-f", "pipelines/clicks.yml", "--overlay", "prod.yaml"];
    let with = |command: &[&'static str], more: &[&'static str]| [command, &file, more].concat();
    world.good(&with(&["plan", "-o", "change.plan"], &["--var", "stage=prod"]));
    assert!(!holds(world.folder.path(), SECRET));
    let text = world.bad(&with(&["apply", "change.plan"], &["--var", "stage=dev"]));
    // Another stage is another pipeline.
    assert!(text.contains("there is no pipeline `clicks-prod`"), "{text}");
    world.write("prod.yaml", "streams:\n  events: { shards: 4 }\n");
    let text = world.bad(&with(&["apply", "change.plan"], &["--var", "stage=prod"]));
    assert!(text.contains("the overlay prod.yaml is not the one that the plan was made with"), "{text}");
    let text = world.bad(&["apply", "change.plan", "-f", "pipelines/clicks.yml", "--var", "stage=prod"]);
    assert!(text.contains("the overlay prod.yaml"), "{text}");
    world.write("prod.yaml", "streams:\n  events: { shards: 2 }\ntags: { team: growth }\n");
    world.good(&with(&["apply", "change.plan"], &["--var", "stage=prod"]));
    let text = world.good(&with(&["status"], &["--var", "stage=prod"]));
    assert!(text.contains("open shards 2"), "{text}");
    let text = world.good(&with(&["history", "show", "1"], &["--var", "stage=prod"]));
    assert!(text.contains("prod.yaml"), "{text}");
}
