//! A month's bill, line by line, so that a user sees what a total is made of.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Mul, Sub};

use serde::Serialize;

/// An amount of US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Dollars(pub f64);

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
#[derive(Clone, Debug, PartialEq, Serialize)]
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

/// What one resource costs in a month of 730 hours.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bill {
    /// Its lines, none of them for nothing.
    pub lines: Vec<Line>,
}

impl Bill {
    /// What the lines come to.
    #[must_use]
    pub fn total(&self) -> Dollars {
        self.lines.iter().map(Line::amount).sum()
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
    fn a_line_for_nothing_is_left_out() {
        let mut bill = Bill::default();
        bill.add("shard hours", 0.0, 0.015);
        bill.add("stream hours", 730.0, 0.0);
        bill.add("GB in", 10.0, 0.08);
        assert_eq!(bill.lines.len(), 1);
        assert_eq!(bill.total().to_string(), "$0.80");
    }
}
