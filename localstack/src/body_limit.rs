//! How large the body of a request may be: as large as the operation it calls needs it.
//!
//! What a body becomes when it is read is many times its size where it is made for that, so few operations take large
//! ones.

use http::Method;
use http::request::Parts;

use crate::route::{Route, Service};

const MIB: usize = 1 << 20;

/// More than any settings take.
const SETTINGS: usize = MIB;

/// The most bytes that are read of this request's body.
pub(crate) fn of(route: &Route, parts: &Parts) -> usize {
    match route {
        Route::Structured { service: Some(service), operation, .. } => structured(*service, operation),
        Route::Lambda => lambda(parts),
        Route::Structured { .. } | Route::Query | Route::Own | Route::S3 => SETTINGS,
    }
}

fn structured(service: Service, operation: &str) -> usize {
    match (service, operation) {
        // 10 MiB in base64, with keys and quotes.
        (Service::Kinesis, "PutRecord" | "PutRecords") => 24 * MIB,
        // 4 MiB likewise.
        (Service::Firehose, "PutRecord" | "PutRecordBatch") => 8 * MIB,
        // 1 MiB of which each character may be escaped.
        (Service::Logs, "PutLogEvents") => 8 * MIB,
        // 1 MB, and more where it comes compressed.
        (Service::CloudWatch, "PutMetricData") => 4 * MIB,
        _ => SETTINGS,
    }
}

fn lambda(parts: &Parts) -> usize {
    let path = parts.uri.path().trim_end_matches('/');
    let holds_code = (parts.method == Method::POST && path.ends_with("/functions"))
        || (parts.method == Method::PUT && path.ends_with("/code"));
    match (holds_code, path.ends_with("/invocations")) {
        // A zip of 50 MiB in base64.
        (true, _) => 72 * MIB,
        // A payload of 6 MiB, and enough of a larger one to say that it is too large.
        (_, true) => 8 * MIB,
        _ => SETTINGS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(method: &str, uri: &str, target: Option<&str>) -> usize {
        let mut builder = http::Request::builder().method(method).uri(uri);
        if let Some(target) = target {
            builder = builder.header("x-amz-target", target);
        }
        let (parts, ()) = builder.body(()).unwrap().into_parts();
        of(&Route::of(&parts), &parts)
    }

    #[test]
    fn only_operations_that_carry_data_take_large_bodies() {
        let json = |target: &str| limit("POST", "/", Some(target));
        assert_eq!(json("Kinesis_20131202.PutRecords"), 24 * MIB);
        assert_eq!(json("Firehose_20150804.PutRecordBatch"), 8 * MIB);
        for target in ["Kinesis_20131202.ListStreams", "Logs_20140328.PutRecords", "Nobody.PutRecords", "x"] {
            assert_eq!(json(target), SETTINGS, "{target}");
        }
        for (method, path, expected) in [
            ("POST", "/2015-03-31/functions", 72),
            ("POST", "/2015-03-31/functions/", 72),
            ("PUT", "/2015-03-31/functions/f/code", 72),
            ("POST", "/2015-03-31/functions/f/invocations", 8),
            ("PUT", "/2015-03-31/functions/f/configuration", 1),
        ] {
            assert_eq!(limit(method, path, None), expected * MIB, "{method} {path}");
        }
        assert_eq!(limit("POST", "/?Action=ListRoles", None), SETTINGS);
    }
}
