//! How many records a second the VRL transform takes on one core, against decoding and encoding the same
//! event without a program: `cargo bench -p pipectl-lambdas`.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::cast_precision_loss, reason = "figures")]

use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pipectl_lambdas::transform_event;
use pipectl_lambdas::vrl::{Transform, compile};

const LINE: &str = "83.149.9.216 - - [17/May/2015:10:05:43 +0000] \"GET /presentations/kibana-dashboard3.png HTTP/1.1\" \
    200 171717 \"http://semicomplete.com/presentations/\" \"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) \
    AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36\"";

const JSON: &str = r#"{"timestamp":"2026-01-01T00:00:00Z","user_agent":"Mozilla/5.0","user_id":"u-1","request":"GET / HTTP/1.1","session_id":"s-1","ip":"192.0.2.1","referrer":"-","status":200,"bytes":1234}"#;

const RECORDS: usize = 2_000;
const ROUNDS: usize = 10;

fn main() {
    let json = event(JSON);
    let lines = event(LINE);
    let nothing = rate("", &json);
    println!(
        "figure transform_passes_json_through {nothing:.0} records/s ratio=1.00 baseline=transform_passes_json_through"
    );
    let cases = [
        ("transform_adds_a_field", ".day = slice!(.timestamp, 0, 10)", &json),
        ("transform_parses_apache_log", ". = parse_apache_log!(.message, format: \"combined\")", &lines),
        (
            "transform_parses_and_hashes_apache_log",
            ". = parse_apache_log!(.message, format: \"combined\")\n.host = sha2(string!(.host))",
            &lines,
        ),
    ];
    for (name, program, event) in cases {
        let rate = rate(program, event);
        println!(
            "figure {name} {rate:.0} records/s ratio={:.2} baseline=transform_passes_json_through",
            rate / nothing
        );
    }
}

fn event(record: &str) -> String {
    let data = STANDARD.encode(record);
    let records: Vec<String> =
        (0..RECORDS).map(|n| format!(r#"{{"recordId":"4964{n:050}","data":"{data}"}}"#)).collect();
    format!(r#"{{"invocationId":"i","records":[{}]}}"#, records.join(","))
}

/// Records a second from the event's bytes to the answer's bytes, the best of a few rounds.
fn rate(program: &str, event: &str) -> f64 {
    let compiled = compile(program).expect("the bench's programs compile");
    let mut transform = Transform::new(compiled);
    let mut best = f64::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let event = serde_json::from_str(event).expect("an event");
        let (reply, tally) = transform_event(&mut transform, event, "bench");
        let answer = serde_json::to_vec(&reply).expect("an answer");
        best = best.min(start.elapsed().as_secs_f64());
        assert!(tally.failed == 0 && !answer.is_empty());
    }
    RECORDS as f64 / best
}
