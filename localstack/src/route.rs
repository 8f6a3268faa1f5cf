//! Which service a request is for, from its head alone.
//!
//! AWS tells services apart by host name. Here all share one, so the protocols' own marks decide, in this order: the
//! endpoint's own paths; `X-Amz-Target` (JSON); the path of Smithy RPC; a form or an `Action` (query); Lambda's dated
//! paths; and whatever is left is S3, whose paths are the user's to name.

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{HeaderMap, Method};

use crate::http::{Codec, Parameters, Protocol, Scope};

/// A service of this endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Kinesis,
    Firehose,
    Lambda,
    S3,
    Iam,
    Sts,
    CloudWatch,
    Logs,
}

impl Service {
    pub(crate) const ALL: [Self; 8] = [
        Self::Kinesis,
        Self::Firehose,
        Self::Lambda,
        Self::S3,
        Self::Iam,
        Self::Sts,
        Self::CloudWatch,
        Self::Logs,
    ];

    /// The name in signatures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kinesis => "kinesis",
            Self::Firehose => "firehose",
            Self::Lambda => "lambda",
            Self::S3 => "s3",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::CloudWatch => "monitoring",
            Self::Logs => "logs",
        }
    }

    /// The name in LocalStack's health answer.
    pub(crate) fn health_name(self) -> &'static str {
        if self == Self::CloudWatch { "cloudwatch" } else { self.name() }
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    fn of_target(prefix: &str) -> Option<Self> {
        match prefix {
            "Kinesis_20131202" => Some(Self::Kinesis),
            "Firehose_20150804" => Some(Self::Firehose),
            "Logs_20140328" => Some(Self::Logs),
            "GraniteServiceVersion20100801" => Some(Self::CloudWatch),
            _ => None,
        }
    }

    fn of_api_version(version: &str) -> Option<Self> {
        match version {
            "2010-05-08" => Some(Self::Iam),
            "2011-06-15" => Some(Self::Sts),
            "2010-08-01" => Some(Self::CloudWatch),
            _ => None,
        }
    }

    /// The XML namespace of the query protocol's answers.
    pub(crate) fn namespace(self) -> &'static str {
        match self {
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            _ => "http://monitoring.amazonaws.com/doc/2010-08-01/",
        }
    }
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// The endpoint's own paths.
    Own,
    /// A named operation with a structured body. No service: the target is none of ours.
    Structured { service: Option<Service>, operation: String, protocol: Protocol },
    /// A form, or a query with an `Action`; which service is known when it has been read.
    Query,
    /// Lambda's REST paths.
    Lambda,
    /// Everything else.
    S3,
}

impl Route {
    pub(crate) fn of(parts: &Parts) -> Self {
        let path = parts.uri.path();
        if path.starts_with("/_localstack/") || path.starts_with("/_pipectl/") || path == "/_pipectl" {
            return Self::Own;
        }
        if let Some(target) = header(&parts.headers, "x-amz-target") {
            return structured(target, &parts.headers);
        }
        if let Some(route) = rpc(path) {
            return route;
        }
        if names_bucket(&parts.headers) {
            return Self::S3;
        }
        if is_page(parts) {
            return Self::Own;
        }
        if is_untargeted(parts) {
            return structured("", &parts.headers);
        }
        if is_query(parts) {
            return Self::Query;
        }
        let signed_for = Scope::of(parts).and_then(|scope| Service::of_name(&scope.service));
        if signed_for == Some(Service::Lambda) || (signed_for != Some(Service::S3) && is_dated(path)) {
            return Self::Lambda;
        }
        Self::S3
    }
}

/// The service a query call is for: its API version says, or the signature.
pub(crate) fn query_service(parameters: &Parameters, parts: &Parts) -> Option<Service> {
    parameters
        .get("Version")
        .and_then(Service::of_api_version)
        .or_else(|| Scope::of(parts).and_then(|scope| Service::of_name(&scope.service)))
        .filter(|service| matches!(service, Service::Iam | Service::Sts | Service::CloudWatch))
}

fn structured(target: &str, headers: &HeaderMap) -> Route {
    let (prefix, operation) = target.rsplit_once('.').unwrap_or(("", target));
    let content_type = header(headers, "content-type").unwrap_or_default();
    let codec = Codec::of_content_type(content_type);
    let content_type = match codec {
        Codec::Cbor => "application/x-amz-cbor-1.1",
        Codec::Json if content_type.starts_with("application/x-amz-json-1.0") => "application/x-amz-json-1.0",
        Codec::Json => "application/x-amz-json-1.1",
    };
    Route::Structured {
        service: Service::of_target(prefix),
        operation: operation.to_owned(),
        protocol: Protocol::AwsJson { codec, content_type },
    }
}

/// `/service/GraniteServiceVersion20100801/operation/PutMetricData`
fn rpc(path: &str) -> Option<Route> {
    let (prefix, operation) = path.strip_prefix("/service/")?.split_once("/operation/")?;
    // The shape's namespace may stand before its name.
    let name = prefix.rsplit('.').next()?;
    let service = Service::of_target(name)?;
    Some(Route::Structured {
        service: Some(service),
        operation: operation.to_owned(),
        protocol: Protocol::RpcCbor,
    })
}

/// A browser at `/`. The same request from an S3 client lists buckets: it is signed, and asks for no HTML.
fn is_page(parts: &Parts) -> bool {
    let is_root = parts.method == Method::GET && parts.uri.path() == "/" && parts.uri.query().is_none();
    let is_sdk =
        || parts.headers.keys().any(|name| name == AUTHORIZATION || name.as_str().starts_with("x-amz-"));
    is_root
        && header(&parts.headers, "accept").is_some_and(|accept| accept.contains("text/html"))
        && !is_sdk()
}

/// A structured call that does not say what it calls.
fn is_untargeted(parts: &Parts) -> bool {
    let content_type = header(&parts.headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    parts.method == Method::POST
        && parts.uri.path() == "/"
        && (content_type.starts_with("application/x-amz-json")
            || content_type.starts_with("application/x-amz-cbor"))
}

fn is_query(parts: &Parts) -> bool {
    let form = header(&parts.headers, CONTENT_TYPE.as_str())
        .is_some_and(|content_type| content_type.starts_with("application/x-www-form-urlencoded"));
    let action =
        || parts.uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("Action=")));
    parts.uri.path() == "/" && ((parts.method == Method::POST && form) || action())
}

/// `/2015-03-31/functions/…`: Lambda's paths begin with the date of their API version.
fn is_dated(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    first.len() == 10
        && first.char_indices().all(|(at, c)| if at == 4 || at == 7 { c == '-' } else { c.is_ascii_digit() })
}

/// `bucket.localhost:4566`, `bucket.s3.localhost:4566`, `bucket.s3.eu-west-1.localhost.localstack.cloud:4566`.
fn names_bucket(headers: &HeaderMap) -> bool {
    const SERVICES: [&str; 9] =
        ["s3", "kinesis", "firehose", "lambda", "iam", "sts", "monitoring", "cloudwatch", "logs"];
    let Some(host) = header(headers, HOST.as_str()) else { return false };
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let Some(labels) =
        name.strip_suffix(".localhost.localstack.cloud").or_else(|| name.strip_suffix(".localhost"))
    else {
        return false;
    };
    !labels.split('.').next().is_some_and(|first| SERVICES.contains(&first))
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn route(method: &str, uri: &str, headers: &[(&str, &str)]) -> Route {
        Route::of(&parts(method, uri, headers))
    }

    fn parts(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut builder = http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap().into_parts().0
    }

    fn signed_for(service: &str) -> String {
        format!("AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{service}/aws4_request, Signature=0")
    }

    #[test]
    fn a_target_names_service_and_operation_and_the_content_type_the_encoding() {
        let json = route("POST", "/", &[("x-amz-target", "Kinesis_20131202.PutRecords")]);
        let expected = |codec, content_type| Route::Structured {
            service: Some(Service::Kinesis),
            operation: "PutRecords".to_owned(),
            protocol: Protocol::AwsJson { codec, content_type },
        };
        assert_eq!(json, expected(Codec::Json, "application/x-amz-json-1.1"));
        let cbor =
            [("x-amz-target", "Kinesis_20131202.PutRecords"), ("content-type", "application/x-amz-cbor-1.1")];
        assert_eq!(route("POST", "/", &cbor), expected(Codec::Cbor, "application/x-amz-cbor-1.1"));
    }

    #[test]
    fn an_unknown_target_is_nobodys() {
        let Route::Structured { service, .. } =
            route("POST", "/", &[("x-amz-target", "DynamoDB_20120810.GetItem")])
        else {
            panic!("a target is always structured")
        };
        assert_eq!(service, None);
    }

    #[test]
    fn the_newest_cloudwatch_clients_name_the_operation_in_the_path() {
        let found = route("POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", &[]);
        assert!(matches!(
            found,
            Route::Structured { service: Some(Service::CloudWatch), protocol: Protocol::RpcCbor, .. }
        ));
    }

    #[test]
    fn forms_and_actions_are_query_calls() {
        let form = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        assert_eq!(route("POST", "/", &form), Route::Query);
        assert_eq!(route("GET", "/?Action=GetCallerIdentity&Version=2011-06-15", &[]), Route::Query);
        assert_eq!(route("POST", "/bucket", &form), Route::S3);
    }

    #[test]
    fn the_api_version_tells_query_services_apart_and_the_signature_helps_out() {
        let parameters = |form: &str| Parameters::parse(form.as_bytes()).unwrap();
        let plain = parts("POST", "/", &[]);
        assert_eq!(query_service(&parameters("Version=2010-05-08"), &plain), Some(Service::Iam));
        assert_eq!(query_service(&parameters("Version=2011-06-15"), &plain), Some(Service::Sts));
        assert_eq!(query_service(&parameters("Version=2010-08-01"), &plain), Some(Service::CloudWatch));
        let signature = signed_for("iam");
        let signed = parts("POST", "/", &[("authorization", &signature)]);
        assert_eq!(query_service(&parameters("Action=x"), &signed), Some(Service::Iam));
        assert_eq!(query_service(&parameters("Action=x"), &plain), None);
    }

    #[test]
    fn dated_paths_are_lambdas_unless_signed_for_s3() {
        assert_eq!(route("GET", "/2015-03-31/functions/", &[]), Route::Lambda);
        let signature = signed_for("s3");
        assert_eq!(route("GET", "/2015-03-31/functions/", &[("authorization", &signature)]), Route::S3);
        assert_eq!(route("PUT", "/bucket/2015-03-31/functions", &[]), Route::S3);
    }

    #[test]
    fn a_bucket_in_the_host_name_makes_any_path_s3s() {
        for host in
            ["logs-2026.localhost:4566", "b.s3.localhost", "b.s3.eu-west-1.localhost.localstack.cloud:4566"]
        {
            assert_eq!(route("GET", "/2015-03-31/functions/", &[("host", host)]), Route::S3, "{host}");
        }
        for host in ["localhost:4566", "127.0.0.1:4566", "lambda.us-east-1.localhost.localstack.cloud:4566"] {
            assert_eq!(route("GET", "/2015-03-31/functions/", &[("host", host)]), Route::Lambda, "{host}");
        }
    }

    #[test]
    fn the_endpoints_own_paths_come_first() {
        assert_eq!(route("GET", "/_localstack/health", &[("x-amz-target", "a.b")]), Route::Own);
    }

    #[test]
    fn a_browser_gets_the_page_where_an_s3_client_lists_buckets() {
        let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        assert_eq!(route("GET", "/", &[html]), Route::Own);
        assert_eq!(route("GET", "/_pipectl", &[]), Route::Own);
        let signature = signed_for("s3");
        assert_eq!(route("GET", "/", &[html, ("authorization", &signature)]), Route::S3);
        assert_eq!(route("GET", "/", &[html, ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")]), Route::S3);
        assert_eq!(route("GET", "/?x-id=ListBuckets", &[html]), Route::S3);
        for accept in ["*/*", "application/xml"] {
            assert_eq!(route("GET", "/", &[("accept", accept)]), Route::S3, "{accept}");
        }
        assert_eq!(route("GET", "/", &[]), Route::S3);
    }

    proptest! {
        #[test]
        fn every_path_and_target_has_a_route(path in "/[!-~&&[^#<>\"`{}|\\\\^?%]]{0,60}", target in "[ -~]{0,40}") {
            route("POST", &path, &[("x-amz-target", &target)]);
            route("GET", &path, &[("host", &target)]);
            route("PUT", &path, &[("authorization", &target)]);
        }
    }
}
