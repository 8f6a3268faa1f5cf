//! `pipectl produce` as a script sees it: what arrives, what is said, and how it ends.

mod credentials;
mod ending;
mod estimated;
mod inputs;
#[path = "../lines/mod.rs"]
mod lines;
mod made_up;
mod metrics;
mod reshards;
mod world;
