//! The whole way from text to a pipeline or to diagnostics.

mod buckets;
mod deliveries;
mod fields;
mod functions;
mod good;
mod http;
mod monitoring;
mod names;
mod programs;
mod properties;
mod references;
mod reports;
mod sets;
mod streams;
mod vars;
mod veils;
mod yaml;

use std::path::Path;

use super::{CheckTransform, Diagnostics, Document, TransformProblem, parse};

/// A checker that finds fault with every `wrong` in a program.
struct FindsWrong;

impl CheckTransform for FindsWrong {
    fn check_vrl(&self, program: &str) -> Result<(), Vec<TransformProblem>> {
        let problems: Vec<TransformProblem> = program
            .match_indices("wrong")
            .map(|(at, found)| TransformProblem {
                message: "call to an undefined function".to_owned(),
                span: at..at + found.len(),
                help: Some("did you mean `right`?".to_owned()),
            })
            .collect();
        if problems.is_empty() { Ok(()) } else { Err(problems) }
    }
}

fn read(text: &str) -> Result<Document, Diagnostics> {
    parse(Path::new("pipeline.yaml"), text.as_bytes(), &FindsWrong)
}

/// The document of a text that must hold.
fn accepted(text: &str) -> Document {
    read(text).unwrap_or_else(|found| panic!("{found}"))
}

/// The diagnostics of a text that must not hold.
fn refused(text: &str) -> Diagnostics {
    match read(text) {
        Err(found) => found,
        Ok(document) => panic!("accepted: {:#?}", document.pipeline),
    }
}

/// A file with a header and these lines below it.
fn with(lines: &str) -> String {
    format!("apiVersion: pipectl/v1\nkind: Pipeline\nname: clicks\n{lines}")
}

/// A file with one stream that has these fields, in flow style.
fn stream(fields: &str) -> String {
    with(&format!("streams:\n  events: {{ {fields} }}\n"))
}

/// A file with one direct delivery to S3 that has these fields, in block style, six spaces in.
fn s3(fields: &str) -> String {
    with(&format!("deliveries:\n  lake:\n    to:\n      s3:\n{fields}"))
}

/// The codes of a file's findings, in order.
fn codes(found: &Diagnostics) -> Vec<&'static str> {
    found.items().iter().map(|item| item.code.as_str()).collect()
}
