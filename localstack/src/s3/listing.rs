//! One page of a bucket's keys: prefix, delimiter and where the page before ended.

use std::collections::BTreeMap;
use std::ops::Bound;

/// What to list.
#[derive(Debug, Clone, Default)]
pub(super) struct ListQuery {
    pub(super) prefix: String,
    pub(super) delimiter: Option<String>,
    /// Keys up to and including this one are behind us; a common prefix that equals it is behind us whole.
    pub(super) after: Option<String>,
    pub(super) limit: usize,
}

/// A line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry<T> {
    Key(String, T),
    CommonPrefix(String),
}

impl<T> Entry<T> {
    fn name(&self) -> &str {
        match self {
            Self::Key(name, _) | Self::CommonPrefix(name) => name,
        }
    }
}

/// A page of a listing.
#[derive(Debug, Clone)]
pub(super) struct Page<T> {
    pub(super) entries: Vec<Entry<T>>,
    /// Where the next page starts, when this one is not the last.
    pub(super) next: Option<String>,
}

/// Lists one page.
pub(super) fn list<T: Clone>(keys: &BTreeMap<String, T>, query: &ListQuery) -> Page<T> {
    let start = match &query.after {
        Some(after) if *after >= query.prefix => Bound::Excluded(after.as_str()),
        _ => Bound::Included(query.prefix.as_str()),
    };
    let mut entries: Vec<Entry<T>> = Vec::new();
    for (key, value) in keys.range::<str, _>((start, Bound::Unbounded)) {
        if !key.starts_with(&query.prefix) {
            break;
        }
        let group = common_prefix(key, query);
        if let Some(group) = group {
            let behind = query.after.as_deref() == Some(group);
            if behind
                || entries.last().is_some_and(|last| matches!(last, Entry::CommonPrefix(p) if p == group))
            {
                continue;
            }
        }
        if entries.len() >= query.limit {
            let next = entries.last().map(|last| last.name().to_owned());
            return Page { entries, next };
        }
        entries.push(match group {
            Some(group) => Entry::CommonPrefix(group.to_owned()),
            None => Entry::Key(key.clone(), value.clone()),
        });
    }
    Page { entries, next: None }
}

/// The key up to the first delimiter after the prefix, when there is one.
pub(super) fn common_prefix<'a>(key: &'a str, query: &ListQuery) -> Option<&'a str> {
    let delimiter = query.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty())?;
    let rest = &key[query.prefix.len()..];
    rest.find(delimiter).map(|at| &key[..query.prefix.len() + at + delimiter.len()])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bucket(keys: &[&str]) -> BTreeMap<String, ()> {
        keys.iter().map(|key| ((*key).to_owned(), ())).collect()
    }

    fn names(page: &Page<()>) -> Vec<&str> {
        page.entries.iter().map(Entry::name).collect()
    }

    fn query(prefix: &str, delimiter: Option<&str>, limit: usize) -> ListQuery {
        ListQuery { prefix: prefix.into(), delimiter: delimiter.map(Into::into), after: None, limit }
    }

    #[test]
    fn a_delimiter_folds_keys_into_common_prefixes() {
        let keys = bucket(&["a/1", "a/2", "b", "c/d/1", "c/e"]);
        assert_eq!(names(&list(&keys, &query("", Some("/"), 100))), ["a/", "b", "c/"]);
        assert_eq!(names(&list(&keys, &query("c/", Some("/"), 100))), ["c/d/", "c/e"]);
        assert_eq!(names(&list(&keys, &query("c/", None, 100))), ["c/d/1", "c/e"]);
    }

    #[test]
    fn a_limit_of_nothing_lists_nothing() {
        let page = list(&bucket(&["a"]), &query("", None, 0));
        assert!(page.entries.is_empty() && page.next.is_none());
    }

    proptest! {
        #[test]
        fn pages_of_any_size_add_up_to_the_whole_listing(
            keys in proptest::collection::btree_set("[ab/]{1,6}", 0..40),
            prefix in "[ab/]{0,2}",
            delimiter in proptest::option::of(Just("/".to_owned())),
            limit in 1_usize..5,
        ) {
            let keys: BTreeMap<String, ()> = keys.into_iter().map(|key| (key, ())).collect();
            let whole = list(&keys, &ListQuery { prefix: prefix.clone(), delimiter: delimiter.clone(), after: None, limit: 1000 });
            let mut paged = Vec::new();
            let mut after = None;
            loop {
                let page = list(&keys, &ListQuery { prefix: prefix.clone(), delimiter: delimiter.clone(), after, limit });
                prop_assert!(page.entries.len() <= limit);
                paged.extend(page.entries);
                after = page.next;
                if after.is_none() { break; }
            }
            prop_assert_eq!(paged, whole.entries);
        }
    }
}
