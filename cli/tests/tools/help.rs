//! `pipectl help`, and what `init` writes for editors.

use super::*;

#[test]
fn exit_codes_are_a_topic_of_their_own() {
    let folder = folder(&[]);
    let assert = pipectl(folder.path()).args(["help", "exit-codes"]).assert().success();
    let shown = stdout(&assert);
    assert!(shown.starts_with("Exit codes:\n  0  done, or no changes\n"), "{shown}");
    let help = stdout(&pipectl(folder.path()).arg("--help").assert().success());
    assert!(help.contains(shown.trim_end()), "{help}");
}

#[test]
fn help_on_a_command_is_what_its_option_says() {
    let folder = folder(&[]);
    for words in [vec!["plan"], vec!["autoscale", "run"]] {
        let by_command = pipectl(folder.path()).arg("help").args(&words).assert().success();
        let by_option = pipectl(folder.path()).args(&words).arg("--help").assert().success();
        assert_eq!(stdout(&by_command).trim_end(), stdout(&by_option).trim_end());
    }
    let assert = pipectl(folder.path()).args(["help", "paln"]).assert().code(1);
    assert!(stderr(&assert).contains("no command or topic `paln`"));
}

#[test]
fn init_writes_the_schema_that_an_editor_finds_by_the_first_line() {
    let folder = folder(&[]);
    pipectl(folder.path()).args(["init", "minimal"]).assert().success();
    let text = read(&folder, "pipeline.yaml");
    let schema = text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema="));
    let schema = read(&folder, schema.expect("the line"));
    assert_eq!(schema, stdout(&pipectl(folder.path()).arg("schema").assert().success()));
    pipectl(folder.path()).args(["fmt", "--check"]).assert().success();
    pipectl(folder.path()).args(["init", "minimal", "--dir", "bare", "--no-schema"]).assert().success();
    assert!(!read(&folder, "bare/pipeline.yaml").contains("yaml-language-server"));
    assert!(!folder.path().join("bare/pipeline.schema.json").exists());
}
