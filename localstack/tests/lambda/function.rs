//! What the functions of these tests do: as little HTTP as the Runtime API needs, and what the event asks for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

struct Runtime {
    connection: BufReader<TcpStream>,
    host: String,
}

impl Runtime {
    fn call(&mut self, request: &str, body: &[u8]) -> (String, Vec<u8>) {
        let head =
            format!("{request} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n", self.host, body.len());
        self.connection.get_mut().write_all(&[head.as_bytes(), body].concat()).unwrap();
        let (mut head, mut line) = (String::new(), String::new());
        while self.connection.read_line(&mut line).unwrap() > 2 {
            head.push_str(&line.to_ascii_lowercase());
            line.clear();
        }
        let mut body = vec![0; header(&head, "content-length").parse().unwrap()];
        self.connection.read_exact(&mut body).unwrap();
        (head, body)
    }

    fn answer(&mut self, id: &str, kind: &str, body: &[u8]) {
        self.call(&format!("POST /2018-06-01/runtime/invocation/{id}/{kind}"), body);
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_else(|| panic!("no {name} in {head}"))
}

/// Runs as a function. Started by hand it has nothing to do.
#[test]
#[ignore = "only a function's bootstrap runs it"]
fn serve() {
    let Ok(host) = std::env::var("AWS_LAMBDA_RUNTIME_API") else { return };
    let connection = BufReader::new(TcpStream::connect(&host).unwrap());
    let mut runtime = Runtime { connection, host };
    loop {
        let (head, event) = runtime.call("GET /2018-06-01/runtime/invocation/next", b"");
        let id = header(&head, "lambda-runtime-aws-request-id").to_owned();
        act(&mut runtime, &id, &head, &event);
    }
}

#[expect(
    clippy::exit,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a process of its own, whose exits and lines are what is tested"
)]
fn act(runtime: &mut Runtime, id: &str, head: &str, event: &[u8]) {
    let text = std::str::from_utf8(event).unwrap();
    match text.trim_matches('"') {
        records if records.starts_with(r#"{"Records":"#) => {
            println!("event {records}");
            // `fail` in base64.
            let kind = if records.contains("ZmFpbA==") { "error" } else { "response" };
            runtime.answer(id, kind, b"{}");
        }
        "exit" => std::process::exit(7),
        "hang" => std::thread::sleep(Duration::from_secs(3600)),
        "error" => {
            let error = br#"{"errorType":"Custom","errorMessage":"as asked"}"#;
            runtime.answer(id, "error", error);
        }
        "large" => runtime.answer(id, "response", &vec![b'x'; 7_000_000]),
        "lines" => {
            println!("to standard output");
            eprintln!("to standard error");
            runtime.answer(id, "response", b"null");
        }
        "pid" => runtime.answer(id, "response", std::process::id().to_string().as_bytes()),
        "head" => runtime.answer(id, "response", serde_json::json!(head).to_string().as_bytes()),
        "environment" => {
            let variables: std::collections::BTreeMap<String, String> = std::env::vars().collect();
            runtime.answer(id, "response", serde_json::json!(variables).to_string().as_bytes());
        }
        _ => runtime.answer(id, "response", event),
    }
}
