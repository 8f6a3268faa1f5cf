//! What helps with the file itself, through the binary: `fmt`, `explain`, `graph`, annotations, `help`.

mod annotations;
mod events;
mod explain;
mod fmt;
mod graph;
mod help;
#[path = "../lines/mod.rs"]
mod lines;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use pipectl_localstack::{Endpoint, Limits, Options};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The binary in a folder, with none of the surroundings of whoever runs the tests.
fn pipectl(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("pipectl").expect("the binary is built");
    command.current_dir(folder).env_clear().env("HOME", folder).env("AWS_EC2_METADATA_DISABLED", "true");
    command
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stdout).into_owned()
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder above")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

fn read(folder: &TempDir, name: &str) -> String {
    std::fs::read_to_string(folder.path().join(name)).expect("a file")
}

/// An endpoint in place of AWS, for a folder.
struct Local<'a> {
    _runtime: Runtime,
    endpoint: Endpoint,
    folder: &'a TempDir,
}

impl<'a> Local<'a> {
    fn start(folder: &'a TempDir) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let options = Options {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            region: "us-east-1".to_owned(),
            limits: Limits::Off,
            ..Options::default()
        };
        let endpoint = runtime.block_on(Endpoint::start(options)).expect("a free port");
        Self { _runtime: runtime, endpoint, folder }
    }

    fn pipectl(&self, arguments: &[&str]) -> Command {
        let mut command = pipectl(self.folder.path());
        command.args(["--endpoint-url", &self.endpoint.url()]).args(arguments);
        command
    }
}
