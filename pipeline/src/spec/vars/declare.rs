//! The variables that a file declares: `vars`, after its overlays are laid over it.
//!
//! `stage: dev` declares one by its default, `token:` one that must be given; a mapping says more.

use std::ops::Range;
use std::sync::Arc;

use super::super::check::fields::{Fields, Found, Given};
use super::super::check::shape::VARIABLE;
use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::path::Path;
use super::super::tree::{Node, Scalar, Value};
use super::text;
use super::value::VariableType;

/// A variable as the file declares it.
#[derive(Clone, Debug)]
pub(super) struct Declared {
    /// Its name.
    pub(super) name: Arc<str>,
    /// Its type.
    pub(super) kind: VariableType,
    /// Its default, and where that stands.
    pub(super) default: Option<(String, Range<usize>)>,
    /// Whether its value is shown to nobody.
    pub(super) sensitive: bool,
    /// What it is for.
    pub(super) description: Option<String>,
    /// Where its name stands.
    pub(super) at: Range<usize>,
}

/// The variables of a file. One that is declared wrongly is there all the same, so that its uses are not wrong, too.
pub(super) fn read(tree: &Node, found: &mut Found) -> Vec<Declared> {
    let Some(section) = tree.entry("vars") else { return Vec::new() };
    let path = Path::of(["vars"]);
    let Value::Mapping(entries) = &section.value.value else {
        if !section.value.is_null() && !matches!(section.value.value, Value::Broken) {
            let message = format!("`vars` is a mapping of names, but here is {}", section.value.describe());
            found.push(
                Diagnostic::error(Code::WrongType, Place::Value(path), message)
                    .help("write `vars:` and below it, indented, `stage: dev`"),
            );
        }
        return Vec::new();
    };
    let declared = entries.iter().map(|entry| {
        let path = path.key(&entry.key);
        if let Some(problem) = text::name_problem(&entry.key) {
            let message = format!("`{}` is no name for a variable: {problem}", entry.key);
            found.push(Diagnostic::error(Code::InvalidName, Place::Key(path.clone()), message));
        }
        let mut declared = Declared {
            name: Arc::clone(&entry.key),
            kind: VariableType::String,
            default: None,
            sensitive: false,
            description: None,
            at: entry.key_span.clone(),
        };
        let given = Given { node: &entry.value, path };
        match &entry.value.value {
            Value::Mapping(_) => declared.take(given, found),
            _ if entry.value.is_null() => {}
            _ => declared.take_default(&given, None, found),
        }
        declared
    });
    declared.collect()
}

impl Declared {
    fn take(&mut self, given: Given<'_>, found: &mut Found) {
        let Some(fields) = Fields::open(&VARIABLE, given, found) else { return };
        let kind = fields.get("type").and_then(|given| given.choice(&VariableType::CHOICES, found));
        if let Some(kind) = kind {
            self.kind = kind;
        }
        self.description = fields.get("description").and_then(|given| given.text(found)).map(str::to_owned);
        if let Some(given) = fields.get("sensitive") {
            self.sensitive = given.switch(found).unwrap_or(true);
        }
        let Some(given) = fields.get("default") else { return };
        self.take_default(&given, kind, found);
        if self.sensitive {
            let message = "the default of a sensitive variable stands in the file for everybody to read";
            found.push(
                Diagnostic::warning(Code::Unsuitable, given.place(), message)
                    .help("take the default away and give the value by PIPECTL_VAR_… or --var-file"),
            );
        }
    }

    /// The default, which says the type where nothing else does.
    fn take_default(&mut self, given: &Given<'_>, kind: Option<VariableType>, found: &mut Found) {
        let Some(scalar) = scalar(given, "the default of a variable", found) else { return };
        if text::has_variables(&scalar.text) {
            let message = "a default cannot be made from another variable";
            found.push(
                Diagnostic::error(Code::Conflict, given.place(), message)
                    .help("put the variables together where they are used: `\"${var.a}-${var.b}\"`"),
            );
            return;
        }
        self.kind = kind.unwrap_or_else(|| VariableType::of(scalar.kind()));
        match self.kind.read(&scalar.text) {
            Some(text) => self.default = Some((text, given.node.span.clone())),
            None => found.push(wrong(&self.name, self.kind, given.place(), &given.node.describe())),
        }
    }
}

/// The scalar that stands here; everything else is refused.
pub(super) fn scalar<'a>(given: &Given<'a>, what: &str, found: &mut Found) -> Option<&'a Scalar> {
    match &given.node.value {
        Value::Scalar(scalar) => Some(scalar),
        Value::Broken => None,
        _ => {
            let message = format!("{what} is a single value, but here is {}", given.node.describe());
            found.push(
                Diagnostic::error(Code::WrongType, given.place(), message)
                    .help("a list or a mapping goes into an overlay: `--overlay FILE`"),
            );
            None
        }
    }
}

/// A value that is not of the variable's type.
pub(super) fn wrong(name: &str, kind: VariableType, place: Place, is: &str) -> Diagnostic {
    let message = format!("the variable `{name}` is {}, but here is {is}", kind.due());
    let diagnostic = Diagnostic::error(Code::WrongType, place, message);
    match kind {
        VariableType::Number => diagnostic.help("text with a unit is `type: string`"),
        VariableType::String | VariableType::Bool => diagnostic,
    }
}
