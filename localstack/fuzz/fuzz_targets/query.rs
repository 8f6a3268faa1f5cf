//! The query protocol: IAM, STS and CloudWatch, forms in and XML out.
#![no_main]

use bytes::Bytes;
use http::Request;
use libfuzzer_sys::fuzz_target;
use pipectl_localstack_fuzz::{parts, run};

fn request(part: &[u8]) -> Option<Request<Bytes>> {
    let builder = Request::post("/").header("host", "localhost:4566");
    let builder = builder.header("content-type", "application/x-www-form-urlencoded");
    builder.body(Bytes::copy_from_slice(part)).ok()
}

fuzz_target!(|input: &[u8]| run(parts(input).filter_map(request)));
