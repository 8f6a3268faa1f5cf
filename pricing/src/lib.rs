//! What AWS charges for streaming: one dated file of prices with its source, and the formulas over them.
//!
//! `plan`, `estimate` and `simulate` ask here, so that one pipeline has one price wherever it is shown.
//! The prices are data ([`PriceList`], built in or a user's own file, and [`Prices`] of one of its regions); the
//! formulas are in one file a service.
//!
//! ```
//! use pipectl_pricing::{Prices, kinesis};
//!
//! let prices = Prices::builtin();
//! let traffic = kinesis::Traffic { records_per_second: 100.0, record_bytes: 1024.0, consumers: 1, ..Default::default() };
//! let bill = kinesis::provisioned(&prices, &traffic, 2.0);
//! assert_eq!(bill.total().to_string(), "$25.58");
//! ```

pub mod bill;
mod check;
pub mod cloudwatch;
pub mod firehose;
pub mod kinesis;
pub mod lambda;
pub mod list;
pub mod prices;

pub use bill::{Bill, Dollars, Line};
pub use list::{PriceError, PriceList};
pub use prices::Prices;

/// Hours in the month that AWS's own calculator uses.
pub const HOURS_PER_MONTH: f64 = 730.0;

/// Seconds in that month.
pub const SECONDS_PER_MONTH: f64 = HOURS_PER_MONTH * 3600.0;

/// Bytes in the GB that AWS bills Kinesis and Firehose by, 2^30.
pub const GB: f64 = 1024.0 * 1024.0 * 1024.0;
