//! How soon `pipectl local` answers, and how much memory it holds when nobody asks it anything.

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use pipectl_tests::aws;
use pipectl_tests::figure::{Figure, median};
use pipectl_tests::run::Pipectl;
use pipectl_tests::target::runtime;

const RUNS: usize = 11;
/// What the endpoint promises to idle under.
const MEMORY_LIMIT_MB: f64 = 40.0;

/// The time from the start of the process to its first answer, and its memory after that in MB.
fn measure() -> (Duration, Option<f64>) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let address = listener.local_addr().expect("a listener has an address");
    drop(listener);
    let began = Instant::now();
    let mut endpoint = Pipectl::new(folder.path(), ["local", "--port", &address.port().to_string()]).spawn();
    while runtime().block_on(aws::health(&address.to_string())).is_none() {
        assert!(began.elapsed() < Duration::from_secs(20), "no answer at {address}");
        std::thread::sleep(Duration::from_micros(500));
    }
    let took = began.elapsed();
    let memory = resident_mb(endpoint.id());
    endpoint.kill().expect("it runs until it is killed");
    endpoint.wait().expect("it was started here");
    (took, memory)
}

/// The resident memory of a process, where the system tells it in `/proc`.
fn resident_mb(process: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<f64>().ok().map(|kib| kib * 1024.0 / 1e6)
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let version = || Pipectl::new(folder.path(), ["--version"]).run().succeeds().took;
    let version = median((0..RUNS).map(|_| version()).collect());
    let measured: Vec<_> = (0..RUNS).map(|_| measure()).collect();
    let ready = Figure {
        name: "local_ready",
        value: median(measured.iter().map(|(took, _)| *took).collect()) * 1000.0,
        unit: "ms",
        baseline: "pipectl_version",
        baseline_value: version * 1000.0,
    };
    println!("{}", ready.line());
    let Some(memory) = measured.iter().filter_map(|(_, memory)| *memory).reduce(f64::max) else {
        println!("local_idle_memory: not told by this system");
        return;
    };
    let memory = Figure {
        name: "local_idle_memory",
        value: memory,
        unit: "MB",
        baseline: "limit_of_40_mb",
        baseline_value: MEMORY_LIMIT_MB,
    };
    println!("{}", memory.line());
}
