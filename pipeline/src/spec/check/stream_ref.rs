//! Which stream is read: `events` of this file, or `clicks/events` of another pipeline.

use super::super::code::Code;
use super::super::diagnostic::Diagnostic;
use super::super::model::{OtherStream, StreamRef};
use super::delivery::{Defined, refer};
use super::fields::{Found, Given};
use super::name;

/// A stream. Whether another pipeline has it, only what knows that pipeline can say.
pub(crate) fn read(given: &Given<'_>, defined: &Defined<'_>, found: &mut Found) -> Option<StreamRef> {
    let text = given.text(found)?;
    let Some((pipeline, stream)) = text.split_once('/') else {
        return refer(given, "stream", &defined.streams, defined, found).map(StreamRef::Own);
    };
    for (what, name) in [("a pipeline name", pipeline), ("a stream name", stream)] {
        if let Some(problem) = name::problem(name) {
            let message = format!("`{}` is not {what}: {problem}", name.chars().take(80).collect::<String>());
            found.push(
                Diagnostic::error(Code::InvalidName, given.place(), message).help(
                    "write `events`, or `clicks/events` for the stream `events` of the pipeline `clicks`",
                ),
            );
            return None;
        }
    }
    if defined.pipeline == Some(pipeline) {
        let message = format!("`{pipeline}` is this pipeline itself");
        let help = format!("write `from: {stream}`");
        found.push(Diagnostic::error(Code::UnknownReference, given.place(), message).help(help));
        return None;
    }
    let (pipeline, stream) = (pipeline.to_owned(), stream.to_owned());
    Some(StreamRef::Other(OtherStream { pipeline, stream, found: None }))
}
