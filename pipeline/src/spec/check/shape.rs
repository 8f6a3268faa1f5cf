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
        may("streams"),
        may("transforms"),
        may("functions"),
        may("deliveries"),
    ],
};

/// One of `streams`.
pub(crate) const STREAM: Shape = Shape {
    schema: "Stream",
    what: "a stream",
    home: "`streams.<name>`",
    fields: &[may("shards"), may("retention"), may("encryption"), may("autoscale"), may("fan-out")],
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
    fields: &[may("vrl"), may("package"), may("memory"), may("timeout"), may("environment")],
};

/// One of `functions`.
pub(crate) const FUNCTION: Shape = Shape {
    schema: "Function",
    what: "a function",
    home: "`functions.<name>`",
    fields: &[
        must("package", "package: ./function.zip"),
        may("memory"),
        may("timeout"),
        may("environment"),
        may("from"),
        may("start"),
        may("batch"),
        may("failures"),
        may("filters"),
        may("fan-out"),
        may("enabled"),
    ],
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
    fields: &[may("from"), may("transform"), must("to", "to: { s3: { bucket: my-bucket } }")],
};

/// `to` of a delivery.
pub(crate) const DESTINATION: Shape = Shape {
    schema: "Destination",
    what: "`to`",
    home: "`deliveries.<name>.to`",
    fields: &[must("s3", "s3: { bucket: my-bucket }")],
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
    ],
};

/// `buffer` of an S3 destination.
pub(crate) const BUFFER: Shape = Shape {
    schema: "Buffer",
    what: "`buffer`",
    home: "`deliveries.<name>.to.s3.buffer`",
    fields: &[may("size"), may("interval")],
};

/// All of them.
pub(crate) const SHAPES: [&Shape; 11] = [
    &PIPELINE,
    &STREAM,
    &AUTOSCALE,
    &TRANSFORM,
    &FUNCTION,
    &BATCH,
    &FAILURES,
    &DELIVERY,
    &DESTINATION,
    &S3,
    &BUFFER,
];

impl Shape {
    /// The keys, for a message: "`min`, `max` and `target`".
    pub(crate) fn listed(&self) -> String {
        super::suggest::listed(self.fields.iter().map(|field| field.name))
    }
}
