//! The XML that the query protocol answers in: elements and text, nothing else.

use std::borrow::Cow;

use quick_xml::escape::escape;

/// An XML document being written.
#[derive(Debug)]
pub(crate) struct Xml {
    text: String,
    root: String,
}

impl Xml {
    /// A document with this root element and default namespace.
    pub(crate) fn document(root: &str, namespace: &str) -> Self {
        Self { text: format!(r#"<{root} xmlns="{namespace}">"#), root: root.to_owned() }
    }

    /// An element with children.
    pub(crate) fn element(&mut self, name: &str, children: impl FnOnce(&mut Self)) {
        self.tag("<", name);
        children(self);
        self.tag("</", name);
    }

    /// An element with text.
    pub(crate) fn leaf(&mut self, name: &str, text: impl AsRef<str>) {
        self.tag("<", name);
        let printable: Cow<'_, str> = escape(text.as_ref());
        self.text.push_str(&printable);
        self.tag("</", name);
    }

    /// An element with text, where there is one.
    pub(crate) fn optional(&mut self, name: &str, text: Option<impl AsRef<str>>) {
        if let Some(text) = text {
            self.leaf(name, text);
        }
    }

    /// A list as the query protocol nests it: `<Tags><member>…</member></Tags>`.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        members: impl IntoIterator<Item = T>,
        each: impl Fn(&mut Self, T),
    ) {
        self.element(name, |xml| {
            for member in members {
                xml.element("member", |xml| each(xml, member));
            }
        });
    }

    /// Text directly in the current element: for list members that are plain values.
    pub(crate) fn content(&mut self, text: &str) {
        let printable: Cow<'_, str> = escape(text);
        self.text.push_str(&printable);
    }

    /// The whole document.
    pub(crate) fn finish(mut self) -> String {
        let root = std::mem::take(&mut self.root);
        self.tag("</", &root);
        self.text
    }

    fn tag(&mut self, open: &str, name: &str) {
        self.text.push_str(open);
        self.text.push_str(name);
        self.text.push('>');
    }
}
