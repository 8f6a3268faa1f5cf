//! Ten thousand clients that connect and ask nothing: others are answered all the same, and memory stays bounded.
//!
//! A test program of its own, for it takes all the file descriptors that the system gives it.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use pipectl_localstack::{Endpoint, Options};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Memory that many idle connections may take.
const MOST_KIB: u64 = 256 * 1024;

/// Connections that the endpoint keeps open, at most; those beyond take no file descriptor of its end.
const KEPT: u64 = 4096;

/// Ten thousand, or as many as this process has file descriptors for.
fn crowd() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // As many as there may be; where it is refused, the test goes on with fewer.
    let _ = setrlimit(Resource::Nofile, limit);
    let files = getrlimit(Resource::Nofile).current.unwrap_or(100_000);
    let files = files.saturating_sub(200);
    let clients = (files / 2).max(files.saturating_sub(KEPT)).min(10_000);
    usize::try_from(clients).expect("ten thousand fit")
}

fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().split(' ').next()?.parse().ok())
}

async fn health(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the kernel has room in its queue");
    let request = b"GET /_localstack/health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.expect("it is open");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    answer
}

#[tokio::test]
async fn a_crowd_that_asks_nothing_keeps_nobody_from_being_answered() {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let endpoint = Endpoint::start(Options { bind, ..Options::default() }).await.expect("port 0 is free");
    let before = resident_kib();
    let crowd = crowd();
    if crowd < 10_000 {
        eprintln!("this system gives file descriptors for {crowd} connections only");
    }
    let mut idlers = Vec::new();
    for n in 0..crowd {
        let connection = TcpStream::connect(endpoint.address());
        let connection = tokio::time::timeout(Duration::from_secs(30), connection).await;
        let mut stream = connection.expect("it is made in time").expect("it is not refused");
        // Some say half of a request.
        if n % 2 == 0 {
            let _ = stream.write_all(b"POST / HTTP/1.1\r\nhost: a\r\nx-amz-target: Kine").await;
        }
        idlers.push(stream);
    }
    let answer = tokio::time::timeout(Duration::from_secs(30), health(endpoint.address())).await;
    assert!(answer.expect("it came in time").starts_with("HTTP/1.1 200"));
    if let Some((before, now)) = before.zip(resident_kib()) {
        assert!(now.saturating_sub(before) < MOST_KIB, "{before} KiB before, {now} KiB with the crowd");
    }
    drop(idlers);
    endpoint.shutdown().await;
}
