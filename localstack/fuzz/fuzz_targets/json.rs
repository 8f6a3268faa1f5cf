//! Services that speak JSON with the operation in a header: Kinesis, Firehose, CloudWatch, CloudWatch Logs.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipectl_localstack_fuzz::{parts, run, targeted};

fuzz_target!(|input: &[u8]| {
    run(parts(input).filter_map(|part| targeted(part, "application/x-amz-json-1.1")));
});
