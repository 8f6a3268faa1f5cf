//! What the end-to-end scenarios in `tests/tests/` stand on.
//!
//! A scenario is written once and runs on every endpoint: the embedded one by default, and what
//! `PIPECTL_TEST_ENDPOINT` names otherwise ([`target`]). It drives the `pipectl` binary ([`binary`], [`run`]) with a
//! pipeline of its own ([`scenario`]), and looks at the result through the AWS SDK ([`aws`]), never through pipectl.

pub mod aws;
pub mod binary;
pub mod clicks;
pub mod figure;
pub mod raw;
pub mod run;
pub mod scenario;
pub mod target;
