//! Firehose: delivery streams that buffer, transform and write to S3.
//!
//! - [`settings`] is what a destination may say, checked as AWS checks it; [`prefix`], [`compression`] and
//!   [`object_name`] are what it means for an object's key and bytes.
//! - [`delivery`] is the running part: one task per delivery stream, fed by puts or by a reader of a Kinesis
//!   stream, bounded at every stage. [`buffer`] and [`transform`] hold its pure decisions.
//! - `deaggregate` takes KPL's aggregates apart on the way in.
//! - [`ports`] is all that it knows of the other services; `adapters` and `source` plug them in.
//! - [`stream`] is the state of one delivery stream, `state` all of them, and `operations` the API over them.
//!
//! Not here yet, and refused with a message that says so: destinations other than S3, source backup, dynamic
//! partitioning, record format conversion, processors other than `Lambda` and `AppendDelimiterToRecord`, and the
//! compressions `ZIP`, `Snappy` and `HADOOP_SNAPPY`.

mod adapters;
mod buffer;
mod compression;
mod deaggregate;
mod delivery;
mod error;
mod image;
mod object_name;
mod operations;
mod ports;
mod prefix;
mod record;
mod settings;
mod source;
mod state;
mod stream;
mod transform;

pub(crate) use self::image::load;
pub(crate) use self::operations::serve;
pub use self::state::Firehose;

use crate::world::World;

/// What `GET /_pipectl/deliveries` answers: one account per delivery stream, by name.
pub(crate) fn deliveries(world: &World) -> serde_json::Value {
    world.firehose.accounts()
}
