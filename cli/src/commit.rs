//! The commit that the pipeline file is of, for the ledger: from git, or from what CI says.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use pipectl_pipeline::ledger::Commit;
use tokio::process::Command;

use crate::piped;

/// How long git may take; a repository on a network disk must not hold up an apply.
const PATIENCE: Duration = Duration::from_secs(3);

/// The commit of the repository that `file` lies in; `None` where there is none, or no git, or no file.
pub(crate) async fn of(file: &Path) -> Option<Commit> {
    if piped::is_meant(file) {
        // Nobody knows where it came from.
        return None;
    }
    tokio::time::timeout(PATIENCE, from_git(file)).await.ok().flatten().or_else(from_ci)
}

async fn from_git(file: &Path) -> Option<Commit> {
    let (folder, name) = match file.is_dir() {
        true => (file, std::ffi::OsStr::new(".")),
        false => {
            let folder = file.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
            (folder, file.file_name()?)
        }
    };
    let id = git(folder, &["rev-parse", "HEAD"].map(std::ffi::OsStr::new)).await?;
    let branch = git(folder, &["symbolic-ref", "--quiet", "--short", "HEAD"].map(std::ffi::OsStr::new)).await;
    let status = ["status", "--porcelain", "--"].map(std::ffi::OsStr::new);
    let status = git(folder, &[status.as_slice(), &[name]].concat()).await?;
    let branch = branch.filter(|branch| !branch.is_empty());
    Some(Commit { id, branch, dirty: !status.is_empty() })
}

async fn git(folder: &Path, arguments: &[&std::ffi::OsStr]) -> Option<String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(arguments);
    command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// In CI the checkout may lack its `.git`.
fn from_ci() -> Option<Commit> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let (id, branch) = match variable("GITHUB_SHA") {
        Some(id) => (id, variable("GITHUB_REF_NAME")),
        None => (variable("CI_COMMIT_SHA")?, variable("CI_COMMIT_REF_NAME")),
    };
    Some(Commit { id, branch, dirty: false })
}
