//! S3: an object store in memory (with a spill to files) behind the protocol of the `s3s` crate.
//!
//! [`S3`] is the store in domain words; other services put objects through it in process. `wire` translates
//! between it and `s3s`, which parses requests and writes answers. What AWS signs is not checked here: any
//! credentials pass, so `unsign` takes signatures and `aws-chunked` framing off before `s3s` sees a request.

mod blob;
mod bucket;
mod condition;
mod error;
mod image;
mod listing;
mod multipart;
mod notification;
mod object;
mod overview;
mod state;
mod uploads;
mod version;
mod version_listing;
mod wire;

pub use blob::Blob;
pub(crate) use blob::Vault;
pub use condition::Condition;
pub use error::S3Error;
pub(crate) use image::{BucketImage, Entry, ObjectImage, OlderImage};
pub use notification::event::Caller;
pub use object::{Object, ObjectHeaders};
pub use state::{NewObject, S3};
pub use version::VersionId;
pub(crate) use wire::serve;
