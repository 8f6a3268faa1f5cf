//! A month's bill, line by line, so that a user sees what a total is made of.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul, Sub};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// An amount of US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, JsonSchema)]
#[schemars(inline)]
pub struct Dollars(pub f64);

impl Serialize for Dollars {
    /// As a number, without the digits that binary fractions trail behind them.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(trimmed(self.0))
    }
}

/// A number to ten decimals: the finest price has that many.
fn trimmed(number: f64) -> f64 {
    const DECIMALS: f64 = 1e10;
    let scaled = number * DECIMALS;
    if scaled.abs() < 9e15 { scaled.round() / DECIMALS } else { number }
}

impl fmt::Display for Dollars {
    /// To the cent, the sign before the dollar.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = (self.0 * 100.0).round() / 100.0;
        if cents < 0.0 { write!(f, "-${:.2}", -cents) } else { write!(f, "${:.2}", cents.abs()) }
    }
}

impl Add for Dollars {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Dollars {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Mul<f64> for Dollars {
    type Output = Self;
    fn mul(self, times: f64) -> Self {
        Self(self.0 * times)
    }
}

impl Sum for Dollars {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

/// One line of a bill: so many units at so much each.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(into = "WrittenLine")]
pub struct Line {
    /// What is charged for, e.g. `shard hours`.
    pub what: &'static str,
    /// How many units a month.
    pub quantity: f64,
    /// The price of one.
    pub unit_price: Dollars,
}

impl Line {
    /// What the line comes to in a month.
    #[must_use]
    pub fn amount(&self) -> Dollars {
        self.unit_price * self.quantity
    }
}

/// A line as it is written.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "BillLine")]
struct WrittenLine {
    /// What is charged for.
    what: &'static str,
    /// How many units a month.
    quantity: f64,
    /// The price of one.
    unit_price: Dollars,
    /// What that comes to.
    amount: Dollars,
}

impl From<Line> for WrittenLine {
    fn from(line: Line) -> Self {
        let Line { what, quantity, unit_price } = line;
        Self { what, quantity: trimmed(quantity), unit_price, amount: line.amount() }
    }
}

/// What one resource costs in a month of 730 hours.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(into = "WrittenBill")]
pub struct Bill {
    /// Its lines, none of them for nothing.
    pub lines: Vec<Line>,
}

/// A bill as it is written.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Bill")]
struct WrittenBill {
    /// What the lines come to in a month.
    total: Dollars,
    /// The lines.
    lines: Vec<Line>,
}

impl From<Bill> for WrittenBill {
    fn from(bill: Bill) -> Self {
        Self { total: bill.total(), lines: bill.lines }
    }
}

impl Bill {
    /// What the lines come to.
    #[must_use]
    pub fn total(&self) -> Dollars {
        self.lines.iter().map(Line::amount).sum()
    }

    /// Only the lines whose name is asked for.
    #[must_use]
    pub fn only(self, asked: impl Fn(&str) -> bool) -> Self {
        Self { lines: self.lines.into_iter().filter(|line| asked(line.what)).collect() }
    }

    /// Adds a line, unless it is for nothing.
    pub(crate) fn add(&mut self, what: &'static str, quantity: f64, unit_price: f64) {
        if quantity > 0.0 && unit_price > 0.0 {
            self.lines.push(Line { what, quantity, unit_price: Dollars(unit_price) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_shown_to_the_cent_with_the_sign_in_front() {
        for (amount, shown) in
            [(0.0, "$0.00"), (1.005e-9, "$0.00"), (10.999, "$11.00"), (-2.5, "-$2.50"), (-0.001, "$0.00")]
        {
            assert_eq!(Dollars(amount).to_string(), shown);
        }
    }

    #[test]
    fn as_json_amounts_are_there_and_binary_dust_is_not() {
        let mut bill = Bill::default();
        bill.add("shard hours", 3.0, 0.1);
        let json = serde_json::to_string(&bill).unwrap();
        assert_eq!(
            json,
            r#"{"total":0.3,"lines":[{"what":"shard hours","quantity":3.0,"unit_price":0.1,"amount":0.3}]}"#
        );
    }

    #[test]
    fn a_line_for_nothing_is_left_out() {
        let mut bill = Bill::default();
        bill.add("shard hours", 0.0, 0.015);
        bill.add("stream hours", 730.0, 0.0);
        bill.add("GB in", 10.0, 0.08);
        assert_eq!(bill.lines.len(), 1);
        assert_eq!(bill.total().to_string(), "$0.80");
    }
}
