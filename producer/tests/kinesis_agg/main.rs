//! Aggregates written and read by others: `aws-kinesis-agg` of npm and of PyPI, both ways.
//!
//! What they write is committed in `vectors.json` and checked in every run. With the packages at hand they are asked
//! anew, and for a few hundred random aggregates more; `.ci/run kinesis_agg` installs them and sets
//! `PIPECTL_KINESIS_AGG_PYTHON`, an interpreter, and `PIPECTL_KINESIS_AGG_NODE_MODULES`, a folder.
//!
//! Their own defects are kept out of the way: npm's tables put keys that look like array indices first, and both
//! readers give a record without an explicit hash key the first one of the table.

#![expect(clippy::unwrap_used, reason = "a test")]

mod edges;
mod kcl;
mod mutated;
mod peers;
mod random;
mod vectors;
