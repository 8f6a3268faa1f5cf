//! Annotations of GitHub Actions: where they stand, and that nothing is told twice.

use super::*;

const MISTAKES: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: p
streams:
  events:
    retension: 24h
    shards: 50%
";

fn annotations(assert: &Assert) -> Vec<String> {
    stderr(assert).lines().filter(|line| line.starts_with("::")).map(str::to_owned).collect()
}

#[test]
fn mistakes_are_annotations_at_their_lines() {
    let folder = folder(&[("infra/pipeline.yaml", MISTAKES)]);
    let root = folder.path().canonicalize().expect("the folder");
    let assert = pipectl(&root.join("infra"))
        .arg("validate")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_WORKSPACE", &root)
        .assert()
        .code(1);
    let told = annotations(&assert);
    assert_eq!(told.len(), 2, "each once, and no third that counts them: {told:?}");
    assert_eq!(
        told[0],
        "::error file=infra/pipeline.yaml,line=6,endLine=6,col=5,endColumn=14,title=unknown-field\
         ::a stream has no field `retension`%0Ahelp: did you mean `retention`?"
    );
    assert!(told[1].contains("line=7,") && told[1].contains("50%25"), "{told:?}");
    assert!(stderr(&assert).contains("error[unknown-field]"), "and drawn for the log");
}

#[test]
fn elsewhere_they_come_on_request_only() {
    let folder = folder(&[("pipeline.yaml", MISTAKES)]);
    let assert = pipectl(folder.path()).arg("validate").assert().code(1);
    assert_eq!(annotations(&assert), Vec::<String>::new());
    let assert = pipectl(folder.path()).args(["validate", "--format", "github"]).assert().code(1);
    assert!(annotations(&assert)[0].starts_with("::error file=pipeline.yaml,line=6,"));
    let assert = pipectl(folder.path()).args(["plan", "--format", "github"]).assert().code(1);
    assert_eq!(annotations(&assert).len(), 2);
    let assert =
        pipectl(folder.path()).args(["validate", "--json"]).env("GITHUB_ACTIONS", "true").assert().code(1);
    assert_eq!(annotations(&assert), Vec::<String>::new(), "whoever reads events annotates as they like");
}

#[test]
fn a_failure_of_no_line_is_an_annotation_of_its_own() {
    let folder = folder(&[]);
    let assert = pipectl(folder.path()).arg("validate").env("GITHUB_ACTIONS", "true").assert().code(1);
    let told = annotations(&assert);
    assert_eq!(told.len(), 1);
    assert!(
        told[0].starts_with("::error title=pipectl::there is no pipeline file `pipeline.yaml`%0Ahint: "),
        "{told:?}"
    );
}

#[test]
fn what_a_plan_deletes_is_a_warning() {
    let folder = folder(&[(
        "pipeline.yaml",
        &MISTAKES.replace("    retension: 24h\n    shards: 50%\n", "  orders:\n"),
    )]);
    let world = Local::start(&folder);
    world.pipectl(&["apply", "--auto-approve"]).assert().success();
    let fewer = read(&folder, "pipeline.yaml").replace("  orders:\n", "");
    std::fs::write(folder.path().join("pipeline.yaml"), fewer).expect("a file");
    let assert = world.pipectl(&["plan"]).env("GITHUB_ACTIONS", "true").assert().success();
    let told = annotations(&assert);
    assert!(told[0].starts_with("::notice title=plan of p::") && told[0].contains("1 to delete"), "{told:?}");
    assert!(
        told[1].starts_with("::warning file=pipeline.yaml,line=4,col=1,title=delete streams.orders::"),
        "{told:?}"
    );
    let assert = world.pipectl(&["graph", "--plan"]).assert().success();
    let drawn = stdout(&assert);
    assert!(drawn.contains("DELETE<br/><b>orders</b>") && drawn.contains("is-unchanged"), "{drawn}");
}
