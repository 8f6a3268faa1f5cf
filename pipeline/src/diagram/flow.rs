//! From a pipeline to its nodes and edges.

use std::path::Path;

use super::{Diagram, Edge, Flow, Node, NodeKind};
use crate::resources::Address;
use crate::spec::model::{
    Bucket, Buffer, Capacity, Code, Delivery, Destination, Function, FunctionSettings, HttpDestination,
    Pipeline, Reading, S3Destination, Start, Stream, StreamRef,
};

impl Diagram {
    /// What the file says.
    #[must_use]
    pub fn of(pipeline: &Pipeline) -> Self {
        let mut drawn =
            Drawn { diagram: Diagram { name: pipeline.name.clone(), nodes: Vec::new(), edges: Vec::new() } };
        for (name, stream) in &pipeline.streams {
            drawn.stream(name, stream);
        }
        for (name, transform) in &pipeline.transforms {
            let id = Address::transform(name);
            let details = named(transform.name.as_deref(), code(&transform.code, &transform.settings));
            drawn.node(id.as_str(), NodeKind::Transform, name, details);
            drawn.dead_letters(&id, &transform.settings);
        }
        for (name, function) in &pipeline.functions {
            drawn.function(name, function);
        }
        for (name, delivery) in &pipeline.deliveries {
            drawn.delivery(name, delivery);
        }
        for (name, bucket) in &pipeline.buckets {
            drawn.settings(name, bucket);
        }
        drawn.diagram
    }
}

struct Drawn {
    diagram: Diagram,
}

impl Drawn {
    fn node(&mut self, id: &str, kind: NodeKind, title: &str, details: Vec<String>) {
        match self.diagram.nodes.iter_mut().find(|node| node.id == id) {
            Some(node) => node.details.extend(details),
            None => self.diagram.nodes.push(Node {
                id: id.to_owned(),
                pipeline: None,
                kind,
                title: title.to_owned(),
                details,
                mark: None,
            }),
        }
    }

    fn edge(&mut self, (from, to): (&str, &str), flow: Flow, label: impl Into<String>) {
        let edge = Edge { from: from.to_owned(), to: to.to_owned(), flow, label: label.into() };
        self.diagram.edges.push(edge);
    }

    fn stream(&mut self, name: &str, stream: &Stream) {
        let id = Address::stream(name);
        let size = match (&stream.autoscale, stream.capacity) {
            (Some(bounds), _) => format!("{} to {} shards, autoscaled", bounds.min, bounds.max),
            (None, Capacity::Provisioned(1)) => "1 shard".to_owned(),
            (None, Capacity::Provisioned(count)) => {
                format!("{count} shard{}", if count == 1 { "" } else { "s" })
            }
            (None, Capacity::OnDemand) => "on demand".to_owned(),
        };
        let details = vec![size, format!("kept {}", hours(stream.retention_hours))];
        self.node(id.as_str(), NodeKind::Stream, name, named(stream.name.as_deref(), details));
        for reader in &stream.fan_out {
            let consumer = id.consumer(reader);
            self.node(consumer.as_str(), NodeKind::Reader, reader, Vec::new());
            self.edge((id.as_str(), consumer.as_str()), Flow::Records, "fan-out");
        }
    }

    fn function(&mut self, name: &str, function: &Function) {
        let id = Address::function(name);
        let details = named(function.name.as_deref(), code(&function.code, &function.settings));
        self.node(id.as_str(), NodeKind::Function, name, details);
        self.dead_letters(&id, &function.settings);
        let Some(reading) = &function.reads else { return };
        let source = self.source(&reading.stream);
        self.edge((&source, id.as_str()), Flow::Records, reads(reading));
        if let Some(arn) = &reading.failures_to {
            self.outside(&id, arn, "failed batches");
        }
    }

    /// The stream that is read; one of another pipeline has no entry of its own.
    fn source(&mut self, stream: &StreamRef) -> String {
        match stream {
            StreamRef::Own(logical) => Address::stream(logical).to_string(),
            StreamRef::Other(_) => {
                let id = stream.to_string();
                self.node(&id, NodeKind::Stream, &id, Vec::new());
                id
            }
        }
    }

    fn delivery(&mut self, name: &str, delivery: &Delivery) {
        let id = Address::delivery(name);
        let details = match &delivery.to {
            Destination::S3(s3) => objects(s3),
            Destination::Http(http) => vec![every(http.buffer)],
        };
        self.node(id.as_str(), NodeKind::Delivery, name, named(delivery.name.as_deref(), details));
        if let Some(from) = &delivery.from {
            let source = self.source(from);
            self.edge((&source, id.as_str()), Flow::Records, "");
        }
        if let Some(transform) = &delivery.transform {
            self.edge((Address::transform(transform).as_str(), id.as_str()), Flow::Calls, "transforms");
        }
        match &delivery.to {
            Destination::S3(s3) => {
                self.bucket(&id, &s3.bucket, "");
                if let Some(backup) = &s3.backup {
                    self.bucket(&id, &backup.bucket, "as they came in");
                }
            }
            Destination::Http(http) => self.endpoint(&id, http),
        }
    }

    /// An endpoint outside, and the bucket for what it did not take.
    fn endpoint(&mut self, delivery: &Address, http: &HttpDestination) {
        let host = http.url.split("://").nth(1).unwrap_or(&http.url);
        let host = host.split(['/', '?', '#']).next().unwrap_or(host);
        let name = http.name.as_deref().unwrap_or(host);
        self.node(&http.url, NodeKind::Outside, name, vec!["HTTP".to_owned()]);
        self.edge((delivery.as_str(), &http.url), Flow::Records, "");
        let label = if http.backup.all { "all records" } else { "what failed" };
        self.bucket(delivery, &http.backup.bucket, label);
    }

    fn bucket(&mut self, delivery: &Address, name: &str, label: &str) {
        let bucket = Address::bucket(name);
        self.node(bucket.as_str(), NodeKind::Bucket, name, Vec::new());
        self.edge((delivery.as_str(), bucket.as_str()), Flow::Records, label);
    }

    fn settings(&mut self, name: &str, bucket: &Bucket) {
        let id = Address::bucket(name);
        let mut details = Vec::new();
        details.extend((bucket.versioning == Some(true)).then(|| "keeps versions".to_owned()));
        details.extend(match bucket.lifecycle.len() {
            0 => None,
            1 => Some("1 lifecycle rule".to_owned()),
            count => Some(format!("{count} lifecycle rules")),
        });
        self.node(id.as_str(), NodeKind::Bucket, name, details);
        for told in &bucket.notify {
            let label = match (told.prefix.as_str(), told.suffix.as_str()) {
                ("", "") => "tells".to_owned(),
                (prefix, suffix) => format!("tells of {prefix}*{suffix}"),
            };
            self.edge((id.as_str(), Address::function(&told.function).as_str()), Flow::Calls, label);
        }
    }

    fn dead_letters(&mut self, id: &Address, settings: &FunctionSettings) {
        if let Some(arn) = &settings.dead_letters {
            self.outside(id, arn, "dead letters");
        }
    }

    /// Failures go to a bucket of the pipeline, or out of it.
    fn outside(&mut self, from: &Address, arn: &str, label: &str) {
        let own = arn.split(":::").nth(1).map(|bucket| Address::bucket(bucket).as_str().to_owned());
        let target = match own.filter(|_| arn.contains(":s3:::")) {
            Some(bucket) => {
                let name = bucket.trim_start_matches("buckets.").to_owned();
                self.node(&bucket, NodeKind::Bucket, &name, Vec::new());
                bucket
            }
            None => {
                let parts: Vec<&str> = arn.split(':').collect();
                let (service, name) =
                    (parts.get(2).copied().unwrap_or("aws"), parts.last().copied().unwrap_or(arn));
                self.node(arn, NodeKind::Outside, name, vec![service.to_uppercase()]);
                arn.to_owned()
            }
        };
        self.edge((from.as_str(), &target), Flow::Failures, label);
    }
}

/// What is said of a node, after what it is called on AWS where the file says that.
fn named(name: Option<&str>, details: Vec<String>) -> Vec<String> {
    name.map(|name| format!("{name} on AWS")).into_iter().chain(details).collect()
}

fn code(code: &Code, settings: &FunctionSettings) -> Vec<String> {
    let what = match code {
        Code::Vrl(program) => match program.lines().filter(|line| !line.trim().is_empty()).count() {
            1 => "VRL, 1 line".to_owned(),
            lines => format!("VRL, {lines} lines"),
        },
        Code::Package(path) => file_name(path),
    };
    vec![what, format!("{} MiB", settings.memory_mib)]
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn objects(s3: &S3Destination) -> Vec<String> {
    s3.prefix.iter().cloned().chain([every(s3.buffer)]).collect()
}

fn every(buffer: Buffer) -> String {
    format!("every {} MiB or {} s", buffer.size_mib, buffer.interval.as_secs())
}

fn reads(reading: &Reading) -> String {
    let mut words = vec![format!("batches of {}", reading.batch_size)];
    if reading.start == Start::Oldest {
        words.push("from the oldest".to_owned());
    }
    if reading.fan_out {
        words.push("fan-out".to_owned());
    }
    if !reading.enabled {
        words.push("switched off".to_owned());
    }
    words.join(", ")
}

fn hours(hours: u32) -> String {
    match hours % 24 {
        0 if hours > 24 => format!("{} days", hours / 24),
        _ => format!("{hours} h"),
    }
}
