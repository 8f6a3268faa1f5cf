//! `name` of an entry: what it is called on AWS, by the rule of its service; and that no two are called the same.

use std::collections::HashMap;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::names;
use super::super::path::Path;
use super::super::tree::Value;
use super::fields::{Fields, Found, Given};

/// What a service takes for a name, as the constraints of its API say.
#[derive(Debug)]
pub(crate) struct Rule {
    /// The service.
    service: &'static str,
    /// What it calls the thing.
    thing: &'static str,
    /// Whether a name may have dots.
    dots: bool,
    /// Its longest name.
    most: usize,
}

/// CreateStream.
pub(crate) const STREAM: Rule =
    Rule { service: "Kinesis", thing: "stream", dots: true, most: names::STREAM_NAME_MAX };
/// CreateFunction.
pub(crate) const FUNCTION: Rule =
    Rule { service: "Lambda", thing: "function", dots: false, most: names::FUNCTION_NAME_MAX };
/// CreateDeliveryStream.
pub(crate) const DELIVERY: Rule =
    Rule { service: "Firehose", thing: "delivery stream", dots: true, most: names::DELIVERY_NAME_MAX };

/// The name that an entry says; `None` when it says none, or one that its service does not take.
pub(crate) fn read(fields: &Fields<'_>, rule: &Rule, found: &mut Found) -> Option<String> {
    let given = fields.get("name")?;
    let name = given.text(found)?;
    let Some(problem) = rule.problem(name) else { return Some(name.to_owned()) };
    let shown: String = name.chars().take(80).collect();
    let code = if rule.is_too_long(name) { Code::NameTooLong } else { Code::InvalidName };
    let Rule { service, thing, .. } = rule;
    let message = format!("{service} takes no {thing} named `{shown}`: {problem}");
    let diagnostic = Diagnostic::error(code, given.place(), message);
    found.push(match rule.legal_form(name) {
        Some(form) => diagnostic.help(format!("for example `name: {form}`")),
        None => {
            diagnostic.help("leave it out for the name that pipectl makes of the pipeline's and this one")
        }
    });
    None
}

impl Rule {
    fn is_legal(&self, letter: char) -> bool {
        letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_') || (self.dots && letter == '.')
    }

    fn is_too_long(&self, name: &str) -> bool {
        name.chars().count() > self.most && name.chars().all(|letter| self.is_legal(letter))
    }

    fn problem(&self, name: &str) -> Option<String> {
        let takes =
            if self.dots { "letters, digits, `-`, `_` and `.`" } else { "letters, digits, `-` and `_`" };
        if name.is_empty() {
            Some("it is empty".to_owned())
        } else if name.starts_with("arn:") {
            Some("its name alone belongs here, without the rest of its ARN".to_owned())
        } else if let Some(wrong) = name.chars().find(|letter| !self.is_legal(*letter)) {
            let wrong =
                if wrong == ' ' { "a space".to_owned() } else { format!("a `{}`", wrong.escape_debug()) };
            Some(format!("it has {wrong}; {takes} are all it takes"))
        } else if name.len() > self.most {
            Some(format!("it has {} characters, and {} is the most", name.len(), self.most))
        } else {
            None
        }
    }

    /// The nearest name that the service takes, for the hint.
    fn legal_form(&self, name: &str) -> Option<String> {
        let name = if name.starts_with("arn:") { name.rsplit([':', '/']).next()? } else { name };
        let mut form = String::new();
        for letter in name.chars().take(self.most) {
            match letter {
                legal if self.is_legal(legal) => form.push(legal),
                _ if form.is_empty() || form.ends_with('-') => {}
                _ => form.push('-'),
            }
        }
        let form = form.trim_end_matches('-');
        (!form.is_empty()).then(|| form.to_owned())
    }
}

/// The name that an entry says, whether or not its service takes it.
pub(crate) fn said<'a>(entry: &Given<'a>) -> Option<&'a str> {
    match &entry.node.entry("name")?.value {
        node if node.is_null() => None,
        node => match &node.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        },
    }
}

/// Entries of a section, with what one of them is called in messages.
pub(crate) type Section<'s, 'a> = (&'static str, &'s [(&'a str, Given<'a>)]);

/// Two entries whose names share a namespace on AWS, and who have one name there, would be one resource.
pub(crate) fn distinct(sections: &[Section<'_, '_>], pipeline: Option<&str>, found: &mut Found) {
    let mut taken: HashMap<String, (&str, &str, Place)> = HashMap::new();
    for (what, entries) in sections {
        for (logical, given) in *entries {
            let said = said(given);
            let derived = || pipeline.map(|pipeline| names::physical(pipeline, logical));
            let Some(name) = said.map(str::to_owned).or_else(derived) else { continue };
            let place = place(&given.path, said.is_some());
            match taken.get(&name) {
                // Said already: they have one name in the file.
                Some((_, other, _)) if other == logical => {}
                Some((kind, other, first)) => {
                    let message = format!("the {kind} `{other}` is called `{name}` on AWS, too");
                    found.push(
                        Diagnostic::error(Code::NameTaken, place, message)
                            .related(first.clone(), format!("the {kind}"))
                            .help("give one of them another `name`"),
                    );
                }
                None => drop(taken.insert(name, (what, logical, place))),
            }
        }
    }
}

/// Where an entry is given its name: by `name`, else by its key.
pub(crate) fn place(entry: &Path, said: bool) -> Place {
    if said { Place::Value(entry.key("name")) } else { Place::Key(entry.clone()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: [&Rule; 3] = [&STREAM, &FUNCTION, &DELIVERY];

    #[test]
    fn each_service_takes_its_own_names() {
        for name in ["OrdersProd", "a", "_", "-", "1.2", "lake2"] {
            assert_eq!(STREAM.problem(name), None, "{name}");
            assert_eq!(DELIVERY.problem(name), None, "{name}");
        }
        assert!(FUNCTION.problem("1.2").is_some_and(|why| why.contains("`.`")));
        assert_eq!(STREAM.problem(&"a".repeat(128)), None);
        assert_eq!(FUNCTION.problem(&"a".repeat(64)), None);
        for rule in RULES {
            for name in ["", "a b", "a/b", "ä", "arn:aws:kinesis:eu-west-1:1:stream/a", &"a".repeat(129)] {
                assert!(rule.problem(name).is_some(), "{}: {name}", rule.service);
            }
        }
    }

    #[test]
    fn the_name_in_an_arn_is_what_is_proposed() {
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:Load";
        assert_eq!(FUNCTION.legal_form(arn).as_deref(), Some("Load"));
    }

    proptest! {
        #[test]
        fn proposed_names_are_taken(name in "\\PC{0,140}") {
            for rule in RULES {
                if let Some(form) = rule.legal_form(&name) {
                    prop_assert_eq!(rule.problem(&form), None);
                }
            }
        }
    }
}
