//! The commands that change AWS, as a script runs them: exit codes, what is said, what is there afterwards.

mod importing;
#[path = "../lines/mod.rs"]
mod lines;
#[path = "../outside/mod.rs"]
mod outside;
mod piping;
mod refreshing;
mod rolling_back;
mod world;
