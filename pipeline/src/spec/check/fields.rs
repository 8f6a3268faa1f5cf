//! Opening mappings and reading values, with what every rule would have to say again: unknown fields,
//! missing fields, wrong types.

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::path::Path;
use super::super::tree::{Entry, Kind, Node, Value};
use super::shape::{SHAPES, Shape};
use super::suggest;

/// The findings of a run.
pub(crate) type Found = Vec<Diagnostic>;

/// A value of the file and the way to it.
#[derive(Clone, Debug)]
pub(crate) struct Given<'a> {
    /// The value.
    pub(crate) node: &'a Node,
    /// The way to it.
    pub(crate) path: Path,
}

/// A mapping opened along a [`Shape`].
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    node: &'a Node,
    shape: &'static Shape,
    /// The way to the mapping.
    pub(crate) path: Path,
}

impl<'a> Fields<'a> {
    /// Opens a mapping and reports fields that it should not have and fields that it misses.
    ///
    /// Nothing at all (`events:`) is a mapping without fields.
    pub(crate) fn open(shape: &'static Shape, given: Given<'a>, found: &mut Found) -> Option<Self> {
        let Given { node, path } = given;
        match &node.value {
            Value::Broken => return None,
            Value::Mapping(entries) => {
                for entry in entries {
                    if !shape.fields.iter().any(|field| field.name == &*entry.key) {
                        found.push(unknown(shape, entry, &path));
                    }
                }
            }
            _ if node.is_null() => {}
            _ => {
                found.push(mapping_expected(shape, node, &path));
                return None;
            }
        }
        let fields = Self { node, shape, path };
        for field in shape.fields {
            if let Some(example) = field.example
                && fields.get(field.name).is_none()
            {
                found.push(fields.missing(field.name, example));
            }
        }
        Some(fields)
    }

    /// The value of a field; `None` when it is left out or nothing is written after the colon.
    pub(crate) fn get(&self, name: &str) -> Option<Given<'a>> {
        debug_assert!(
            self.shape.fields.iter().any(|field| field.name == name),
            "{} ({}) has no field {name}",
            self.shape.what,
            self.shape.schema,
        );
        let entry = self.node.entry(name)?;
        let given = Given { node: &entry.value, path: self.path.key(name) };
        (!entry.value.is_null()).then_some(given)
    }

    /// A field that is there with nothing written after the colon.
    pub(crate) fn empty(&self, name: &str) -> Option<Given<'a>> {
        let entry = self.node.entry(name)?;
        entry.value.is_null().then(|| Given { node: &entry.value, path: self.path.key(name) })
    }

    /// The entries of a field that maps names to things; nothing when it is left out.
    pub(crate) fn entries(&self, name: &str, found: &mut Found) -> Vec<(&'a str, Given<'a>)> {
        let Some(Given { node, path }) = self.get(name) else { return Vec::new() };
        match &node.value {
            Value::Mapping(entries) => entries
                .iter()
                .map(|Entry { key, value, .. }| (&**key, Given { node: value, path: path.key(key) }))
                .collect(),
            Value::Broken => Vec::new(),
            _ => {
                let message = format!("`{name}` is a mapping of names, but here is {}", node.describe());
                found.push(
                    Diagnostic::error(Code::WrongType, Place::Value(path), message)
                        .help(format!("write `{name}:` and below it, indented, `name: …`")),
                );
                Vec::new()
            }
        }
    }

    fn missing(&self, name: &str, example: &str) -> Diagnostic {
        let place = match self.node.entry(name) {
            Some(_) => Place::Key(self.path.key(name)),
            None => Place::Key(self.path.clone()),
        };
        let message = match self.path.steps().is_empty() {
            true => format!("the file does not say its `{name}`"),
            false => format!("`{}` needs `{name}`", self.path),
        };
        Diagnostic::error(Code::MissingField, place, message).help(format!("add `{example}`"))
    }
}

fn unknown(shape: &Shape, entry: &Entry, path: &Path) -> Diagnostic {
    let key = &*entry.key;
    let place = Place::Key(path.key(key));
    let message = format!("{} has no field `{key}`", shape.what);
    let diagnostic = Diagnostic::error(Code::UnknownField, place, message).label("unknown field");
    if key == "<<" {
        return diagnostic.help("YAML 1.2 has no merge keys: use an alias for a whole value");
    }
    let names = shape.fields.iter().map(|field| field.name);
    if let Some(meant) = suggest::nearest(key, names) {
        return diagnostic.help(format!("did you mean `{meant}`?"));
    }
    let elsewhere = SHAPES.into_iter().find(|other| other.fields.iter().any(|field| field.name == key));
    diagnostic.help(match elsewhere {
        Some(other) => format!("`{key}` belongs to {}", other.home),
        None => format!("{} has {}", shape.what, shape.listed()),
    })
}

fn mapping_expected(shape: &Shape, node: &Node, path: &Path) -> Diagnostic {
    let message = match path.steps().is_empty() {
        true => format!("a pipeline file is a mapping, but this one is {}", node.describe()),
        false => format!("`{path}` is a mapping, but here is {}", node.describe()),
    };
    Diagnostic::error(Code::WrongType, Place::Value(path.clone()), message).help(format!(
        "{} has {}",
        shape.what,
        shape.listed()
    ))
}

impl<'a> Given<'a> {
    /// Where it stands.
    pub(crate) fn place(&self) -> Place {
        Place::Value(self.path.clone())
    }

    /// Whether variables stand in the value.
    pub(crate) fn is_made(&self) -> bool {
        matches!(&self.node.value, Value::Scalar(scalar) if scalar.template.is_some())
    }

    /// The last key of the way to it, for messages.
    pub(crate) fn name(&self) -> String {
        match self.path.steps().last() {
            Some(super::super::path::Step::Key(key)) => key.clone(),
            _ => self.path.to_string(),
        }
    }

    /// The value as text; numbers and truth values are refused with the quotes that make text of them, unless they come
    /// of a variable, whose type is not this place's to choose.
    pub(crate) fn text(&self, found: &mut Found) -> Option<&'a str> {
        let scalar = self.scalar("text", found)?;
        if scalar.kind() == Kind::Text || scalar.template.is_some() {
            return Some(&scalar.text);
        }
        let message = format!("`{}` is text, but here is {}", self.path, self.node.describe());
        let fix = match self.is_made() {
            true => "declare the variable with `type: string`, or set its default in quotes".to_owned(),
            false => format!("quotes make it text: `\"{}\"`", scalar.text),
        };
        found.push(Diagnostic::error(Code::WrongType, self.place(), message).help(fix));
        None
    }

    /// The scalar, whatever its kind; `due` says what belongs here.
    pub(crate) fn scalar(&self, due: &str, found: &mut Found) -> Option<&'a super::super::tree::Scalar> {
        match &self.node.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::Broken => None,
            _ => {
                let message = format!("`{}` is {due}, but here is {}", self.path, self.node.describe());
                found.push(Diagnostic::error(Code::WrongType, self.place(), message));
                None
            }
        }
    }

    /// One of a few words.
    pub(crate) fn choice<T: Copy>(&self, choices: &[(&str, T)], found: &mut Found) -> Option<T> {
        let text = &*self.scalar("one word", found)?.text;
        if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*choice);
        }
        let words = || choices.iter().map(|(word, _)| *word);
        let help = match suggest::nearest(text, words()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("it can be {}", suggest::either(words())),
        };
        let message = format!("`{text}` is not a choice for `{}`", self.name());
        found.push(Diagnostic::error(Code::UnknownChoice, self.place(), message).help(help));
        None
    }

    /// A whole number between two bounds, both included.
    pub(crate) fn count(&self, min: u32, max: u32, found: &mut Found) -> Option<u32> {
        let scalar = self.scalar("a whole number", found)?;
        let name = self.name();
        let Kind::Integer(number) = scalar.kind() else {
            let message = format!("`{}` is a whole number, but here is {}", self.path, self.node.describe());
            let problem = Diagnostic::error(Code::WrongType, self.place(), message);
            found.push(match scalar.text.trim().parse::<u32>() {
                Ok(number) => problem.help(format!("without quotes: `{name}: {number}`")),
                Err(_) => problem.help(format!("for example `{name}: {}`", min.max(1))),
            });
            return None;
        };
        match u32::try_from(number).ok().filter(|number| (min..=max).contains(number)) {
            Some(number) => Some(number),
            None => {
                let message = format!("`{name}` is {number}, but must be {min} to {max}");
                found.push(Diagnostic::error(Code::OutOfRange, self.place(), message));
                None
            }
        }
    }
}
