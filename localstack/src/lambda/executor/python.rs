//! Managed Python: the machine's own interpreter runs the handler through a bootstrap of ours.

use std::collections::HashMap;
use std::ffi::OsString;
use std::process::Stdio;

use tokio::process::Command;
use tokio::sync::Mutex;

/// Speaks the Runtime API and calls `module.function`.
pub(super) const BOOTSTRAP: &str = include_str!("bootstrap.py");

/// The interpreters found, by the name they were asked for.
#[derive(Debug, Default)]
pub(super) struct Interpreters {
    found: Mutex<HashMap<String, Option<OsString>>>,
}

impl Interpreters {
    /// The interpreter for a runtime such as `python3.12`: that version when the machine has it, else its `python3`.
    pub(super) async fn find(&self, runtime: &str) -> Option<OsString> {
        // Held while looking, so that a burst of cold starts asks once. The names are AWS's runtimes: few.
        let mut found = self.found.lock().await;
        if let Some(known) = found.get(runtime) {
            return known.clone();
        }
        let interpreter = match executable_of(runtime).await {
            Some(exact) => Some(exact),
            None => executable_of("python3").await,
        };
        found.insert(runtime.to_owned(), interpreter.clone());
        interpreter
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
