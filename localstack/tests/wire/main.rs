//! The endpoint over the wire: each service as its SDK speaks it, and requests that no SDK would send.

mod bad_input;
mod data_dir;
mod endpoint;
#[cfg(unix)]
mod full_disk;
mod iam;
mod kept_deliveries;
mod killed;
mod kinesis;
mod kinesis_fan_out;
mod limits;
mod own;
mod raw;
mod readme;
mod signatures;
