//! What AWS does and local emulators do not, a test for each row of the table in this crate's README.
//!
//! Everything is a call of the SDK, in process and in virtual time, so that a day takes as long as its calls do.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod aws;
mod deliveries;
mod functions;
mod reads;
mod reshards;
mod signatures;
mod writes;
