//! `pipectl fmt`: what it writes, what it leaves alone, and what it exits with.

use super::*;

const TIDY: &str = "apiVersion: pipectl/v1\nkind: Pipeline\nname: p  # short\n\nstreams:\n  events:\n";
const UNTIDY: &str = "apiVersion:   pipectl/v1\nkind: Pipeline\nname: p # short\nstreams:\n    events:\n";

#[test]
fn the_pipeline_file_is_laid_out_in_place() {
    let folder = folder(&[("pipeline.yaml", UNTIDY)]);
    let assert = pipectl(folder.path()).arg("fmt").assert().success();
    assert_eq!(stdout(&assert), "pipeline.yaml\n");
    assert_eq!(read(&folder, "pipeline.yaml"), TIDY);
    let assert = pipectl(folder.path()).arg("fmt").assert().success();
    assert_eq!(stdout(&assert), "", "nothing is left to change");
}

#[test]
fn check_shows_what_would_change_and_exits_with_2() {
    let folder = folder(&[("pipeline.yaml", UNTIDY), ("tidy.yaml", TIDY)]);
    let assert = pipectl(folder.path()).args(["fmt", "--check"]).assert().code(2);
    let shown = stdout(&assert);
    assert!(shown.contains("--- pipeline.yaml\n+++ pipeline.yaml\n"), "{shown}");
    assert!(shown.contains("-apiVersion:   pipectl/v1\n+apiVersion: pipectl/v1\n"), "{shown}");
    assert_eq!(read(&folder, "pipeline.yaml"), UNTIDY);
    pipectl(folder.path()).args(["fmt", "--check", "tidy.yaml"]).assert().success();
}

#[test]
fn stdin_goes_to_stdout() {
    let folder = folder(&[]);
    let assert = pipectl(folder.path()).args(["fmt", "-"]).write_stdin(UNTIDY).assert().success();
    assert_eq!(stdout(&assert), TIDY);
    let assert = pipectl(folder.path()).args(["fmt", "-", "--check"]).write_stdin(UNTIDY).assert().code(2);
    assert!(stdout(&assert).contains("--- <stdin>"));
    let assert = pipectl(folder.path()).args(["fmt", "-"]).write_stdin("a: [").assert().code(1);
    assert_eq!(stdout(&assert), "", "nothing half done for an editor to take");
    pipectl(folder.path()).args(["fmt", "-", "a.yaml"]).write_stdin(UNTIDY).assert().code(1);
}

#[test]
fn of_a_folder_only_the_pipeline_files_are_laid_out() {
    let other = "services:   {a:  1}\n";
    let folder = folder(&[
        ("a.yaml", UNTIDY),
        ("deeper/b.yml", UNTIDY),
        ("compose.yaml", other),
        (".hidden/c.yaml", UNTIDY),
        ("target/d.yaml", UNTIDY),
    ]);
    let assert = pipectl(folder.path()).args(["fmt", "."]).assert().success();
    assert_eq!(stdout(&assert), "./a.yaml\n./deeper/b.yml\n");
    assert_eq!(read(&folder, "compose.yaml"), other);
    assert_eq!(read(&folder, ".hidden/c.yaml"), UNTIDY);
    assert_eq!(read(&folder, "target/d.yaml"), UNTIDY);
    // Named, it is laid out whatever it is: values of variables, for instance.
    pipectl(folder.path()).args(["fmt", "compose.yaml"]).assert().success();
    assert_eq!(read(&folder, "compose.yaml"), "services: { a: 1 }\n");
}

#[test]
fn a_file_that_is_no_yaml_is_left_alone_and_holds_up_no_other() {
    let folder = folder(&[("broken.yaml", "name: [p\n"), ("pipeline.yaml", UNTIDY)]);
    let assert = pipectl(folder.path()).args(["fmt", "broken.yaml", "pipeline.yaml"]).assert().code(1);
    assert!(stderr(&assert).contains("broken.yaml:1:7"), "{}", stderr(&assert));
    assert_eq!(read(&folder, "broken.yaml"), "name: [p\n");
    assert_eq!(read(&folder, "pipeline.yaml"), TIDY);
    let assert = pipectl(folder.path()).args(["fmt", "missing.yaml"]).assert().code(1);
    assert!(stderr(&assert).contains("missing.yaml"));
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay_as_they_are() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder(&[("real/pipeline.yaml", UNTIDY)]);
    let (real, link) = (folder.path().join("real/pipeline.yaml"), folder.path().join("pipeline.yaml"));
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o640)).expect("permissions");
    std::os::unix::fs::symlink(&real, &link).expect("a link");
    pipectl(folder.path()).arg("fmt").assert().success();
    assert!(link.is_symlink());
    assert_eq!(read(&folder, "real/pipeline.yaml"), TIDY);
    assert_eq!(std::fs::metadata(&real).expect("the file").permissions().mode() & 0o777, 0o640);
    let left: Vec<_> = std::fs::read_dir(folder.path().join("real")).expect("the folder").collect();
    assert_eq!(left.len(), 1, "nothing is left beside it: {left:?}");
}
