//! What a formula computes with: numbers, time series, and arrays of them.

use super::MathError;

/// A time series.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Line {
    /// The query it came from.
    pub(in super::super) id: String,
    /// What it is called in an answer.
    pub(in super::super) label: String,
    /// Seconds between its points.
    pub(in super::super) period: i64,
    /// Second and value, oldest first.
    pub(in super::super) points: Vec<(i64, f64)>,
}

/// A value in a formula.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Value {
    /// A number.
    Scalar(f64),
    /// A time series.
    Line(Line),
    /// Several.
    Lines(Vec<Line>),
}

impl Line {
    /// The same line with other values; what is not a number is no point.
    pub(super) fn map(&self, each: impl Fn(i64, f64) -> f64) -> Self {
        let points = self.points.iter().map(|(at, value)| (*at, each(*at, *value)));
        self.with(points.filter(|(_, value)| value.is_finite()).collect())
    }

    /// The same line with other points.
    pub(super) fn with(&self, points: Vec<(i64, f64)>) -> Self {
        Self { id: self.id.clone(), label: self.label.clone(), period: self.period, points }
    }

    /// The value at a second.
    pub(super) fn at(&self, second: i64) -> Option<f64> {
        let index = self.points.binary_search_by_key(&second, |(at, _)| *at).ok()?;
        self.points.get(index).map(|(_, value)| *value)
    }

    /// Point by point with another line, where both have one.
    fn zip(&self, other: &Self, each: &dyn Fn(f64, f64) -> f64) -> Self {
        let mut points = Vec::with_capacity(self.points.len().min(other.points.len()));
        let mut others = other.points.iter().peekable();
        for (at, value) in &self.points {
            while others.next_if(|(other, _)| other < at).is_some() {}
            if let Some((_, second)) = others.next_if(|(other, _)| other == at) {
                points.push((*at, each(*value, *second)));
            }
        }
        points.retain(|(_, value)| value.is_finite());
        Self { period: self.period.max(other.period), ..self.with(points) }
    }
}

impl Value {
    /// Applies a function to each number.
    pub(super) fn map(&self, each: &dyn Fn(f64) -> f64) -> Self {
        match self {
            Self::Scalar(number) => Self::Scalar(each(*number)),
            Self::Line(line) => Self::Line(line.map(|_, value| each(value))),
            Self::Lines(lines) => {
                Self::Lines(lines.iter().map(|line| line.map(|_, value| each(value))).collect())
            }
        }
    }

    /// Applies a function to each line.
    pub(super) fn map_lines(&self, what: &str, each: impl Fn(&Line) -> Line) -> Result<Self, MathError> {
        self.try_map_lines(what, |line| Ok(each(line)))
    }

    /// The same with a function that may fail.
    pub(super) fn try_map_lines(
        &self,
        what: &str,
        each: impl Fn(&Line) -> Result<Line, MathError>,
    ) -> Result<Self, MathError> {
        match self {
            Self::Scalar(_) => Err(MathError::new(format!("{what} takes a time series, not a number"))),
            Self::Line(line) => Ok(Self::Line(each(line)?)),
            Self::Lines(lines) => Ok(Self::Lines(lines.iter().map(each).collect::<Result<_, _>>()?)),
        }
    }

    /// Combines two values: numbers with every point, series where both have a point, arrays member by member with
    /// what is no array.
    pub(super) fn combine(&self, other: &Self, each: &dyn Fn(f64, f64) -> f64) -> Result<Self, MathError> {
        Ok(match (self, other) {
            (Self::Scalar(one), Self::Scalar(other)) => Self::Scalar(each(*one, *other)),
            (_, Self::Scalar(other)) => self.map(&|value| each(value, *other)),
            (Self::Scalar(one), _) => other.map(&|value| each(*one, value)),
            (Self::Line(one), Self::Line(other)) => Self::Line(one.zip(other, each)),
            (Self::Lines(lines), Self::Line(line)) => {
                Self::Lines(lines.iter().map(|one| one.zip(line, each)).collect())
            }
            (Self::Line(line), Self::Lines(lines)) => {
                let swapped = |value, of_line| each(of_line, value);
                Self::Lines(lines.iter().map(|one| one.zip(line, &swapped)).collect())
            }
            (Self::Lines(_), Self::Lines(_)) => {
                return Err(MathError::new("an operator cannot combine two arrays of time series"));
            }
        })
    }

    /// How many points it has; a number counts as one.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Scalar(_) => 1,
            Self::Line(line) => line.points.len() + 1,
            Self::Lines(lines) => lines.iter().map(|line| line.points.len() + 1).sum(),
        }
    }

    /// Its lines; none for a number.
    pub(in super::super) fn into_lines(self) -> Vec<Line> {
        match self {
            Self::Scalar(_) => Vec::new(),
            Self::Line(line) => vec![line],
            Self::Lines(lines) => lines,
        }
    }
}
