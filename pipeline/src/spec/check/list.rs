//! Lists, and values that are JSON as they stand.

use serde_json::{Map, Number, Value as Json};

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::tree::{Kind, Node, Value};
use super::fields::{Found, Given};

impl<'a> Given<'a> {
    /// The items of a list; `example` is what to write where there is none.
    pub(crate) fn items(&self, example: &str, found: &mut Found) -> Vec<Given<'a>> {
        match &self.node.value {
            Value::Sequence(items) => {
                let item = |(index, node): (usize, &'a std::sync::Arc<Node>)| Given {
                    node,
                    path: self.path.index(index),
                };
                items.iter().enumerate().map(item).collect()
            }
            Value::Broken => Vec::new(),
            _ => {
                let message = format!("`{}` is a list, but here is {}", self.path, self.node.describe());
                let problem = Diagnostic::error(Code::WrongType, self.place(), message);
                found.push(problem.help(format!("for example `{}: [{example}]`", self.name())));
                Vec::new()
            }
        }
    }

    /// Whether it is on.
    pub(crate) fn switch(&self, found: &mut Found) -> Option<bool> {
        let scalar = self.scalar("`true` or `false`", found)?;
        if scalar.kind() == Kind::Bool {
            return Some(scalar.text.eq_ignore_ascii_case("true"));
        }
        let message = format!("`{}` is `true` or `false`, but here is {}", self.path, self.node.describe());
        let help = match scalar.text.to_lowercase().as_str() {
            "yes" | "on" | "true" => "write `true`",
            "no" | "off" | "false" => "write `false`",
            _ => "without quotes",
        };
        found.push(Diagnostic::error(Code::WrongType, Place::Value(self.path.clone()), message).help(help));
        None
    }
}

/// A value as JSON; `None` for what was reported already.
pub(crate) fn json(node: &Node) -> Option<Json> {
    Some(match &node.value {
        Value::Broken => return None,
        Value::Sequence(items) => Json::Array(items.iter().map(|item| json(item)).collect::<Option<_>>()?),
        Value::Mapping(entries) => {
            let pair = |entry: &super::super::tree::Entry| Some((entry.key.to_string(), json(&entry.value)?));
            Json::Object(entries.iter().map(pair).collect::<Option<Map<_, _>>>()?)
        }
        Value::Scalar(scalar) => match scalar.kind() {
            Kind::Null => Json::Null,
            Kind::Bool => Json::Bool(scalar.text.eq_ignore_ascii_case("true")),
            Kind::Integer(_) | Kind::Float => match scalar.text.parse::<Number>() {
                Ok(number) => Json::Number(number),
                // Numbers that JSON writes otherwise, such as `+1` and `.inf`, are left as they are.
                Err(_) => Json::String(scalar.text.to_string()),
            },
            Kind::Text => Json::String(scalar.text.to_string()),
        },
    })
}
