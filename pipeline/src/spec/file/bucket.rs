//! `buckets` as editors see it.

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of a bucket. The pipeline creates and owns it, whether a delivery writes to it or not.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Whether overwritten and deleted objects are kept as versions.
    #[schemars(extend("default" = false))]
    pub versioning: Option<bool>,
    /// The KMS key that encrypts objects: an alias, a key id or an ARN. Without it S3 encrypts with its own.
    #[schemars(example = &"alias/lake")]
    pub encryption: Option<String>,
    /// What becomes of objects with time. Rules that others made stay as they are.
    #[schemars(length(max = 500))]
    pub lifecycle: Option<Vec<Lifecycle>>,
    /// Functions that are told what happens to objects. Notifications that others made stay as they are.
    #[schemars(length(max = 100))]
    pub notify: Option<Vec<Notify>>,
}

/// What becomes of objects below a prefix with time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lifecycle {
    /// What their names begin with. Without it, all objects.
    #[schemars(length(max = 1024), example = &"raw/")]
    pub prefix: Option<String>,
    /// When they are deleted.
    #[schemars(regex(pattern = r"^[0-9]+d$"), example = &"90d")]
    pub expire: Option<String>,
    /// When they move to a cheaper storage class.
    pub archive: Option<Archive>,
    /// When versions that are no longer current are deleted.
    #[schemars(regex(pattern = r"^[0-9]+d$"), example = &"30d")]
    pub noncurrent: Option<String>,
    /// When the parts of uploads that were never finished are deleted.
    #[schemars(regex(pattern = r"^[0-9]+d$"), example = &"7d")]
    pub unfinished: Option<String>,
}

/// When objects move, and where to.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// When.
    #[schemars(regex(pattern = r"^[0-9]+d$"), example = &"30d")]
    pub after: String,
    /// The storage class.
    #[schemars(extend("default" = "glacier-instant"))]
    pub class: Option<StorageClass>,
}

/// A storage class of S3.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum StorageClass {
    /// Read seldom, at once; 30 days at the earliest.
    StandardIa,
    /// S3 watches how often it is read.
    IntelligentTiering,
    /// Read a few times a year, at once.
    GlacierInstant,
    /// Read about once a year, after minutes or hours.
    Glacier,
    /// Read hardly ever, after half a day.
    DeepArchive,
}

/// A function that is told what happens to objects.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// The function, by its name in this file.
    pub function: String,
    /// What it is told.
    #[schemars(extend("default" = "created"))]
    pub on: Option<BucketEvent>,
    /// What the objects' names begin with.
    #[schemars(length(max = 1024), example = &"clicks/")]
    pub prefix: Option<String>,
    /// What the objects' names end with.
    #[schemars(length(max = 1024), example = &".gz")]
    pub suffix: Option<String>,
}

/// What can happen to objects.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum BucketEvent {
    /// One is written.
    Created,
    /// One is deleted.
    Removed,
    /// One is deleted by a lifecycle rule.
    Expired,
}
