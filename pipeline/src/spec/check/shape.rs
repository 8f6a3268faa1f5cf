//! The fields of every mapping of the format: which exist, and which must be there.
//!
//! [`crate::spec::file`] says the same to editors, as a JSON Schema with a text on each field. A test holds
//! the two together: neither can know a field that the other does not.

/// A mapping of the format.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The schema's name for it; the top of the file has none.
    pub(crate) schema: &'static str,
    /// In words, for messages: "a stream".
    pub(crate) what: &'static str,
    /// Where it stands, for hints: `streams.<name>`.
    pub(crate) home: &'static str,
    /// What it may hold.
    pub(crate) fields: &'static [Field],
}

/// A field of a mapping.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its key.
    pub(crate) name: &'static str,
    /// What to write when it is missing; `None` when it may be left out.
    pub(crate) example: Option<&'static str>,
}

const fn must(name: &'static str, example: &'static str) -> Field {
    Field { name, example: Some(example) }
}

const fn may(name: &'static str) -> Field {
    Field { name, example: None }
}

/// The file itself.
pub(crate) const PIPELINE: Shape = Shape {
    schema: "",
    what: "a pipeline file",
    home: "the top of the file",
    fields: &[
        must("apiVersion", "apiVersion: pipectl/v1"),
        must("kind", "kind: Pipeline"),
        must("name", "name: clickstream"),
        may("region"),
        may("tags"),
        may("vars"),
        may("streams"),
        may("transforms"),
        may("functions"),
        may("deliveries"),
        may("buckets"),
        may("alarms"),
        may("dashboard"),
    ],
};

/// One of `vars`, where it is more than a default.
pub(crate) const VARIABLE: Shape = Shape {
    schema: "Variable",
    what: "a variable",
    home: "`vars.<name>`",
    fields: &[may("type"), may("default"), may("description"), may("sensitive")],
};

/// One of `streams`.
pub(crate) const STREAM: Shape = Shape {
    schema: "Stream",
    what: "a stream",
    home: "`streams.<name>`",
    fields: &[
        may("name"),
        may("shards"),
        may("retention"),
        may("encryption"),
        may("autoscale"),
        may("fan-out"),
        may("shard-metrics"),
        may("max-record"),
        may("warm-throughput"),
    ],
};

/// `autoscale` of a stream.
pub(crate) const AUTOSCALE: Shape = Shape {
    schema: "Autoscale",
    what: "`autoscale`",
    home: "`streams.<name>.autoscale`",
    fields: &[may("min"), must("max", "max: 8"), may("target")],
};

/// One of `transforms`.
pub(crate) const TRANSFORM: Shape = Shape {
    schema: "Transform",
    what: "a transform",
    home: "`transforms.<name>`",
    fields: &[
        may("name"),
        may("vrl"),
        may("package"),
        may("memory"),
        may("timeout"),
        may("environment"),
        may("architecture"),
        may("layers"),
        may("vpc"),
        may("dead-letters"),
        may("logs"),
        may("concurrency"),
    ],
};

/// One of `functions`.
pub(crate) const FUNCTION: Shape = Shape {
    schema: "Function",
    what: "a function",
    home: "`functions.<name>`",
    fields: &[
        may("name"),
        may("vrl"),
        may("package"),
        may("memory"),
        may("timeout"),
        may("environment"),
        may("architecture"),
        may("layers"),
        may("vpc"),
        may("dead-letters"),
        may("logs"),
        may("concurrency"),
        may("from"),
        may("start"),
        may("batch"),
        may("failures"),
        may("filters"),
        may("fan-out"),
        may("enabled"),
    ],
};

/// `vpc` of a function or a transform.
pub(crate) const VPC: Shape = Shape {
    schema: "Vpc",
    what: "`vpc`",
    home: "`functions.<name>.vpc`",
    fields: &[
        must("subnets", "subnets: [subnet-0123456789abcdef0]"),
        must("security-groups", "security-groups: [sg-0123456789abcdef0]"),
    ],
};

/// `logs` of a function or a transform.
pub(crate) const LOGS: Shape = Shape {
    schema: "Logs",
    what: "`logs`",
    home: "`functions.<name>.logs`",
    fields: &[may("format"), may("level"), may("system"), may("retention")],
};

/// `batch` of a function.
pub(crate) const BATCH: Shape = Shape {
    schema: "Batch",
    what: "`batch`",
    home: "`functions.<name>.batch`",
    fields: &[may("size"), may("window"), may("parallel"), may("tumbling")],
};

/// `failures` of a function.
pub(crate) const FAILURES: Shape = Shape {
    schema: "Failures",
    what: "`failures`",
    home: "`functions.<name>.failures`",
    fields: &[may("retries"), may("age"), may("bisect"), may("partial"), may("to")],
};

/// One of `deliveries`.
pub(crate) const DELIVERY: Shape = Shape {
    schema: "Delivery",
    what: "a delivery",
    home: "`deliveries.<name>`",
    fields: &[
        may("name"),
        may("from"),
        may("transform"),
        must("to", "to: { s3: { bucket: my-bucket } }"),
        may("encryption"),
    ],
};

/// `to` of a delivery.
pub(crate) const DESTINATION: Shape = Shape {
    schema: "Destination",
    what: "`to`",
    home: "`deliveries.<name>.to`",
    fields: &[may("s3"), may("http")],
};

/// `http` of a delivery.
pub(crate) const HTTP: Shape = Shape {
    schema: "Http",
    what: "`http`",
    home: "`deliveries.<name>.to.http`",
    fields: &[
        must("url", "url: https://collector.example.com/in"),
        may("name"),
        may("access-key"),
        may("secret"),
        may("encoding"),
        may("attributes"),
        may("buffer"),
        may("retry"),
        must("backup", "backup: { bucket: my-bucket }"),
    ],
};

/// `backup` of an HTTP endpoint.
pub(crate) const HTTP_BACKUP: Shape = Shape {
    schema: "HttpBackup",
    what: "`backup`",
    home: "`deliveries.<name>.to.http.backup`",
    fields: &[
        must("bucket", "bucket: my-bucket"),
        may("records"),
        may("prefix"),
        may("errors"),
        may("buffer"),
        may("compression"),
    ],
};

/// `s3` of a delivery.
pub(crate) const S3: Shape = Shape {
    schema: "S3",
    what: "`s3`",
    home: "`deliveries.<name>.to.s3`",
    fields: &[
        must("bucket", "bucket: my-bucket"),
        may("prefix"),
        may("errors"),
        may("buffer"),
        may("compression"),
        may("newline"),
        may("partition"),
        may("backup"),
    ],
};

/// `partition` of an S3 destination.
pub(crate) const PARTITION: Shape = Shape {
    schema: "Partition",
    what: "`partition`",
    home: "`deliveries.<name>.to.s3.partition`",
    fields: &[may("keys"), may("retry")],
};

/// `backup` of an S3 destination.
pub(crate) const BACKUP: Shape = Shape {
    schema: "Backup",
    what: "`backup`",
    home: "`deliveries.<name>.to.s3.backup`",
    fields: &[must("bucket", "bucket: my-backup"), may("prefix"), may("buffer"), may("compression")],
};

/// `buffer` of an S3 destination.
pub(crate) const BUFFER: Shape = Shape {
    schema: "Buffer",
    what: "`buffer`",
    home: "`deliveries.<name>.to.s3.buffer`",
    fields: &[may("size"), may("interval")],
};

/// One of `buckets`.
pub(crate) const BUCKET: Shape = Shape {
    schema: "Bucket",
    what: "a bucket",
    home: "`buckets.<name>`",
    fields: &[may("versioning"), may("encryption"), may("lifecycle"), may("notify")],
};

/// One of `lifecycle` of a bucket.
pub(crate) const LIFECYCLE: Shape = Shape {
    schema: "Lifecycle",
    what: "a lifecycle rule",
    home: "`buckets.<name>.lifecycle`",
    fields: &[may("prefix"), may("expire"), may("archive"), may("noncurrent"), may("unfinished")],
};

/// `archive` of a lifecycle rule.
pub(crate) const ARCHIVE: Shape = Shape {
    schema: "Archive",
    what: "`archive`",
    home: "`buckets.<name>.lifecycle[].archive`",
    fields: &[must("after", "after: 30d"), may("class")],
};

/// One of `notify` of a bucket.
pub(crate) const NOTIFY: Shape = Shape {
    schema: "Notify",
    what: "a notification",
    home: "`buckets.<name>.notify`",
    fields: &[must("function", "function: load"), may("on"), may("prefix"), may("suffix")],
};

/// `alarms`.
pub(crate) const ALARMS: Shape =
    Shape { schema: "Alarms", what: "`alarms`", home: "`alarms`", fields: &[may("to")] };

/// All of them.
pub(crate) const SHAPES: [&Shape; 23] = [
    &PIPELINE,
    &VARIABLE,
    &STREAM,
    &AUTOSCALE,
    &TRANSFORM,
    &FUNCTION,
    &VPC,
    &LOGS,
    &BATCH,
    &FAILURES,
    &DELIVERY,
    &DESTINATION,
    &HTTP,
    &HTTP_BACKUP,
    &S3,
    &PARTITION,
    &BACKUP,
    &BUFFER,
    &BUCKET,
    &LIFECYCLE,
    &ARCHIVE,
    &NOTIFY,
    &ALARMS,
];

impl Shape {
    /// The keys, for a message: "`min`, `max` and `target`".
    pub(crate) fn listed(&self) -> String {
        super::suggest::listed(self.fields.iter().map(|field| field.name))
    }
}
