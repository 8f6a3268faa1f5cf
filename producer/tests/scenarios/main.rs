//! The producer and the reader against in-memory streams, in virtual time.

#![expect(clippy::unwrap_used, reason = "a fake that fails is a test that fails")]

mod ending;
mod fake;
mod feeding;
mod producing;
mod reading;
mod resuming;
mod stream;
