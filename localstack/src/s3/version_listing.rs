//! One page of a bucket's versions: keys in order, each with its versions from the newest to the oldest.

use std::iter::Peekable;
use std::ops::Bound;

use super::bucket::Bucket;
use super::listing::{Entry, ListQuery, common_prefix};
use super::version::Older;

/// A version in a listing.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) version: Older,
    pub(super) latest: bool,
}

/// A page.
#[derive(Debug, Default)]
pub(super) struct VersionPage {
    pub(super) entries: Vec<Entry<Line>>,
    /// The key, and the version where it is one, after which the next page starts.
    pub(super) next: Option<(String, Option<String>)>,
}

/// Lists one page. `version` says which versions of the key `query.after` are behind us; all of them without one.
pub(super) fn list_versions(bucket: &Bucket, query: &ListQuery, version: Option<&str>) -> VersionPage {
    let mut page = VersionPage { entries: Vec::new(), next: None };
    for key in keys(bucket, query, version.is_some()) {
        if !key.starts_with(&query.prefix) {
            break;
        }
        if let Some(group) = common_prefix(key, query) {
            let same = |entry: &Entry<Line>| matches!(entry, Entry::CommonPrefix(name) if name == group);
            if query.after.as_deref() == Some(group) || page.entries.last().is_some_and(same) {
                continue;
            }
            if page.is_full(query.limit) {
                return page;
            }
            page.entries.push(Entry::CommonPrefix(group.to_owned()));
            continue;
        }
        let behind = version.filter(|_| query.after.as_deref() == Some(key));
        let mut lines = lines(bucket, key).into_iter();
        if let Some(behind) = behind {
            let _ = lines.by_ref().find(|line| line.version.version().as_str() == behind);
        }
        for line in lines {
            if page.is_full(query.limit) {
                return page;
            }
            page.entries.push(Entry::Key(key.to_owned(), line));
        }
    }
    page
}

impl VersionPage {
    /// Whether there is no room for one more, and so a next page.
    fn is_full(&mut self, limit: usize) -> bool {
        if self.entries.len() < limit {
            return false;
        }
        self.next = self.entries.last().map(|last| match last {
            Entry::Key(key, line) => (key.clone(), Some(line.version.version().as_str().to_owned())),
            Entry::CommonPrefix(name) => (name.clone(), None),
        });
        true
    }
}

/// All versions of a key, the newest first.
fn lines(bucket: &Bucket, key: &str) -> Vec<Line> {
    let current = bucket.objects.get(key).map(|object| Older::Object(object.clone()));
    let older = bucket.older.get(key).into_iter().flatten().rev().cloned();
    let all = current.into_iter().chain(older).enumerate();
    all.map(|(at, version)| Line { version, latest: at == 0 }).collect()
}

/// The keys that have anything, in order, from where the query starts; with the key it names itself when some of its
/// versions are still to come.
fn keys<'a>(bucket: &'a Bucket, query: &'a ListQuery, within: bool) -> impl Iterator<Item = &'a str> {
    let start = match query.after.as_deref() {
        Some(after) if after >= query.prefix.as_str() && within => Bound::Included(after),
        Some(after) if after >= query.prefix.as_str() => Bound::Excluded(after),
        _ => Bound::Included(query.prefix.as_str()),
    };
    let range = (start, Bound::Unbounded);
    let current = bucket.objects.range::<str, _>(range).map(|(key, _)| key.as_str());
    let older = bucket.older.range::<str, _>(range).map(|(key, _)| key.as_str());
    Merged { left: current.peekable(), right: older.peekable() }
}

/// Two ascending sequences as one, without doubles.
struct Merged<L: Iterator, R: Iterator> {
    left: Peekable<L>,
    right: Peekable<R>,
}

impl<'a, L: Iterator<Item = &'a str>, R: Iterator<Item = &'a str>> Iterator for Merged<L, R> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        match (self.left.peek(), self.right.peek()) {
            (Some(left), Some(right)) if left == right => {
                self.right.next();
                self.left.next()
            }
            (Some(left), Some(right)) if left < right => self.left.next(),
            (Some(_), None) => self.left.next(),
            _ => self.right.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use s3s::dto;
    use uuid::Uuid;

    use super::super::blob::Blob;
    use super::super::object::Object;
    use super::super::version::{Marker, VersionId};
    use super::*;

    fn bucket(steps: &[(String, bool)]) -> Bucket {
        let mut bucket = Bucket::new("us-east-1".to_owned(), Timestamp::UNIX_EPOCH);
        bucket.settings.versioning = Some(dto::VersioningConfiguration {
            status: Some(dto::BucketVersioningStatus::from_static("Enabled")),
            ..dto::VersioningConfiguration::default()
        });
        for (key, write) in steps {
            if *write {
                bucket.write(key, Object::default(), VersionId::new(Uuid::new_v4()));
            } else {
                let version = VersionId::new(Uuid::new_v4());
                let (modified, held) = (Timestamp::UNIX_EPOCH, Blob::default());
                bucket.remove(key, Marker { version, modified, held });
            }
        }
        bucket
    }

    fn named(entries: &[Entry<Line>]) -> Vec<(String, Option<(String, bool)>)> {
        let name = |entry: &Entry<Line>| match entry {
            Entry::Key(key, line) => {
                (key.clone(), Some((line.version.version().as_str().to_owned(), line.latest)))
            }
            Entry::CommonPrefix(name) => (name.clone(), None),
        };
        entries.iter().map(name).collect()
    }

    proptest! {
        #[test]
        fn pages_of_any_size_add_up_to_the_whole_listing(
            steps in proptest::collection::vec(("[ab/]{1,3}", any::<bool>()), 0..40),
            prefix in "[ab/]{0,1}",
            delimiter in proptest::option::of(Just("/".to_owned())),
            limit in 1_usize..5,
        ) {
            let bucket = bucket(&steps);
            let query = |after, limit| ListQuery { prefix: prefix.clone(), delimiter: delimiter.clone(), after, limit };
            let whole = list_versions(&bucket, &query(None, 1000), None);
            if delimiter.is_none() {
                let all = steps.iter().filter(|(key, _)| key.starts_with(&prefix)).count();
                prop_assert_eq!(whole.entries.len(), all, "every write and deletion is a version");
            }
            let (mut paged, mut after): (_, Option<(String, Option<String>)>) = (Vec::new(), None);
            loop {
                let (key, version) = after.clone().unzip();
                let page = list_versions(&bucket, &query(key, limit), version.flatten().as_deref());
                prop_assert!(page.entries.len() <= limit);
                paged.extend(named(&page.entries));
                after = page.next;
                if after.is_none() { break; }
            }
            prop_assert_eq!(paged, named(&whole.entries));
        }
    }
}
