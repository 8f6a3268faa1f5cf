use http::Request;
use proptest::prelude::*;

use super::*;
use crate::clock::Clock;
use crate::route::Route;
use crate::world::{Setting, World};

fn parts(builder: http::request::Builder) -> Parts {
    builder.body(()).unwrap().into_parts().0
}

const KEY: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

fn verified(parts: &Parts, body: &[u8], now: &str, service: Option<Service>) -> Result<(), Refusal> {
    let keys = Keys::new(vec![(KEY.to_owned(), SECRET.to_owned())]);
    let secret = |id: &str| keys.secret(id);
    Verifier { secret: &secret, now: now.parse().unwrap(), service }.whole(parts, body)
}

/// A request that was signed right: for this service, with what stands for its body.
fn signed(uri: &str, headers: &[(&str, &str)], (service, payload): (&str, &str)) -> Parts {
    let usual = [("host", "a"), ("x-amz-date", "20150830T123600Z")];
    let mut builder = Request::post(uri);
    let headers: BTreeMap<&str, &str> = usual.iter().chain(headers).copied().collect();
    for (name, value) in &headers {
        builder = builder.header(*name, *value);
    }
    let mut parts = parts(builder);
    let names: Vec<&str> = headers.into_keys().collect();
    let authorization = |signature: &str| {
        let scope = format!("{KEY}/20150830/us-east-1/{service}/aws4_request");
        let names = names.join(";");
        let text =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}");
        http::HeaderValue::from_str(&text).unwrap()
    };
    parts.headers.insert("authorization", authorization("00"));
    let claim = Claim::of(&parts).unwrap();
    let text = claim.string_to_sign(&canonical::request(&parts, &claim, payload, service == "s3"));
    let signature = hex::encode(hmac(&signing_key(SECRET, &claim), text.as_bytes()));
    parts.headers.insert("authorization", authorization(&signature));
    parts
}

const SCOPE: &str = "AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request";
const NOW: &str = "2015-08-30T12:38:00Z";

/// The example of AWS's guide "Create a signed AWS API request", whose signature it gives.
fn guide() -> http::request::Builder {
    let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
    );
    Request::get("/?Action=ListUsers&Version=2010-05-08")
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
        .header("host", "iam.amazonaws.com")
        .header("x-amz-date", "20150830T123600Z")
        .header("authorization", authorization)
}

#[test]
fn the_guides_own_example_is_verified() {
    assert_eq!(verified(&parts(guide()), b"", NOW, Some(Service::Iam)), Ok(()));
    assert_eq!(verified(&parts(guide()), b"", NOW, None), Ok(()));
}

#[test]
fn another_request_under_the_same_signature_is_refused_with_what_should_have_been_signed() {
    let refused = verified(&parts(guide()), b"x", NOW, None).unwrap_err();
    let error = refused.error(Dialect::Query);
    assert_eq!((error.status.as_u16(), &*error.code), (403, "SignatureDoesNotMatch"));
    assert!(
        error.message.contains("GET\n/\nAction=ListUsers&Version=2010-05-08\ncontent-type:"),
        "{}",
        error.message
    );
    assert_eq!(refused.error(Dialect::Json).code, "InvalidSignatureException");
    assert_eq!(refused.error(Dialect::S3).code, "SignatureDoesNotMatch");
}

#[test]
fn an_old_signature_and_one_from_the_future_are_refused() {
    let error = |now| verified(&parts(guide()), b"", now, None).unwrap_err().error(Dialect::Json);
    let old = error("2015-08-30T12:41:01Z");
    assert_eq!(old.code, "InvalidSignatureException");
    assert_eq!(
        old.message,
        "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T124101Z - 5 min.)"
    );
    let new = error("2015-08-30T12:30:59Z");
    assert_eq!(
        new.message,
        "Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z (20150830T123059Z + 5 min.)"
    );
}

#[test]
fn each_lack_has_its_own_error() {
    let with = |authorization: String| {
        let builder = Request::get("/")
            .header("host", "a")
            .header("x-amz-date", "20150830T123600Z")
            .header("authorization", authorization);
        verified(&parts(builder), b"", NOW, Some(Service::Iam)).unwrap_err().error(Dialect::Json)
    };
    let claim = |scope: &str, headers: &str| {
        with(format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={headers}, Signature=00"))
    };
    let none = verified(&parts(Request::get("/")), b"", NOW, None).unwrap_err().error(Dialect::Json);
    assert_eq!(none.code, "MissingAuthenticationTokenException");
    assert_eq!(with("Bearer x".to_owned()).code, "IncompleteSignatureException");
    let incomplete = with(format!("AWS4-HMAC-SHA256 Credential={SCOPE}"));
    assert_eq!(incomplete.code, "IncompleteSignatureException");
    let headers = "host;x-amz-date";
    assert_eq!(
        claim("nobody/20150830/us-east-1/iam/aws4_request", headers).code,
        "UnrecognizedClientException"
    );
    for (scope, headers, text) in [
        ("AKIDEXAMPLE/20150831/us-east-1/iam/aws4_request", headers, "Date in Credential scope"),
        ("AKIDEXAMPLE/20150830/us-east-1/s3/aws4_request", headers, "correct service: 'iam'"),
        ("AKIDEXAMPLE/20150830/us-east-1/iam/aws5_request", headers, "not 'aws5_request'"),
        (SCOPE, "x-amz-date", "'Host' or ':authority'"),
        (SCOPE, "host", "'x-amz-date' must be"),
        (SCOPE, headers, "does not match the signature you provided"),
    ] {
        let error = claim(scope, headers);
        assert_eq!(error.code, "InvalidSignatureException", "{scope} {headers}");
        assert!(error.message.contains(text), "{}", error.message);
    }
}

#[test]
fn s3_has_words_of_its_own() {
    let refused = |builder: http::request::Builder| {
        let refusal = verified(&parts(builder), b"", NOW, Some(Service::S3)).unwrap_err();
        (refusal.error(Dialect::S3), refusal.details())
    };
    let scope = "AKIDEXAMPLE/20150830/us-east-1/s3/aws4_request";
    let presigned = |date: &str, life: &str| {
        let query = format!("X-Amz-Credential={scope}&X-Amz-Date={date}{life}&X-Amz-SignedHeaders=host");
        let uri = format!("/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&{query}&X-Amz-Signature=00");
        refused(Request::get(uri).header("host", "a"))
    };
    let (date, minute) = ("20150830T123600Z", "&X-Amz-Expires=60");
    let header = |date: &str| {
        let claim =
            format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature=00");
        Request::get("/b/k").header("host", "a").header("x-amz-date", date).header("authorization", claim)
    };
    let life = |life: &str| presigned(date, &format!("&X-Amz-Expires={life}"));
    for ((error, _), code, text) in [
        (presigned(date, minute), "AccessDenied", "Request has expired"),
        (presigned(date, ""), "AuthorizationQueryParametersError", "and X-Amz-Expires parameters."),
        (life("604801"), "AuthorizationQueryParametersError", "less than a week"),
        (life("-1"), "AuthorizationQueryParametersError", "must be non-negative"),
        (life("soon"), "AuthorizationQueryParametersError", "should be a number"),
        (life("600"), "SignatureDoesNotMatch", "key and signing method"),
        (refused(Request::get("/b/k")), "AccessDenied", "Access Denied"),
        (
            refused(Request::get("/b/k?X-Amz-Algorithm=x").header("authorization", "x")),
            "InvalidArgument",
            "Only one",
        ),
        (refused(header("20150830T120000Z")), "RequestTimeTooSkewed", "too large"),
    ] {
        assert_eq!(error.code, code, "{}", error.message);
        assert!(error.message.contains(text), "{}", error.message);
    }
    let names =
        |details: Vec<(&'static str, String)>| details.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert!(names(refused(header(date)).1).contains(&"StringToSignBytes"));
    assert!(names(refused(header("20150830T120000Z")).1).contains(&"MaxAllowedSkewMilliseconds"));
}

#[test]
fn no_header_excuses_a_body_from_its_signature_outside_s3() {
    let hash = hex::encode(Sha256::digest(b"signed"));
    for header in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "garbage", hash.as_str()] {
        let headers = [("x-amz-content-sha256", header)];
        let right = signed("/", &headers, ("kinesis", &hash));
        assert_eq!(verified(&right, b"signed", NOW, Some(Service::Kinesis)), Ok(()), "{header}");
        for payload in [header, hash.as_str()] {
            let other = signed("/", &headers, ("kinesis", payload));
            let refused = verified(&other, b"another", NOW, Some(Service::Kinesis));
            assert!(matches!(refused, Err(Refusal::Mismatch { .. })), "{header}: {refused:?}");
        }
    }
}

#[test]
fn a_query_call_is_signed_for_the_service_it_calls() {
    let setting = Setting { clock: Clock::starting_at(NOW.parse().unwrap()), ..Setting::default() };
    let world = World::new(setting);
    let keys = Keys(BTreeMap::from([(KEY.to_owned(), SECRET.to_owned())]));
    let (roles, form) = ("Action=ListRoles&Version=2010-05-08", &b"Version=2010-05-08&Action=ListRoles"[..]);
    for (target, body) in [(format!("/?{roles}"), &b""[..]), ("/".to_owned(), form)] {
        let hash = hex::encode(Sha256::digest(body));
        let passed = |service: &str| {
            let parts = signed(&target, &[], (service, &hash));
            super::whole(&world, Some(&keys), &Route::Query, (&parts, body))
        };
        assert_eq!(passed("iam"), Ok(()));
        let refused = passed("sts").unwrap_err();
        assert_eq!((refused.status.as_u16(), &*refused.code), (403, "SignatureDoesNotMatch"));
        assert_eq!(refused.message, "Credential should be scoped to correct service: 'iam'.");
    }
}

#[test]
fn a_body_of_s3_is_signed_in_one_of_the_ways_there_are() {
    let keys = |_: &str| Some(Secret { key: SECRET.to_owned(), token: None, expires: None });
    let s3 = Verifier { secret: &keys, now: NOW.parse().unwrap(), service: Some(Service::S3) };
    let streamed = |header: Option<&str>| {
        let headers: Vec<_> = header.map(|header| ("x-amz-content-sha256", header)).into_iter().collect();
        s3.streamed(&signed("/b/k", &headers, ("s3", header.unwrap_or_default())))
    };
    let hash = "0A".repeat(32);
    assert_eq!(streamed(Some(&hash)), Ok(Payload::Hash(hash.to_ascii_lowercase())));
    for unsigned in ["UNSIGNED-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER"] {
        assert_eq!(streamed(Some(unsigned)), Ok(Payload::Unsigned));
    }
    assert!(matches!(streamed(Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER")), Ok(Payload::Chunks(_))));
    let error = |header: Option<&str>| streamed(header).unwrap_err().error(Dialect::S3);
    for garbage in ["garbage", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-", &"x".repeat(64)] {
        let refused = error(Some(garbage));
        assert_eq!((refused.status.as_u16(), &*refused.code), (400, "InvalidArgument"), "{garbage}");
    }
    assert_eq!(error(None).code, "InvalidRequest");
}

#[test]
fn a_token_belongs_to_its_key_and_to_no_other() {
    let token = |own: Option<&str>, id: &str, given: Option<&str>| {
        let secret =
            Secret { key: String::new(), token: own.map(str::to_owned), expires: Some(Timestamp::MAX) };
        let headers: Vec<_> = given.map(|given| ("x-amz-security-token", given)).into_iter().collect();
        let parts = signed("/", &headers, ("iam", ""));
        let claim = Claim { access_key: id.to_owned(), ..Claim::of(&parts).unwrap() };
        let none = |_: &str| None;
        Verifier { secret: &none, now: NOW.parse().unwrap(), service: None }.check_token(&secret, &claim)
    };
    assert_eq!(token(None, "AKID", None), Ok(()));
    assert_eq!(token(Some("t"), "ASID", Some("t")), Ok(()));
    assert_eq!(token(None, "AKID", Some("made up")), Err(Refusal::OtherToken));
    assert_eq!(token(Some("t"), "ASID", Some("made up")), Err(Refusal::OtherToken));
    assert_eq!(token(Some("t"), "ASID", None), Err(Refusal::UnknownKey));
    // As functions have it.
    assert_eq!(token(None, "test", Some("test")), Ok(()));
    assert_eq!(token(None, "test", Some("made up")), Err(Refusal::OtherToken));
}

proptest! {
    #[test]
    fn whatever_byte_of_the_claim_is_changed_it_is_refused(at in 0..230_usize, flip in 1..128_u8) {
        let mut request = parts(guide());
        let mut text = request.headers["authorization"].as_bytes().to_vec();
        let at = at % text.len();
        // One separator is as good as another.
        let separates = |byte: u8| matches!(byte, b' ' | b'\t' | b',');
        prop_assume!(!(separates(text[at]) && separates(text[at] ^ flip)));
        text[at] ^= flip;
        if let Ok(value) = http::HeaderValue::from_bytes(&text) {
            request.headers.insert("authorization", value);
            prop_assert!(verified(&request, b"", NOW, None).is_err());
        }
    }

    #[test]
    fn no_authorization_makes_it_panic(text in "[ -~]{0,200}", query in "[!-~&&[^#<>\"`{}|\\\\^]]{0,100}") {
        let uri = format!("/?X-Amz-Signature=0&{query}");
        if let Ok(request) = Request::get(uri).body(()) {
            let _ = verified(&request.into_parts().0, b"", NOW, None);
        }
        let _ = verified(&parts(Request::get("/").header("authorization", text)), b"", NOW, None);
    }
}
