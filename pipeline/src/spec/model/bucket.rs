//! What a bucket has beside its name.

/// Settings of a bucket; what is not said is as S3 has it, and reset to that when it was said before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Whether overwritten and deleted objects are kept as versions.
    pub versioning: Option<bool>,
    /// The KMS key that encrypts objects: an id, alias or ARN; `None` is S3's own.
    pub encryption: Option<String>,
    /// What becomes of objects with time.
    pub lifecycle: Vec<LifecycleRule>,
    /// Which functions are told what happens to objects.
    pub notify: Vec<Notification>,
}

/// What becomes of objects below a prefix with time; one of them at least.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LifecycleRule {
    /// What their names begin with; empty is all.
    pub prefix: String,
    /// Days after which they are deleted.
    pub expire_days: Option<u32>,
    /// Days after which they move, and the storage class they move to, by its name in S3's API.
    pub archive: Option<(u32, &'static str)>,
    /// Days after which versions that are no longer current are deleted.
    pub noncurrent_days: Option<u32>,
    /// Days after which uploads that were never finished are deleted.
    pub unfinished_days: Option<u32>,
}

/// A function that is told what happens to objects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The function's logical name.
    pub function: String,
    /// What happens, by its name in S3's API: `s3:ObjectCreated:*`.
    pub event: &'static str,
    /// What the objects' names begin with; empty is any.
    pub prefix: String,
    /// What they end with; empty is any.
    pub suffix: String,
}
