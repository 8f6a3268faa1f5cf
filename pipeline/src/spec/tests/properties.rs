//! Whatever is thrown at it: no panic, and findings that can be drawn.

use std::path::Path;

use proptest::prelude::*;

use super::super::{Diagnostics, Document, Style, parse};
use super::FindsWrong;
use crate::templates;

fn survives(bytes: &[u8]) -> Result<Document, Diagnostics> {
    let read = parse(Path::new("pipeline.yaml"), bytes, &FindsWrong);
    match &read {
        Err(found) => {
            assert!(!found.is_empty(), "refused without a reason");
            found.render(Style { colour: true, unicode: true, width: 40 });
            found.report();
        }
        Ok(document) => {
            document.warnings.render(Style::plain());
        }
    }
    read
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = survives(&bytes);
    }

    #[test]
    fn any_text_that_looks_like_yaml_is_survived(
        text in "([a-z]{1,4}: |- |\\{|\\}|\\[|\\]|&a |\\*a|\\||>|'|\"|\\n|  |\t|!\\{|[#,:äß~%@]){0,60}",
    ) {
        let _ = survives(text.as_bytes());
    }

    /// A template with a piece cut out or put in twice: what people do when they edit.
    #[test]
    fn edited_templates_are_survived(
        which in 0..templates::ALL.len(),
        from in any::<prop::sample::Index>(),
        to in any::<prop::sample::Index>(),
        twice in any::<bool>(),
    ) {
        let text = templates::ALL[which].files[0].1;
        let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let (a, b) = (*from.get(&boundaries), *to.get(&boundaries));
        let (start, end) = (a.min(b), a.max(b));
        let edited = if twice {
            format!("{}{}", &text[..end], &text[start..])
        } else {
            format!("{}{}", &text[..start], &text[end..])
        };
        let _ = survives(edited.as_bytes());
    }

    /// Any value in any field gives findings about that field, never a panic or silence about nothing.
    #[test]
    fn any_value_in_any_field_is_survived(
        field in prop::sample::select(vec![
            "name", "region", "tags", "streams", "transforms", "deliveries", "apiVersion", "kind",
        ]),
        value in prop::sample::select(vec![
            "~", "1", "-1", "1e400", "true", "text", "\"\"", "[]", "[a]", "{}", "{ a: }", "{ a: { a: } }",
            "{ a: { to: { s3: { bucket: [] } } } }", "{ a: [] }", "{ a: { vrl: 1 } }", "{ \"\": { vrl: wrong } }",
        ]),
    ) {
        let mut text = format!("{field}: {value}\n");
        for (name, header) in [("apiVersion", "pipectl/v1"), ("kind", "Pipeline"), ("name", "a")] {
            if name != field {
                text.push_str(&format!("{name}: {header}\n"));
            }
        }
        let _ = survives(text.as_bytes());
    }
}
