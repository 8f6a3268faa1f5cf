//! What a field of the pipeline file is, told from the schema that editors read: one source for both.
//!
//! A path is written as in the file, `streams.events.autoscale`; where the file has names, any name will do, and so
//! does `*`. Lists are passed through: `buckets.lake.lifecycle.expire`.

mod choice;
mod example;
mod view;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

pub use choice::Choice;

use super::check::nearest;
use super::schema;
use view::View;

/// A field, or the file itself: what it means, and what may stand there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Topic {
    /// Where it is: `streams.<name>.autoscale`; empty for the file.
    pub path: String,
    /// What stands there, in words: `whole number, 1 to 10000`.
    pub kind: String,
    /// Whether it must be there.
    pub required: bool,
    /// What it means; lines are not broken.
    pub description: String,
    /// What counts where it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The words that may stand there; empty where others may, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<Choice>,
    /// It in a file, from the top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// What may stand below it, in the schema's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Topic>,
}

/// A path that leads nowhere.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub struct UnknownTopic {
    /// The word that is not there.
    pub word: String,
    /// Where it was looked for; empty for the file.
    pub at: String,
    /// Paths that may be meant, the likeliest first.
    pub meant: Vec<String>,
    /// What there is.
    pub known: Vec<String>,
}

impl UnknownTopic {
    fn words(&self) -> String {
        let at = if self.at.is_empty() { "a pipeline file" } else { self.at.as_str() };
        match self.known.is_empty() {
            true => format!("{at} has no fields, and so no `{}`", self.word),
            false => format!("{at} has no field `{}`", self.word),
        }
    }
}

/// The topic of a path; an empty one is the whole file.
///
/// # Errors
/// Nothing is there; it comes with what may be meant.
pub fn explain(path: &str) -> Result<Topic, UnknownTopic> {
    let schema = schema::value();
    let mut here = Here { schema: &schema, steps: Vec::new(), node: &schema, required: true };
    for word in path.split('.').filter(|word| !word.is_empty()) {
        // `lifecycle[0]` is `lifecycle`, whose items are told of.
        let word = word.split('[').next().unwrap_or_default();
        here = here.step(word)?;
    }
    Ok(here.topic(true))
}

/// A place in the schema on the way down.
#[derive(Clone)]
struct Here<'a> {
    schema: &'a Value,
    steps: Vec<String>,
    node: &'a Value,
    required: bool,
}

/// Deeper than any path of the format, so that a schema that refers to itself ends.
const MAX_DEPTH: usize = 12;

impl<'a> Here<'a> {
    fn step(&self, word: &str) -> Result<Here<'a>, UnknownTopic> {
        let view = View::of(self.schema, self.node);
        if let Some(properties) = view.properties {
            return match properties.get_key_value(word) {
                Some((name, node)) => Ok(self.field(&view, name, node)),
                None => Err(self.unknown(word, properties)),
            };
        }
        match view.named {
            Some(node) if !word.is_empty() => Ok(self.named(node)),
            _ => Err(self.unknown(word, &Map::new())),
        }
    }

    fn field(&self, view: &View<'a>, name: &str, node: &'a Value) -> Here<'a> {
        let mut steps = self.steps.clone();
        steps.push(name.to_owned());
        Here { steps, node, required: view.required.contains(&name), ..self.clone() }
    }

    fn named(&self, node: &'a Value) -> Here<'a> {
        let mut steps = self.steps.clone();
        steps.push("<name>".to_owned());
        Here { steps, node, required: false, ..self.clone() }
    }

    fn path(&self) -> String {
        self.steps.join(".")
    }

    fn topic(&self, with_example: bool) -> Topic {
        let view = View::of(self.schema, self.node);
        let fields = if self.steps.len() < MAX_DEPTH { self.below(&view) } else { Vec::new() };
        Topic {
            path: self.path(),
            kind: view.words(),
            required: self.required && !self.steps.is_empty(),
            description: view.description.map(unbroken).unwrap_or_default(),
            default: view.default.map(plain),
            example: with_example.then(|| example::in_a_file(&self.steps, &view, self.schema)).flatten(),
            choices: view.choices,
            fields,
        }
    }

    fn below(&self, view: &View<'a>) -> Vec<Topic> {
        let named = view.named.map(|node| self.named(node));
        // What a name stands for is told where the names are: `streams` shows the fields of a stream.
        if let Some(named) = &named
            && !View::of(self.schema, named.node).has_fields()
        {
            return Vec::new();
        }
        let fields = view.properties.into_iter().flatten();
        let fields = fields.map(|(name, node)| self.field(view, name, node));
        named.into_iter().chain(fields).map(|here| here.topic(false)).collect()
    }

    fn unknown(&self, word: &str, properties: &Map<String, Value>) -> UnknownTopic {
        let known: Vec<&str> = properties.keys().map(String::as_str).collect();
        let mut meant: Vec<String> = nearest(word, known.iter().copied())
            .map(|name| self.steps.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("."))
            .into_iter()
            .collect();
        let top = Here { steps: Vec::new(), node: self.schema, ..self.clone() };
        let mut elsewhere = Vec::new();
        gather(&top.topic(false), word, &mut elsewhere);
        meant.extend(elsewhere.into_iter().take(4));
        let known = known.into_iter().map(str::to_owned).collect();
        UnknownTopic { word: word.to_owned(), at: self.path(), meant, known }
    }
}

/// Every path that ends with this word.
fn gather(topic: &Topic, word: &str, found: &mut Vec<String>) {
    for field in &topic.fields {
        if field.path.rsplit('.').next() == Some(word) {
            found.push(field.path.clone());
        }
        gather(field, word, found);
    }
}

/// A description in one line a paragraph: the schema's lines are as long as those of the source.
fn unbroken(text: &str) -> String {
    let paragraphs: Vec<String> =
        text.split("\n\n").map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    paragraphs.join("\n\n")
}

/// A value as it is written in a file.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
