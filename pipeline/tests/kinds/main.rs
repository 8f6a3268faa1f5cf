//! Each resource kind from the text of a file to what runs, over real HTTP, against the embedded endpoint.
//!
//! The tests are named after what other tools got wrong; the table in the README leads from one to the other.

mod aws;
mod bench;
mod buckets;
mod deliveries;
mod failing;
mod functions;
mod http;
mod monitoring;
mod settings;
mod streams;
