//! From names on AWS back to the names of a file: `clicks-events` is the stream `events` of the pipeline `clicks`.

use super::account::Account;
use crate::resources::tags::PIPELINE;

/// The names of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Naming {
    /// The pipeline's name.
    pub(super) pipeline: String,
}

impl Naming {
    /// The name that was asked for, else that which the resources' tags say, else what their names have in common.
    pub(super) fn of(account: &Account, asked: Option<&str>) -> Option<Self> {
        let named = asked.map(str::to_owned);
        let pipeline = named.or_else(|| by_tags(account)).or_else(|| by_names(account))?;
        is_logical(&pipeline).then_some(Self { pipeline })
    }

    /// What a resource of this name is called in the file; `None` when no file can call it so.
    pub(super) fn logical(&self, physical: &str) -> Option<String> {
        let logical = physical.strip_prefix(&self.pipeline)?.strip_prefix('-')?;
        is_logical(logical).then(|| logical.to_owned())
    }
}

/// The pipeline that all of them are tagged with.
fn by_tags(account: &Account) -> Option<String> {
    let mut named = account.tags().map(|tags| tags.get(PIPELINE));
    let first = named.next()??;
    named.all(|other| other == Some(first)).then(|| first.clone())
}

/// The longest beginning that ends before a `-` in each of the names; where it is one name, before the last `-`.
fn by_names(account: &Account) -> Option<String> {
    let names: Vec<&String> = account.names().collect();
    let Some(first) = names.first() else {
        // Buckets have names of their own: any will do.
        return account.buckets.keys().next().map(|name| name.replace('.', "-"));
    };
    let ends = first.match_indices('-').map(|(at, _)| at).filter(|at| *at > 0);
    let common = |at: &usize| {
        let start = &first[..=*at];
        names.iter().all(|name| name.strip_prefix(start).is_some_and(is_logical))
    };
    ends.filter(common).max().map(|at| first[..at].to_owned())
}

/// Whether a file takes it for a name.
fn is_logical(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.ends_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && name.chars().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::tests::account;

    fn named(streams: &[&str], asked: Option<&str>) -> Option<String> {
        Naming::of(&account(streams), asked).map(|naming| naming.pipeline)
    }

    #[test]
    fn the_pipelines_name_is_what_the_names_have_in_common() {
        assert_eq!(named(&["acme-clicks-raw", "acme-clicks-parsed"], None).as_deref(), Some("acme-clicks"));
        assert_eq!(named(&["acme-clicks", "acme-lake"], None).as_deref(), Some("acme"));
        assert_eq!(named(&["acme-clicks"], None).as_deref(), Some("acme"));
        assert_eq!(named(&["acme-clicks-raw"], Some("acme")).as_deref(), Some("acme"));
        assert_eq!(named(&["clicks", "orders"], None), None);
        assert_eq!(named(&["acme-1st", "acme-2nd"], None), None, "a name begins with a letter");
    }

    #[test]
    fn a_name_that_no_file_can_make_has_none() {
        let naming = Naming { pipeline: "acme".into() };
        assert_eq!(naming.logical("acme-clicks").as_deref(), Some("clicks"));
        for name in ["clicks", "acme", "acme-", "acme-Clicks", "acme.clicks"] {
            assert_eq!(naming.logical(name), None, "{name}");
        }
    }
}
