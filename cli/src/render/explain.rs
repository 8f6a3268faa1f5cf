//! A field of the pipeline file as people read about it: kubectl's `explain`, in our words.

use std::fmt::Write as _;

use pipectl_pipeline::spec::Topic;

use crate::output::style::{CHANGE, FAINT, NAME, STRONG, paint};
use crate::output::table;

/// The topic: what it is, what may stand there, and the fields below it; with `deep`, all of them.
pub(crate) fn topic(topic: &Topic, deep: bool) -> String {
    let title = if topic.path.is_empty() { "a pipeline file" } else { topic.path.as_str() };
    let mut text = format!("{}  {}\n", paint(STRONG, title), facts(topic));
    paragraph(&mut text, &topic.description, 2);
    choices(&mut text, topic, 2);
    if let Some(example) = &topic.example {
        let _ = write!(text, "\n{}\n", paint(STRONG, "EXAMPLE"));
        for line in example.lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    if !topic.fields.is_empty() {
        let _ = write!(text, "\n{}\n", paint(STRONG, "FIELDS"));
        for field in &topic.fields {
            self::field(&mut text, field, (2, deep), &topic.path);
        }
    }
    text.trim_end().to_owned()
}

/// One field in a list of them. Two levels are shown where there is a name in between.
fn field(text: &mut String, field: &Topic, (indent, deep): (usize, bool), above: &str) {
    let name = field.path.strip_prefix(above).unwrap_or(&field.path).trim_start_matches('.');
    let pad = " ".repeat(indent);
    let _ = writeln!(text, "{pad}{}  {}", paint(NAME, name), facts(field));
    paragraph(text, &field.description, indent + 4);
    let named = name == "<name>";
    if deep {
        choices(text, field, indent + 4);
    }
    if deep || named {
        for below in &field.fields {
            self::field(text, below, (indent + 2, deep), &field.path);
        }
    }
}

/// `(whole number, 1 to 64; required)`.
fn facts(topic: &Topic) -> String {
    let mut facts = topic.kind.clone();
    if let Some(default) = &topic.default {
        let _ = write!(facts, "; {default} if left out");
    }
    let required = if topic.required { format!(" {}", paint(CHANGE, "required")) } else { String::new() };
    paint(FAINT, format!("({facts})")) + &required
}

fn choices(text: &mut String, topic: &Topic, indent: usize) {
    let width = topic.choices.iter().map(|choice| choice.value.len()).max().unwrap_or(0);
    for choice in topic.choices.iter().filter(|choice| !choice.description.is_empty()) {
        let value = format!("{:width$}", choice.value);
        let line = format!("{}{}  {}", " ".repeat(indent), paint(NAME, value), choice.description);
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// A text in lines that fit, indented.
fn paragraph(text: &mut String, words: &str, indent: usize) {
    let pad = " ".repeat(indent);
    let width = table::stdout_width().saturating_sub(indent).max(30);
    for part in words.split("\n\n").filter(|part| !part.is_empty()) {
        let mut line = String::new();
        for word in part.split_whitespace() {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                let _ = writeln!(text, "{pad}{line}");
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        let _ = writeln!(text, "{pad}{line}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(path: &str, deep: bool) -> String {
        let told = pipectl_pipeline::spec::explain(path).expect("a field");
        anstream::adapter::strip_str(&topic(&told, deep)).to_string()
    }

    #[test]
    fn a_mapping_is_told_with_its_fields() {
        insta::assert_snapshot!(shown("streams.events.autoscale", false));
    }

    #[test]
    fn a_word_is_told_with_its_choices() {
        insta::assert_snapshot!(shown("deliveries.lake.to.s3.compression", false));
    }

    #[test]
    fn fields_below_fields_are_shown_on_request() {
        let (flat, deep) = (shown("deliveries", false), shown("deliveries", true));
        assert!(
            flat.contains("<name>") && flat.contains("    from ") && !flat.contains("compression"),
            "{flat}"
        );
        assert!(deep.contains("compression"), "{deep}");
    }
}
