//! What an S3 destination has beside its prefix, as editors see it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Buffer, Compression};

/// Dynamic partitioning.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// The keys of the prefix by name, each with the jq expression that finds its value in a record. The prefix
    /// names them as `!{partitionKeyFromQuery:customer}`. Those that a transform gives are named
    /// `!{partitionKeyFromLambda:…}` and are not here.
    #[schemars(extend("propertyNames" = {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}, "examples" = [{"customer": ".customer.id"}]))]
    pub keys: Option<IndexMap<String, String>>,
    /// How long an object is tried to be written, `0s` to `7200s`.
    #[schemars(regex(pattern = r"^[0-9]+(s|m|h|d)$"), extend("default" = "300s"))]
    pub retry: Option<String>,
}

/// A place for the records as they came in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The bucket. The pipeline creates and owns it; it can be the destination's with another prefix.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"), example = &"clickstream-raw")]
    pub bucket: String,
    /// What object names begin with, as the destination's but without keys.
    #[schemars(length(max = 1024), example = &"raw/")]
    pub prefix: Option<String>,
    /// When an object is written: at the size or at the interval, whichever comes first.
    pub buffer: Option<Buffer>,
    /// How objects are compressed.
    #[schemars(extend("default" = "gzip"))]
    pub compression: Option<Compression>,
}
