//! Reading a formula.
//!
//! `^` binds first, then signs, `* /`, `+ -`, comparisons, `AND`/`&&`, `OR`/`||`; the power goes from right to left.

use super::MathError;

/// Deeper than any formula that a person writes.
const MOST_DEPTH: usize = 64;
/// AWS's longest expression.
const MOST_LENGTH: usize = 2048;

/// A formula, read.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) enum Expression {
    Number(f64),
    Text(String),
    /// The id of another query, or a word that a function takes.
    Name(String),
    Negative(Box<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
    Call(String, Vec<Self>),
    List(Vec<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Word(String),
    Mark(&'static str),
}

impl Expression {
    /// Every id it names, also those a function takes as a word; who knows the queries tells them apart.
    pub(in super::super) fn names(&self) -> Vec<&str> {
        let mut found = Vec::new();
        let mut rest = vec![self];
        while let Some(expression) = rest.pop() {
            match expression {
                Self::Name(name) => found.push(name.as_str()),
                Self::Number(_) | Self::Text(_) => {}
                Self::Negative(inner) => rest.push(inner),
                Self::Binary(_, one, other) => rest.extend([one.as_ref(), other.as_ref()]),
                Self::Call(_, inner) | Self::List(inner) => rest.extend(inner),
            }
        }
        found
    }
}

/// Reads a formula.
pub(in super::super) fn parse(text: &str) -> Result<Expression, MathError> {
    if text.is_empty() || text.len() > MOST_LENGTH {
        return Err(MathError::new(format!("an expression has 1 to {MOST_LENGTH} characters")));
    }
    let first = text.split_whitespace().next().unwrap_or_default();
    if first.eq_ignore_ascii_case("SELECT") {
        return Err(MathError::new("SQL queries (Metrics Insights) are not supported by this endpoint"));
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0 };
    let expression = parser.binary(0)?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => Err(MathError::new(format!("unexpected {}", shown(token)))),
    }
}

fn shown(token: &Token) -> String {
    match token {
        Token::Number(number) => number.to_string(),
        Token::Text(text) | Token::Word(text) => format!("'{text}'"),
        Token::Mark(mark) => format!("'{mark}'"),
    }
}

/// Longer marks before those they begin with.
const MARKS: [&str; 18] =
    ["<=", ">=", "==", "!=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ","];

fn tokens(text: &str) -> Result<Vec<Token>, MathError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '\'' | '"' => {
                let end = rest[1..].find(first).ok_or_else(|| MathError::new("a string is not closed"))?;
                (Token::Text(rest[1..=end].to_owned()), end + 2)
            }
            '0'..='9' | '.' => number(rest)?,
            'a'..='z' | 'A'..='Z' | '_' => {
                let length = rest
                    .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
                    .unwrap_or(rest.len());
                (Token::Word(rest[..length].to_owned()), length)
            }
            other => {
                let mark = MARKS.iter().find(|mark| rest.starts_with(**mark));
                let mark = mark.ok_or_else(|| MathError::new(format!("unexpected character '{other}'")))?;
                (Token::Mark(mark), mark.len())
            }
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

fn number(text: &str) -> Result<(Token, usize), MathError> {
    let digits = |from: usize| {
        let rest = &text[from..];
        from + rest.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(rest.len())
    };
    let mut end = digits(0);
    if text[end..].starts_with('.') {
        end = digits(end + 1);
    }
    if text[end..].starts_with(['e', 'E']) {
        let sign = usize::from(text[end + 1..].starts_with(['+', '-']));
        let after = digits(end + 1 + sign);
        if after > end + 1 + sign {
            end = after;
        }
    }
    let number =
        text[..end].parse().map_err(|_| MathError::new(format!("'{}' is no number", &text[..end])))?;
    Ok((Token::Number(number), end))
}

/// The binary operators by how tightly they bind, loosest first.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[("||", Operator::Or), ("OR", Operator::Or)],
    &[("&&", Operator::And), ("AND", Operator::And)],
    &[
        ("<=", Operator::LessOrEqual),
        (">=", Operator::GreaterOrEqual),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn take(&mut self, mark: &str) -> bool {
        let is_next = match self.peek() {
            Some(Token::Mark(next)) => *next == mark,
            Some(Token::Word(word)) => word == mark,
            _ => false,
        };
        self.next += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, mark: &str) -> Result<(), MathError> {
        if self.take(mark) { Ok(()) } else { Err(MathError::new(format!("'{mark}' is missing"))) }
    }

    fn binary(&mut self, level: usize) -> Result<Expression, MathError> {
        let Some(operators) = LEVELS.get(level) else { return self.signed() };
        let mut left = self.binary(level + 1)?;
        loop {
            let found = operators.iter().find(|(mark, _)| self.take(mark));
            let Some((_, operator)) = found else { return Ok(left) };
            let right = self.binary(level + 1)?;
            left = Expression::Binary(*operator, Box::new(left), Box::new(right));
        }
    }

    fn signed(&mut self) -> Result<Expression, MathError> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(MathError::new("the expression is nested too deeply"));
        }
        let expression = if self.take("-") {
            Expression::Negative(Box::new(self.signed()?))
        } else {
            let base = self.operand()?;
            if self.take("^") {
                Expression::Binary(Operator::Power, Box::new(base), Box::new(self.signed()?))
            } else {
                base
            }
        };
        self.depth -= 1;
        Ok(expression)
    }

    fn operand(&mut self) -> Result<Expression, MathError> {
        if self.take("(") {
            let inner = self.binary(0)?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.take("[") {
            return Ok(Expression::List(self.members("]")?));
        }
        let token = self.peek().cloned().ok_or_else(|| MathError::new("an operand is missing"))?;
        self.next += 1;
        match token {
            Token::Number(number) => Ok(Expression::Number(number)),
            Token::Text(text) => Ok(Expression::Text(text)),
            Token::Word(word) if self.take("(") => Ok(Expression::Call(word, self.members(")")?)),
            Token::Word(word) => Ok(Expression::Name(word)),
            Token::Mark(mark) => Err(MathError::new(format!("unexpected '{mark}'"))),
        }
    }

    fn members(&mut self, end: &str) -> Result<Vec<Expression>, MathError> {
        let mut members = Vec::new();
        if self.take(end) {
            return Ok(members);
        }
        loop {
            members.push(self.binary(0)?);
            if self.take(end) {
                return Ok(members);
            }
            self.expect(",")?;
        }
    }
}
