//! Environment variables of a function: what Lambda takes, and what it or pipectl sets itself.

use std::collections::BTreeMap;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::fields::{Fields, Found};

/// All names and values of a function together (Lambda quotas).
const MOST_BYTES: usize = 4096;

/// Names that the runtime sets (Lambda developer guide, "Reserved environment variables").
const RESERVED: [&str; 5] =
    ["_HANDLER", "_X_AMZN_TRACE_ID", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "PIPECTL_FUNCTION"];

/// Names that begin with `AWS_` and may be set all the same.
const OPEN: [&str; 3] = ["AWS_LAMBDA_EXEC_WRAPPER", "AWS_LAMBDA_LOG_LEVEL", "AWS_XRAY_DAEMON_ADDRESS"];

/// The variables of a transform.
pub(crate) fn read(transform: &Fields<'_>, found: &mut Found) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let mut bytes = 0;
    for (name, given) in transform.entries("environment", found) {
        let place = Place::Key(given.path.clone());
        if let Some(problem) = problem(name) {
            found.push(Diagnostic::error(Code::InvalidVariable, place, problem));
        } else if given.node.is_null() {
            let message = format!("the variable `{name}` has no value");
            let help = format!("write `{name}: \"\"` for an empty one");
            found.push(Diagnostic::error(Code::InvalidVariable, place, message).help(help));
        } else if let Some(value) = given.text(found) {
            bytes += name.len() + value.len();
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    if bytes > MOST_BYTES {
        let place = Place::Key(transform.path.key("environment"));
        let message = format!("the variables take {bytes} bytes, and Lambda takes {MOST_BYTES}");
        found.push(Diagnostic::error(Code::InvalidVariable, place, message));
    }
    variables
}

fn problem(name: &str) -> Option<String> {
    let legal = name.len() >= 2
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if RESERVED.contains(&name) || (name.starts_with("AWS_") && !OPEN.contains(&name)) {
        Some(format!("`{name}` is set by the runtime and cannot be set here"))
    } else if legal {
        None
    } else {
        Some(format!(
            "`{name}` is no variable name: it begins with a letter and has letters, digits and `_`, two at least"
        ))
    }
}
