//! Firehose: delivery streams that buffer, transform and write to S3.
//!
//! - [`settings`] is what a destination may say, checked as AWS checks it; [`prefix`], [`compression`] and
//!   [`object_name`] are what it means for an object's key and bytes.
//! - [`delivery`] is the running part: one task per delivery stream, fed by puts or by a reader of a Kinesis
//!   stream, bounded at every stage. [`buffer`], [`processors`] and [`transform`] hold its pure decisions.
//! - `deaggregate` takes KPL's aggregates apart on the way in; [`throughput`] says how much may be put.
//! - [`ports`] is all that it knows of the other services; `adapters`, `source` and `http_client` plug them in.
//! - [`metrics`] names what is published of a stream.
//! - [`stream`] is the state of one delivery stream, `state` all of them, and `operations` the API over them.
//!
//! Not here, and refused with a message that says so: destinations other than S3 and HTTP endpoints, sources other
//! than direct put and Kinesis, and record format conversion. Accepted and described, but without effect: keys of KMS,
//! and a secret in place of an access key.

mod adapters;
mod buffer;
mod compression;
mod deaggregate;
mod delivery;
mod encryption;
mod error;
mod http_client;
mod image;
mod metrics;
mod object_name;
mod operations;
mod ports;
mod prefix;
mod processors;
mod record;
mod settings;
mod source;
mod start;
mod state;
mod stream;
mod throughput;
mod transform;

pub(crate) use self::image::load;
pub(crate) use self::operations::serve;
pub use self::state::Firehose;

use crate::world::World;

/// What `GET /_pipectl/deliveries` answers: one account per delivery stream, by name.
pub(crate) fn deliveries(world: &World) -> serde_json::Value {
    world.firehose.accounts()
}
