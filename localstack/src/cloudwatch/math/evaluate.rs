//! Computing a formula.

use std::cell::Cell;
use std::collections::HashMap;

use super::MathError;
use super::functions;
use super::parse::{Expression, Operator};
use super::value::{Line, Value};

/// Most points one request's formulas may copy and make: what bounds their memory.
pub(in super::super) const MOST_POINTS: usize = 5_000_000;

/// What a formula may look at.
#[derive(Debug)]
pub(in super::super) struct Scope<'a> {
    /// The queries computed so far, by id.
    pub(in super::super) known: &'a HashMap<String, Value>,
    /// The metrics of the request in their order: what `METRICS()` answers.
    pub(in super::super) metrics: &'a [String],
    /// The window, in seconds, end exclusive.
    pub(in super::super) window: (i64, i64),
    /// Seconds between points where no series says.
    pub(in super::super) period: i64,
    /// How many points may still be made; [`MOST_POINTS`] at first.
    pub(in super::super) room: Cell<usize>,
}

impl Scope<'_> {
    /// The seconds at which a series with this period has points.
    pub(super) fn grid(&self, period: i64) -> Result<Vec<i64>, MathError> {
        let (start, end) = self.window;
        let period = period.max(1);
        let count = usize::try_from(end.saturating_sub(start) / period).unwrap_or(0).saturating_add(1);
        self.spend(count)?;
        let step = usize::try_from(period).unwrap_or(usize::MAX);
        Ok((start..end).step_by(step).collect())
    }

    /// Takes room for so many points.
    pub(super) fn spend(&self, points: usize) -> Result<(), MathError> {
        let too_many = || MathError::new("the expressions of this request make too many datapoints");
        self.room.set(self.room.get().checked_sub(points).ok_or_else(too_many)?);
        Ok(())
    }

    /// The value of another query.
    pub(super) fn value(&self, name: &str) -> Result<Value, MathError> {
        let unknown = || MathError::new(format!("'{name}' is not the id of a query"));
        let value = self.known.get(name).ok_or_else(unknown)?;
        self.spend(value.size())?;
        Ok(value.clone())
    }

    /// Computes an expression.
    pub(in super::super) fn evaluate(&self, expression: &Expression) -> Result<Value, MathError> {
        match expression {
            Expression::Number(number) => Ok(Value::Scalar(*number)),
            Expression::Text(text) => Err(MathError::new(format!("unexpected string '{text}'"))),
            Expression::Name(name) => self.value(name),
            Expression::Negative(inner) => Ok(self.evaluate(inner)?.map(&|value| -value)),
            Expression::Binary(operator, one, other) => {
                self.evaluate(one)?.combine(&self.evaluate(other)?, operator.function())
            }
            Expression::Call(name, arguments) => functions::call(self, name, arguments),
            Expression::List(members) => {
                let mut lines: Vec<Line> = Vec::new();
                for member in members {
                    match self.evaluate(member)? {
                        Value::Scalar(_) => {
                            return Err(MathError::new("an array holds time series, not numbers"));
                        }
                        value => lines.extend(value.into_lines()),
                    }
                }
                Ok(Value::Lines(lines))
            }
        }
    }
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

impl Operator {
    fn function(self) -> &'static dyn Fn(f64, f64) -> f64 {
        match self {
            Self::Add => &|one, other| one + other,
            Self::Subtract => &|one, other| one - other,
            Self::Multiply => &|one, other| one * other,
            Self::Divide => &|one, other| one / other,
            Self::Power => &f64::powf,
            Self::Less => &|one, other| truth(one < other),
            Self::LessOrEqual => &|one, other| truth(one <= other),
            Self::Greater => &|one, other| truth(one > other),
            Self::GreaterOrEqual => &|one, other| truth(one >= other),
            Self::Equal => &|one, other| truth(one == other),
            Self::NotEqual => &|one, other| truth(one != other),
            Self::And => &|one, other| truth(one != 0.0 && other != 0.0),
            Self::Or => &|one, other| truth(one != 0.0 || other != 0.0),
        }
    }
}
