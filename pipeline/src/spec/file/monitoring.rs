//! `alarms` as editors see it.

use schemars::JsonSchema;
use serde::Deserialize;

/// Alarms on what goes wrong first: readers that fall behind, throttles, failing functions, late deliveries. Each is
/// at a price by month.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarms {
    /// ARNs of SNS topics that are told when an alarm goes off, and when it is over. At most five.
    #[schemars(length(max = 5), inner(regex(pattern = r"^arn:aws[a-z-]*:sns:")))]
    pub to: Option<Vec<String>>,
}
