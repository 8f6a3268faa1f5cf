//! Ends function processes when the endpoint itself was killed and could not.
//!
//! One small shell per endpoint reads a pipe whose other end only the endpoint holds: `+PID` for a process group that
//! started, `-PID` for one that ended. When the pipe ends, because the endpoint stopped or died in whatever way, it
//! kills the groups that are left and removes the folder of code packages. The kernel's parent-death signal would do
//! less: it follows the thread that started a process, not the endpoint, and needs unsafe code.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::lock::Lock;

/// It ignores what a terminal sends to everyone in it: the endpoint's own end is the one sign it heeds.
#[cfg(unix)]
const SCRIPT: &str = r#"
trap '' INT TERM HUP QUIT PIPE
alive=
while read -r entry; do
    pid=${entry#?}
    case $entry in
    +*) alive="$alive $pid" ;;
    -*) left=
        for other in $alive; do [ "$other" = "$pid" ] || left="$left $other"; done
        alive=$left ;;
    esac
done
for pid in $alive; do kill -9 -- "-$pid" 2>/dev/null; done
rm -rf -- "$1"
"#;

/// The shell that watches; it acts when this is dropped.
#[derive(Debug)]
pub(super) struct Watchdog {
    pipe: Lock<File>,
}

impl Watchdog {
    /// Starts the shell. `folder` is removed at the end.
    #[cfg(unix)]
    pub(super) fn start(folder: &Path) -> io::Result<Self> {
        let mut shell = Command::new("/bin/sh")
            .arg("-c")
            .arg(SCRIPT)
            .arg("pipectl-watchdog")
            .arg(folder)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let pipe = shell.stdin.take().ok_or_else(|| io::Error::other("the watchdog has no pipe"))?;
        // The runtime reaps the shell when it has ended.
        Ok(Self { pipe: Lock::new(File::from(pipe.into_owned_fd()?)) })
    }

    /// Watches a process group.
    pub(super) fn started(&self, pid: u32) -> io::Result<()> {
        writeln!(self.pipe.lock(), "+{pid}")
    }

    /// Watches a process group no more.
    pub(super) fn ended(&self, pid: u32) {
        // When the watchdog is gone there is nothing to tell it.
        let _ = writeln!(self.pipe.lock(), "-{pid}");
    }
}
