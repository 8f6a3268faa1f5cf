//! Which partition a record belongs to: the values of the partition keys its prefix names.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Partition keys by name, as a query or a function gave them.
pub(crate) type Keys = BTreeMap<String, String>;

/// Who gives the value of a partition key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum KeySource {
    /// `!{partitionKeyFromQuery:…}`, the metadata extraction.
    Query,
    /// `!{partitionKeyFromLambda:…}`, `metadata.partitionKeys` of the function's answer.
    Lambda,
}

/// An expression of a prefix that stands for a partition key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyExpression {
    /// Who gives it.
    pub(crate) source: KeySource,
    /// Its name.
    pub(crate) name: Arc<str>,
}

/// The values of a prefix's partition keys, in the order of its expressions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Partition(Arc<[String]>);

impl Partition {
    /// The partition of a record; `None` when a key that the prefix names has no value.
    pub(crate) fn of(
        expressions: &[KeyExpression],
        query: Option<&Keys>,
        lambda: Option<&Keys>,
    ) -> Option<Self> {
        let value = |expression: &KeyExpression| {
            let keys = match expression.source {
                KeySource::Query => query,
                KeySource::Lambda => lambda,
            };
            keys?.get(&*expression.name).filter(|value| !value.is_empty()).cloned()
        };
        expressions.iter().map(value).collect::<Option<Arc<[String]>>>().map(Self)
    }

    /// The value of the expression at `index`.
    pub(crate) fn value(&self, index: usize) -> &str {
        self.0.get(index).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expression(source: KeySource, name: &str) -> KeyExpression {
        KeyExpression { source, name: name.into() }
    }

    fn keys(pairs: &[(&str, &str)]) -> Keys {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn values_stand_in_the_order_of_the_expressions() {
        let expressions = [expression(KeySource::Lambda, "b"), expression(KeySource::Query, "a")];
        let (query, lambda) = (keys(&[("a", "1"), ("b", "9")]), keys(&[("b", "2")]));
        let partition = Partition::of(&expressions, Some(&query), Some(&lambda)).unwrap();
        assert_eq!((partition.value(0), partition.value(1), partition.value(2)), ("2", "1", ""));
    }

    #[test]
    fn a_missing_or_empty_value_is_no_partition() {
        let expressions = [expression(KeySource::Query, "a")];
        assert_eq!(Partition::of(&expressions, None, Some(&keys(&[("a", "1")]))), None);
        assert_eq!(Partition::of(&expressions, Some(&keys(&[("a", "")])), None), None);
    }
}
