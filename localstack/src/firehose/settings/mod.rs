//! An S3 destination's settings: as they stand on the wire, merged, checked and understood.
//!
//! One struct, [`S3Settings`], is the configuration a create sends, the change an update sends and the
//! description a describe answers, for these three differ only in what must be there. [`Destination`] is what
//! the settings mean; a delivery runs on nothing else.

mod check;
mod destination;
mod processing;
mod wire;

pub(crate) use self::check::{range, role_arn};
pub(crate) use self::destination::{Destination, LambdaProcessor, LogTarget};
pub(crate) use self::wire::S3Settings;
