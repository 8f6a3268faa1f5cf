//! Applying a pattern to a record.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::pattern::{Comparison, Matcher, Node, Operator, Pattern};

impl Pattern {
    /// Whether an object matches.
    pub(super) fn matches(&self, object: &Map<String, Value>) -> bool {
        self.members.iter().all(|(name, node)| node.matches(object.get(name)))
            && self.choices.iter().all(|choice| choice.iter().any(|pattern| pattern.matches(object)))
    }

    /// Whether every member asked for may be missing: an absent object then matches as an empty one.
    fn matches_nothing(&self) -> bool {
        self.matches(&Map::new())
    }
}

impl Node {
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Object(pattern), Some(Value::Object(object))) => pattern.matches(object),
            (Self::Object(_), Some(Value::Array(values))) => {
                values.iter().any(|value| self.matches(Some(value)))
            }
            (Self::Object(pattern), _) => pattern.matches_nothing(),
            (Self::Leaf(matchers), value) => matchers.iter().any(|matcher| matcher.matches(value)),
        }
    }
}

impl Matcher {
    /// A list matches when one of its values does. `exists` looks at leaves only: an object is none.
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Exists(wanted), value) => value.is_some_and(|value| !value.is_object()) == *wanted,
            (_, None) => false,
            (Self::AnythingBut(excluded), Some(Value::Array(values))) => {
                !values.iter().any(|value| excluded.iter().any(|matcher| matcher.takes(value)))
            }
            (_, Some(Value::Array(values))) => values.iter().any(|value| self.matches(Some(value))),
            (Self::AnythingBut(_), Some(Value::Object(_))) => false,
            (_, Some(value)) => self.takes(value),
        }
    }

    fn takes(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Null, Value::Null) => true,
            (Self::Bool(wanted), Value::Bool(value)) => wanted == value,
            (Self::Text(wanted), Value::String(value)) => wanted == value,
            (Self::Number(wanted), Value::Number(value)) => wanted == value,
            (Self::Numeric(comparisons), Value::Number(value)) => {
                value.as_f64().is_some_and(|value| comparisons.iter().all(|c| c.holds(value)))
            }
            (Self::AnythingBut(excluded), value) => !excluded.iter().any(|matcher| matcher.takes(value)),
            (_, Value::String(value)) => self.takes_text(value),
            _ => false,
        }
    }

    fn takes_text(&self, value: &str) -> bool {
        match self {
            Self::Prefix { text, any_case: false } => value.starts_with(text.as_str()),
            Self::Prefix { text, any_case: true } => value.to_lowercase().starts_with(&text.to_lowercase()),
            Self::Suffix { text, any_case: false } => value.ends_with(text.as_str()),
            Self::Suffix { text, any_case: true } => value.to_lowercase().ends_with(&text.to_lowercase()),
            Self::AnyCase(text) => value.to_lowercase() == text.to_lowercase(),
            Self::Wildcard(wildcard) => wildcard.matches(value),
            Self::Cidr(network, bits) => {
                value.parse().is_ok_and(|address| is_within(address, *network, *bits))
            }
            _ => false,
        }
    }
}

impl Comparison {
    #[expect(clippy::float_cmp, reason = "a pattern that asks for a number means that number")]
    fn holds(self, value: f64) -> bool {
        match self.operator {
            Operator::Equal => value == self.bound,
            Operator::Less => value < self.bound,
            Operator::LessOrEqual => value <= self.bound,
            Operator::Greater => value > self.bound,
            Operator::GreaterOrEqual => value >= self.bound,
        }
    }
}

fn is_within(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    let (one, other, width) = match (address, network) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (u128::from(one.to_bits()), u128::from(other.to_bits()), 32),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits(), other.to_bits(), 128),
        _ => return false,
    };
    let ignored = width - u32::from(bits);
    let head = |address: u128| address.checked_shr(ignored).unwrap_or(0);
    head(one) == head(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, object: &str) -> bool {
        let object: Value = serde_json::from_str(object).unwrap();
        Pattern::parse(pattern).unwrap().matches(object.as_object().unwrap())
    }

    #[test]
    fn each_operator_takes_what_the_documentation_says() {
        for (pattern, taken, refused) in [
            (r#"{"a":["x","y"]}"#, r#"{"a":"y"}"#, r#"{"a":"z"}"#),
            (r#"{"a":["x"],"b":[1]}"#, r#"{"a":"x","b":1}"#, r#"{"a":"x","b":2}"#),
            (r#"{"a":[1]}"#, r#"{"a":1}"#, r#"{"a":"1"}"#),
            (r#"{"a":[null]}"#, r#"{"a":null}"#, r#"{}"#),
            (r#"{"a":[""]}"#, r#"{"a":""}"#, r#"{"a":null}"#),
            (r#"{"a":[true]}"#, r#"{"a":true}"#, r#"{"a":false}"#),
            (r#"{"a":{"b":["x"]}}"#, r#"{"a":{"b":"x"}}"#, r#"{"a":"x"}"#),
            (r#"{"a":[{"exists":true}]}"#, r#"{"a":null}"#, r#"{"b":1}"#),
            (r#"{"a":[{"exists":false}]}"#, r#"{"b":1}"#, r#"{"a":1}"#),
            (r#"{"a":{"b":[{"exists":false}]}}"#, r#"{}"#, r#"{"a":{"b":1}}"#),
            (r#"{"a":[{"prefix":"us-"}]}"#, r#"{"a":"us-east-1"}"#, r#"{"a":"US-east-1"}"#),
            (r#"{"a":[{"prefix":{"equals-ignore-case":"us-"}}]}"#, r#"{"a":"US-x"}"#, r#"{"a":"eu"}"#),
            (r#"{"a":[{"suffix":".png"}]}"#, r#"{"a":"a.png"}"#, r#"{"a":"a.PNG"}"#),
            (r#"{"a":[{"suffix":{"equals-ignore-case":".png"}}]}"#, r#"{"a":"a.PNG"}"#, r#"{"a":1}"#),
            (r#"{"a":[{"equals-ignore-case":"alice"}]}"#, r#"{"a":"ALICE"}"#, r#"{"a":"alices"}"#),
            (r#"{"a":[{"wildcard":"a*c"}]}"#, r#"{"a":"abc"}"#, r#"{"a":"abd"}"#),
            (r#"{"a":[{"anything-but":"x"}]}"#, r#"{"a":"y"}"#, r#"{"a":"x"}"#),
            (r#"{"a":[{"anything-but":["x","y"]}]}"#, r#"{"a":1}"#, r#"{"a":"y"}"#),
            (r#"{"a":[{"anything-but":[1,2]}]}"#, r#"{"a":3}"#, r#"{"a":2}"#),
            (r#"{"a":[{"anything-but":"x"}]}"#, r#"{"a":null}"#, r#"{}"#),
            (r#"{"a":[{"anything-but":{"prefix":"us-"}}]}"#, r#"{"a":"eu"}"#, r#"{"a":"us-1"}"#),
            (r#"{"a":[{"anything-but":{"suffix":[".a",".b"]}}]}"#, r#"{"a":"x.c"}"#, r#"{"a":"x.b"}"#),
            (r#"{"a":[{"anything-but":{"wildcard":"*/lib/*"}}]}"#, r#"{"a":"/x"}"#, r#"{"a":"a/lib/b"}"#),
            (r#"{"a":[{"numeric":["=",1.5]}]}"#, r#"{"a":1.5}"#, r#"{"a":"1.5"}"#),
            (r#"{"a":[{"numeric":[">",0,"<=",5]}]}"#, r#"{"a":5}"#, r#"{"a":0}"#),
            (r#"{"a":[{"numeric":["=",300]}]}"#, r#"{"a":3.0e2}"#, r#"{"a":3}"#),
            (r#"{"a":[{"cidr":"10.1.0.0/16"}]}"#, r#"{"a":"10.1.2.3"}"#, r#"{"a":"10.2.0.0"}"#),
            (r#"{"a":[{"cidr":"::/0"}]}"#, r#"{"a":"fe80::1"}"#, r#"{"a":"10.2.0.0"}"#),
            (r#"{"$or":[{"a":[1]},{"b":[2]}]}"#, r#"{"b":2}"#, r#"{"a":2,"b":1}"#),
            (r#"{"c":[3],"$or":[{"a":[1]},{"b":[2]}]}"#, r#"{"a":1,"c":3}"#, r#"{"a":1}"#),
            (r#"{"a":["x"]}"#, r#"{"a":["w","x"]}"#, r#"{"a":["w"]}"#),
            (r#"{"a":[{"anything-but":"x"}]}"#, r#"{"a":["w"]}"#, r#"{"a":["w","x"]}"#),
            (r#"{"a":{"b":[1]}}"#, r#"{"a":[{"b":2},{"b":1}]}"#, r#"{"a":[{"b":2}]}"#),
        ] {
            assert!(matches(pattern, taken), "{pattern} takes {taken}");
            assert!(!matches(pattern, refused), "{pattern} refuses {refused}");
        }
    }
}
