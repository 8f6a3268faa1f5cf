//! HTTP and AWS's protocols over it: the server, requests, answers and errors.
//!
//! A service sees one of three calls: [`JsonCall`] (an operation name and a typed body, in JSON or CBOR),
//! [`QueryCall`] (form parameters in, XML out) or [`RestCall`] (method and path). It answers `Result<Answer, AwsError>`
//! and never writes an error body itself: the protocol does, in AWS's shape.

mod activity;
mod answer;
mod body;
mod codec;
mod context;
mod count;
mod error;
pub(crate) mod event_stream;
mod json;
mod loose;
mod outgoing;
mod pool;
mod query;
mod rest;
mod room;
pub(crate) mod server;
pub(crate) mod shape;
pub(crate) mod signature;
mod validation;
mod xml;

pub(crate) use answer::Answer;
pub use body::Closed;
pub(crate) use body::{Body, BodyError, full};
pub(crate) use codec::Codec;
pub(crate) use context::{Context, RequestId, Scope};
pub use error::AwsError;
pub(crate) use error::{Protocol, older_code};
pub(crate) use json::JsonCall;
pub(crate) use query::{Parameters, QueryCall, form};
pub(crate) use rest::RestCall;
pub(crate) use room::{BodyRoom, Held, Unread};
pub(crate) use validation::Violations;
pub(crate) use xml::Xml;
