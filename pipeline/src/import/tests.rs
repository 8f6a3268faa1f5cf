//! What a file of what was found says, and that it is read as it was meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;

use super::account::{Account, SeenFunction, SeenStream};
use super::draft::Draft;
use super::naming::Naming;
use super::{SeenCode, write};
use crate::resources::function::{FunctionState, HANDLER, Logging, Network, RUNTIME};
use crate::resources::names::Place;
use crate::resources::stream::StreamState;
use crate::resources::{Observed, tags::TagMap};
use crate::spec::model::{
    Backup, Buffer, Capacity, Code, Compression, Delivery, DeliveryKey, Destination, Function, FunctionLogs,
    FunctionSettings, LogFormat, Partitioning, Pipeline, Reading, Retries, S3Destination, Start, Stream,
    Transform,
};
use crate::spec::{TakeEveryTransform, parse};

fn place() -> Place {
    Place::new("eu-west-1", "123456789012")
}

fn seen<S>(state: S) -> Observed<S> {
    Observed { id: "arn".into(), tags: TagMap::new(), state }
}

/// An account with streams of these names.
pub(super) fn account(streams: &[&str]) -> Account {
    let stream = StreamState {
        status: "ACTIVE".into(),
        on_demand: false,
        open_shards: 2,
        retention_hours: 24,
        encryption: None,
        shard_metrics: BTreeSet::new(),
        max_record_kib: 1024,
        warm_mibps: None,
        consumers: 0,
        created: None,
    };
    let mut account = Account::new(place());
    for name in streams {
        let seen = SeenStream { stream: seen(stream.clone()), consumers: Vec::new() };
        account.streams.insert((*name).to_owned(), seen);
    }
    account
}

fn function(environment: &[(&str, &str)], code: SeenCode) -> SeenFunction {
    let pairs = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let state = FunctionState {
        state: "Active".into(),
        state_reason: String::new(),
        last_update: "Successful".into(),
        last_update_reason: String::new(),
        code_sha256: String::new(),
        role_arn: "arn:aws:iam::123456789012:role/own".into(),
        runtime: RUNTIME.into(),
        handler: HANDLER.into(),
        architecture: crate::package::HOST.into(),
        memory_mib: 256,
        timeout_seconds: 60,
        environment: pairs.collect(),
        layers: Vec::new(),
        network: Network::default(),
        dead_letters: None,
        logging: Logging::Text,
        concurrency: None,
        callers: None,
    };
    SeenFunction { function: seen(state), code, mapping: None, log_days: None }
}

fn drafted(account: &Account) -> (Draft, String) {
    let naming = Naming::of(account, Some("clicks")).expect("a name");
    let draft = Draft::of(account, &naming);
    let text = write::write(&draft, &BTreeMap::new(), &["A comment.".to_owned()]);
    (draft, text)
}

#[test]
fn defaults_are_left_out_and_secrets_are_not_written() {
    let mut account = account(&["clicks-events"]);
    let secret = [("MODE", "fast"), ("DB_PASSWORD", "hunter2"), ("URL", "https://a:pw@example.com")];
    account.functions.insert("clicks-load".into(), function(&secret, SeenCode::Zip(b"zip".to_vec())));
    let (draft, text) = drafted(&account);
    assert!(!text.contains("hunter2") && !text.contains("pw@"), "{text}");
    assert_eq!(
        text,
        "# A comment.\napiVersion: pipectl/v1\nkind: Pipeline\nname: clicks\nregion: eu-west-1\n\nstreams:\n  \
         events:\n    shards: 2\n\nfunctions:\n  load:\n    package: \"./load.zip\"\n    environment:\n      \
         MODE: fast\n      # DB_PASSWORD: its value looks like a secret and is not written. Without it, apply takes it \
         away.\n      # URL: its value looks like a secret and is not written. Without it, apply takes it away.\n"
    );
    assert_eq!(draft.packages, [("./load.zip".to_owned(), b"zip".to_vec())]);
    assert!(draft.warnings().any(|warning| warning.contains("DB_PASSWORD, URL")));
}

#[test]
fn what_no_file_can_hold_is_named_with_the_reason() {
    let mut account = account(&["clicks-events"]);
    let mut python = function(&[], SeenCode::Zip(Vec::new()));
    python.function.state.runtime = "python3.13".into();
    account.functions.insert("clicks-py".into(), python);
    let (draft, _) = drafted(&account);
    let left = draft.left_out.join("\n");
    assert!(
        left.contains("the function clicks-py is not in this file") && left.contains("python3.13"),
        "{left}"
    );
    assert_eq!(draft.pipeline.streams.keys().collect::<Vec<_>>(), ["events"]);
    assert!(draft.pipeline.functions.is_empty());
}

#[test]
fn a_name_that_the_file_would_not_make_is_in_it() {
    let mut account = account(&["clicks-events", "OrdersProd"]);
    account.functions.insert("LoadOrders".into(), function(&[], SeenCode::Zip(b"zip".to_vec())));
    let (draft, text) = drafted(&account);
    assert!(draft.left_out.is_empty(), "{:?}", draft.left_out);
    let streams = "streams:\n  orders-prod:\n    name: OrdersProd\n    shards: 2\n  events:\n    shards: 2\n";
    assert!(text.contains(streams), "{text}");
    assert!(
        text.contains("  load-orders:\n    name: LoadOrders\n    package: \"./load-orders.zip\"\n"),
        "{text}"
    );
}

#[test]
fn what_looks_like_a_variable_and_is_text_stays_text() {
    let mut account = account(&["clicks-events"]);
    let texts = [
        ("AA", "${var.x}"),
        ("BB", "$${ var.x}-$$"),
        ("CC", "!{timestamp:yyyy}/${HOME}"),
        ("DD", "a\n${var."),
    ];
    let program = ".a = \"${var.b}\"\n.c = \"$${var.d}\"\n";
    let vrl = [("PIPECTL_FUNCTION", "vrl-function")].into_iter().chain(texts).collect::<Vec<_>>();
    account.functions.insert("clicks-parse".into(), function(&vrl, SeenCode::Vrl(program.into())));
    let (draft, text) = drafted(&account);
    assert!(text.contains("AA: \"$${var.x}\"") && text.contains("/${HOME}\""), "{text}");
    let read = parse(Path::new("file"), text.as_bytes(), &TakeEveryTransform).expect("it holds");
    assert_eq!(read.pipeline.functions, draft.pipeline.functions, "{text}");
    assert_eq!(read.pipeline.functions["parse"].code, Code::Vrl(program.into()));
}

#[test]
fn the_program_of_a_vrl_function_is_in_the_file() {
    let mut account = account(&["clicks-events"]);
    let program = ".a = 1\n\n# by hand\n.b = \"x\"\n";
    let vrl = function(&[("PIPECTL_FUNCTION", "vrl-function")], SeenCode::Vrl(program.into()));
    account.functions.insert("clicks-parse".into(), vrl);
    let (draft, text) = drafted(&account);
    let it = &draft.pipeline.functions["parse"];
    assert_eq!(it.code, Code::Vrl(program.into()));
    assert!(it.settings.environment.is_empty() && draft.packages.is_empty());
    assert!(text.contains("    vrl: |\n      .a = 1\n\n      # by hand\n"), "{text}");
}

fn buffers() -> impl Strategy<Value = Buffer> {
    (1..=128_u32, 0..=900_u64)
        .prop_map(|(size_mib, seconds)| Buffer { size_mib, interval: Duration::from_secs(seconds) })
}

fn compressions() -> impl Strategy<Value = Compression> {
    use Compression::{Gzip, HadoopSnappy, None, Snappy, Zip};
    prop_oneof![Just(None), Just(Gzip), Just(Snappy), Just(Zip), Just(HadoopSnappy)]
}

fn streams() -> impl Strategy<Value = Stream> {
    let capacity = prop_oneof![Just(Capacity::OnDemand), (1..9_000_u32).prop_map(Capacity::Provisioned)];
    let metrics = prop::option::of(prop_oneof![Just(BTreeSet::from([
        "IncomingBytes".to_owned(),
        "OutgoingRecords".to_owned()
    ])),]);
    (capacity, 24..8760_u32, prop::option::of(Just("alias/aws/kinesis")), metrics, 1024..=10_240_u32)
        .prop_map(|(capacity, retention_hours, key, shard_metrics, max_record_kib)| Stream {
            name: None,
            capacity,
            retention_hours,
            encryption: key.map(str::to_owned),
            fan_out: vec!["dashboard".into()],
            shard_metrics,
            max_record_kib,
            warm_mibps: (capacity == Capacity::OnDemand).then_some(100),
            autoscale: None,
        })
}

fn settings() -> impl Strategy<Value = FunctionSettings> {
    let text = "(\\PC|\\$\\{ ?var\\.|\\$|\\{){0,20}";
    let environment = prop::collection::btree_map("[A-Z][A-Z0-9_]{1,8}", text, 0..4);
    let logs = prop_oneof![Just(LogFormat::Text), Just(LogFormat::Json { level: "WARN", system: "INFO" })];
    (128..=10_240_u32, 1..=300_u32, environment, logs, prop::option::of(0..100_u32)).prop_map(
        |(memory_mib, timeout_seconds, environment, format, concurrency)| FunctionSettings {
            memory_mib,
            timeout_seconds,
            environment,
            logs: FunctionLogs { format, retention_days: 30 },
            concurrency,
            ..FunctionSettings::default()
        },
    )
}

fn readings() -> impl Strategy<Value = Reading> {
    let retries = prop_oneof![Just(Retries::UntilExpired), (0..=10_000_u32).prop_map(Retries::Times)];
    let start = prop_oneof![Just(Start::Latest), Just(Start::Oldest)];
    (1..=10_000_u32, 0..=300_u32, 1..=10_u32, retries, start, any::<(bool, bool, bool)>()).prop_map(
        |(batch_size, window_seconds, parallel, retries, start, (bisect, partial, enabled))| Reading {
            start,
            batch_size,
            window_seconds,
            parallel,
            retries,
            bisect,
            partial,
            enabled,
            max_age_seconds: Some(7200),
            filters: vec![serde_json::json!({ "data": { "kind": ["order, or so", 1, true, null] } })],
            ..Reading::of("events")
        },
    )
}

fn destinations() -> impl Strategy<Value = S3Destination> {
    let backup = prop::option::of((buffers(), compressions()));
    (buffers(), compressions(), backup, any::<bool>()).prop_map(|(buffer, compression, backup, partition)| {
        let keys = BTreeMap::from([("customer".to_owned(), ".a[\"b c\"]".to_owned())]);
        S3Destination {
            prefix: Some(match partition {
                true => "c=!{partitionKeyFromQuery:customer}/".to_owned(),
                false => "dt=!{timestamp:yyyy-MM-dd}/".to_owned(),
            }),
            // What is partitioned is always gathered.
            buffer: match partition {
                true => Buffer { size_mib: 64, interval: buffer.interval.max(Duration::from_secs(1)) },
                false => buffer,
            },
            compression,
            partition: partition.then_some(Partitioning { keys, retry_seconds: 60 }),
            backup: backup.map(|(buffer, compression)| {
                Box::new(Backup { bucket: "clicks-raw".into(), prefix: None, buffer, compression })
            }),
            ..S3Destination::new("clicks-lake")
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn a_file_that_is_written_means_what_it_was_written_from(
        stream in streams(),
        (settings, reading) in (settings(), readings()),
        s3 in destinations(),
        program in "[ -~\\n]{1,80}",
        (direct, name) in (any::<bool>(), prop::option::of("[a-zA-Z0-9_-]{1,64}")),
    ) {
        let stream = Stream { name: name.clone(), ..stream };
        let transform = Transform { name: name.clone(), code: Code::Vrl(format!(".{program}")), settings: settings.clone() };
        let function = Function { name: None, code: Code::Package("./load.zip".into()), settings, reads: Some(reading) };
        let delivery = Delivery {
            name,
            from: (!direct).then(|| "events".into()),
            transform: Some("parse".into()),
            to: Destination::S3(s3),
            encryption: direct.then_some(DeliveryKey::AwsOwned),
        };
        let pipeline = Pipeline {
            name: "clicks".into(),
            region: Some("eu-west-1".into()),
            tags: BTreeMap::from([("team".into(), "no: 1".into())]),
            streams: [("events".to_owned(), stream)].into(),
            transforms: [("parse".to_owned(), transform)].into(),
            functions: [("load".to_owned(), function)].into(),
            deliveries: [("lake".to_owned(), delivery)].into(),
            ..Pipeline::default()
        };
        let draft = Draft { pipeline, ..Draft::default() };
        let text = write::write(&draft, &BTreeMap::new(), &[]);
        let read = parse(Path::new("file"), text.as_bytes(), &TakeEveryTransform);
        let read = match read {
            Ok(read) => read.pipeline,
            Err(found) => return Err(TestCaseError::fail(format!("{found}\n{text}"))),
        };
        prop_assert_eq!(read, draft.pipeline, "{}", text);
    }
}
