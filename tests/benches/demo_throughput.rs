//! How many records a second the demo pipeline moves from the producer into S3, beside what its transform alone does
//! with as many of the same clicks in this process, on one core.

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]

use std::time::Instant;

use bytes::Bytes;
use jiff::Timestamp;
use pipectl_lambdas::vrl::{Transform, compile};
use pipectl_producer::generate::ClickStream;
use pipectl_tests::figure::Figure;
use pipectl_tests::run::Pipectl;

/// Enough that the ten seconds of the template's buffers, through which the last record waits, do not decide it.
const RECORDS: u32 = 1_000_000;
/// The pipeline that the demo runs.
const TEMPLATE: &str = include_str!("../../templates/clickstream/pipeline.yaml");

/// The transform's program: the block below `vrl: |`, which is indented deeper than the key.
fn program() -> String {
    let (_, below) = TEMPLATE.split_once("    vrl: |\n").expect("the template has a transform");
    let inside = |line: &&str| line.is_empty() || line.starts_with("      ");
    below.lines().take_while(inside).flat_map(|line| [line, "\n"]).collect()
}

/// Records a second of the whole demo, by its own account: from the first record put to the last one in S3.
fn demo() -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let arguments = ["demo", "--records", &RECORDS.to_string(), "--json"];
    let finished = Pipectl::new(folder.path(), arguments).run().succeeds();
    let account = finished.json_lines().pop().expect("the demo prints an account");
    assert_eq!(account["lost"], 0, "{account}");
    assert_eq!(account["records_in"], RECORDS, "{account}");
    f64::from(RECORDS) / account["seconds"].as_f64().expect("the account has a time")
}

/// Records a second of the transform alone.
fn transform() -> f64 {
    let mut clicks = ClickStream::new(1, Timestamp::now());
    let lines: Vec<Bytes> = (0..20_000).map(|_| clicks.record().data).collect();
    let compiled = compile(&program()).unwrap_or_else(|problems| panic!("{problems:?}"));
    let mut transform = Transform::new(compiled);
    let mut out = Vec::new();
    let began = Instant::now();
    let mut records = 0;
    while records < RECORDS {
        for line in &lines {
            out.clear();
            transform.apply(line.clone(), &mut out);
            records += 1;
        }
    }
    f64::from(records) / began.elapsed().as_secs_f64()
}

fn main() {
    let figure = Figure {
        name: "demo_throughput",
        value: demo(),
        unit: "records/s",
        baseline: "vrl_transform_alone",
        baseline_value: transform(),
    };
    println!("{}", figure.line());
}
