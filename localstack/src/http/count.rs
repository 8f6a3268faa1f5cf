//! How many values a body is made of, counted without making them.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor};

/// A value and those in it, the keys of maps among them. Reading it fails where there are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count(usize);

impl Count {
    /// No call that is looked at so has as many: a list of five hundred records is the longest.
    pub(super) const MOST: usize = 100_000;

    fn plus<E: Error>(self, more: Self) -> Result<Self, E> {
        let sum = self.0.saturating_add(more.0);
        if sum > Self::MOST { Err(E::custom("too many values")) } else { Ok(Self(sum)) }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Counting)
    }
}

struct Counting;

/// One value, whichever it is.
macro_rules! one {
    ($($visit:ident($kind:ty)),+ $(,)?) => {
        $(fn $visit<E: Error>(self, _: $kind) -> Result<Count, E> {
            Ok(Count(1))
        })+
    };
}

impl<'de> Visitor<'de> for Counting {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    one! {
        visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_i128(i128), visit_u128(u128), visit_f64(f64),
        visit_str(&str), visit_bytes(&[u8]),
    }

    fn visit_unit<E: Error>(self) -> Result<Count, E> {
        Ok(Count(1))
    }

    fn visit_none<E: Error>(self) -> Result<Count, E> {
        Ok(Count(1))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Count, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Count, A::Error> {
        let mut count = Count(1);
        while let Some(item) = items.next_element::<Count>()? {
            count = count.plus(item)?;
        }
        Ok(count)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Count, A::Error> {
        let mut count = Count(1);
        while let Some((key, value)) = entries.next_entry::<Count, Count>()? {
            count = count.plus(key)?.plus(value)?;
        }
        Ok(count)
    }

    /// A tag of CBOR comes as a variant of two: its number, and what it is of.
    fn visit_enum<A: EnumAccess<'de>>(self, tagged: A) -> Result<Count, A::Error> {
        struct Content;

        impl<'de> Visitor<'de> for Content {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a tagged value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Count, A::Error> {
                let _: Option<u64> = parts.next_element()?;
                parts.next_element::<Count>()?.ok_or_else(|| A::Error::custom("a tag of nothing"))
            }
        }

        let (_, content) = tagged.variant::<String>()?;
        content.tuple_variant(2, Content)
    }
}
