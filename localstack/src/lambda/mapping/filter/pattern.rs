//! Reading a pattern.

use std::net::IpAddr;

use serde_json::{Map, Number, Value};

use super::wildcard::Wildcard;

/// Deepest nesting of a pattern; what is deeper is an attack on the stack. serde_json stops at 128 itself.
const DEPTH: usize = 64;

/// A text that is no filter pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid filter pattern definition.")]
pub(crate) struct InvalidPattern;

/// What an object must have: each of these members, and of each `$or` one alternative.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    pub(super) members: Vec<(String, Node)>,
    pub(super) choices: Vec<Vec<Pattern>>,
}

/// What a member must be.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// An object that matches.
    Object(Pattern),
    /// A value that one of these takes.
    Leaf(Vec<Matcher>),
}

/// One way for a value to match.
#[derive(Clone, Debug)]
pub(super) enum Matcher {
    Null,
    Bool(bool),
    Text(String),
    Number(Number),
    Exists(bool),
    Prefix { text: String, any_case: bool },
    Suffix { text: String, any_case: bool },
    AnyCase(String),
    Wildcard(Wildcard),
    Numeric(Vec<Comparison>),
    Cidr(IpAddr, u8),
    AnythingBut(Vec<Matcher>),
}

/// `[">", 0, "<=", 5]` is two of these.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Comparison {
    pub(super) operator: Operator,
    pub(super) bound: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Pattern {
    /// Reads a pattern: a JSON object that asks for something.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidPattern> {
        match serde_json::from_str(text) {
            Ok(Value::Object(members)) => Self::object(&members, DEPTH),
            _ => Err(InvalidPattern),
        }
    }

    fn object(members: &Map<String, Value>, depth: usize) -> Result<Self, InvalidPattern> {
        let depth = depth.checked_sub(1).ok_or(InvalidPattern)?;
        if members.is_empty() {
            return Err(InvalidPattern);
        }
        let mut pattern = Self::default();
        for (name, value) in members {
            match (name.as_str(), value) {
                ("$or", Value::Array(choices)) => pattern.choices.push(alternatives(choices, depth)?),
                (_, Value::Object(members)) => {
                    pattern.members.push((name.clone(), Node::Object(Self::object(members, depth)?)));
                }
                (_, Value::Array(matchers)) if !matchers.is_empty() => {
                    let matchers = matchers.iter().map(Matcher::parse).collect::<Result<_, _>>()?;
                    pattern.members.push((name.clone(), Node::Leaf(matchers)));
                }
                _ => return Err(InvalidPattern),
            }
        }
        Ok(pattern)
    }

    /// Whether the pattern has something to say about this member.
    pub(super) fn asks_for(&self, member: &str) -> bool {
        self.members.iter().any(|(name, _)| name == member)
            || self.choices.iter().flatten().any(|choice| choice.asks_for(member))
    }
}

fn alternatives(choices: &[Value], depth: usize) -> Result<Vec<Pattern>, InvalidPattern> {
    if choices.len() < 2 {
        return Err(InvalidPattern);
    }
    let alternative = |choice: &Value| match choice {
        Value::Object(members) => Pattern::object(members, depth),
        _ => Err(InvalidPattern),
    };
    choices.iter().map(alternative).collect()
}

impl Matcher {
    fn parse(value: &Value) -> Result<Self, InvalidPattern> {
        match value {
            Value::Object(operators) => {
                let mut operators = operators.iter();
                match (operators.next(), operators.next()) {
                    (Some((name, operand)), None) => Self::operator(name, operand),
                    _ => Err(InvalidPattern),
                }
            }
            Value::Array(_) => Err(InvalidPattern),
            scalar => Self::scalar(scalar),
        }
    }

    fn scalar(value: &Value) -> Result<Self, InvalidPattern> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::String(value) => Self::Text(value.clone()),
            Value::Number(value) => Self::Number(value.clone()),
            Value::Array(_) | Value::Object(_) => return Err(InvalidPattern),
        })
    }

    fn operator(name: &str, operand: &Value) -> Result<Self, InvalidPattern> {
        let text = || operand.as_str().map(str::to_owned).ok_or(InvalidPattern);
        match name {
            "exists" => operand.as_bool().map(Self::Exists).ok_or(InvalidPattern),
            "prefix" => affix(operand).map(|(text, any_case)| Self::Prefix { text, any_case }),
            "suffix" => affix(operand).map(|(text, any_case)| Self::Suffix { text, any_case }),
            "equals-ignore-case" => text().map(Self::AnyCase),
            "wildcard" => Wildcard::parse(&text()?).map(Self::Wildcard).ok_or(InvalidPattern),
            "numeric" => comparisons(operand).map(Self::Numeric),
            "cidr" => cidr(&text()?).map(|(address, bits)| Self::Cidr(address, bits)),
            "anything-but" => anything_but(operand).map(Self::AnythingBut),
            _ => Err(InvalidPattern),
        }
    }
}

/// A text, or `{"equals-ignore-case": text}`.
fn affix(operand: &Value) -> Result<(String, bool), InvalidPattern> {
    match operand {
        Value::String(text) => Ok((text.clone(), false)),
        Value::Object(operators) if operators.len() == 1 => {
            let text = operators.get("equals-ignore-case").and_then(Value::as_str);
            text.map(|text| (text.to_owned(), true)).ok_or(InvalidPattern)
        }
        _ => Err(InvalidPattern),
    }
}

/// A text or number, a list of them, or one of these operators with a text or a list of texts.
fn anything_but(operand: &Value) -> Result<Vec<Matcher>, InvalidPattern> {
    let (operator, operand) = match operand {
        Value::Object(operators) => {
            let mut operators = operators.iter();
            let (Some((name, operand)), None) = (operators.next(), operators.next()) else {
                return Err(InvalidPattern);
            };
            if !matches!(name.as_str(), "prefix" | "suffix" | "equals-ignore-case" | "wildcard") {
                return Err(InvalidPattern);
            }
            (Some(name.as_str()), operand)
        }
        operand => (None, operand),
    };
    let one = |operand: &Value| match (operator, operand) {
        (Some(name), operand) => Matcher::operator(name, operand),
        (None, Value::String(_) | Value::Number(_)) => Matcher::scalar(operand),
        (None, _) => Err(InvalidPattern),
    };
    match operand {
        Value::Array(operands) if !operands.is_empty() => operands.iter().map(one).collect(),
        operand => one(operand).map(|matcher| vec![matcher]),
    }
}

/// One comparison, or a lower and an upper bound.
fn comparisons(operand: &Value) -> Result<Vec<Comparison>, InvalidPattern> {
    let parts = operand.as_array().ok_or(InvalidPattern)?;
    let comparison = |pair: &[Value]| match pair {
        [Value::String(operator), Value::Number(bound)] => {
            let operator = match operator.as_str() {
                "=" => Operator::Equal,
                "<" => Operator::Less,
                "<=" => Operator::LessOrEqual,
                ">" => Operator::Greater,
                ">=" => Operator::GreaterOrEqual,
                _ => return Err(InvalidPattern),
            };
            Ok(Comparison { operator, bound: bound.as_f64().ok_or(InvalidPattern)? })
        }
        _ => Err(InvalidPattern),
    };
    let comparisons = parts.chunks(2).map(comparison).collect::<Result<Vec<_>, _>>()?;
    let is_lower = |c: &Comparison| matches!(c.operator, Operator::Greater | Operator::GreaterOrEqual);
    let is_upper = |c: &Comparison| matches!(c.operator, Operator::Less | Operator::LessOrEqual);
    match comparisons.as_slice() {
        [_] => Ok(comparisons),
        [lower, upper] if is_lower(lower) && is_upper(upper) && lower.bound < upper.bound => Ok(comparisons),
        _ => Err(InvalidPattern),
    }
}

fn cidr(text: &str) -> Result<(IpAddr, u8), InvalidPattern> {
    let (address, bits) = text.split_once('/').ok_or(InvalidPattern)?;
    let address: IpAddr = address.parse().map_err(|_| InvalidPattern)?;
    let bits: u8 = bits.parse().map_err(|_| InvalidPattern)?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    if bits <= most { Ok((address, bits)) } else { Err(InvalidPattern) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "",
            "null",
            "[]",
            "{}",
            "plain",
            r#"{"a":"b"}"#,
            r#"{"a":1}"#,
            r#"{"a":[]}"#,
            r#"{"a":{}}"#,
            r#"{"a":[[1]]}"#,
            r#"{"a":[{}]}"#,
            r#"{"a":[{"prefix":1}]}"#,
            r#"{"a":[{"unknown":1}]}"#,
            r#"{"a":[{"exists":"yes"}]}"#,
            r#"{"a":[{"prefix":"a","suffix":"b"}]}"#,
            r#"{"a":[{"numeric":[]}]}"#,
            r#"{"a":[{"numeric":["=","1"]}]}"#,
            r#"{"a":[{"numeric":["<",1,">",0]}]}"#,
            r#"{"a":[{"numeric":[">",5,"<",5]}]}"#,
            r#"{"a":[{"numeric":["!",5]}]}"#,
            r#"{"a":[{"anything-but":[]}]}"#,
            r#"{"a":[{"anything-but":null}]}"#,
            r#"{"a":[{"anything-but":{"exists":true}}]}"#,
            r#"{"a":[{"wildcard":"**"}]}"#,
            r#"{"a":[{"cidr":"10.0.0.0"}]}"#,
            r#"{"a":[{"cidr":"10.0.0.0/33"}]}"#,
            r#"{"$or":[]}"#,
            r#"{"$or":[{"a":[1]}]}"#,
            r#"{"$or":[{"a":[1]},1]}"#,
        ] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
        let deep = format!("{}[1]{}", r#"{"a":"#.repeat(100), "}".repeat(100));
        assert!(Pattern::parse(&deep).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[{}\\[\\]\":,a-z$\\-0-9*\\\\]{0,60}") {
            let _ = Pattern::parse(&text);
        }
    }
}
