//! What a resource that does not exist yet will be, in the words of the pipeline file: the lines under a `+`.

use pipectl_pipeline::resources::Spec;
use pipectl_pipeline::resources::delivery::{DeliverySpec, EndpointKey, To};
use pipectl_pipeline::resources::function::{FunctionSpec, PackageContent};
use pipectl_pipeline::resources::mapping::{MappingSpec, StartingPosition};
use pipectl_pipeline::resources::stream::{StreamCapacity, StreamSpec};

use crate::output::words::counted;

/// The properties worth a line, as name and value.
pub(super) fn properties(spec: &Spec) -> Vec<(&'static str, String)> {
    match spec {
        // A role is as its delivery or function needs it.
        Spec::Role(_) | Spec::StreamConsumer(_) => Vec::new(),
        Spec::Bucket(bucket) => {
            bucket.settings_tag().map(|settings| ("settings", settings)).into_iter().collect()
        }
        Spec::LogGroup(group) => vec![("kept", format!("{} days", group.retention_days))],
        Spec::Stream(stream) => of_stream(stream),
        Spec::Function(function) => of_function(function),
        Spec::Delivery(delivery) => of_delivery(delivery),
        Spec::Mapping(mapping) => of_mapping(mapping),
        Spec::Alarm(alarm) => vec![("when", alarm.shown())],
        Spec::Dashboard(dashboard) => {
            vec![("widgets", dashboard.body["widgets"].as_array().map_or(0, Vec::len).to_string())]
        }
    }
}

fn of_stream(stream: &StreamSpec) -> Vec<(&'static str, String)> {
    let shards = match stream.capacity {
        StreamCapacity::Fixed(shards) => shards.to_string(),
        StreamCapacity::Autoscaled(shards) => format!("{shards}, then the autoscaler's"),
        StreamCapacity::OnDemand => "on-demand".to_owned(),
    };
    let mut properties = vec![("shards", shards), ("retention", format!("{}h", stream.retention_hours))];
    properties.extend(stream.encryption.clone().map(|key| ("encryption", key)));
    properties
}

fn of_function(function: &FunctionSpec) -> Vec<(&'static str, String)> {
    let code = match &function.package.content {
        PackageContent::Vrl { program } => {
            format!("VRL, {}", counted(program.lines().count() as u64, "line"))
        }
        PackageContent::Zip { path, .. } => path.display().to_string(),
    };
    vec![
        ("code", code),
        ("architecture", function.architecture.clone()),
        ("memory", format!("{} MiB", function.memory_mib)),
        ("timeout", format!("{} s", function.timeout_seconds)),
    ]
}

fn of_mapping(mapping: &MappingSpec) -> Vec<(&'static str, String)> {
    let stream = mapping.source.stream_arn.rsplit('/').next().unwrap_or_default();
    let from = match mapping.source.consumer {
        Some(_) => format!("{stream}, by fan-out"),
        None => stream.to_owned(),
    };
    let start = match mapping.start {
        StartingPosition::Latest => "latest".to_owned(),
        StartingPosition::TrimHorizon => "oldest".to_owned(),
        StartingPosition::At(at) => at.to_string(),
    };
    let settings = &mapping.settings;
    let batch = format!("{} records or {} s", settings.batch_size, settings.window_seconds);
    let mut properties = vec![("from", from), ("start", start), ("batch", batch)];
    if !settings.filters.is_empty() {
        properties.push(("filters", settings.filters.len().to_string()));
    }
    if !settings.enabled {
        properties.push(("enabled", "false".to_owned()));
    }
    properties
}

fn of_delivery(delivery: &DeliverySpec) -> Vec<(&'static str, String)> {
    let tail = |arn: &str| arn.rsplit(['/', ':']).next().unwrap_or(arn).to_owned();
    let from = delivery.source.as_ref().map_or("direct put".to_owned(), |source| tail(&source.stream_arn));
    let buffer = |mib: u32, seconds: u32| format!("{mib} MiB or {seconds} s");
    match &delivery.destination {
        To::S3(to) => {
            let mut properties = vec![
                ("from", from),
                ("to", format!("s3://{}/{}", tail(&to.bucket_arn), to.prefix)),
                ("buffer", buffer(to.buffer_mib, to.buffer_seconds)),
                ("compression", to.compression.to_lowercase()),
            ];
            properties.extend(to.newline.then(|| ("newline", "true".to_owned())));
            properties
        }
        To::Http(to) => vec![
            ("from", from),
            ("to", to.url.clone()),
            ("buffer", buffer(to.buffer_mib, to.buffer_seconds)),
            ("key", key(&to.key)),
            ("failed records", format!("s3://{}/{}", tail(&to.kept.bucket_arn), to.kept.prefix)),
        ],
    }
}

/// Where a key comes from, never what it is.
fn key(key: &EndpointKey) -> String {
    match key {
        EndpointKey::None => "none".to_owned(),
        EndpointKey::Literal(_) => "(of the file)".to_owned(),
        EndpointKey::Secret(arn) => format!("the secret {}", arn.rsplit(':').next().unwrap_or_default()),
    }
}
