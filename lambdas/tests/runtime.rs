//! The bootstrap as a process against a Runtime API as Lambda has it.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

/// What the function posted: the path and the body.
type Posted = (String, Value);

/// A function that runs; ended with the test.
struct Function {
    process: Child,
    posted: mpsc::Receiver<Posted>,
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Function {
    /// Starts the bootstrap with this program and gives it these events, one after the other.
    fn start(program: Option<&str>, function: Option<&str>, events: Vec<String>) -> Self {
        let root = tempfile::tempdir().unwrap();
        if let Some(program) = program {
            std::fs::write(root.path().join("transform.vrl"), program).unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let process =
            command(root.path(), function, &listener.local_addr().unwrap().to_string()).spawn().unwrap();
        let (post, posted) = mpsc::channel();
        std::thread::spawn(move || {
            let _root = root;
            let mut events = events.into_iter();
            for connection in listener.incoming() {
                let _ = serve(connection.unwrap(), &mut events, &post);
            }
        });
        Self { process, posted }
    }

    fn posted(&self) -> Posted {
        self.posted.recv_timeout(Duration::from_secs(60)).expect("the function posts something")
    }
}

fn command(root: &Path, function: Option<&str>, api: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bootstrap"));
    command
        .env_clear()
        .env("AWS_LAMBDA_RUNTIME_API", api)
        .env("AWS_LAMBDA_FUNCTION_NAME", "clickstream-parse")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
        .env("LAMBDA_TASK_ROOT", root)
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .stdout(Stdio::piped());
    if let Some(function) = function {
        command.env("PIPECTL_FUNCTION", function);
    }
    command
}

/// Answers the requests of one connection. When there are no events left, the next one is waited for until
/// the function ends.
fn serve(
    stream: TcpStream,
    events: &mut impl Iterator<Item = String>,
    post: &mpsc::Sender<Posted>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    loop {
        let mut request = String::new();
        if reader.read_line(&mut request)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            if header.trim().is_empty() {
                break;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        if request.starts_with("GET /2018-06-01/runtime/invocation/next ") {
            let Some(event) = events.next() else { continue };
            write!(
                writer,
                "HTTP/1.1 200 OK\r\nlambda-runtime-aws-request-id: request-1\r\nlambda-runtime-deadline-ms: 9999999999999\r\n\
                 lambda-runtime-invoked-function-arn: arn:aws:lambda:eu-west-1:000000000000:function:f\r\n\
                 content-type: application/json\r\ncontent-length: {}\r\n\r\n{event}",
                event.len()
            )?;
        } else {
            let path = request.split(' ').nth(1).unwrap().to_owned();
            let _ = post.send((path, serde_json::from_slice(&body).unwrap()));
            write!(writer, "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n")?;
        }
    }
}

fn event(records: &[(&str, &str)]) -> String {
    let records: Vec<Value> =
        records.iter().map(|(id, data)| json!({ "recordId": id, "data": data })).collect();
    json!({ "invocationId": "i", "deliveryStreamArn": "arn", "region": "eu-west-1", "records": records })
        .to_string()
}

#[test]
fn records_are_transformed_invocation_after_invocation() {
    // "one", "two" and "bot" in base64.
    let events = vec![event(&[("a", "b25l"), ("b", "Ym90")]), event(&[("c", "dHdv")])];
    let program = "if .message == \"bot\" { abort }\n.length = length!(.message)\n";
    let function = Function::start(Some(program), Some("vrl-transform"), events);
    let (path, answer) = function.posted();
    assert_eq!(path, "/2018-06-01/runtime/invocation/request-1/response");
    // {"length":3,"message":"one"} and a line end.
    assert_eq!(
        answer,
        json!({ "records": [
            { "recordId": "a", "result": "Ok", "data": "eyJsZW5ndGgiOjMsIm1lc3NhZ2UiOiJvbmUifQo=" },
            { "recordId": "b", "result": "Dropped" },
        ]})
    );
    assert_eq!(function.posted().1["records"][0]["recordId"], "c");
}

#[test]
fn an_event_that_is_none_is_an_error_of_that_invocation_alone() {
    let events = vec!["{\"no\":\"records\"}".to_owned(), event(&[("a", "b25l")])];
    let function = Function::start(Some(""), Some("vrl-transform"), events);
    let (path, error) = function.posted();
    assert_eq!(path, "/2018-06-01/runtime/invocation/request-1/error");
    assert!(error["errorMessage"].as_str().unwrap().contains("records"), "{error}");
    assert_eq!(function.posted().1["records"][0]["result"], "Ok");
}

#[test]
fn what_keeps_a_function_from_starting_is_reported_and_ends_the_process() {
    for (program, name, kind, text) in [
        (Some(".a = nope()"), Some("vrl-transform"), "Pipectl.ProgramDoesNotCompile", "undefined function"),
        (None, Some("vrl-transform"), "Pipectl.ReadProgram", "transform.vrl"),
        (Some(""), Some("no-such"), "Pipectl.UnknownFunction", "no-such"),
        (Some(""), None, "Pipectl.UnknownFunction", "PIPECTL_FUNCTION"),
    ] {
        let mut function = Function::start(program, name, Vec::new());
        let (path, error) = function.posted();
        assert_eq!(path, "/2018-06-01/runtime/init/error");
        assert_eq!(error["errorType"], kind);
        assert!(error["errorMessage"].as_str().unwrap().contains(text), "{error}");
        assert!(!function.process.wait().unwrap().success());
    }
}

#[test]
fn failures_are_logged_once_per_reason_with_their_count() {
    let records: Vec<(&str, &str)> = (0..50).map(|_| ("a", "b25l")).collect();
    let program = ". = parse_json!(.message)";
    let mut function = Function::start(Some(program), Some("vrl-transform"), vec![event(&records)]);
    let (_, answer) = function.posted();
    assert!(
        answer["records"].as_array().unwrap().iter().all(|record| record["result"] == "ProcessingFailed")
    );
    let mut lines = BufReader::new(function.process.stdout.take().unwrap()).lines();
    let failed: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!((&failed["level"], &failed["records"]), (&json!("ERROR"), &json!(50)), "{failed}");
    assert!(failed["reason"].as_str().unwrap().contains("parse_json"), "{failed}");
    let batch: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!((&batch["level"], &batch["failed"]), (&json!("INFO"), &json!(50)), "{batch}");
}

#[test]
fn a_function_answers_which_record_of_a_stream_failed_and_any_other_event_with_its_result() {
    use base64::Engine as _;
    let data = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let record = |number: u32, text: &str| json!({"eventSource": "aws:kinesis", "kinesis": {"sequenceNumber": number.to_string(), "data": data(text)}});
    let batch = json!({"Records": [record(1, "{\"n\":1}"), record(2, "no number")]});
    let events = vec![batch.to_string(), json!({"n": 4}).to_string(), json!({"n": "x"}).to_string()];
    let function = Function::start(Some(".n = int!(.n) + 1"), Some("vrl-function"), events);
    let (path, answer) = function.posted();
    assert!(path.ends_with("/response"), "{path}");
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "2"}]}));
    assert_eq!(function.posted().1, json!({"n": 5}));
    let (path, failed) = function.posted();
    assert!(path.ends_with("/error") && failed.to_string().contains("the program failed"), "{path} {failed}");
}
