//! What an operation takes, as data: the shapes of its input with their bounds, as AWS's API models state them.
//!
//! One [`Input`] checks a whole body before the operation sees it, with AWS's two refusals: a value of the wrong type
//! is a `SerializationException` at once (`types.rs`); values that break a constraint are counted in one
//! `ValidationException` (`constraints.rs`). What passes is plain JSON of the right types, whatever the encoding was.

mod constraints;
mod pattern;
mod types;

pub(crate) use pattern::Pattern;

use super::codec::Codec;
use super::error::AwsError;
use super::loose::Loose;
use super::validation::Violations;

/// The shape of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Text with bounds on its length in characters.
    Text { least: usize, most: usize, pattern: Option<Pattern> },
    /// One of a set.
    OneOf(&'static [&'static str]),
    /// A 32-bit number.
    Integer { least: i64, most: i64 },
    /// True or false.
    Boolean,
    /// Bytes, at most so many.
    Blob { most: usize },
    /// A point in time.
    Time,
    /// A list with bounds on its length. `shown` is what a message shows for an item that is a structure.
    List { least: usize, most: usize, item: &'static Self, shown: Option<&'static str> },
    /// A map of texts to texts, with bounds on its size.
    Map { least: usize, most: usize, key: &'static Self, value: &'static Self },
    /// Named members.
    Structure(Input),
}

/// One member of a structure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static Shape,
    pub(crate) need: Need,
}

/// Whether a member has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// It may be left out.
    Optional,
    /// It must be there.
    Required,
    /// It must be there unless this other one is.
    RequiredWithout(&'static str),
}

/// The members of a structure, in the order in which messages tell of them.
pub(crate) type Input = &'static [Member];

/// A member that may be left out.
pub(crate) const fn may(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, shape, need: Need::Optional }
}

/// A member that must be there.
pub(crate) const fn must(name: &'static str, shape: &'static Shape) -> Member {
    Member { name, shape, need: Need::Required }
}

/// Whether a body can be read at all, whatever it says.
pub(crate) fn readable(codec: Codec, body: &[u8]) -> Result<(), AwsError> {
    match Loose::read(codec, body)? {
        Loose::Map(_) => Ok(()),
        _ => Err(AwsError::bad_request("SerializationException", "")),
    }
}

/// Reads and checks a body; answers it as JSON of the right types, without members that no one knows.
pub(crate) fn checked(input: Input, codec: Codec, body: &[u8]) -> Result<serde_json::Value, AwsError> {
    let loose = Loose::read(codec, body)?;
    if !matches!(loose, Loose::Map(_)) {
        return Err(AwsError::bad_request("SerializationException", ""));
    }
    let value = types::conform(loose, &Shape::Structure(input), codec)?;
    let mut violations = Violations::default();
    constraints::check_members(&mut violations, "", &value, input);
    violations.check()?;
    Ok(value)
}
