//! The values that were given to variables, and where: the command line, files of variables, the environment.
//!
//! Each source becomes a text among the [`Sources`](super::super::sources::Sources), so that what is wrong with a value
//! is shown where it was given, with a caret, be it a file or an option.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::read;
use super::super::sources::Gathering;
use super::super::tree::{Node, Value};

/// What the environment variables that give values begin with.
pub const ENVIRONMENT: &str = "PIPECTL_VAR_";

/// The values given to variables. The command line wins over files, files over the environment, and each over a
/// variable's default; among options of one kind the last wins.
#[derive(Clone, Debug, Default)]
pub struct GivenValues {
    /// `name=value`, as `--var` has it.
    pub options: Vec<String>,
    /// Files of `name: value`, as `--var-file` names them.
    pub files: Vec<PathBuf>,
    /// Environment variables that begin with [`ENVIRONMENT`], by the rest of their names.
    pub environment: BTreeMap<String, String>,
}

/// A value that was given to a name.
#[derive(Clone, Debug)]
pub(crate) struct Assignment {
    /// The name, as it was written.
    pub(super) name: String,
    /// Where the name stands.
    pub(super) name_at: Range<usize>,
    /// The value; `None` for one that is no single value.
    pub(super) value: Option<String>,
    /// Where the value stands.
    pub(super) at: Range<usize>,
    /// What gave it.
    pub(super) source: Source,
}

/// What gave a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Environment,
    File,
    Option,
}

/// All assignments, a later one before an earlier one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Assignments(pub(super) Vec<Assignment>);

/// What is wrong with a file, an option, and so on, by the text that it stands in.
type Problems = Vec<(usize, Vec<Diagnostic>)>;

impl Assignments {
    /// Reads everything that was given, each source into a text of its own.
    pub(crate) fn read(given: &GivenValues, gathering: &mut Gathering, problems: &mut Problems) -> Self {
        let mut all = Vec::new();
        environment(given, gathering, &mut all);
        for path in &given.files {
            let (file, found) = self::file(path, gathering, &mut all);
            problems.push((file, found));
        }
        let (file, found) = options(given, gathering, &mut all);
        problems.push((file, found));
        Self(all)
    }

    /// The value that counts for a variable of this name.
    pub(super) fn of(&self, name: &str) -> Option<&Assignment> {
        self.0.iter().rev().find(|assignment| assignment.is_for(name))
    }
}

impl Assignment {
    /// Whether it is for the variable of this name. The environment's names have no hyphens and are often upper case.
    pub(super) fn is_for(&self, name: &str) -> bool {
        let shouted = || name.replace('-', "_").to_ascii_uppercase();
        self.name == name || (self.source == Source::Environment && self.name == shouted())
    }
}

fn environment(given: &GivenValues, gathering: &mut Gathering, all: &mut Vec<Assignment>) {
    let lines =
        given.environment.iter().map(|(name, value)| (ENVIRONMENT, name.as_str(), Some(value.as_str())));
    pseudo_file("<environment>", lines, Source::Environment, gathering, all);
}

fn options(
    given: &GivenValues,
    gathering: &mut Gathering,
    all: &mut Vec<Assignment>,
) -> (usize, Vec<Diagnostic>) {
    let mut problems = Vec::new();
    let lines = given.options.iter().map(|option| match option.split_once('=') {
        Some((name, value)) => ("--var ", name, Some(value)),
        None => ("--var ", option.as_str(), None),
    });
    let first = all.len();
    let file = pseudo_file("<command line>", lines, Source::Option, gathering, all);
    for (assignment, option) in all[first..].iter().zip(&given.options) {
        if assignment.value.is_none() {
            let place = Place::Bytes(assignment.name_at.clone());
            let message = format!("`--var {option}` gives no value");
            let help = format!("write `--var {option}=…`");
            problems.push(Diagnostic::error(Code::MissingValue, place, message).help(help));
        }
    }
    (file, problems)
}

/// Lines of `prefix name=value` as a text of their own.
fn pseudo_file<'a>(
    name: &str,
    lines: impl Iterator<Item = (&'a str, &'a str, Option<&'a str>)>,
    source: Source,
    gathering: &mut Gathering,
    all: &mut Vec<Assignment>,
) -> usize {
    let mut text = String::new();
    let mut found = Vec::new();
    for (prefix, name, value) in lines {
        text.push_str(prefix);
        let name_at = text.len()..text.len() + name.len();
        text.push_str(name);
        if let Some(value) = value {
            text.push('=');
            text.push_str(value);
        }
        let at = text.len() - value.map_or(0, str::len)..text.len();
        text.push('\n');
        let value = value.map(str::to_owned);
        found.push(Assignment { name: name.to_owned(), name_at, value, at, source });
    }
    let (file, start) = gathering.add(FilePath::new(name), &text);
    let moved = |bytes: Range<usize>| bytes.start + start..bytes.end + start;
    all.extend(found.into_iter().map(|it| Assignment { name_at: moved(it.name_at), at: moved(it.at), ..it }));
    file
}

/// A file of `name: value`.
fn file(path: &FilePath, gathering: &mut Gathering, all: &mut Vec<Assignment>) -> (usize, Vec<Diagnostic>) {
    let read = read::Text::of(path);
    let (file, start) = gathering.add(path, &read.text);
    let (tree, mut problems) = read.only(start);
    let Some(tree) = tree else { return (file, problems) };
    let Value::Mapping(entries) = &tree.value else {
        problems.extend(not_values(&tree));
        return (file, problems);
    };
    for entry in entries {
        let at = entry.value.span.clone();
        let value = match &entry.value.value {
            Value::Scalar(scalar) if !entry.value.is_null() => Some(scalar.text.to_string()),
            Value::Broken => None,
            _ => {
                let message =
                    format!("`{}` is a single value, but here is {}", entry.key, entry.value.describe());
                let place = if at.is_empty() { entry.key_span.clone() } else { at.clone() };
                problems.push(
                    Diagnostic::error(Code::WrongType, Place::Bytes(place), message)
                        .help("a list or a mapping goes into an overlay: `--overlay FILE`"),
                );
                None
            }
        };
        let (name, name_at) = (entry.key.to_string(), entry.key_span.clone());
        all.push(Assignment { name, name_at, value, at, source: Source::File });
    }
    (file, problems)
}

fn not_values(tree: &Node) -> Option<Diagnostic> {
    let message = format!("a file of variables is a mapping, but this one is {}", tree.describe());
    let place = Place::Bytes(tree.span.clone());
    let broken = matches!(tree.value, Value::Broken);
    (!broken).then(|| {
        Diagnostic::error(Code::WrongType, place, message).help("write `stage: prod`, a line for each")
    })
}
