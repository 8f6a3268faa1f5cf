//! LocalStack as a process of this machine: started, used, and gone without a trace.
//!
//! Runs where `PIPECTL_TEST_LOCALSTACK` is set, as `.ci/run localstack` does where Python 3.13 and Node are.

#![expect(clippy::print_stdout, reason = "a skipped test says why")]

use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use pipectl_localstack::host::{Host, HostError, HostOptions, Progress};
use pipectl_tests::aws::Clients;
use pipectl_tests::target::{REGION, runtime};

/// Whether LocalStack may be started; says so when not.
fn wanted() -> bool {
    let wanted = std::env::var_os("PIPECTL_TEST_LOCALSTACK").is_some();
    if !wanted {
        println!("skipped: PIPECTL_TEST_LOCALSTACK is not set");
    }
    wanted
}

#[test]
fn it_answers_with_its_services_and_leaves_nothing_running() {
    if !wanted() {
        return;
    }
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let options = HostOptions {
        port: 0,
        on_progress: Arc::new(move |progress| listener.lock().unwrap().push(progress)),
        ..HostOptions::default()
    };
    let address = runtime().block_on(async {
        let host = Host::start(options).await.unwrap_or_else(|error| panic!("{error}"));
        let url = host.url();
        let clients = Clients::connect(Some(&url), REGION).await;
        clients.kinesis.create_stream().stream_name("one").shard_count(1).send().await.unwrap();
        assert_eq!(clients.resources("one").await, ["stream one"]);
        host.shutdown().await;
        url.trim_start_matches("http://").to_owned()
    });
    assert!(TcpStream::connect(&address).is_err(), "something still listens on {address}");
    let starting = Progress::Starting(format!("http://{address}"));
    assert!(told.lock().unwrap().contains(&starting), "{told:?}");
}

#[test]
fn a_taken_port_is_an_error_before_anything_is_installed() {
    let held = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port();
    let install = tempfile::tempdir().unwrap();
    let options = HostOptions { port, install: Some(install.path().to_owned()), ..HostOptions::default() };
    let error = runtime().block_on(Host::start(options)).err().expect("the port is taken");
    assert!(matches!(error, HostError::PortTaken { port: named, .. } if named == port), "{error}");
    assert_eq!(std::fs::read_dir(install.path()).unwrap().count(), 0);
}
