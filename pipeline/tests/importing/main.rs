//! What runs as a file, and back: a plan of that file changes nothing.

mod aws;
mod bench;
mod foreign;
mod rounds;
