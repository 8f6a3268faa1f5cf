//! How long an MD5 takes in each kernel of this processor, of partition keys and of aggregates.
//!
//! The baseline is the `md-5` crate, one input after another, in the same run.

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use pipectl_producer::md5::Kernel;

const ROUNDS: usize = 9;

/// The median time of digesting all inputs.
fn measure(kernel: Kernel, inputs: &[Vec<u8>]) -> Duration {
    let mut times: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            let mut sum = 0;
            kernel.digest_each(black_box(inputs), |_, digest| sum ^= digest[0]);
            black_box(sum);
            started.elapsed()
        })
        .collect();
    times.sort();
    times[ROUNDS / 2]
}

fn main() {
    let keys: Vec<Vec<u8>> = (0..20_000).map(|n| format!("{n:036}").into_bytes()).collect();
    let blobs: Vec<Vec<u8>> = (0..64_u8).map(|n| vec![n; 51_200]).collect();
    let scalar = (measure(Kernel::Scalar, &keys), measure(Kernel::Scalar, &blobs));
    for kernel in Kernel::available() {
        let name = format!("{kernel:?}").to_lowercase();
        let took = measure(kernel, &keys);
        let each = took.as_secs_f64() * 1e9 / 20_000.0;
        let ratio = scalar.0.as_secs_f64() / took.as_secs_f64();
        println!("figure md5_key_{name} {each:.1} ns ratio={ratio:.2} baseline=md5_crate");
        let took = measure(kernel, &blobs);
        let rate = 64.0 * 51_200.0 / took.as_secs_f64() / 1e9;
        let ratio = scalar.1.as_secs_f64() / took.as_secs_f64();
        println!("figure md5_blob_{name} {rate:.2} GB/s ratio={ratio:.2} baseline=md5_crate");
    }
}
