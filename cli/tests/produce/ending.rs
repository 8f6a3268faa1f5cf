//! How it ends: what scripts read from the exit code, and what Ctrl-C leaves behind.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::world::{Ended, STREAM, World};

#[test]
fn ctrl_c_flushes_what_is_under_way_and_gives_the_account() {
    let world = World::of(1);
    let arguments =
        ["--json", "--generate", "clicks", "--rate", "500/s", "--duration", "1h", "--progress=20ms"];
    let mut child =
        world.command("produce", STREAM, &arguments).stderr(Stdio::null()).spawn().expect("it starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("its output is ours"));
    let mut said = String::new();
    // It works when something was delivered.
    while !said
        .lines()
        .last()
        .is_some_and(|line| line.contains("progress") && !line.contains("\"delivered\":0,"))
    {
        assert_ne!(stdout.read_line(&mut said).expect("text"), 0, "it ended: {said}");
    }
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("an id");
    kill_process(id, Signal::INT).expect("it runs");
    stdout.read_to_string(&mut said).expect("text");
    let code = child.wait().expect("it ends").code();
    let ended = Ended { code, stdout: said, stderr: String::new() }.exits(1);
    let account = ended.account();
    assert_eq!(account["put"], account["delivered"], "all that was read was sent: {account}");
    assert_eq!(ended.events("error")[0]["kind"], "interrupted");
    assert_eq!(world.lines(STREAM).len() as u64, account["delivered"].as_u64().expect("a number"));
}

#[test]
fn a_stream_that_is_not_there_is_an_error_before_anything_is_read() {
    let world = World::of(1);
    let output = world.command("produce", "nothing", &["--generate", "clicks"]).output().expect("it runs");
    let ended = Ended::of(output).exits(1);
    assert!(ended.stderr.contains("cannot reach the stream nothing"), "{}", ended.stderr);
}

#[test]
fn records_that_expire_are_named_and_end_in_a_code_of_their_own() {
    let world = World::with(1, pipectl_localstack::Limits::On);
    // Four seconds of what one shard takes, at once, with a third of a second to live.
    let ended = world
        .produce(&[
            "--json",
            "--no-aggregation",
            "--no-shard-pace",
            "--generate",
            "devices",
            "--records",
            "4000",
            "--ttl",
            "300ms",
        ])
        .exits(4);
    let account = ended.account();
    let count = |field: &str| account[field].as_u64().expect("a number");
    assert!(count("expired") > 0 && count("delivered") > 0 && count("throttles") > 0, "{account}");
    assert_eq!(count("put"), count("delivered") + count("expired"));
    assert!(account["reasons"][0]["reason"].as_str().expect("text").starts_with("expired"), "{account}");
    assert!(account["errors"]["ProvisionedThroughputExceededException"].is_u64(), "{account}");
}
