//! HTTP endpoints as destinations: every setting, and a key that is nowhere but at the endpoint.

use pipectl_pipeline::plan::Action;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::aws;
use crate::bench::{Bench, changes};

/// A delivery to an endpoint with these fields of it and of its backup.
fn file(fields: &str, backup: &str) -> String {
    format!(
        "deliveries:\n  out: {{ to: {{ http: {{ url: \"https://example.com/in\", {fields} \
         backup: {{ bucket: clicks-failed, {backup} }} }} }} }}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_of_an_http_endpoint_is_set_kept_and_reset_in_place() {
    let bench = Bench::start().await;
    let fields = "name: collector, encoding: gzip, attributes: { stage: prod, team: growth }, \
                  buffer: { size: 1MiB, interval: 5s }, retry: 60s,";
    let backup = "records: all, prefix: kept/, errors: failed/, buffer: { size: 64MiB, interval: 900s }, \
                  compression: none";
    // A bucket, and the delivery with its role and its logs.
    assert_eq!(bench.apply(&file(fields, backup)).await.done.create, 4);
    bench.script.calls();
    let step = bench.change(&file("name: collector,", "")).await;
    assert_eq!(step.action, Action::Update, "{step:#?}");
    let paths: Vec<_> = step.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "to.http.encoding",
            "to.http.attributes.stage",
            "to.http.attributes.team",
            "to.http.buffer.size",
            "to.http.buffer.interval",
            "to.http.retry",
            "to.http.backup.records",
            "to.http.backup",
        ]
    );
    let calls = bench.script.calls();
    assert!(!calls.iter().any(|call| call.ends_with("eDeliveryStream")), "{calls:?}");
    bench.destroy(&file("name: collector,", "")).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_key_reaches_its_endpoint_and_no_plan_and_no_ledger() {
    const FIRST: &str = "first-k3y-0f-this-test";
    const SECOND: &str = "second-k3y-0f-this-test";
    let bench = Bench::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/in", listener.local_addr().expect("an address"));
    let with = |key: &str| {
        let key = format!("access-key: {key}, buffer: {{ interval: 0s }},");
        file(&key, "").replace("https://example.com/in", &url)
    };
    let plan = bench.plan(&with(FIRST)).await;
    let told = format!("{}{plan:?}", serde_json::to_string(&plan).expect("plain data"));
    assert!(!told.contains(FIRST), "{told}");
    bench.apply(&with(FIRST)).await;
    let step = bench.change(&with(SECOND)).await;
    let [change] = &step.changes[..] else { panic!("{step:#?}") };
    assert_eq!((step.action, change.path.as_str()), (Action::Update, "to.http.access-key"));
    assert_eq!(change.after.as_deref(), Some("(another key)"));

    aws::put_to_delivery(bench.engine.sdk_config(), "clicks-out", &["a record"]).await;
    let (mut socket, _) = listener.accept().await.expect("a request");
    let (mut request, mut part) = (String::new(), vec![0; 4096]);
    while !request.contains("\r\n\r\n") {
        let length = socket.read(&mut part).await.expect("it is sent");
        request.push_str(&String::from_utf8_lossy(&part[..length]));
    }
    let header = format!("x-amz-firehose-access-key: {SECOND}\r\n");
    assert!(request.to_lowercase().contains(&header), "{request}");

    let kept = bench.ledger();
    assert!(kept.contains("clicks-out") && !kept.contains(FIRST) && !kept.contains(SECOND), "{kept}");
    // Taken out of the file, it goes from the endpoint, and its tag with it.
    let none = with(FIRST).replace(&format!("access-key: {FIRST},"), "");
    assert_eq!(bench.change(&none).await.action, Action::Update);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_takes_the_keys_place_and_the_role_may_read_it() {
    let bench = Bench::start().await;
    bench.apply(&file("access-key: abc,", "")).await;
    let arn = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:collector-AbCdEf";
    let by_secret = file(&format!("secret: \"{arn}\","), "");
    let plan = bench.plan(&by_secret).await;
    let changed: Vec<_> = changes(&plan).iter().map(|step| (step.address.to_string(), step.action)).collect();
    assert_eq!(
        changed,
        [("deliveries.out.role".to_owned(), Action::Update), ("deliveries.out".to_owned(), Action::Update),]
    );
    let role = &changes(&plan)[0].changes[0];
    assert!(role.after.as_deref().is_some_and(|policy| policy.contains(arn)), "{role:?}");
    bench.apply(&by_secret).await;
    bench.apply(&file("access-key: abc,", "")).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_kind_of_destination_replaces_and_says_so() {
    let bench = Bench::start().await;
    bench.apply("deliveries:\n  out: { to: { s3: { bucket: clicks-failed } } }\n").await;
    let step = bench.change(&file("", "")).await;
    assert_eq!((step.address.as_str(), step.action), ("deliveries.out", Action::Replace));
    assert!(step.reason.is_some_and(|why| why.contains("kind of destination")));
    bench.end().await;
}
