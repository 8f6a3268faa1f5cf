//! The price list: the built-in one, or a user's own file in the same shape.

use serde::{Deserialize, Serialize};

/// Every price that pipectl knows, with the day and the place it is from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// The shape of the file; 1.
    pub format: u32,
    /// ISO code; the formulas and [`crate::Dollars`] are for `USD`.
    pub currency: String,
    /// The region the prices are of.
    pub region: String,
    /// The day they were read, `yyyy-mm-dd`.
    pub as_of: String,
    /// Where they were read.
    pub source: String,
    /// Kinesis Data Streams.
    pub kinesis: Kinesis,
    /// Data Firehose.
    pub firehose: Firehose,
    /// Lambda.
    pub lambda: Lambda,
}

/// Prices of Kinesis Data Streams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kinesis {
    /// Streams whose shards the user counts.
    pub provisioned: Provisioned,
    /// Streams that AWS sizes.
    pub on_demand_standard: OnDemand,
    /// The same in an account with a commitment.
    pub on_demand_advantage: OnDemand,
    /// On-demand rounds every record up to a multiple of this.
    pub on_demand_rounding_bytes: u32,
}

/// Prices of a provisioned stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provisioned {
    /// One shard for one hour.
    pub shard_hour: f64,
    /// A million PUT payload units.
    pub put_payload_units_million: f64,
    /// Size of a PUT payload unit; a record takes whole ones.
    pub put_payload_unit_bytes: u32,
    /// One enhanced fan-out consumer on one shard for one hour.
    pub fan_out_consumer_shard_hour: f64,
    /// A GB read by enhanced fan-out.
    pub fan_out_gb: f64,
    /// Retention of more than 24 hours, up to 7 days: one shard for one hour.
    pub extended_retention_shard_hour: f64,
    /// Retention of more than 7 days: a GB for a month.
    pub long_retention_gb_month: f64,
    /// Reading a GB older than 7 days.
    pub long_retention_retrieval_gb: f64,
}

/// Prices of an on-demand stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnDemand {
    /// One stream for one hour.
    pub stream_hour: f64,
    /// A GB written.
    pub in_gb: f64,
    /// A GB read by `GetRecords`.
    pub out_gb: f64,
    /// A GB read by enhanced fan-out.
    pub fan_out_gb: f64,
    /// Retention of more than 24 hours, up to 7 days: a GB for a month.
    pub extended_retention_gb_month: f64,
    /// Retention of more than 7 days: a GB for a month.
    pub long_retention_gb_month: f64,
    /// The least that is billed in each direction, in MiB/s over the account; no primary source could be
    /// read for the 25 of Advantage.
    #[serde(default)]
    pub least_mib_per_second: f64,
}

/// Prices of Data Firehose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firehose {
    /// A GB taken in.
    pub in_gb: f64,
    /// Every record is rounded up to a multiple of this.
    pub rounding_bytes: u32,
    /// A GB converted to Parquet or ORC.
    pub format_conversion_gb: f64,
}

/// Prices of Lambda.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lambda {
    /// A million invocations.
    pub requests_million: f64,
    /// A GB of memory for a second on x86-64.
    pub gb_second_x86_64: f64,
    /// A GB of memory for a second on arm64.
    pub gb_second_arm64: f64,
}

/// Why a price file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PriceError {
    /// It is not JSON of the right shape.
    #[error("the price file cannot be read")]
    Parse(#[source] serde_json::Error),
    /// It is of a later shape than this program knows.
    #[error(
        "the price file has format {found}, and this pipectl reads format {}: use a newer pipectl",
        Prices::FORMAT
    )]
    Format {
        /// What the file says.
        found: u32,
    },
    /// The formulas add dollars.
    #[error("the price file is in {found}; prices must be in USD")]
    Currency {
        /// What the file says.
        found: String,
    },
}

impl Prices {
    /// The shape of file that this version reads.
    pub const FORMAT: u32 = 1;

    const BUILTIN: &'static str = include_str!("../data/prices.json");

    /// The prices that came with this version.
    ///
    /// # Panics
    /// Never: a test reads the same file.
    #[must_use]
    pub fn builtin() -> Self {
        #[expect(clippy::expect_used, reason = "the file is compiled in and a test reads it")]
        Self::parse(Self::BUILTIN).expect("the built-in prices are valid")
    }

    /// Reads a price file, for a user with another region or a contract of their own.
    ///
    /// # Errors
    /// [`PriceError`], naming what is wrong with the file.
    pub fn parse(json: &str) -> Result<Self, PriceError> {
        // The format comes first: a newer file may have any other shape.
        #[derive(Deserialize)]
        struct Header {
            format: u32,
        }
        let header: Header = serde_json::from_str(json).map_err(PriceError::Parse)?;
        if header.format != Self::FORMAT {
            return Err(PriceError::Format { found: header.format });
        }
        let prices: Self = serde_json::from_str(json).map_err(PriceError::Parse)?;
        if prices.currency == "USD" {
            Ok(prices)
        } else {
            Err(PriceError::Currency { found: prices.currency })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_prices_are_read_and_carry_their_source() {
        let prices = Prices::builtin();
        assert_eq!(prices.region, "us-east-1");
        assert!(!prices.source.is_empty() && !prices.as_of.is_empty());
    }

    #[test]
    fn a_newer_format_is_named_before_its_unknown_fields() {
        let newer = r#"{ "format": 2, "something": "new" }"#;
        assert!(matches!(Prices::parse(newer), Err(PriceError::Format { found: 2 })));
    }

    #[test]
    fn another_currency_or_an_unknown_field_is_refused() {
        let euros = Prices::BUILTIN.replace("\"USD\"", "\"EUR\"");
        assert!(matches!(Prices::parse(&euros), Err(PriceError::Currency { .. })));
        let typo = Prices::BUILTIN.replace("\"shard_hour\"", "\"shard_hours\"");
        assert!(matches!(Prices::parse(&typo), Err(PriceError::Parse(_))));
    }
}
