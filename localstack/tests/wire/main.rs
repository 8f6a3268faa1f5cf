//! The endpoint over the wire: each service as its SDK speaks it, and requests that no SDK would send.

mod endpoint;
mod iam;
mod kinesis;
mod raw;
