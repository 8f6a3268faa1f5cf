//! Running the binary as a user would: a folder, arguments, and an environment that holds nothing of the tester's own.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::binary;

/// How long a command may take before the scenario gives up on it.
const PATIENCE: Duration = Duration::from_secs(180);

/// One call of `pipectl`, to be added to and run.
pub struct Pipectl {
    command: Command,
    stdin: Vec<u8>,
}

/// What a call came to.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// Wall-clock time.
    pub took: Duration,
}

impl Pipectl {
    /// A call in `folder` with these arguments. Of the environment only what a program needs is passed on.
    pub fn new<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> Self {
        let mut command = Command::new(binary::path());
        command.args(arguments).current_dir(folder).env_clear();
        for name in ["PATH", "HOME", "TMPDIR", "LLVM_PROFILE_FILE", "SSL_CERT_FILE"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        Self { command, stdin: Vec::new() }
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it reads from standard input.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Starts it and leaves it to the caller, with nothing on standard input and its output thrown away.
    ///
    /// # Panics
    ///
    /// When the binary does not start.
    pub fn spawn(mut self) -> Child {
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.command.spawn().expect("the binary starts")
    }

    /// Runs it to its end.
    ///
    /// # Panics
    ///
    /// When it does not start, or has not ended after three minutes.
    pub fn run(mut self) -> Finished {
        let started = Instant::now();
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the binary starts");
        let mut stdin = child.stdin.take().expect("its input is a pipe");
        let input = self.stdin;
        // A command that ends without reading its input closes the pipe: that is its right.
        thread::spawn(move || stdin.write_all(&input));
        let stdout = read_all(child.stdout.take().expect("its output is a pipe"));
        let stderr = read_all(child.stderr.take().expect("its errors are a pipe"));
        let code = wait(&mut child, started);
        let text = |reader: JoinHandle<Vec<u8>>| {
            String::from_utf8_lossy(&reader.join().expect("reading does not panic")).into_owned()
        };
        let (stdout, stderr) = (text(stdout), text(stderr));
        let Ok(code) = code else {
            panic!("{:?} did not end in {PATIENCE:?}\n{stdout}\n{stderr}", self.command)
        };
        Finished { code, stdout, stderr, took: started.elapsed() }
    }
}

struct TooLong;

fn wait(child: &mut Child, started: Instant) -> Result<Option<i32>, TooLong> {
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return Ok(status.code());
        }
        if started.elapsed() > PATIENCE {
            // It is about to be reported; whether the kill succeeds changes nothing.
            let _ = child.kill();
            return Err(TooLong);
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn read_all(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read until an error is what there is to report.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

impl Finished {
    /// Checks the exit code, with all the output in the message when it is another.
    ///
    /// # Panics
    ///
    /// When the code is another.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "exit code\n--- stdout\n{}\n--- stderr\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Checks that it succeeded.
    ///
    /// # Panics
    ///
    /// When it did not.
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.exits(0)
    }

    /// The JSON values of its standard output, one a line.
    ///
    /// # Panics
    ///
    /// When a line is not JSON.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.stdout.lines().filter(|line| !line.trim().is_empty()).map(parse).collect()
    }
}
