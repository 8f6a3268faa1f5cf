//! What names a metric: namespace, name and dimensions; and the units AWS knows.

use std::fmt;
use std::str::FromStr;

/// A name-value pair that is part of a metric's identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dimension {
    /// Such as `StreamName`.
    pub name: String,
    /// Such as `clickstream-events`.
    pub value: String,
}

impl Dimension {
    /// A dimension of these two.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}

/// The identity of a metric. Two that differ in one dimension are two metrics, as on AWS.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricId {
    /// Such as `AWS/Kinesis`.
    pub namespace: String,
    /// Such as `IncomingBytes`.
    pub name: String,
    dimensions: Vec<Dimension>,
}

impl MetricId {
    /// The metric of these parts; the order of dimensions does not matter.
    pub fn new(
        namespace: impl Into<String>,
        name: impl Into<String>,
        dimensions: impl Into<Vec<Dimension>>,
    ) -> Self {
        let mut dimensions = dimensions.into();
        dimensions.sort();
        Self { namespace: namespace.into(), name: name.into(), dimensions }
    }

    /// The dimensions, sorted.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }
}

/// Declares the unit enum with the spelling AWS uses, in one table.
macro_rules! units {
    ($($variant:ident = $text:literal),* $(,)?) => {
        /// A unit of CloudWatch's fixed list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub enum Unit {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
            /// No unit given.
            #[default]
            None,
        }

        impl Unit {
            /// All of them, in AWS's order.
            pub(super) const ALL: &'static [Self] = &[$(Self::$variant,)* Self::None];

            /// AWS's spelling.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* Self::None => "None" }
            }
        }

        impl FromStr for Unit {
            type Err = UnknownUnit;

            fn from_str(text: &str) -> Result<Self, UnknownUnit> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    "None" => Ok(Self::None),
                    other => Err(UnknownUnit(other.to_owned())),
                }
            }
        }
    };
}

units! {
    Seconds = "Seconds",
    Microseconds = "Microseconds",
    Milliseconds = "Milliseconds",
    Bytes = "Bytes",
    Kilobytes = "Kilobytes",
    Megabytes = "Megabytes",
    Gigabytes = "Gigabytes",
    Terabytes = "Terabytes",
    Bits = "Bits",
    Kilobits = "Kilobits",
    Megabits = "Megabits",
    Gigabits = "Gigabits",
    Terabits = "Terabits",
    Percent = "Percent",
    Count = "Count",
    BytesPerSecond = "Bytes/Second",
    KilobytesPerSecond = "Kilobytes/Second",
    MegabytesPerSecond = "Megabytes/Second",
    GigabytesPerSecond = "Gigabytes/Second",
    TerabytesPerSecond = "Terabytes/Second",
    BitsPerSecond = "Bits/Second",
    KilobitsPerSecond = "Kilobits/Second",
    MegabitsPerSecond = "Megabits/Second",
    GigabitsPerSecond = "Gigabits/Second",
    TerabitsPerSecond = "Terabits/Second",
    CountPerSecond = "Count/Second",
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A unit that is not on CloudWatch's list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The parameter Unit must be one of CloudWatch's units, not '{0}'")]
pub struct UnknownUnit(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_dimensions_does_not_make_another_metric() {
        let (a, b) = (Dimension::new("A", "1"), Dimension::new("B", "2"));
        assert_eq!(MetricId::new("N", "m", [a.clone(), b.clone()]), MetricId::new("N", "m", [b, a]));
    }

    #[test]
    fn units_read_back_as_they_are_written() {
        for unit in [Unit::Count, Unit::BytesPerSecond, Unit::None] {
            assert_eq!(unit.as_str().parse(), Ok(unit));
        }
        assert_eq!("Parsecs".parse::<Unit>(), Err(UnknownUnit("Parsecs".to_owned())));
    }
}
