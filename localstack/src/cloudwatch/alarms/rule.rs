//! The rule of a composite alarm: `ALARM("a") AND NOT (OK(b) OR INSUFFICIENT_DATA(c))`.

use super::definition::State;

/// Deeper than a person nests.
const MOST_DEPTH: usize = 64;
/// AWS's longest rule.
const MOST_LENGTH: usize = 10_240;

/// A rule, read.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Rule {
    /// As it was written.
    pub(in super::super) text: String,
    term: Term,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    Constant(bool),
    Is(State, String),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// What is wrong with a rule. AWS's own words are not known (?).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("AlarmRule must not contain syntax errors: {0}")]
pub(in super::super) struct RuleError(String);

impl Rule {
    /// Reads a rule.
    pub(in super::super) fn parse(text: &str) -> Result<Self, RuleError> {
        if text.len() > MOST_LENGTH {
            return Err(RuleError(format!("it has more than {MOST_LENGTH} characters")));
        }
        let mut reader = Reader { rest: text.trim_start(), depth: 0 };
        let term = reader.any()?;
        if !reader.rest.is_empty() {
            return Err(reader.unexpected());
        }
        Ok(Self { text: text.to_owned(), term })
    }

    /// Whether it holds; `state` tells the state of an alarm by name.
    pub(super) fn holds(&self, state: &dyn Fn(&str) -> Option<State>) -> bool {
        self.term.holds(state)
    }

    /// The alarms it names.
    pub(in super::super) fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let mut rest = vec![&self.term];
        while let Some(term) = rest.pop() {
            match term {
                Term::Constant(_) => {}
                Term::Is(_, name) => names.push(name.as_str()),
                Term::Not(inner) => rest.push(inner),
                Term::All(terms) | Term::Any(terms) => rest.extend(terms),
            }
        }
        names.reverse();
        names
    }
}

impl Term {
    fn holds(&self, state: &dyn Fn(&str) -> Option<State>) -> bool {
        match self {
            Self::Constant(holds) => *holds,
            Self::Is(wanted, name) => state(name) == Some(*wanted),
            Self::Not(inner) => !inner.holds(state),
            Self::All(terms) => terms.iter().all(|term| term.holds(state)),
            Self::Any(terms) => terms.iter().any(|term| term.holds(state)),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn unexpected(&self) -> RuleError {
        match self.rest.split_whitespace().next() {
            Some(word) => RuleError(format!("unexpected '{}'", word.chars().take(40).collect::<String>())),
            None => RuleError("it ends too early".to_owned()),
        }
    }

    /// Takes a word or a mark if it is next. Words end where letters do.
    fn take(&mut self, what: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(what) else { return false };
        let is_word = what.ends_with(|letter: char| letter.is_ascii_alphabetic());
        if is_word && rest.starts_with(|letter: char| letter.is_ascii_alphanumeric() || letter == '_') {
            return false;
        }
        self.rest = rest.trim_start();
        true
    }

    fn any(&mut self) -> Result<Term, RuleError> {
        let mut terms = vec![self.all()?];
        while self.take("OR") {
            terms.push(self.all()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::Any(terms) })
    }

    fn all(&mut self) -> Result<Term, RuleError> {
        let mut terms = vec![self.term()?];
        while self.take("AND") {
            terms.push(self.term()?);
        }
        Ok(if terms.len() == 1 { terms.remove(0) } else { Term::All(terms) })
    }

    fn term(&mut self) -> Result<Term, RuleError> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(RuleError("it is nested too deeply".to_owned()));
        }
        let term = self.inner();
        self.depth -= 1;
        term
    }

    fn inner(&mut self) -> Result<Term, RuleError> {
        if self.take("NOT") {
            return Ok(Term::Not(Box::new(self.term()?)));
        }
        if self.take("(") {
            let inner = self.any()?;
            return if self.take(")") { Ok(inner) } else { Err(self.unexpected()) };
        }
        for (word, holds) in [("TRUE", true), ("FALSE", false)] {
            if self.take(word) {
                return Ok(Term::Constant(holds));
            }
        }
        for state in State::ALL {
            if self.take(state.as_str()) {
                return if self.take("(") { self.alarm(state) } else { Err(self.unexpected()) };
            }
        }
        Err(self.unexpected())
    }

    /// A name or ARN up to the closing bracket, quoted if it has to be.
    fn alarm(&mut self, state: State) -> Result<Term, RuleError> {
        let quote = self.rest.chars().next().filter(|first| matches!(first, '"' | '\''));
        let (name, rest) = match quote {
            Some(quote) => self.rest[1..].split_once(quote),
            None => self.rest.find(')').map(|end| self.rest.split_at(end)),
        }
        .ok_or_else(|| self.unexpected())?;
        let name = name.trim();
        let name = name
            .strip_prefix("arn:")
            .and_then(|arn| arn.split_once(":alarm:"))
            .map_or(name, |(_, name)| name);
        let is = Term::Is(state, name.to_owned());
        let is_empty = name.is_empty();
        self.rest = rest.trim_start();
        if is_empty || !self.take(")") { Err(self.unexpected()) } else { Ok(is) }
    }
}
