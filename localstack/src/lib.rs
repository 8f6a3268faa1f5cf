//! A local AWS endpoint for streaming pipelines.
//!
//! One port speaks the wire protocols of Kinesis, Firehose, Lambda, S3, IAM, STS, CloudWatch and CloudWatch Logs, so
//! that any SDK, the AWS CLI, boto3 or Terraform works against it with `AWS_ENDPOINT_URL`. It runs inside the process
//! that starts it: [`Endpoint::start`] for users and tests alike, [`Endpoint::world`] for a test that wants to look
//! behind the wire, and [`InProcess`] for a test in virtual time, with the SDK connected by calls instead of sockets.
//!
//! Where things are: `http/` has the server, the protocols and their errors; `route.rs` says which service a request
//! is for; `dispatch.rs` takes it through the `layers/` to that service; `world.rs` holds the state of all of them.
//! Each service is a folder: its state, free of wire formats, and one file per group of operations.

mod aws;
mod body_limit;
pub mod clock;
pub mod dice;
mod dispatch;
mod endpoint;
mod glimpse;
pub mod hold;
pub mod http;
pub mod in_process;
pub mod layers;
mod limits;
pub mod lock;
mod own;
pub mod persist;
mod resource;
mod route;
mod timings;
pub mod world;

pub mod cloudwatch;
pub mod firehose;
pub mod iam;
pub mod kinesis;
pub mod lambda;
pub mod logs;
pub mod s3;
pub mod sts;

#[cfg(feature = "docker")]
pub mod docker;
pub mod host;

pub use clock::Clock;
pub use dice::Dice;
pub use endpoint::{DEFAULT_PORT, Endpoint, Options, StartError};
pub use in_process::InProcess;
pub use layers::{Call, FaultPlan, Moment, Observer, Profile, Request, Watcher};
pub use limits::{Limits, MEMORY_LIMIT};
pub use timings::Timings;
pub use world::World;

/// The README's examples, compiled and run with the other examples of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
