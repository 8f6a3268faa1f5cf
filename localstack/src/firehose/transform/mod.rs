//! The Lambda transform: batches of records out, one result per record back.
//!
//! Everything here is a pure step: [`batch`] closes batches, [`event`] writes the function's event,
//! [`response`] reads its answer, [`failure`] writes what is left of a record that failed. The calls
//! themselves are made by [`super::delivery`].

pub(crate) mod batch;
pub(crate) mod event;
pub(crate) mod failure;
pub(crate) mod response;
