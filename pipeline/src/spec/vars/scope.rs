//! The variables of one file with their values, and what there is to say of them afterwards.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::check::suggest;
use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place, Severity};
use super::super::sources::Sources;
use super::super::tree::Node;
use super::declare::{self, Declared};
use super::given::{Assignment, Assignments, ENVIRONMENT, Source};
use super::secret::Mask;

/// What stands for a sensitive value that nobody gave and the command can do without.
pub(crate) const LEFT_OUT: &str = "(left out)";

/// What becomes of a value that is too short to be looked for.
pub(crate) const SHORT: &str =
    "it is masked only where it stands alone, as it would be found in every word; take a longer one";

/// The variables of one file.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    pub(super) variables: Vec<Variable>,
}

/// A variable and its value.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) declared: Declared,
    /// `None` when nothing gives it one, or one that is wrong.
    pub(super) value: Option<String>,
    /// Where the value came from, in words.
    pub(super) from: String,
    /// Whether a wrong value was given, which is reported already.
    pub(super) wrong: bool,
    /// Where it is used first.
    pub(super) used: Option<Range<usize>>,
}

impl Scope {
    /// Goes on without the sensitive values that nobody gave.
    pub(crate) fn leave_out_secrets(&mut self) {
        let missing = |it: &&mut Variable| it.declared.sensitive && it.value.is_none() && !it.wrong;
        for variable in self.variables.iter_mut().filter(missing) {
            variable.value = Some(LEFT_OUT.to_owned());
        }
    }

    /// The variables that a file declares, with the values that count.
    pub(crate) fn of(
        tree: &Node,
        given: &Assignments,
        sources: &Sources,
        found: &mut Vec<Diagnostic>,
    ) -> Self {
        let declared = declare::read(tree, found);
        let variables = declared.into_iter().map(|it| Variable::of(it, given, sources, found)).collect();
        Self { variables }
    }

    /// The variable of a name.
    pub(super) fn find(&mut self, name: &str) -> Option<&mut Variable> {
        self.variables.iter_mut().find(|variable| &*variable.declared.name == name)
    }

    /// The names there are.
    pub(super) fn names(&self) -> Vec<&str> {
        self.variables.iter().map(|variable| &*variable.declared.name).collect()
    }

    /// Whether a variable of this name is declared.
    pub(crate) fn declares(&self, name: &str) -> bool {
        self.variables.iter().any(|variable| &*variable.declared.name == name)
    }

    /// The sensitive values, which are shown to nobody.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let sensitive = self.variables.iter().filter(|variable| variable.declared.sensitive);
        let values = sensitive.filter_map(|variable| variable.value.clone());
        values.filter(|value| value != LEFT_OUT).collect()
    }

    /// Where the defaults of sensitive variables stand.
    pub(crate) fn sensitive_defaults(&self) -> impl Iterator<Item = Range<usize>> {
        let sensitive = self.variables.iter().filter(|variable| variable.declared.sensitive);
        sensitive.filter_map(|variable| variable.declared.default.as_ref().map(|(_, at)| at.clone()))
    }

    /// Whether a sensitive variable is called so.
    pub(crate) fn is_sensitive(&self, name: &str) -> bool {
        self.variables.iter().any(|variable| variable.declared.sensitive && &*variable.declared.name == name)
    }

    /// The variables that are used, by name: their value, whether it is sensitive, and where it came from.
    pub(crate) fn values(&self) -> BTreeMap<String, (String, bool, String)> {
        let used = self.variables.iter().filter(|variable| variable.used.is_some());
        used.filter_map(|variable| {
            let value = (variable.value.clone()?, variable.declared.sensitive, variable.from.clone());
            Some((variable.declared.name.to_string(), value))
        })
        .collect()
    }

    /// What a variable's value is and where it came from, for a finding about it.
    pub(super) fn told(&self, name: &str) -> Option<String> {
        const SHOWN: usize = 60;
        let variable = self.variables.iter().find(|variable| &*variable.declared.name == name)?;
        let value = variable.value.as_ref()?;
        let from = &variable.from;
        Some(match (variable.declared.sensitive, value.chars().count() > SHOWN || value.contains('\n')) {
            (true, _) => format!("`${{var.{name}}}` is a sensitive value, {from}"),
            (false, true) => format!("`${{var.{name}}}` is a longer text, {from}"),
            (false, false) => format!("`${{var.{name}}}` is `{value}`, {from}"),
        })
    }

    /// What is left to say once everything is filled in.
    pub(crate) fn finish(&self, found: &mut Vec<Diagnostic>) {
        // A name that is wrong somewhere leaves one unused, which says nothing new.
        let failed = found.iter().any(|item| item.severity == Severity::Error);
        for Variable { declared, value, wrong, used, .. } in &self.variables {
            let place = Place::Bytes(declared.at.clone());
            let name = &declared.name;
            match used {
                None if failed => {}
                None => found.push(
                    Diagnostic::warning(
                        Code::UnusedVariable,
                        place,
                        format!("nothing uses the variable `{name}`"),
                    )
                    .help(format!("write `\"${{var.{name}}}\"` where its value belongs, or take it away")),
                ),
                Some(used) if value.is_none() && !wrong => {
                    let what =
                        declared.description.as_deref().map_or(String::new(), |text| format!(" ({text})"));
                    let message = format!("the variable `{name}`{what} has no value");
                    let help = format!(
                        "give it one: `--var {name}=…`, `{ENVIRONMENT}{}`, a line `{name}: …` in a --var-file, or a default",
                        name.replace('-', "_").to_ascii_uppercase(),
                    );
                    let missing = Diagnostic::error(Code::MissingValue, place, message).help(help);
                    found.push(missing.related(Place::Bytes(used.clone()), "used here"));
                }
                Some(_) => {}
            }
            let short =
                declared.sensitive && used.is_some() && value.as_ref().is_some_and(|it| Mask::is_short(it));
            if short {
                let message = format!(
                    "the value of the sensitive variable `{name}` has fewer than {} characters",
                    Mask::FEWEST
                );
                let place = Place::Bytes(declared.at.clone());
                found.push(Diagnostic::warning(Code::Unsuitable, place, message).help(SHORT));
            }
        }
    }
}

impl Variable {
    fn of(declared: Declared, given: &Assignments, sources: &Sources, found: &mut Vec<Diagnostic>) -> Self {
        let mut variable = Self { declared, value: None, from: String::new(), wrong: false, used: None };
        let Declared { name, kind, .. } = variable.declared.clone();
        let Some(assignment) = given.of(&name) else {
            if let Some((text, at)) = &variable.declared.default {
                variable.value = Some(text.clone());
                variable.from = format!("its default ({})", sources.told(at.start));
            }
            return variable;
        };
        variable.from = match assignment.source {
            Source::Option => "from --var".to_owned(),
            Source::File => format!("from {}", sources.told(assignment.at.start)),
            Source::Environment => format!("from {ENVIRONMENT}{}", assignment.name),
        };
        // What is no single value is reported where it was read.
        variable.wrong = assignment.value.is_none();
        if let Some(text) = &assignment.value {
            variable.value = kind.read(text);
            variable.wrong = variable.value.is_none();
            if variable.wrong {
                let at = if assignment.at.is_empty() { &assignment.name_at } else { &assignment.at };
                let is = match (variable.declared.sensitive, text.is_empty()) {
                    (true, _) => "something else".to_owned(),
                    (false, true) => "nothing".to_owned(),
                    (false, false) => format!("`{}`", text.chars().take(60).collect::<String>()),
                };
                let wrong = declare::wrong(&name, kind, Place::Bytes(at.clone()), &is);
                found.push(wrong.related(Place::Bytes(variable.declared.at.clone()), "declared here"));
            }
        }
        variable
    }
}

/// Where the values stand that were given to sensitive variables, or to names that nearly are theirs.
pub(crate) fn sensitive_values(given: &Assignments, scopes: &[&Scope]) -> Vec<Range<usize>> {
    let variables = || scopes.iter().flat_map(|scope| &scope.variables);
    let names: Vec<&str> = variables().map(|variable| &*variable.declared.name).collect();
    let is_sensitive = |assignment: &Assignment| {
        let meant = match names.iter().any(|name| assignment.is_for(name)) {
            true => None,
            false => suggest::nearest(&assignment.name, names.iter().copied()),
        };
        variables().filter(|variable| variable.declared.sensitive).any(|variable| {
            let name = &*variable.declared.name;
            assignment.is_for(name) || meant == Some(name)
        })
    };
    given.0.iter().filter(|assignment| is_sensitive(assignment)).map(|it| it.at.clone()).collect()
}

/// Values that were given to names which no file declares.
pub(crate) fn undeclared(given: &Assignments, scopes: &[&Scope]) -> Vec<Diagnostic> {
    let names: Vec<&str> = scopes.iter().flat_map(|scope| scope.names()).collect();
    let unknown = given.0.iter().filter(|assignment| !names.iter().any(|name| assignment.is_for(name)));
    unknown
        .filter_map(|assignment| {
            let place = Place::Bytes(assignment.name_at.clone());
            let message = format!("no variable `{}` is declared", assignment.name);
            let diagnostic = match assignment.source {
                // Whatever else is in the environment is nobody's mistake.
                Source::Environment => return None,
                // One file of variables may serve several pipelines.
                Source::File => Diagnostic::warning(Code::UnknownVariable, place, message),
                Source::Option => Diagnostic::error(Code::UnknownVariable, place, message),
            };
            Some(diagnostic.help(advice(&assignment.name, &names)))
        })
        .collect()
}

/// The way out where a name is not declared.
pub(super) fn advice(name: &str, names: &[&str]) -> String {
    match suggest::nearest(name, names.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if names.is_empty() => format!("declare it: `vars: {{ {name}: \"\" }}` at the top of the file"),
        None => format!("declare it under `vars`, which has {}", suggest::listed(names.iter().copied())),
    }
}
