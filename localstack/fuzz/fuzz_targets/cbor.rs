//! Kinesis in CBOR, as the Java SDK and so KPL and KCL speak it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipectl_localstack_fuzz::{parts, run, targeted};

fuzz_target!(|input: &[u8]| {
    run(parts(input).filter_map(|part| targeted(part, "application/x-amz-cbor-1.1")));
});
