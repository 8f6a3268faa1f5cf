//! Smithy RPC v2 in CBOR, as current SDKs speak to CloudWatch: the path names service and operation.
#![no_main]

use bytes::Bytes;
use http::Request;
use libfuzzer_sys::fuzz_target;
use pipectl_localstack_fuzz::{first_line, parts, run};

fn request(part: &[u8]) -> Option<Request<Bytes>> {
    let (operation, body) = first_line(part);
    let path = format!("/service/GraniteServiceVersion20100801/operation/{operation}");
    let builder = Request::post(path).header("host", "localhost:4566").header("smithy-protocol", "rpc-v2-cbor");
    builder.header("content-type", "application/cbor").body(Bytes::copy_from_slice(body)).ok()
}

fuzz_target!(|input: &[u8]| run(parts(input).filter_map(request)));
