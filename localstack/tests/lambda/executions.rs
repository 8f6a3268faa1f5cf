//! Invocations: answers, errors, time-outs, crashes, logs, processes.

use std::time::Duration;

use aws_sdk_lambda::error::ProvideErrorMetadata as _;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, InvocationType, Runtime};
use pipectl_localstack::logs::GroupId;
use serde_json::Value;

use crate::local::{Local, echo_package, local, payload, tail, zip_of};

/// Where the lines of the function `echo` go.
fn echo_lines() -> GroupId {
    GroupId::new("eu-west-1", "/aws/lambda/echo")
}

#[tokio::test]
async fn an_event_goes_in_and_the_functions_answer_comes_out() {
    let local = local().await;
    local.echo("echo").await;
    let output = local.invoke("echo", r#"{"a":[1,2]}"#).await;
    assert_eq!(output.status_code(), 200);
    assert_eq!(output.function_error(), None);
    assert_eq!(output.executed_version(), Some("$LATEST"));
    assert_eq!(payload(&output), r#"{"a":[1,2]}"#);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_warm_process_serves_the_next_invocation() {
    let local = local().await;
    local.echo("echo").await;
    let first = payload(&local.invoke("echo", r#""pid""#).await);
    let second = payload(&local.invoke("echo", r#""pid""#).await);
    assert_eq!(first, second);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn invocations_at_a_time_have_processes_of_their_own() {
    let local = local().await;
    local.creation("echo", echo_package()).timeout(2).send().await.unwrap();
    let (hanging, other) = tokio::join!(local.invoke("echo", r#""hang""#), local.invoke("echo", r#""pid""#));
    assert_eq!(hanging.function_error(), Some("Unhandled"));
    assert_eq!(other.function_error(), None);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn an_error_of_the_function_is_its_own_payload() {
    let local = local().await;
    local.echo("echo").await;
    let output = local.invoke("echo", r#""error""#).await;
    assert_eq!(output.status_code(), 200);
    assert_eq!(output.function_error(), Some("Unhandled"));
    assert_eq!(payload(&output), r#"{"errorType":"Custom","errorMessage":"as asked"}"#);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_killed_and_the_next_invocation_gets_a_new_process() {
    let local = local().await;
    local.creation("echo", echo_package()).timeout(1).send().await.unwrap();
    let before = payload(&local.invoke("echo", r#""pid""#).await);
    let output = local.invoke("echo", r#""hang""#).await;
    let error: Value = serde_json::from_str(&payload(&output)).unwrap();
    assert_eq!(error["errorType"], "Sandbox.Timedout");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.ends_with(" Error: Task timed out after 1.00 seconds"), "{message}");
    assert!(tail(&output).contains("Task timed out after 1.00 seconds"));
    let after = payload(&local.invoke("echo", r#""pid""#).await);
    assert_ne!(before, after);
    assert!(!is_running(&before), "the process that hung is gone");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_crash_is_told_with_its_exit_status() {
    let local = local().await;
    local.echo("echo").await;
    let output = local.invoke("echo", r#""exit""#).await;
    let error: Value = serde_json::from_str(&payload(&output)).unwrap();
    assert_eq!(error["errorType"], "Runtime.ExitError");
    let message = error["errorMessage"].as_str().unwrap();
    assert!(message.ends_with(" Error: Runtime exited with error: exit status 7"), "{message}");
    assert_eq!(payload(&local.invoke("echo", "1").await), "1", "the next invocation is served");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn an_answer_over_six_megabytes_is_an_error() {
    let local = local().await;
    local.echo("echo").await;
    let output = local.invoke("echo", r#""large""#).await;
    let error: Value = serde_json::from_str(&payload(&output)).unwrap();
    assert_eq!(error["errorType"], "Function.ResponseSizeTooLarge");
    assert_eq!(payload(&local.invoke("echo", "1").await), "1");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn packages_that_cannot_start_say_why() {
    let local = local().await;
    let cases = [
        ("missing", ("other", ""), "Runtime.InvalidEntrypoint", "Couldn't find valid bootstrap(s)"),
        (
            "interpreter",
            ("bootstrap", "#!/no/such\n"),
            "Runtime.InvalidEntrypoint",
            "no such file or directory",
        ),
        (
            "format",
            ("bootstrap", "neither script nor program"),
            "Runtime.InvalidEntrypoint",
            "exec format error",
        ),
        ("fails", ("bootstrap", "#!/bin/sh\nexit 3\n"), "Runtime.ExitError", "exit status 3"),
        ("ends", ("bootstrap", "#!/bin/sh\nexit 0\n"), "Runtime.ExitError", "without providing a reason"),
    ];
    for (name, entry, kind, reason) in cases {
        local.creation(name, zip_of(&[entry])).send().await.unwrap();
        let output = local.invoke(name, "{}").await;
        assert_eq!(output.function_error(), Some("Unhandled"), "{name}");
        let error: Value = serde_json::from_str(&payload(&output)).unwrap();
        assert_eq!(error["errorType"], kind, "{name}");
        assert!(error["errorMessage"].as_str().unwrap().contains(reason), "{name}: {error}");
    }
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn lines_are_in_the_tail_between_start_and_report_and_in_cloudwatch_logs() {
    let local = local().await;
    local.echo("echo").await;
    let output = local.invoke("echo", r#""lines""#).await;
    let tail = tail(&output);
    let at = |text: &str| tail.find(text).unwrap_or_else(|| panic!("no {text:?} in {tail}"));
    let start = at("START RequestId: ");
    let end = at("END RequestId: ");
    assert!((start..end).contains(&at("to standard output")));
    assert!((start..end).contains(&at("to standard error")));
    assert!(at("REPORT RequestId: ") > end);
    assert!(tail.contains("Init Duration: "), "the first invocation tells of the start: {tail}");
    let logs = aws_sdk_cloudwatchlogs::Client::new(&local.config);
    let found = logs
        .filter_log_events()
        .log_group_name("/aws/lambda/echo")
        .filter_pattern("\"to standard\"")
        .send()
        .await
        .unwrap();
    assert_eq!(found.events().len(), 2);
    assert!(found.events()[0].log_stream_name().unwrap().contains("/[$LATEST]"));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn the_environment_is_awss_and_the_users_and_nothing_else() {
    let local = local().await;
    let environment = Environment::builder().variables("STAGE", "test").build();
    local.creation("echo", echo_package()).environment(environment).memory_size(256).send().await.unwrap();
    let variables: Value =
        serde_json::from_str(&payload(&local.invoke("echo", r#""environment""#).await)).unwrap();
    assert_eq!(variables["STAGE"], "test");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_NAME"], "echo");
    assert_eq!(variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"], "256");
    assert_eq!(variables["AWS_REGION"], "eu-west-1");
    assert_eq!(variables["AWS_ENDPOINT_URL"], local.endpoint.url());
    assert_eq!(variables["_HANDLER"], "bootstrap");
    assert!(variables.get("CARGO_MANIFEST_DIR").is_none(), "the test's own environment stays out");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn the_function_learns_its_arn_and_deadline() {
    let local = local().await;
    local.echo("echo").await;
    let head: String = serde_json::from_str(&payload(&local.invoke("echo", r#""head""#).await)).unwrap();
    let arn = "lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:000000000000:function:echo";
    assert!(head.contains(arn), "{head}");
    assert!(head.contains("lambda-runtime-deadline-ms: "), "{head}");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn an_update_retires_the_warm_process_of_the_code_before() {
    let local = local().await;
    local.echo("echo").await;
    let before = payload(&local.invoke("echo", r#""pid""#).await);
    let environment = Environment::builder().variables("NEW", "1").build();
    local
        .lambda
        .update_function_configuration()
        .function_name("echo")
        .environment(environment)
        .send()
        .await
        .unwrap();
    let variables = payload(&local.invoke("echo", r#""environment""#).await);
    assert!(variables.contains(r#""NEW":"1""#));
    assert!(!is_running(&before));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn events_are_accepted_at_once_and_run_later() {
    let local = local().await;
    local.echo("echo").await;
    let accepted = local
        .lambda
        .invoke()
        .function_name("echo")
        .invocation_type(InvocationType::Event)
        .payload(Blob::new(r#""lines""#))
        .send()
        .await
        .unwrap();
    assert_eq!(accepted.status_code(), 202);
    let world = local.endpoint.world().clone();
    let ran = async {
        while !world.logs.messages(&echo_lines(), None).iter().any(|line| line.starts_with("REPORT")) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ran).await.expect("the event runs");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn no_process_outlives_the_endpoint_or_its_function() {
    let local = local().await;
    local.echo("deleted").await;
    local.echo("kept").await;
    let deleted = payload(&local.invoke("deleted", r#""pid""#).await);
    let kept = payload(&local.invoke("kept", r#""pid""#).await);
    local.lambda.delete_function().function_name("deleted").send().await.unwrap();
    until_gone(&deleted).await;
    assert!(is_running(&kept));
    local.endpoint.shutdown().await;
    until_gone(&kept).await;
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_a_function_that_hangs() {
    let local = local().await;
    local.creation("echo", echo_package()).timeout(900).send().await.unwrap();
    let pid = payload(&local.invoke("echo", r#""pid""#).await);
    let client = local.lambda.clone();
    let hanging = tokio::spawn(async move {
        client.invoke().function_name("echo").payload(Blob::new(r#""hang""#)).send().await
    });
    let world = local.endpoint.world().clone();
    let started = async {
        let starts = || {
            let lines = world.logs.messages(&echo_lines(), None);
            lines.iter().filter(|line| line.starts_with("START")).count()
        };
        while starts() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), started).await.expect("the second invocation starts");
    world.stopping.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), hanging).await.expect("it ends").unwrap();
    assert_eq!(ended.unwrap_err().into_service_error().code(), Some("ServiceException"));
    until_gone(&pid).await;
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_python_handler_runs_where_there_is_a_python() {
    if std::process::Command::new("python3").arg("--version").output().is_err() {
        eprintln!("no python3 on this machine: nothing to test");
        return;
    }
    let local = local().await;
    let module = "import json\ndef handler(event, context):\n    print('in python')\n    if event == 'fail': \
                  raise ValueError('bad')\n    if event == 'custom': return context.client_context.custom\n    return {'got': event, 'name': context.function_name}\n";
    let python = |name: &str, handler: &str| {
        local.creation(name, zip_of(&[("app/main.py", module)])).runtime(Runtime::Python312).handler(handler)
    };
    python("py", "app/main.handler").send().await.unwrap();
    let output = local.invoke("py", r#"{"x":1}"#).await;
    assert_eq!(payload(&output), r#"{"got": {"x": 1}, "name": "py"}"#);
    assert!(tail(&output).contains("in python"));
    let error: Value = serde_json::from_str(&payload(&local.invoke("py", r#""fail""#).await)).unwrap();
    assert_eq!((&error["errorType"], &error["errorMessage"]), (&"ValueError".into(), &"bad".into()));
    let invoke = |context: &str| {
        let invoke = local.lambda.invoke().function_name("py").payload(Blob::new(r#""custom""#));
        invoke.client_context(context).send()
    };
    // {"custom": {"team": "größe"}}
    let output = invoke("eyJjdXN0b20iOiB7InRlYW0iOiAiZ3LDtsOfZSJ9fQ==").await.unwrap();
    assert_eq!(payload(&output), r#"{"team": "gr\u00f6\u00dfe"}"#);
    let refused = invoke("no JSON").await.unwrap_err().into_service_error();
    assert!(refused.is_invalid_request_content_exception(), "{refused:?}");
    python("nomodule", "nope.handler").send().await.unwrap();
    let error: Value = serde_json::from_str(&payload(&local.invoke("nomodule", "1").await)).unwrap();
    assert_eq!(error["errorType"], "Runtime.ImportModuleError");
    python("nohandler", "app/main.nope").send().await.unwrap();
    let error: Value = serde_json::from_str(&payload(&local.invoke("nohandler", "1").await)).unwrap();
    assert_eq!(error["errorType"], "Runtime.HandlerNotFound");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_script_that_never_asks_for_work_is_a_time_out_and_not_a_hang() {
    let local = local().await;
    local.script("stuck", "#!/bin/sh\nexec sleep 3600\n").await;
    // Ended by its client here: the start may take ten seconds and the time-out more.
    let waiting = local.invoke("stuck", "{}");
    assert!(tokio::time::timeout(Duration::from_millis(200), waiting).await.is_err());
    let Local { endpoint, .. } = local;
    endpoint.shutdown().await;
}

fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie runs no more; who started it has yet to look.
    !stat.is_empty() && !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z')
}

async fn until_gone(pid: &str) {
    let gone = async {
        while is_running(pid) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the process ends");
}
