//! What plan, apply and the ledger come to on the embedded endpoint, over real HTTP: one file for each kind of
//! behaviour. The table in the crate's README links the behaviours to their tests.

mod accepting;
mod aws;
mod bench;
mod calls;
mod cost;
mod deliveries;
mod losses;
mod naming;
mod readme;
mod references;
mod refreshing;
mod rollback;
#[path = "../rounds/mod.rs"]
mod rounds;
mod saved;
mod secrets;
mod streams;
