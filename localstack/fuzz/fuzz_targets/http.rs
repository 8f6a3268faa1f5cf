//! Whole requests: the router, Lambda's and S3's paths, S3's XML, queries, conditions and chunked uploads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pipectl_localstack_fuzz::{parts, request, run};

fuzz_target!(|input: &[u8]| run(parts(input).filter_map(request)));
