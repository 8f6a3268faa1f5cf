//! Credentials that run out and clocks that are wrong, against an endpoint that verifies signatures, in virtual time: a
//! producer and a reader get over both, and what cannot be got over is said.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{self, ProvideCredentials, future};
use aws_sdk_kinesis::Client;
use aws_smithy_async::time::TimeSource;
use pipectl_localstack::clock::Clock;
use pipectl_localstack::{InProcess, Options};
use pipectl_producer::aws::{KinesisSink, KinesisSource};
use pipectl_producer::read::{self, Reader, Start};
use pipectl_producer::{Outcome, Producer, Record, RecordSink, Settings, SinkErrorKind};

const STREAM: &str = "events";
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// The shortest that a session lives.
const SESSION: i32 = 900;
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;

async fn endpoint() -> InProcess {
    let endpoint = InProcess::start(Options { seed: Some(1), verify_signatures: true, ..Options::default() });
    let client = Client::new(&endpoint.sdk_config());
    client.create_stream().stream_name(STREAM).shard_count(1).send().await.unwrap();
    tokio::time::sleep(MINUTE).await;
    endpoint
}

/// Gives out what is in it, and counts how often.
#[derive(Clone, Debug)]
struct Purse {
    content: Arc<Mutex<Credentials>>,
    asked: Arc<AtomicU32>,
}

impl Purse {
    fn of(credentials: Credentials) -> Self {
        Self { content: Arc::new(Mutex::new(credentials)), asked: Arc::default() }
    }

    fn put(&self, credentials: Credentials) {
        *self.content.lock().unwrap() = credentials;
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl ProvideCredentials for Purse {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let content: provider::Result = Ok(self.content.lock().unwrap().clone());
        future::ProvideCredentials::ready(content)
    }
}

/// A session that the endpoint ends after [`SESSION`] seconds, and of which the SDK is told that it lasts a day.
async fn session(endpoint: &InProcess) -> Credentials {
    let config = endpoint.sdk_config();
    let iam = aws_sdk_iam::Client::new(&config);
    let role = match iam.get_role().role_name("producer").send().await {
        Ok(found) => found.role,
        Err(_) => {
            let create = iam.create_role().role_name("producer").assume_role_policy_document(TRUST);
            create.send().await.unwrap().role
        }
    };
    let sts = aws_sdk_sts::Client::new(&config);
    let assume = sts.assume_role().role_arn(role.unwrap().arn).role_session_name("producer");
    let given = assume.duration_seconds(SESSION).send().await.unwrap().credentials.unwrap();
    let day = SystemTime::from(endpoint.world().clock.now()) + 24 * 60 * MINUTE;
    let token = Some(given.session_token);
    Credentials::new(given.access_key_id, given.secret_access_key, token, Some(day), "test")
}

fn client(endpoint: &InProcess, purse: &Purse) -> Client {
    let config = aws_sdk_kinesis::config::Builder::from(&endpoint.sdk_config());
    Client::from_conf(config.credentials_provider(purse.clone()).build())
}

/// How records ended, one name each.
type Ends = Arc<Mutex<Vec<Outcome>>>;

fn start(client: Client) -> (Producer, Ends) {
    let ends = Ends::default();
    let noted = Arc::clone(&ends);
    let settings = Settings { seed: Some(1), ..Settings::default() };
    let producer =
        Producer::start(Arc::new(KinesisSink::new(client, STREAM)), settings, move |_, outcome| {
            noted.lock().unwrap().push(outcome);
        });
    (producer, ends)
}

/// Puts so many records, one a second.
async fn put(producer: &Producer, many: u32) {
    for n in 0..many {
        producer.put(Record::new(format!("key-{n}"), vec![b'x'; 100])).await.unwrap();
        tokio::time::sleep(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_end_before_their_time_are_looked_up_anew_and_nothing_is_lost() {
    let endpoint = endpoint().await;
    let purse = Purse::of(session(&endpoint).await);
    let (producer, _) = start(client(&endpoint, &purse));
    put(&producer, 60).await;
    assert_eq!(purse.asked(), 1, "the SDK keeps them");
    // Who renews them does so in time; the producer learns it from a refusal.
    tokio::time::sleep(13 * MINUTE).await;
    purse.put(session(&endpoint).await);
    tokio::time::sleep(MINUTE).await;
    put(&producer, 60).await;
    let report = producer.close().await;
    assert!(report.account.all_delivered(), "{report:?}");
    assert_eq!((report.account.failed_requests, purse.asked()), (0, 2), "one look, within the first request");
}

#[tokio::test(start_paused = true)]
async fn credentials_that_nobody_renews_let_records_expire_and_new_ones_are_taken_up() {
    let endpoint = endpoint().await;
    let purse = Purse::of(session(&endpoint).await);
    let (producer, ends) = start(client(&endpoint, &purse));
    put(&producer, 10).await;
    tokio::time::sleep(16 * MINUTE).await;
    put(&producer, 120).await;
    let asked = purse.asked();
    assert!((5..=40).contains(&asked), "asked for credentials {asked} times in two minutes");
    let expired = |outcome: &Outcome| match outcome {
        Outcome::Expired { attempts } => attempts.last().and_then(|last| last.failure.clone()),
        _ => None,
    };
    let codes: Vec<_> = ends.lock().unwrap().iter().filter_map(expired).collect();
    assert!(codes.len() > 60, "{codes:?}");
    assert!(codes.iter().all(|failure| &*failure.code == "ExpiredTokenException"), "{codes:?}");
    purse.put(session(&endpoint).await);
    put(&producer, 60).await;
    let report = producer.close().await;
    assert_eq!(report.stopped, None);
    let account = report.account;
    assert_eq!((account.put, account.cancelled, account.refused), (190, 0, 0));
    assert!(account.delivered >= 10 + 60, "{account:?}");
    assert_eq!(account.delivered + account.expired, account.put);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_were_never_good_end_a_producer_at_once() {
    let endpoint = endpoint().await;
    for (credentials, code) in [
        (Credentials::new("AKIANOBODY", "secret", None, None, "test"), "UnrecognizedClientException"),
        (Credentials::new("test", "wrong", None, None, "test"), "InvalidSignatureException"),
    ] {
        let (producer, ends) = start(client(&endpoint, &Purse::of(credentials)));
        producer.put(Record::new("key", "data")).await.unwrap();
        let report = producer.close().await;
        assert_eq!(report.stopped.map(|error| error.code), Some(code.into()));
        assert!(matches!(ends.lock().unwrap()[..], [Outcome::Cancelled { .. }]), "{ends:?}");
    }
}

/// The endpoint's time, and how many seconds this machine is ahead of it.
#[derive(Clone, Debug)]
struct Wrong {
    right: Clock,
    ahead: Arc<AtomicI64>,
}

impl TimeSource for Wrong {
    fn now(&self) -> SystemTime {
        let ahead = jiff::SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed));
        self.right.now().checked_add(ahead).unwrap().into()
    }
}

fn wrong(endpoint: &InProcess, ahead: i64) -> (Client, Arc<AtomicI64>) {
    let time = Wrong { right: endpoint.world().clock, ahead: Arc::new(AtomicI64::new(ahead)) };
    let config = aws_sdk_kinesis::config::Builder::from(&endpoint.sdk_config());
    (Client::from_conf(config.time_source(time.clone()).build()), time.ahead)
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_an_hour_off_and_jumps_costs_no_record() {
    for ahead in [-3_600, 3_600] {
        let endpoint = endpoint().await;
        let (client, offset) = wrong(&endpoint, ahead);
        let (producer, _) = start(client.clone());
        put(&producer, 30).await;
        offset.store(-ahead, Ordering::Relaxed);
        put(&producer, 30).await;
        let report = producer.close().await;
        assert!(report.account.all_delivered() && report.account.failed_requests == 0, "{report:?}");
        let settings =
            read::Settings { start: Start::TrimHorizon, follow: false, ..read::Settings::default() };
        let mut reader = Reader::start(Arc::new(KinesisSource::new(client, STREAM)), settings);
        let mut read = 0;
        while reader.next().await.unwrap().is_some() {
            read += 1;
        }
        assert_eq!(read, 60);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_call_of_a_sink_gets_over_a_wrong_clock_and_says_when_it_was_the_secret() {
    let endpoint = endpoint().await;
    let (client, _) = wrong(&endpoint, 900);
    let routing = KinesisSink::new(client, STREAM).routing().await.unwrap();
    assert_eq!(routing.shards.len(), 1);
    let purse = Purse::of(Credentials::new("test", "wrong", None, None, "test"));
    let error = KinesisSink::new(self::client(&endpoint, &purse), STREAM).routing().await.unwrap_err();
    assert_eq!((error.kind, &*error.code), (SinkErrorKind::Fatal, "InvalidSignatureException"));
    assert_eq!(purse.asked(), 1, "a wrong secret is no reason to look for another");
}
