//! One of `deliveries`.

use std::time::Duration;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::{Backup, Buffer, Compression, Delivery, Destination, PartitionKeys, S3Destination};
use super::fields::{Fields, Found, Given};
use super::measure::Measure;
use super::shape::{BACKUP, BUFFER, DELIVERY, DESTINATION, S3};
use super::{bucket, delivery_key, http, measure, partition, physical, prefix, stream_ref, suggest};

/// Firehose's own default size.
const BUFFER_MIB: u32 = 5;
/// A minute: objects of a useful size, data while it is fresh (Firehose's own default is five minutes).
const BUFFER_INTERVAL: Duration = Duration::from_secs(60);
/// Where records go that could not be delivered, when the file does not say.
const ERRORS: &str = "errors/!{firehose:error-output-type}/";

const COMPRESSIONS: [(&str, Compression); 5] = [
    ("none", Compression::None),
    ("gzip", Compression::Gzip),
    ("snappy", Compression::Snappy),
    ("zip", Compression::Zip),
    ("hadoop-snappy", Compression::HadoopSnappy),
];

/// What a delivery may refer to.
pub(crate) struct Defined<'a> {
    /// The pipeline's name, to recognise an AWS name where a logical one is due.
    pub(crate) pipeline: Option<&'a str>,
    /// Its region, where the file says.
    pub(crate) region: Option<&'a str>,
    /// The streams of the file, sound or not.
    pub(crate) streams: Vec<&'a str>,
    /// The transforms of the file, sound or not.
    pub(crate) transforms: Vec<&'a str>,
    /// Those of them that are programs.
    pub(crate) programs: Vec<&'a str>,
    /// The functions of the file, sound or not.
    pub(crate) functions: Vec<&'a str>,
    /// What entries are called on AWS by their `name`, each with its name here.
    pub(crate) said: Vec<(&'a str, &'a str)>,
}

/// What changes the records on their way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transformed {
    No,
    ByProgram,
    ByPackage,
}

/// A delivery.
pub(crate) fn read(given: Given<'_>, defined: &Defined<'_>, found: &mut Found) -> Option<Delivery> {
    let before = found.len();
    let fields = Fields::open(&DELIVERY, given, found)?;
    let name = physical::read(&fields, &physical::DELIVERY, found);
    let from = fields.get("from").and_then(|given| stream_ref::read(&given, defined, found));
    let transform = fields
        .get("transform")
        .and_then(|given| refer(&given, "transform", &defined.transforms, defined, found));
    let of = match transform.as_deref() {
        None => Transformed::No,
        Some(transform) if defined.programs.contains(&transform) => Transformed::ByProgram,
        Some(_) => Transformed::ByPackage,
    };
    let to = fields.get("to").and_then(|given| destination(given, of, defined.region, found));
    let encryption =
        fields.get("encryption").and_then(|given| delivery_key::read(&given, from.as_ref(), found));
    let errors = found[before..].iter().any(|item| item.severity == super::super::Severity::Error);
    (!errors).then_some(Delivery { name, from, transform, to: to?, encryption })
}

/// A logical name that the file defines.
pub(crate) fn refer(
    given: &Given<'_>,
    kind: &str,
    names: &[&str],
    defined: &Defined<'_>,
    found: &mut Found,
) -> Option<String> {
    let name = given.text(found)?;
    if names.contains(&name) {
        return Some(name.to_owned());
    }
    let message = format!("the file defines no {kind} `{name}`");
    let physical = defined
        .pipeline
        .and_then(|pipeline| name.strip_prefix(pipeline)?.strip_prefix('-'))
        .filter(|logical| names.contains(logical));
    let said = defined.said.iter().find(|(said, logical)| *said == name && names.contains(logical));
    let physical = said.map(|(_, logical)| *logical).or(physical);
    let help = if let Some(logical) = physical {
        format!("that is its name on AWS; here it is called `{logical}`")
    } else if let Some(meant) = suggest::nearest(name, names.iter().copied()) {
        format!("did you mean `{meant}`?")
    } else if !names.is_empty() {
        format!("the file defines {}", suggest::listed(names.iter().copied()))
    } else if kind == "stream" {
        "define it under `streams`, or leave `from` out to put records directly".to_owned()
    } else {
        format!("define it under `{kind}s`")
    };
    found.push(Diagnostic::error(Code::UnknownReference, given.place(), message).help(help));
    None
}

fn destination(
    given: Given<'_>,
    transform: Transformed,
    region: Option<&str>,
    found: &mut Found,
) -> Option<Destination> {
    let fields = Fields::open(&DESTINATION, given, found)?;
    match (written(&fields, "s3"), written(&fields, "http")) {
        (Some(given), None) => s3(given, transform, found).map(Destination::S3),
        (None, Some(given)) => http::read(given, region, found).map(Box::new).map(Destination::Http),
        (None, None) => {
            let message = format!("`{}` does not say where the records go", fields.path);
            found.push(
                Diagnostic::error(Code::MissingField, Place::Key(fields.path.clone()), message)
                    .help("add `s3: { bucket: my-bucket }`, or `http:` with the `url` of an endpoint"),
            );
            None
        }
        (Some(s3), Some(http)) => {
            let message = "a delivery goes to one place, and here are two";
            found.push(
                Diagnostic::error(Code::Conflict, Place::Key(http.path), message)
                    .related(Place::Key(s3.path), "the other")
                    .help("make another delivery of the same stream for the other place"),
            );
            None
        }
    }
}

fn s3(given: Given<'_>, transform: Transformed, found: &mut Found) -> Option<S3Destination> {
    let fields = Fields::open(&S3, given, found)?;
    let bucket = fields.get("bucket").and_then(|given| bucket::name(&given, found));
    let Prefixes { prefix, keys, errors } = prefixes(&fields, found);
    let mut buffer = buffer_of(&fields, &measure::BUFFER_SIZE, found)?;
    let compression = compression(&fields, found);
    let newline = newline(&fields, transform, found);
    let transform = transform != Transformed::No;
    let beside =
        partition::Beside { keys, prefix: fields.get("prefix"), buffer: fields.get("buffer"), transform };
    let partition = partition::read(written(&fields, "partition"), &beside, &mut buffer, found);
    let backup = fields.get("backup").and_then(|given| backup(given, found));
    Some(S3Destination {
        bucket: bucket?,
        prefix,
        errors,
        buffer,
        compression: compression?,
        newline,
        partition,
        backup: backup.map(Box::new),
    })
}

/// A field that says something by being there, even with nothing after its colon.
fn written<'a>(fields: &Fields<'a>, name: &str) -> Option<Given<'a>> {
    fields.get(name).or_else(|| fields.empty(name))
}

pub(super) fn compression(fields: &Fields<'_>, found: &mut Found) -> Option<Compression> {
    match fields.get("compression") {
        Some(given) => given.choice(&COMPRESSIONS, found),
        None => Some(Compression::Gzip),
    }
}

/// Whether Firehose ends records with a line break. What a program gives back ends with one already.
fn newline(fields: &Fields<'_>, transform: Transformed, found: &mut Found) -> bool {
    let Some(given) = fields.get("newline") else { return false };
    let newline = given.switch(found).unwrap_or(false);
    if newline && transform == Transformed::ByProgram {
        let message = "what a `vrl` transform gives back ends with a line break already: a second one makes empty lines";
        found.push(
            Diagnostic::warning(Code::Unsuitable, given.place(), message)
                .help("take `newline` away; it is for records that no transform changes"),
        );
    }
    newline
}

/// A place for the records as they came in.
fn backup(given: Given<'_>, found: &mut Found) -> Option<Backup> {
    let fields = Fields::open(&BACKUP, given, found)?;
    let bucket = fields.get("bucket").and_then(|given| bucket::name(&given, found));
    let prefix = fields.get("prefix").and_then(|given| {
        let prefix = prefix::read(&given, prefix::Use::Data, found)?;
        if prefix.keys != PartitionKeys::default() {
            let message = "a backup is not partitioned, so its prefix cannot have keys";
            found.push(
                Diagnostic::error(Code::InvalidPrefix, given.place(), message)
                    .help("partition by time: `!{timestamp:yyyy-MM-dd}`"),
            );
        }
        Some(prefix.text)
    });
    let buffer = buffer_of(&fields, &measure::BUFFER_SIZE, found);
    let compression = compression(&fields, found);
    Some(Backup { bucket: bucket?, prefix, buffer: buffer?, compression: compression? })
}

/// What `prefix` and `errors` say.
pub(super) struct Prefixes {
    pub(super) prefix: Option<String>,
    pub(super) keys: PartitionKeys,
    pub(super) errors: Option<String>,
}

/// `prefix` and `errors` are checked together: an expression in the one obliges the other.
pub(super) fn prefixes(fields: &Fields<'_>, found: &mut Found) -> Prefixes {
    let prefix = fields.get("prefix");
    let given = prefix.as_ref().and_then(|given| prefix::read(given, prefix::Use::Data, found));
    let keys = given.as_ref().map(|prefix| prefix.keys.clone()).unwrap_or_default();
    let Some(errors) = fields.get("errors") else {
        return Prefixes { prefix: given.map(|it| it.text), keys, errors: Some(ERRORS.to_owned()) };
    };
    let read = prefix::read(&errors, prefix::Use::Errors, found);
    if let Some(read) = &read
        && !read.names_error_type
        && (read.has_expressions || given.as_ref().is_some_and(|prefix| prefix.has_expressions))
    {
        let fix = format!("{}/!{{firehose:error-output-type}}/", read.text.trim_end_matches('/'));
        let mut problem = Diagnostic::error(
            Code::InvalidPrefix,
            errors.place(),
            "`errors` must contain `!{firehose:error-output-type}`",
        )
        .help(format!("write \"{fix}\""));
        if let Some(prefix) = prefix.filter(|_| !read.has_expressions) {
            problem = problem.related(Place::Value(prefix.path), "because this has an expression");
        }
        found.push(problem);
    }
    Prefixes { prefix: given.map(|it| it.text), keys, errors: read.map(|it| it.text) }
}

/// When it is written, or sent.
pub(super) fn buffer_of(fields: &Fields<'_>, sizes: &Measure, found: &mut Found) -> Option<Buffer> {
    let Some(given) = fields.get("buffer") else {
        return Some(Buffer { size_mib: BUFFER_MIB, interval: BUFFER_INTERVAL });
    };
    let fields = Fields::open(&BUFFER, given, found)?;
    let size_mib = match fields.get("size") {
        Some(given) => sizes.read(&given, found),
        None => Some(BUFFER_MIB),
    };
    let interval = match fields.get("interval") {
        Some(given) => measure::BUFFER_INTERVAL
            .read(&given, found)
            .map(|seconds| Duration::from_secs(u64::from(seconds))),
        None => Some(BUFFER_INTERVAL),
    };
    Some(Buffer { size_mib: size_mib?, interval: interval? })
}
