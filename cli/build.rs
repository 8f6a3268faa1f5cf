//! Strips the binary of a debug build: it is also the package of every function, and Lambda takes no more than 50 MB.
//!
//! Only the binary, and only when it is linked: the tests keep their backtraces, and no dependency is built anew.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if is("PROFILE", "debug") && is("CARGO_CFG_TARGET_OS", "linux") {
        println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
    }
}
