//! Managed Python: the machine's own interpreter runs the handler through a bootstrap of ours.

use std::ffi::OsString;
use std::process::Stdio;

use tokio::process::Command;
use tokio::sync::OnceCell;

/// Speaks the Runtime API and calls `module.function`.
pub(super) const BOOTSTRAP: &str = include_str!("bootstrap.py");

/// The interpreters found, by the name they were asked for.
#[derive(Debug, Default)]
pub(super) struct Interpreters {
    any: OnceCell<Option<OsString>>,
}

impl Interpreters {
    /// The interpreter for a runtime such as `python3.12`: that version when the machine has it, else its `python3`.
    pub(super) async fn find(&self, runtime: &str) -> Option<OsString> {
        if let Some(exact) = executable_of(runtime).await {
            return Some(exact);
        }
        self.any.get_or_init(|| executable_of("python3")).await.clone()
    }
}

/// The path behind a name. Asking the interpreter itself sees through version managers, whose stand-ins need an
/// environment that a function does not get.
async fn executable_of(name: &str) -> Option<OsString> {
    let asked = Command::new(name)
        .args(["-c", "import sys; sys.stdout.write(sys.executable)"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .ok()?;
    let path = String::from_utf8(asked.stdout).ok()?;
    (asked.status.success() && !path.is_empty()).then(|| path.into())
}
