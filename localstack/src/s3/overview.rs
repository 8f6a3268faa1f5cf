//! The buckets on the endpoint's page: how full they are, and what came last.

use std::sync::Arc;

use serde_json::{Value, json};

use super::object::Object;
use super::state::S3;

/// Buckets that are shown.
const MOST_BUCKETS: usize = 50;
/// Objects of a bucket that are looked at: the page comes every second.
const MOST_OBJECTS: usize = 20_000;
/// Newest objects of a bucket that are shown.
const NEWEST: usize = 5;

impl S3 {
    /// Name, size and newest objects of each bucket.
    pub(crate) fn overview(&self) -> Value {
        let buckets = self.buckets();
        buckets
            .iter()
            .take(MOST_BUCKETS)
            .map(|(name, bucket)| {
                let mut newest: Vec<(&String, &Arc<Object>)> =
                    bucket.objects.iter().take(MOST_OBJECTS).collect();
                let bytes: u64 = newest.iter().map(|(_, object)| object.size()).sum();
                newest.sort_by_key(|(_, object)| std::cmp::Reverse(object.modified));
                newest.truncate(NEWEST);
                let newest = newest.into_iter().map(|(key, object)| {
                    let modified = object.modified.as_millisecond();
                    json!({"key": key, "bytes": object.size(), "modified": modified})
                });
                json!({
                    "name": name,
                    "region": bucket.region,
                    "objects": bucket.objects.len(),
                    "bytes": bytes,
                    "newest": newest.collect::<Vec<_>>(),
                })
            })
            .collect()
    }
}
