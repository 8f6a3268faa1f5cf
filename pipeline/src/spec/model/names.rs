//! The names of a pipeline's entries on AWS: what the file says by `name`, else `<pipeline>-<entry>`.
//!
//! **Invariant**: whoever needs the name of a stream, a function or a delivery asks here, so that a `name` counts
//! everywhere at once.

use super::super::names::physical;
use super::{OtherStream, Pipeline, StreamRef};

impl Pipeline {
    /// A stream's name on AWS.
    #[must_use]
    pub fn stream_name(&self, logical: &str) -> String {
        self.said(self.streams.get(logical).and_then(|it| it.name.as_ref()), logical)
    }

    /// The name on AWS of a transform's function, or of a function: they share one set of logical names.
    #[must_use]
    pub fn function_name(&self, logical: &str) -> String {
        let transform = self.transforms.get(logical).and_then(|it| it.name.as_ref());
        let function = self.functions.get(logical).and_then(|it| it.name.as_ref());
        self.said(transform.or(function), logical)
    }

    /// A delivery's name on AWS.
    #[must_use]
    pub fn delivery_name(&self, logical: &str) -> String {
        self.said(self.deliveries.get(logical).and_then(|it| it.name.as_ref()), logical)
    }

    /// The name on AWS of an application that reads by fan-out, among the consumers of its stream.
    #[must_use]
    pub fn consumer_name(&self, consumer: &str) -> String {
        physical(&self.name, consumer)
    }

    /// The name on AWS of a stream that this pipeline reads.
    #[must_use]
    pub fn name_of(&self, stream: &StreamRef) -> String {
        match stream {
            StreamRef::Own(logical) => self.stream_name(logical),
            StreamRef::Other(other) => other.physical(),
        }
    }

    fn said(&self, name: Option<&String>, logical: &str) -> String {
        name.cloned().unwrap_or_else(|| physical(&self.name, logical))
    }
}

impl OtherStream {
    /// Its name on AWS: the one that its pipeline says, where that is known, else what it is without a `name`.
    #[must_use]
    pub fn physical(&self) -> String {
        match &self.found {
            Some(found) => found.name.clone(),
            None => physical(&self.pipeline, &self.stream),
        }
    }
}
