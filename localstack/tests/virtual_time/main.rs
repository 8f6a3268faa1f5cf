//! The whole endpoint in virtual time, with the SDK connected in process.

mod basics;
mod day;
mod faults;
mod history;
mod lambda;
mod plan;
