//! A part of the JSON Schema with its references followed and its alternatives put together.

use serde_json::{Map, Value};

use super::choice::Choice;
use super::plain;

/// What the schema says about a field, in one place.
#[derive(Default)]
pub(super) struct View<'a> {
    /// The nearest text: the field's own before that of its type.
    pub(super) description: Option<&'a str>,
    /// What counts where it is left out.
    pub(super) default: Option<&'a Value>,
    /// Values that could stand there.
    pub(super) examples: Vec<&'a Value>,
    /// The only words that may stand there, or those that may beside something else; not those of a list's items.
    pub(super) choices: Vec<Choice>,
    /// The fields of a mapping, or of the items of a list.
    pub(super) properties: Option<&'a Map<String, Value>>,
    /// Those that must be there.
    pub(super) required: Vec<&'a str>,
    /// What stands below each name, where the keys are names.
    pub(super) named: Option<&'a Value>,
    /// What it may be, in words.
    kinds: Vec<String>,
}

/// Forms of text that have a word of their own: the schema's pattern, the word, and how it is written.
const FORMS: &[(&str, &str)] = &[
    (r"^[0-9]+(s|m|h|d)$", "duration such as 60s, 5m, 24h or 7d"),
    (r"^[0-9]+d$", "number of days such as 30d"),
    (r"^[0-9]+(KiB|MiB|GiB)$", "size such as 5MiB"),
    (r"^[0-9]+(MiB|GiB)/s$", "throughput such as 100MiB/s"),
    (r"^[0-9]+%$", "percentage such as 70%"),
    (r"^[a-z]([a-z0-9_-]*[a-z0-9])?$", "name of lower-case letters, digits, `-` and `_`"),
    (r"^[a-zA-Z0-9_-]+$", "name of letters, digits, `-` and `_`"),
    (r"^[a-zA-Z0-9_.-]+$", "name of letters, digits, `-`, `_` and `.`"),
    (r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", "bucket name"),
    (r"^[a-z]{2,}(-[a-z]+)+-[0-9]+$", "AWS region"),
    (r"\.[zZ][iI][pP]$", "path of a zip file"),
    (r"^https?://", "URL"),
    (r"^subnet-[0-9a-f]+$", "id of a subnet"),
    (r"^sg-[0-9a-f]+$", "id of a security group"),
];

impl<'a> View<'a> {
    /// The view of a part of the schema.
    pub(super) fn of(schema: &'a Value, node: &'a Value) -> Self {
        let mut view = Self::default();
        view.take(schema, node, 0);
        view
    }

    /// Whether something may stand below it.
    pub(super) fn has_fields(&self) -> bool {
        self.properties.is_some() || self.named.is_some()
    }

    /// What may stand there, in words.
    pub(super) fn words(&self) -> String {
        let mut kinds: Vec<String> = Vec::new();
        for kind in self.kinds.iter().cloned().chain(words(&self.choices)) {
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        if kinds.is_empty() { "any value".to_owned() } else { kinds.join(", or ") }
    }

    fn take(&mut self, schema: &'a Value, node: &'a Value, depth: usize) {
        if depth > super::MAX_DEPTH {
            return;
        }
        self.description = self.description.or(node["description"].as_str());
        self.default = self.default.or(node.get("default"));
        self.examples.extend(node["examples"].as_array().into_iter().flatten());
        let choices = Choice::named_by(node);
        let chooses = !choices.is_empty();
        self.choices.extend(choices);
        if let Some(name) = node["$ref"].as_str().and_then(|name| name.strip_prefix("#/definitions/")) {
            self.take(schema, &schema["definitions"][name], depth + 1);
        }
        if let Some(properties) = node["properties"].as_object() {
            self.properties = self.properties.or(Some(properties));
            self.required.extend(node["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
            self.kinds.push("mapping".to_owned());
            return;
        }
        for alternatives in ["allOf", "anyOf", "oneOf"] {
            for part in node[alternatives].as_array().into_iter().flatten().filter(|part| !is_variable(part))
            {
                self.take(schema, part, depth + 1);
            }
        }
        if !chooses {
            self.kinds(schema, node, depth);
        }
    }

    fn kinds(&mut self, schema: &'a Value, node: &'a Value, depth: usize) {
        let types = match &node["type"] {
            Value::String(one) => vec![one.as_str()],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for kind in types {
            let kind = match kind {
                "null" => continue,
                "integer" => format!("whole number{}", bounds(node)),
                "number" => format!("number{}", bounds(node)),
                "boolean" => "true or false".to_owned(),
                "array" => self.list(schema, node, depth),
                "object" => match node.get("additionalProperties").filter(|below| below.is_object()) {
                    Some(below) => {
                        self.named = Some(below);
                        format!("mapping of names to {}", plural(&View::of(schema, below).words()))
                    }
                    None => "mapping".to_owned(),
                },
                _ => text(node),
            };
            self.kinds.push(kind);
        }
    }

    fn list(&mut self, schema: &'a Value, node: &'a Value, depth: usize) -> String {
        let mut items = View::default();
        items.take(schema, &node["items"], depth + 1);
        let most = node["maxItems"].as_u64().map(|most| format!(", at most {most}")).unwrap_or_default();
        let words = match items.choices.is_empty() {
            true => plural(&items.words()),
            false => joined(&items.choices, "and"),
        };
        self.properties = self.properties.or(items.properties);
        self.named = self.named.or(items.named);
        self.required.extend(items.required);
        format!("list of {words}{most}")
    }
}

/// Whether it says that a variable may stand there: one may anywhere, so it is of no field in particular.
fn is_variable(node: &Value) -> bool {
    node["pattern"].as_str().is_some_and(|pattern| pattern.contains(r"\$\{"))
}

/// The words that may stand there.
fn words(choices: &[Choice]) -> Option<String> {
    (!choices.is_empty()).then(|| joined(choices, "or"))
}

fn joined(choices: &[Choice], last_with: &str) -> String {
    let words: Vec<String> = choices.iter().map(|choice| format!("`{}`", choice.value)).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} {last_with} {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

fn bounds(node: &Value) -> String {
    match (node["minimum"].as_u64(), node["maximum"].as_u64()) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) => format!(", {least} or more"),
        (None, Some(most)) => format!(", at most {most}"),
        (None, None) => String::new(),
    }
}

fn text(node: &Value) -> String {
    let most =
        node["maxLength"].as_u64().map(|most| format!(", at most {most} characters")).unwrap_or_default();
    let pattern = node["pattern"].as_str();
    let form = pattern.map(|pattern| match FORMS.iter().find(|(form, _)| *form == pattern) {
        Some((_, words)) => (*words).to_owned(),
        None if pattern.starts_with("^arn:") => "ARN".to_owned(),
        None => format!("text that matches {}", plain(&node["pattern"])),
    });
    form.unwrap_or_else(|| "text".to_owned()) + &most
}

/// Several of it.
fn plural(words: &str) -> String {
    match words {
        "mapping" => "mappings".to_owned(),
        "text" => "texts".to_owned(),
        "ARN" => "ARNs".to_owned(),
        "any value" => "values".to_owned(),
        other => match other.split_once(" of ") {
            Some(("name", rest)) => format!("names of {rest}"),
            Some(("id", "a subnet")) => "ids of subnets".to_owned(),
            Some(("id", "a security group")) => "ids of security groups".to_owned(),
            _ => other.to_owned(),
        },
    }
}
