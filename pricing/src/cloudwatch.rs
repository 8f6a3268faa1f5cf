//! What CloudWatch's alarms and dashboards cost in a month.
//!
//! Source: the CloudWatch pricing page. An account's first ten alarms and three dashboards are free, which nobody knows
//! of a single one: each is told as it is charged past them.

use crate::{Bill, Prices};

/// An alarm on one metric, of standard resolution.
#[must_use]
pub fn alarm(prices: &Prices) -> Bill {
    one("alarm", prices.cloudwatch.alarm_month)
}

/// A dashboard.
#[must_use]
pub fn dashboard(prices: &Prices) -> Bill {
    one("dashboard", prices.cloudwatch.dashboard_month)
}

fn one(what: &'static str, price: f64) -> Bill {
    let mut bill = Bill::default();
    bill.add(what, 1.0, price);
    bill
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PriceList;

    #[test]
    fn seven_alarms_and_a_dashboard_are_three_dollars_and_seventy_cents() {
        let prices = Prices::builtin();
        let total = alarm(&prices).total() * 7.0 + dashboard(&prices).total();
        assert_eq!(total.to_string(), "$3.70");
    }

    #[test]
    fn a_price_file_of_before_cloudwatch_was_in_it_stays_good() {
        let mut file: serde_json::Value = serde_json::from_str(PriceList::BUILTIN).unwrap();
        file["regions"]["us-east-1"].as_object_mut().unwrap().remove("cloudwatch").unwrap();
        let prices = PriceList::parse(&file.to_string()).unwrap().in_region("us-east-1");
        assert_eq!(prices, Prices::builtin());
    }
}
