//! Variables: what a file declares and uses, what it is given, and what is said when the two do not fit.

use std::collections::BTreeMap;
use std::path::PathBuf;

use insta::assert_snapshot;

use super::super::model::{AccessKey, Capacity, Destination};
use super::super::set::parse_all;
use super::super::{Diagnostics, GivenValues, Request, Set, Style, TakeEveryTransform};
use super::{FindsWrong, codes, with};

/// What a file gives with these values on the command line, in the environment, and in a file.
fn given(
    text: &str,
    options: &[&str],
    environment: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Set, Diagnostics> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("values.yaml");
    let files: Vec<PathBuf> =
        file.map(|text| std::fs::write(&path, text).map(|()| path.clone()).unwrap()).into_iter().collect();
    let environment: BTreeMap<String, String> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let values = GivenValues {
        options: options.iter().map(|option| (*option).to_owned()).collect(),
        files,
        environment,
    };
    let request = Request { values, ..Request::of("pipeline.yaml") };
    parse_all(&request, text.as_bytes(), &FindsWrong)
}

fn holds(text: &str, options: &[&str]) -> Set {
    given(text, options, &[], None).unwrap_or_else(|found| panic!("{found}"))
}

fn refused(text: &str, options: &[&str]) -> String {
    let found = given(text, options, &[], None).expect_err("it is wrong");
    found.report();
    found.render(Style { colour: true, unicode: true, width: 60 });
    found.to_string()
}

const STAGES: &str = "vars:
  stage: dev
  shards: { type: number, default: 2 }
  dashboard: false
name: \"clicks-${var.stage}\"
dashboard: ${var.dashboard}
tags: { stage: \"${var.stage}\" }
functions:
  f: { package: f.zip, environment: { COST: \"$${var.stage} ${HOME} ${ var.stage }\" } }
streams:
  events: { shards: \"${var.shards}\" }
deliveries:
  lake:
    to:
      s3:
        bucket: lake-${var.stage}
        prefix: clicks/${var.stage}/dt=!{timestamp:yyyy-MM-dd}/
buckets:
  \"lake-${var.stage}\": { versioning: true }
";

fn stages() -> String {
    format!("apiVersion: pipectl/v1\nkind: Pipeline\n{STAGES}")
}

#[test]
fn a_variable_alone_keeps_its_type_and_is_text_in_a_text() {
    let set = holds(&stages(), &[]);
    let pipeline = &set.documents[0].pipeline;
    assert_eq!(pipeline.name, "clicks-dev");
    assert!(!pipeline.dashboard);
    assert_eq!(pipeline.streams["events"].capacity, Capacity::Provisioned(2));
    let environment = &pipeline.functions["f"].settings.environment;
    assert_eq!(environment["COST"], "${var.stage} ${HOME} dev");
    let Destination::S3(s3) = &pipeline.deliveries["lake"].to else { panic!("it goes to S3") };
    assert_eq!(s3.bucket, "lake-dev");
    assert_eq!(s3.prefix.as_deref(), Some("clicks/dev/dt=!{timestamp:yyyy-MM-dd}/"));
    assert!(pipeline.buckets["lake-dev"].versioning.unwrap_or_default());
    assert!(set.warnings.is_empty(), "{}", set.warnings);
}

#[test]
fn the_command_line_wins_over_files_and_files_over_the_environment() {
    let name = |options: &[&str], environment: &[(&str, &str)], file: Option<&str>| {
        let set = given(&stages(), options, environment, file).unwrap_or_else(|found| panic!("{found}"));
        set.documents[0].pipeline.name.clone()
    };
    assert_eq!(name(&[], &[("STAGE", "env"), ("OTHER", "x")], None), "clicks-env");
    assert_eq!(name(&[], &[("stage", "low")], None), "clicks-low");
    assert_eq!(name(&[], &[("STAGE", "env")], Some("stage: file\n")), "clicks-file");
    let both = ["stage=one", "stage=two"];
    assert_eq!(name(&both, &[("STAGE", "env")], Some("stage: file\n")), "clicks-two");
}

#[test]
fn what_went_in_is_kept_with_where_it_came_from() {
    let set = holds(&stages(), &["shards=4"]);
    let variables = &set.documents[0].inputs.variables;
    assert_eq!((variables["shards"].value.as_str(), variables["shards"].from.as_str()), ("4", "from --var"));
    assert_eq!(variables["stage"].from, "its default (pipeline.yaml:4)");
    let again = holds(&stages(), &["shards=4"]);
    assert_eq!(again.documents[0].inputs, set.documents[0].inputs);
    let other = holds(&stages(), &["shards=5", "stage=dev"]);
    assert_eq!(set.documents[0].inputs.changed_variables(&other.documents[0].inputs), ["shards"]);
}

#[test]
fn a_revision_is_read_again_from_what_it_keeps() {
    let set = holds(&stages(), &["stage=prod", "shards=8"]);
    let document = &set.documents[0];
    let again = super::super::recall(&document.source, &document.inputs, &TakeEveryTransform);
    assert_eq!(again.unwrap_or_else(|found| panic!("{found}")).pipeline, document.pipeline);
}

#[test]
fn variables_that_are_not_there() {
    let text = with(
        "vars:\n  stage: dev\n  spare: x\nregion: eu-${var.stag}-1\nstreams:\n  \"${var.unknown-thing}\":\n",
    );
    assert_snapshot!(refused(&text, &["stge=prod"]));
}

#[test]
fn a_variable_that_nothing_uses_is_a_warning_where_all_else_is_well() {
    let set = holds(&with("vars:\n  stage: dev\nstreams:\n  events:\n"), &[]);
    assert_eq!(codes(&set.warnings), ["unused-variable"]);
    assert_eq!(set.warnings.report()[0].line, 5);
}

#[test]
fn a_value_that_is_missing_is_asked_for_with_its_description() {
    let text = with(
        "vars:\n  team:\n  size: { type: number, description: shards to begin with }\ntags: { team: \"${var.team}\" }\nstreams:\n  events: { shards: \"${var.size}\" }\n",
    );
    assert_snapshot!(refused(&text, &[]));
}

#[test]
fn a_value_of_the_wrong_type_is_shown_where_it_was_given() {
    let text = with(
        "vars:\n  size: { type: number }\n  on: true\ndashboard: ${var.on}\nstreams:\n  events: { shards: \"${var.size}\" }\n",
    );
    assert_snapshot!(refused(&text, &["size=many", "on=yes"]));
}

#[test]
fn a_finding_about_a_value_says_which_variable_it_came_from() {
    let text = with(
        "vars:\n  size: 2\n  hours: 24h\nstreams:\n  events:\n    shards: ${var.size}\n    retention: ${var.hours}\n",
    );
    assert_snapshot!(refused(&text, &["size=20000", "hours=12h"]));
}

#[test]
fn an_error_in_a_program_stands_where_it_is_written_around_variables() {
    let text = with(
        "vars:\n  long: a-long-value\ntransforms:\n  t:\n    vrl: |\n      .a = \"${var.long}\"\n      .b = wrong(.a)\ndeliveries:\n  lake: { transform: t, to: { s3: { bucket: abc } } }\n",
    );
    assert_snapshot!(refused(&text, &[]));
}

#[test]
fn what_begins_like_a_variable_and_what_nearly_is_one() {
    let text = with(
        "vars:\n  stage: dev\ntags: { a: \"${var.}\", b: \"${var.stage\", c: \"${vars.stage}\", d: \"${var.stage}\" }\nstreams:\n  events:\n",
    );
    assert_snapshot!(refused(&text, &[]));
}

#[test]
fn declarations_that_are_wrong() {
    let text = with(
        "vars:\n  9lives: x\n  a: [1]\n  b: { type: list }\n  c: { type: number, default: many }\n  d: \"${var.a}\"\n  e: { defalt: 1 }\nstreams:\n  events:\n",
    );
    assert_snapshot!(refused(&text, &["broken"]));
}

#[test]
fn without_quotes_in_braces_the_way_out_is_quotes() {
    let text = with("vars:\n  size: 2\nstreams:\n  events: { shards: ${var.size} }\n");
    assert_snapshot!(refused(&text, &[]));
}

const SECRET: &str = "vars:
  token: { sensitive: true }
functions:
  load:
    package: load.zip
    environment: { TOKEN: \"${var.token}\", URL: \"https://u:${var.token}@h\" }
";

#[test]
fn a_number_of_a_variable_is_text_where_text_is_due_and_a_literal_needs_its_quotes() {
    let file = |value: &str| {
        with(&format!(
            "vars:\n  n: {{ type: number, default: 3 }}\nfunctions:\n  f: {{ package: f.zip, environment: \
             {{ NUMBER: \"${{var.n}}\", MORE: {value} }} }}\n"
        ))
    };
    let set = holds(&file("x"), &[]);
    assert_eq!(set.documents[0].pipeline.functions["f"].settings.environment["NUMBER"], "3");
    assert!(refused(&file("3"), &[]).contains("quotes make it text"));
}

#[test]
fn quotes_that_are_there_are_not_asked_for() {
    let said = refused(&with("tags: { stage: \"${var.stage}\", other: a: b }\n"), &[]);
    assert!(!said.contains("a variable needs quotes"), "{said}");
}

#[test]
fn a_sensitive_value_reaches_the_pipeline_and_nothing_that_is_kept() {
    let set = holds(&with(SECRET), &["token=hunter2!"]);
    let document = &set.documents[0];
    let environment = &document.pipeline.functions["load"].settings.environment;
    assert_eq!(environment["URL"], "https://u:hunter2!@h");
    let places: Vec<String> =
        document.pipeline.secrets.iter().map(|secret| secret.path.to_string()).collect();
    assert_eq!(places, ["functions.load.environment.TOKEN", "functions.load.environment.URL"]);
    let kept = serde_json::to_string(&document.inputs).unwrap();
    assert!(!kept.contains("hunter2") && kept.contains("sealed:1:"), "{kept}");
    assert_eq!(set.mask.apply("it is hunter2!"), "it is (sensitive)");
    let other = holds(&with(SECRET), &["token=hunter3!"]);
    assert_eq!(document.inputs.changed_variables(&other.documents[0].inputs), ["token"]);
}

const KEY: &str = "vars:
  key: { sensitive: SENSITIVE }
deliveries:
  hook: { to: { http: { url: \"https://example.com\", access-key: \"${var.key}\", backup: { bucket: kept } } } }
";

#[test]
fn the_key_of_an_endpoint_may_be_a_variable_and_is_in_nothing_that_is_recorded() {
    for sensitive in ["true", "false"] {
        let text = with(&KEY.replace("SENSITIVE", sensitive));
        let set = holds(&text, &["key=hunter2!"]);
        let document = &set.documents[0];
        let Destination::Http(http) = &document.pipeline.deliveries["hook"].to else {
            panic!("it goes to HTTP")
        };
        let AccessKey::Literal(key) = &http.key else { panic!("it has a key") };
        assert_eq!(key.reveal(), "hunter2!");
        let inputs = serde_json::to_string(&document.recorded_inputs()).unwrap();
        assert!(!inputs.contains("hunter2") && inputs.contains("key"), "{inputs}");
        assert!(document.recorded().contains("${var.key}"), "{}", document.recorded());
    }
    let request = Request { without_secrets: true, ..Request::of("pipeline.yaml") };
    let text = with(&KEY.replace("SENSITIVE", "true"));
    parse_all(&request, text.as_bytes(), &TakeEveryTransform).unwrap_or_else(|found| panic!("{found}"));
}

#[test]
fn a_sensitive_value_may_not_stand_where_it_is_shown() {
    let text = with(
        "vars:\n  token: { type: string, sensitive: true, default: abcdefg }\ntags: { token: \"${var.token}\" }\nstreams:\n  events:\n",
    );
    assert_snapshot!(refused(&text, &[]));
}

#[test]
fn a_sensitive_value_is_in_no_finding() {
    let text = with(
        "vars:\n  token: { sensitive: true }\n  size: { type: number, sensitive: true }\ntransforms:\n  t: { vrl: \"wrong ${var.token}\", environment: { A: \"${var.size}\" } }\ndeliveries:\n  lake: { transform: t, to: { s3: { bucket: abc } } }\n",
    );
    let found = refused(&text, &["token=hunter2!", "size=hunter2!"]);
    assert!(!found.contains("= hunter2") && !found.contains("`hunter2"), "{found}");
}

#[test]
fn what_deploys_nothing_can_do_without_sensitive_values() {
    let request = Request { without_secrets: true, ..Request::of("pipeline.yaml") };
    let set = parse_all(&request, with(SECRET).as_bytes(), &TakeEveryTransform);
    let set = set.unwrap_or_else(|found| panic!("{found}"));
    assert_eq!(set.documents[0].pipeline.secrets, []);
    assert!(set.documents[0].inputs.is_empty() && set.mask.is_empty());
    let found = given(&with(SECRET), &[], &[], None).expect_err("it is missing");
    assert_eq!(codes(&found), ["missing-value"]);
}

#[test]
fn values_cannot_make_a_pipeline_of_any_size() {
    let uses: String = (0..2_000).map(|at| format!("      K{at}: \"${{var.big}}\"\n")).collect();
    let text =
        with(&format!("vars:\n  big: x\nfunctions:\n  f:\n    package: f.zip\n    environment:\n{uses}"));
    let big = format!("big={}", "y".repeat(4_000));
    let found = given(&text, &[&big], &[], None).expect_err("too big");
    assert!(codes(&found).contains(&"file-too-big"));
}
