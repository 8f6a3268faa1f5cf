//! The price list: the built-in one, or a user's own file in the same shape, for another region or a contract.
//!
//! A region is priced in full, or is the same as another. One that the list does not know gets the prices of
//! its fallback, and whoever shows them says so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::prices::{CloudWatch, Firehose, Kinesis, Lambda, Prices};

/// A price file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceList {
    /// The shape of the file; 1.
    format: u32,
    /// ISO code; the formulas and [`crate::Dollars`] are for `USD`.
    currency: String,
    /// The day the prices were read, `yyyy-mm-dd`.
    as_of: String,
    /// Where they were read.
    source: String,
    /// The region whose prices stand in for those of a region that is not listed.
    fallback: String,
    /// Regions that cost the same as one that is listed.
    #[serde(default)]
    same_as: BTreeMap<String, String>,
    /// What is charged, by region.
    regions: BTreeMap<String, Region>,
}

/// What is charged in one region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Region {
    /// Kinesis Data Streams.
    kinesis: Kinesis,
    /// Data Firehose.
    firehose: Firehose,
    /// Lambda.
    lambda: Lambda,
    /// CloudWatch.
    #[serde(default)]
    cloudwatch: CloudWatch,
}

/// Why a price file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// It is not JSON, a field is missing or unknown, or a number is none.
    #[error("{message}, at line {line}, column {column}")]
    Parse {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// It is of a later shape than this program knows.
    #[error(
        "it has format {found}, and this pipectl reads format {}: use a newer pipectl",
        PriceList::FORMAT
    )]
    Format {
        /// What the file says.
        found: u32,
    },
    /// The formulas add dollars.
    #[error("`currency` is {found}; prices must be in USD")]
    Currency {
        /// What the file says.
        found: String,
    },
    /// Prices without a date are worth nothing.
    #[error("`as_of` must be a day written yyyy-mm-dd, such as 2026-09-01, not `{found}`")]
    Date {
        /// What the file says.
        found: String,
    },
    /// Nor are prices of which nobody knows where they are from.
    #[error("`source` is empty: write where the prices were read")]
    Source,
    /// A region that others are priced as is not listed.
    #[error("`{field}` names {region}, which is not in `regions`: add it there")]
    Unlisted {
        /// `fallback`, or `same_as.<region>`.
        field: String,
        /// What it names.
        region: String,
    },
    /// Tiers that do not grow.
    #[error("`regions.{region}.firehose.cheaper_in_gb`: each `past_gb` must be above the one before it")]
    Tiers {
        /// Where.
        region: String,
    },
}

impl From<serde_json::Error> for PriceError {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let place = format!(" at line {line} column {column}");
        let message = error.to_string();
        let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
        Self::Parse { line, column, message }
    }
}

impl PriceList {
    /// The shape of file that this version reads.
    pub const FORMAT: u32 = 1;

    /// The file that came with this version, for a user to start their own from.
    pub const BUILTIN: &'static str = include_str!("../data/prices.json");

    /// The prices that came with this version.
    ///
    /// # Panics
    /// Never: a test reads the same file.
    #[must_use]
    pub fn builtin() -> Self {
        #[expect(clippy::expect_used, reason = "the file is compiled in and a test reads it")]
        Self::parse(Self::BUILTIN).expect("the built-in prices are valid")
    }

    /// Reads a price file.
    ///
    /// # Errors
    /// [`PriceError`], naming what is wrong with the file and where.
    pub fn parse(json: &str) -> Result<Self, PriceError> {
        // The format comes first: a newer file may have any other shape.
        #[derive(Deserialize)]
        struct Header {
            format: u32,
        }
        let header: Header = serde_json::from_str(json)?;
        if header.format != Self::FORMAT {
            return Err(PriceError::Format { found: header.format });
        }
        let list: Self = serde_json::from_str(json)?;
        list.check()?;
        Ok(list)
    }

    fn check(&self) -> Result<(), PriceError> {
        if self.currency != "USD" {
            return Err(PriceError::Currency { found: self.currency.clone() });
        }
        if !is_day(&self.as_of) {
            return Err(PriceError::Date { found: self.as_of.clone() });
        }
        if self.source.trim().is_empty() {
            return Err(PriceError::Source);
        }
        let aliases = self.same_as.iter().map(|(from, to)| (format!("same_as.{from}"), to));
        for (field, region) in aliases.chain([("fallback".to_owned(), &self.fallback)]) {
            if !self.regions.contains_key(region) {
                return Err(PriceError::Unlisted { field, region: region.clone() });
            }
        }
        for (name, region) in &self.regions {
            if !region.firehose.cheaper_in_gb.is_sorted_by(|one, next| one.past_gb < next.past_gb) {
                return Err(PriceError::Tiers { region: name.clone() });
            }
        }
        Ok(())
    }

    /// The prices that hold in `region`: its own, those of the region that costs the same, or the fallback's.
    /// [`Prices::region`] says whose they are.
    ///
    /// # Panics
    /// Never: a list is checked when it is read.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Prices {
        let listed = if self.regions.contains_key(region) { region } else { self.alias(region) };
        #[expect(clippy::expect_used, reason = "every name a list holds was looked up when it was read")]
        let charged = self.regions.get(listed).expect("a listed region").clone();
        let Region { kinesis, firehose, lambda, cloudwatch } = charged;
        let shown = if self.knows(region) { region } else { listed };
        Prices {
            region: shown.to_owned(),
            as_of: self.as_of.clone(),
            source: self.source.clone(),
            kinesis,
            firehose,
            lambda,
            cloudwatch,
        }
    }

    /// Whether the list has prices for `region`. Where it has not, [`Self::in_region`] gives its fallback's.
    #[must_use]
    pub fn knows(&self, region: &str) -> bool {
        self.regions.contains_key(region) || self.same_as.contains_key(region)
    }

    fn alias(&self, region: &str) -> &str {
        self.same_as.get(region).unwrap_or(&self.fallback)
    }
}

impl Prices {
    /// The prices that came with this version, of its fallback region.
    #[must_use]
    pub fn builtin() -> Self {
        let list = PriceList::builtin();
        list.in_region(&list.fallback)
    }
}

/// Whether a text has the shape `yyyy-mm-dd` with a month and a day that exist.
fn is_day(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut part =
        |digits: usize| -> Option<u32> { parts.next().filter(|part| part.len() == digits)?.parse().ok() };
    let (year, month, day) = (part(4), part(2), part(2));
    let (Some(year), Some(month), Some(day), None) = (year, month, day, parts.next()) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(from: &str, to: &str) -> PriceError {
        assert!(PriceList::BUILTIN.contains(from), "{from}");
        PriceList::parse(&PriceList::BUILTIN.replacen(from, to, 1)).unwrap_err()
    }

    #[test]
    fn the_builtin_prices_are_read_and_carry_their_source() {
        let prices = Prices::builtin();
        assert_eq!(prices.region, "us-east-1");
        assert!(!prices.source.is_empty() && is_day(&prices.as_of));
    }

    #[test]
    fn a_newer_format_is_named_before_its_unknown_fields() {
        let newer = r#"{ "format": 2, "something": "new" }"#;
        assert_eq!(PriceList::parse(newer), Err(PriceError::Format { found: 2 }));
    }

    #[test]
    fn a_mistake_is_shown_with_its_line_and_column() {
        let error = wrong("\"shard_hour\": 0.015", "\"shard_hour\": -1").to_string();
        assert_eq!(
            error,
            "invalid value: floating point `-1.0`, expected a price in dollars, from 0 to 10000, at line 15, column 26"
        );
        assert!(wrong("0.015", "1e99").to_string().contains("expected a price"));
        assert!(wrong("25600", "0").to_string().contains("expected a number of bytes above 0"));
        assert!(
            wrong("\"shard_hour\"", "\"shard_hours\"").to_string().contains("unknown field `shard_hours`")
        );
        assert!(wrong("0.015", "NaN").to_string().contains("at line 15"));
        let PriceError::Parse { line, .. } = PriceList::parse("{\n  \"format\": 1").unwrap_err() else {
            panic!()
        };
        assert_eq!(line, 2);
    }

    #[test]
    fn what_every_list_must_say_is_asked_for() {
        assert!(matches!(wrong("\"USD\"", "\"EUR\""), PriceError::Currency { .. }));
        assert!(matches!(wrong("2026-09-01", "2026-02-29"), PriceError::Date { .. }));
        assert!(matches!(wrong("2026-09-01", "yesterday"), PriceError::Date { .. }));
        let fallback = wrong("\"fallback\": \"us-east-1\"", "\"fallback\": \"eu-west-1\"");
        assert_eq!(
            fallback.to_string(),
            "`fallback` names eu-west-1, which is not in `regions`: add it there"
        );
        let alias = wrong("\"us-east-2\": \"us-east-1\"", "\"us-east-2\": \"us-east-9\"");
        assert!(alias.to_string().starts_with("`same_as.us-east-2` names us-east-9"));
        assert!(matches!(wrong("512000", "4096000"), PriceError::Tiers { .. }));
    }

    #[test]
    fn a_region_that_is_not_listed_gets_the_fallback_and_it_shows() {
        let list = PriceList::builtin();
        assert!(list.knows("us-west-2") && !list.knows("eu-west-1"));
        assert_eq!(list.in_region("us-west-2").region, "us-west-2");
        assert_eq!(list.in_region("eu-west-1").region, "us-east-1");
    }

    #[test]
    fn a_users_own_region_is_used() {
        let mut list = PriceList::builtin();
        let mut region = list.regions["us-east-1"].clone();
        region.kinesis.provisioned.shard_hour = 0.017;
        list.regions.insert("eu-west-1".to_owned(), region);
        let file = serde_json::to_string(&list).unwrap();
        let prices = PriceList::parse(&file).unwrap().in_region("eu-west-1");
        assert_eq!((prices.region.as_str(), prices.kinesis.provisioned.shard_hour), ("eu-west-1", 0.017));
    }
}
