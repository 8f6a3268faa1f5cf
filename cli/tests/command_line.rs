//! The binary as a script sees it: exit codes, what goes to stdout and what to stderr, without a terminal.

mod lines;

use std::net::TcpListener;
use std::path::Path;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use tempfile::TempDir;

/// The binary in an empty folder, with none of the surroundings of whoever runs the tests.
fn pipectl(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("pipectl").expect("the binary is built");
    command.current_dir(folder).env_clear().env("HOME", folder).env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stdout).into_owned()
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// A port that nobody is given, so that no other test's endpoint ever has it: nothing listens there.
const NOBODYS_PORT: &str = "1";

#[test]
fn a_wrong_command_line_exits_with_1_because_2_means_changes() {
    let folder = folder();
    let assert = pipectl(folder.path()).arg("plann").assert().code(1);
    assert!(stderr(&assert).contains("'plan'"), "{}", stderr(&assert));
    assert_eq!(stdout(&assert), "");
}

#[test]
fn the_usage_beside_a_mistake_lists_what_was_typed_and_not_what_the_environment_says() {
    let folder = folder();
    for (line, usage) in [
        (&["history", "show"] as &[&str], "Usage: pipectl history show <REVISION>"),
        (&["plan", "--refresh-only", "-o", "x"], "Usage: pipectl plan --refresh-only\n"),
        (&["history", "show", "--state", "s"], "Usage: pipectl history show --state <DIR> <REVISION>"),
    ] {
        let mut command = pipectl(folder.path());
        for variable in ["AWS_ENDPOINT_URL", "PIPECTL_STATE", "PIPECTL_LAMBDA_BOOTSTRAP", "PIPECTL_PRICES"] {
            command.env(variable, "http://127.0.0.1:1");
        }
        let told = stderr(&command.args(line).assert().code(1));
        assert!(told.contains(usage), "{line:?}: {told}");
    }
}

#[test]
fn a_mistake_of_the_environment_is_shown_as_one() {
    let folder = folder();
    let told = stderr(&pipectl(folder.path()).env("PIPECTL_STATE", "").arg("plan").assert().code(1));
    assert!(told.contains("--state <DIR>"), "{told}");
}

#[test]
fn help_and_version_go_to_stdout() {
    let folder = folder();
    let assert = pipectl(folder.path()).arg("--version").assert().success();
    assert_eq!(stdout(&assert), concat!("pipectl ", env!("CARGO_PKG_VERSION"), "\n"));
    let assert = pipectl(folder.path()).args(["apply", "--help"]).assert().success();
    assert!(stdout(&assert).contains("Examples:"));
    assert!(!stdout(&assert).contains('\u{1b}'), "no colour into a pipe");
}

#[test]
fn a_missing_file_leads_to_init_and_init_to_a_valid_file() {
    let folder = folder();
    let assert = pipectl(folder.path()).arg("validate").assert().code(1);
    assert!(stderr(&assert).contains("pipectl init"), "{}", stderr(&assert));
    pipectl(folder.path()).arg("init").assert().success();
    let assert = pipectl(folder.path()).arg("validate").assert().success();
    assert!(stdout(&assert).contains("pipeline clickstream"), "{}", stdout(&assert));
    let assert = pipectl(folder.path()).arg("init").assert().code(1);
    assert!(stderr(&assert).contains("--force"), "{}", stderr(&assert));
}

#[test]
fn every_mistake_in_a_file_is_shown_and_reported() {
    let folder = folder();
    let text = "apiVersion: pipectl/v1\nkind: Pipeline\nname: p\nstreams:\n  events:\n    shards: many\n    color: red\n";
    std::fs::write(folder.path().join("pipeline.yaml"), text).expect("a file");
    let assert = pipectl(folder.path()).args(["validate", "--json"]).assert().code(1);
    let events = lines::of(&stdout(&assert));
    assert_eq!(events[0]["type"], "version");
    let lines: Vec<u64> = events
        .iter()
        .filter(|event| event["type"] == "diagnostic")
        .filter_map(|event| event["line"].as_u64())
        .collect();
    assert_eq!(lines, [6, 7]);
    assert_eq!(events.last().expect("events")["type"], "error");
    assert!(stderr(&assert).contains("pipeline.yaml:6:13"), "{}", stderr(&assert));
}

#[test]
fn a_package_that_is_missing_is_warned_of_and_one_that_is_none_refused_where_it_stands() {
    let folder = folder();
    let text = "apiVersion: pipectl/v1\nkind: Pipeline\nname: p\nstreams:\n  events:\nfunctions:\n  enrich:\n    \
                from: events\n    package: built/own.zip\n";
    std::fs::create_dir_all(folder.path().join("files/built")).expect("folders");
    std::fs::write(folder.path().join("files/pipeline.yaml"), text).expect("a file");
    let validate = |json: &[&str]| {
        let mut command = pipectl(folder.path());
        command.args(["validate", "-f", "files/pipeline.yaml"]).args(json);
        command
    };
    let assert = validate(&[]).assert().success();
    let told = stderr(&assert);
    assert!(told.contains("files/pipeline.yaml:9:14") && told.contains("warning"), "{told}");
    assert!(told.contains("there is no file files/built/own.zip"), "{told}");
    std::fs::write(folder.path().join("files/built/own.zip"), "not a zip").expect("a file");
    let assert = validate(&["--json"]).assert().code(1);
    let finding = lines::of(&stdout(&assert))
        .into_iter()
        .find(|event| event["type"] == "diagnostic")
        .expect("a finding");
    assert_eq!(finding["code"], "unusable-package");
    assert_eq!((finding["line"].as_u64(), finding["column"].as_u64()), (Some(9), Some(14)));
    assert!(finding["help"].as_str().is_some_and(|help| help.contains("bootstrap")), "{finding}");
}

#[test]
fn an_endpoint_that_is_down_is_named_with_the_way_out() {
    let folder = folder();
    pipectl(folder.path()).arg("init").assert().success();
    let endpoint = format!("http://127.0.0.1:{NOBODYS_PORT}");
    let assert = pipectl(folder.path()).args(["--endpoint-url", &endpoint, "plan"]).assert().code(1);
    assert!(stderr(&assert).contains(&endpoint), "{}", stderr(&assert));
    let assert = pipectl(folder.path())
        .args(["--endpoint-url", &endpoint, "produce"])
        .write_stdin("x\n")
        .assert()
        .code(1);
    assert!(stderr(&assert).contains("pipectl local"), "{}", stderr(&assert));
}

#[test]
fn without_an_account_the_error_says_how_to_get_on() {
    let folder = folder();
    pipectl(folder.path()).arg("init").assert().success();
    let assert = pipectl(folder.path()).arg("plan").assert().code(1);
    assert!(stderr(&assert).contains("--region"), "{}", stderr(&assert));
    let assert = pipectl(folder.path()).args(["plan", "--region", "eu-west-1"]).assert().code(1);
    assert!(stderr(&assert).contains("credentials"), "{}", stderr(&assert));
}

#[test]
fn a_taken_port_is_named() {
    let folder = folder();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let assert = pipectl(folder.path()).args(["local", "--port", &port]).assert().code(1);
    assert!(stderr(&assert).contains(&format!("port {port} is taken")), "{}", stderr(&assert));
    assert!(stderr(&assert).contains("--port 0"), "{}", stderr(&assert));
}

#[test]
fn what_only_the_embedded_engine_can_is_refused_by_name() {
    let folder = folder();
    for option in [["--data-dir", "d"], ["--limits", "on"], ["--faults", "light"], ["--latency", "1ms"]] {
        let assert =
            pipectl(folder.path()).args(["local", "--engine", "localstack"]).args(option).assert().code(1);
        let said = stderr(&assert);
        assert!(said.contains(&format!("{} works with the embedded engine", option[0])), "{said}");
    }
}

#[test]
fn a_reset_leaves_alone_what_no_endpoint_wrote() {
    let folder = folder();
    std::fs::write(folder.path().join("thesis.tex"), "years").expect("a file");
    let here = folder.path().display().to_string();
    let assert = pipectl(folder.path()).args(["local", "reset", "--data-dir", &here]).assert().code(1);
    assert!(stderr(&assert).contains("no data folder of pipectl"), "{}", stderr(&assert));
    assert!(folder.path().join("thesis.tex").exists());
    let assert = pipectl(folder.path()).args(["local", "reset", "--port", NOBODYS_PORT]).assert().code(1);
    assert!(stderr(&assert).contains("no endpoint answers"), "{}", stderr(&assert));
}

#[test]
fn a_missing_input_file_is_an_error_before_anything_is_called() {
    let folder = folder();
    let assert =
        pipectl(folder.path()).args(["produce", "--stream", "s", "--file", "nothing.gz"]).assert().code(1);
    assert!(stderr(&assert).contains("nothing.gz"), "{}", stderr(&assert));
    let assert = pipectl(folder.path()).args(["demo", "--file", "nothing.gz"]).assert().code(1);
    assert!(stderr(&assert).contains("nothing.gz"), "{}", stderr(&assert));
}

#[test]
fn every_shell_gets_a_script_and_man_a_page() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let assert = pipectl(folder.path()).args(["completions", shell]).assert().success();
        assert!(stdout(&assert).contains("produce"), "{shell}");
    }
    let assert = pipectl(folder.path()).arg("man").assert().success();
    assert!(stdout(&assert).contains(".TH pipectl 1"), "{}", stdout(&assert));
}

/// What `estimate --json` says last.
fn estimated(arguments: &[&str]) -> serde_json::Value {
    let folder = folder();
    let assert = pipectl(folder.path()).args(["estimate", "--json"]).args(arguments).assert().success();
    lines::of(&stdout(&assert)).pop().expect("an event")
}

#[test]
fn an_estimate_is_data_for_scripts_and_needs_no_account() {
    let event =
        estimated(&["--record-size", "2KiB", "--rate", "5000/s", "--burst", "2x", "--retention", "7d"]);
    assert_eq!(event["type"], "estimate");
    assert_eq!((&event["shards"], &event["binding"]), (&20.0.into(), &"write-bytes".into()));
    assert_eq!(event["aws_formula"], 19.53125);
    assert_eq!(event["modes"][0]["monthly"]["total"], 694.96);
    assert_eq!(event["cheapest"], "provisioned");
    assert_eq!(
        (&event["prices"]["region"], &event["prices"]["as_of"]),
        (&"us-east-1".into(), &"2026-09-01".into())
    );
    assert!(event["aggregation"]["saves"].as_f64().expect("a number") > 0.0);
}

#[test]
fn an_estimate_of_numbers_that_make_no_sense_names_the_option_and_the_way_out() {
    let base = ["estimate", "--record-size", "2KiB", "--rate", "5000/s"];
    for (arguments, option, advice) in [
        (&["--record-size", "2048"][..], "--record-size", "2048B or 2048KiB"),
        (&["--rate", "-5/s"], "--rate", "above 0"),
        (&["--rate", "NaN/s"], "--rate", "5000/s"),
        (&["--rate", "0/s"], "--rate", "above 0"),
        (&["--burst", "0.5x"], "--burst", "2x"),
        (&["--retention", "7"], "--retention", "7h or 7d"),
        (&["--retention", "2h"], "retention", "between 24 and 8760"),
        (&["--target", "170%"], "--target", "70%"),
        (&["--fan-out", "51"], "fan-out", "between 0 and 50"),
        (&["--rate", "900000000/s"], "traffic at the peak", "between 0 and"),
    ] {
        let folder = folder();
        let kept: Vec<&str> = match base.iter().position(|word| *word == arguments[0]) {
            Some(at) => base[..at].iter().chain(&base[at + 2..]).copied().collect(),
            None => base.to_vec(),
        };
        let assert = pipectl(folder.path()).args(kept).args(arguments).assert().code(1);
        let said = stderr(&assert);
        assert!(said.contains(option) && said.contains(advice), "{arguments:?}: {said}");
    }
}

#[test]
fn an_estimate_without_sizes_or_rates_says_which_options_give_them() {
    let folder = folder();
    let said =
        |arguments: &[&str]| stderr(&pipectl(folder.path()).arg("estimate").args(arguments).assert().code(1));
    assert!(said(&[]).contains("--record-size 2KiB, or --sample FILE"));
    assert!(said(&["--record-size", "1KiB"]).contains("--rate 5000/s, or --trace FILE"));
    std::fs::write(folder.path().join("load.csv"), "t_s,load\n0,1\n60,-2\n").expect("a file");
    assert!(
        said(&["--record-size", "1KiB", "--trace", "load.csv"]).contains("line 3: a load cannot be negative")
    );
}

#[test]
fn the_printed_prices_are_taken_again_and_a_changed_one_changes_the_estimate() {
    let folder = folder();
    let assert = pipectl(folder.path()).args(["estimate", "--print-prices"]).assert().success();
    let own = stdout(&assert).replacen("\"shard_hour\": 0.015", "\"shard_hour\": 0.03", 1);
    let own = own.replace("\"us-east-1\"", "\"eu-west-1\"").replace("2026-09-01", "2026-11-01");
    let path = folder.path().join("prices.json");
    std::fs::write(&path, own).expect("a file");
    let path = path.display().to_string();
    let event =
        estimated(&["--record-size", "1KiB", "--rate", "1/s", "--region", "eu-west-1", "--prices", &path]);
    assert_eq!(event["modes"][0]["monthly"]["lines"][0]["unit_price"], 0.03);
    assert_eq!(
        (&event["prices"]["region"], &event["prices"]["as_of"]),
        (&"eu-west-1".into(), &"2026-11-01".into())
    );
    assert!(!event["notes"].to_string().contains("no prices are known"));
}

#[test]
fn a_sample_and_a_trace_stand_in_for_assumptions() {
    let folder = folder();
    let records: String = (0..500).map(|n| format!("{{\"user\":{n},\"pad\":\"{:0200}\"}}\n", n)).collect();
    std::fs::write(folder.path().join("records.ndjson"), records).expect("a file");
    std::fs::write(folder.path().join("load.csv"), "t_s,load\n0,1000\n300,3000\n600,2000\n").expect("a file");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (sample, trace) = (file("records.ndjson"), file("load.csv"));
    let event = estimated(&["--sample", &sample, "--trace", &trace, "--aggregation"]);
    assert_eq!(event["load"]["records_per_second"], serde_json::json!({ "mean": 2000.0, "peak": 3000.0 }));
    assert_eq!(event["aggregation"]["without"]["shards"], 3.0);
    assert_eq!(event["shards"], 1.0);
    assert!(event["notes"].to_string().contains("500 sampled records"));
}

/// A device that is always full, where the system has one.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn full() -> Option<std::fs::File> {
    let device = std::fs::OpenOptions::new().write(true).open("/dev/full").ok();
    if device.is_none() {
        eprintln!("skipped: there is no /dev/full here");
    }
    device
}

#[test]
fn what_cannot_be_written_fails_the_command_that_said_it() {
    let folder = folder();
    pipectl(folder.path()).arg("init").assert().success();
    let said: [&[&str]; 9] = [
        &["--version"],
        &["plan", "--help"],
        &["schema"],
        &["validate"],
        &["validate", "--json"],
        &["explain", "streams"],
        &["graph"],
        &["completions", "bash"],
        &["estimate", "--record-size", "1KiB", "--rate", "1/s"],
    ];
    for arguments in said {
        let Some(full) = full() else { return };
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pipectl"));
        command.current_dir(folder.path()).env_clear().env("HOME", folder.path());
        let ended = command.args(arguments).stdout(full).output().expect("it runs");
        assert_eq!(ended.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8_lossy(&ended.stderr);
        let by_clap = arguments.iter().any(|argument| argument.starts_with("--ver") || *argument == "--help");
        assert!(by_clap || said.contains("No space left on device"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_profile_that_is_not_there_is_named_with_those_there_are() {
    let folder = folder();
    pipectl(folder.path()).arg("init").assert().success();
    let config = folder.path().join("config");
    std::fs::write(&config, "[profile work]\nregion = eu-west-1\n[profile home]\n").expect("a file");
    let endpoint = format!("http://127.0.0.1:{NOBODYS_PORT}");
    let mut command = pipectl(folder.path());
    command.env("AWS_CONFIG_FILE", &config).env("AWS_ACCESS_KEY_ID", "k").env("AWS_SECRET_ACCESS_KEY", "s");
    let assert = command.args(["plan", "--profile", "nope", "--endpoint-url", &endpoint]).assert().code(1);
    let said = stderr(&assert);
    assert!(said.contains("there is no profile `nope`") && said.contains("there are: home, work"), "{said}");
    // The environment may name the default where there is none: a machine's role is what it means then.
    for (profile, is_missing) in [("nope", true), ("default", false)] {
        let mut command = pipectl(folder.path());
        command.env("AWS_CONFIG_FILE", &config).env("AWS_PROFILE", profile);
        let assert = command.args(["plan", "--endpoint-url", &endpoint]).assert().code(1);
        let said = stderr(&assert);
        assert_eq!(said.contains("there is no profile"), is_missing, "{profile}: {said}");
    }
}

#[test]
fn init_takes_a_name_for_the_pipeline_and_says_so_to_who_gives_one_for_a_template() {
    let folder = folder();
    pipectl(folder.path()).args(["init", "--name", "shop"]).assert().success();
    let assert = pipectl(folder.path()).arg("validate").assert().success();
    assert!(stdout(&assert).contains("pipeline shop"), "{}", stdout(&assert));
    let assert = pipectl(folder.path()).args(["init", "shop"]).assert().code(1);
    assert!(stderr(&assert).contains("--name shop"), "{}", stderr(&assert));
    let assert = pipectl(folder.path()).args(["init", "--name", "Shop"]).assert().code(1);
    assert!(stderr(&assert).contains("lower-case letters"), "{}", stderr(&assert));
}
