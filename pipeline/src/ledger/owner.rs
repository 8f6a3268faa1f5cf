//! Who holds a lock: a process on a machine, named so that another can tell whether it still lives.

use std::fs;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A process that holds, or wants, a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Owner {
    /// For people: `ada@laptop`.
    pub actor: String,
    /// The machine, and its boot: process ids of another boot mean nothing.
    pub machine: String,
    /// The process id.
    pub pid: u32,
    /// When that process started, in the kernel's ticks: process ids are used again.
    pub started: Option<u64>,
    /// Tells two locks of one process apart.
    pub id: String,
}

impl Owner {
    /// This process, under this name.
    #[must_use]
    pub fn this_process(actor: &str) -> Self {
        let pid = std::process::id();
        Self {
            actor: if actor.is_empty() { default_actor() } else { actor.to_owned() },
            machine: machine(),
            pid,
            started: start_time(pid),
            id: uuid::Uuid::new_v4().to_string(),
        }
    }

    /// Whether this owner is known to be dead: it ran on this machine, and no such process does any more.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        if self.machine != machine() {
            return false;
        }
        match self.started {
            Some(_) => start_time(self.pid) != self.started,
            None => rustix::process::Pid::from_raw(i32::try_from(self.pid).unwrap_or(0))
                .is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH)),
        }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (process {})", self.actor, self.pid)
    }
}

/// Who runs this, as in `ada@laptop`.
fn default_actor() -> String {
    actor(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()), &host())
}

/// Who runs this, as the environment tells: in CI the person who set it off and the run, elsewhere the user and
/// the machine.
fn actor(variable: &dyn Fn(&str) -> Option<String>, host: &str) -> String {
    if let Some(person) = variable("GITHUB_ACTOR").filter(|_| variable("GITHUB_ACTIONS").is_some()) {
        let run = variable("GITHUB_RUN_ID").map(|run| format!(" run {run}")).unwrap_or_default();
        let repository = variable("GITHUB_REPOSITORY").unwrap_or_else(|| "github".to_owned());
        return format!("{person}@{repository}{run}");
    }
    if let Some(person) = variable("GITLAB_USER_LOGIN").filter(|_| variable("GITLAB_CI").is_some()) {
        let job = variable("CI_JOB_ID").map(|job| format!(" job {job}")).unwrap_or_default();
        let project = variable("CI_PROJECT_PATH").unwrap_or_else(|| "gitlab".to_owned());
        return format!("{person}@{project}{job}");
    }
    let user = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| variable(name));
    format!("{}@{host}", user.unwrap_or_else(|| "unknown".to_owned()))
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The machine, its boot, and where there are such, the namespace in which its process ids count.
fn machine() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{}/{}/{}", host(), boot.trim(), namespace.display())
}

/// When a process started, where the kernel tells: field 22 of its `stat`. A zombie counts as gone.
pub(super) fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_ci_the_actor_is_the_person_and_the_run() {
        let ci = |name: &str| match name {
            "GITHUB_ACTIONS" => Some("true".to_owned()),
            "GITHUB_ACTOR" => Some("ada".to_owned()),
            "GITHUB_REPOSITORY" => Some("shop/clicks".to_owned()),
            "GITHUB_RUN_ID" => Some("77".to_owned()),
            "USER" => Some("runner".to_owned()),
            _ => None,
        };
        assert_eq!(actor(&ci, "vm"), "ada@shop/clicks run 77");
        assert_eq!(actor(&|name| (name == "USER").then(|| "ada".to_owned()), "laptop"), "ada@laptop");
        assert_eq!(actor(&|_| None, "laptop"), "unknown@laptop");
    }

    #[test]
    fn this_process_lives() {
        assert!(!Owner::this_process("a@b").is_dead());
    }

    #[test]
    fn a_process_id_used_again_is_another_process() {
        let me = Owner::this_process("a@b");
        assert!(Owner { started: me.started.map(|ticks| ticks + 1), ..me }.is_dead());
    }

    #[test]
    fn of_another_machine_nothing_is_known() {
        let me = Owner::this_process("a@b");
        assert!(!Owner { machine: "elsewhere".into(), pid: 1, started: Some(0), ..me }.is_dead());
    }
}
