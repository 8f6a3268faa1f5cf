//! HTTP endpoints: what is refused, what they are by default, and keys that are written down nowhere.

use std::path::Path;

use super::super::model::{AccessKey, Destination, HttpDestination};
use super::super::{TakeEveryTransform, parse};

fn file(http: &str) -> String {
    format!(
        "apiVersion: pipectl/v1\nkind: Pipeline\nname: clicks\nregion: eu-west-1\ndeliveries:\n  out:\n    to: {http}\n"
    )
}

fn read(text: &str) -> Result<HttpDestination, String> {
    let document = parse(Path::new("file"), text.as_bytes(), &TakeEveryTransform);
    let document = document.map_err(|found| found.to_string())?;
    match &document.pipeline.deliveries["out"].to {
        Destination::Http(http) => Ok((**http).clone()),
        Destination::S3(_) => Err("it goes to S3".to_owned()),
    }
}

#[test]
fn an_endpoint_is_its_address_and_a_bucket_for_what_it_refuses() {
    let http = read(&file("{ http: { url: \"https://example.com/in\", backup: { bucket: kept } } }"))
        .expect("it holds");
    assert_eq!((http.url.as_str(), http.key, http.gzip), ("https://example.com/in", AccessKey::None, false));
    assert_eq!((http.buffer.size_mib, http.retry_seconds, http.backup.all), (5, 300, false));
    assert_eq!(http.backup.errors.as_deref(), Some("errors/!{firehose:error-output-type}/"));
}

#[test]
fn what_firehose_refuses_of_an_endpoint_is_refused_beforehand() {
    let with = |fields: &str| file(&format!("{{ http: {{ {fields}, backup: {{ bucket: kept }} }} }}"));
    let ok = "url: \"https://example.com\"";
    let long = "x".repeat(5000);
    for (text, message) in [
        (with("url: \"http://example.com\""), "Firehose sends by `https` only"),
        (with("url: example.com"), "it begins with `https://`"),
        (with("url: \"https:///in\""), "it has no host"),
        (with("name: x"), "needs `url`"),
        (with(&format!("{ok}, buffer: {{ size: 65MiB }}")), "64MiB"),
        (with(&format!("{ok}, retry: 3h")), "0s to 7200s"),
        (with(&format!("{ok}, encoding: br")), "`none` or `gzip`"),
        (with(&format!("{ok}, access-key: {long}")), "1 to 4096 characters"),
        (with(&format!("{ok}, access-key: a, secret: b")), "not both"),
        (
            with(&format!("{ok}, secret: \"arn:aws:secretsmanager:us-east-1:123456789012:secret:k\"")),
            "its own region",
        ),
        (with(&format!("{ok}, secret: \"arn:aws:ssm:eu-west-1:123456789012:parameter/k\"")), "not an ARN of"),
        (file(&format!("{{ http: {{ {ok} }} }}")), "needs `backup`"),
        (
            file("{ s3: { bucket: abc }, http: { url: \"https://a.b\", backup: { bucket: kept } } }"),
            "here are two",
        ),
        (file("{}"), "does not say where the records go"),
    ] {
        let refused = read(&text).expect_err(message);
        assert!(refused.contains(message), "{message}: {refused}");
    }
}

#[test]
fn a_key_is_in_no_message_and_masked_in_what_is_recorded() {
    for written in
        ["k3y-of-this", "'k3y-of-this'", "\"k3y\\x2dof-this\"", "|-\n          k3y-of-this", "*key"]
    {
        let text = format!(
            "{}# k3y-of-this is not for here\n",
            file(&format!(
                "\n      http:\n        url: \"https://example.com\"\n        access-key: {written}\n        backup: {{ bucket: kept }}"
            ))
        );
        let text = text.replace("name: clicks", "name: clicks\ntags: { a: &key k3y-of-this }");
        let document = parse(Path::new("file"), text.as_bytes(), &TakeEveryTransform).expect(written);
        let recorded = document.recorded();
        assert!(!recorded.contains("k3y-of-this") && !recorded.contains("k3y\\x2d"), "{recorded}");
        assert!(recorded.contains("https://example.com") && recorded.contains("bucket: kept"), "{recorded}");
        assert!(!format!("{:?}", document.pipeline.deliveries).contains("k3y-of-this"));
    }
    let plain = file("{ s3: { bucket: abc } }");
    let document = parse(Path::new("file"), plain.as_bytes(), &TakeEveryTransform).expect("it holds");
    assert_eq!(document.recorded(), plain);
}
