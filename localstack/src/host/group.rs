//! A process in a process group of its own, its last lines, and its certain end.
//!
//! A group, because LocalStack starts processes too: whoever signals the group reaches them all. Only the
//! newest lines are kept, and of a line only so much, so an endless log costs no memory.

use std::collections::VecDeque;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::HostError;

const KEPT_LINES: usize = 60;
const LINE_BYTES: u64 = 2000;

/// A running process group. Dropping it kills every process in it.
pub(super) struct Group {
    child: Child,
    leader: Option<Pid>,
    lines: Arc<Lines>,
    readers: JoinSet<()>,
}

impl Group {
    /// Starts `command` as the leader of a new group; `on_line` is told each line of its output.
    pub(super) fn spawn(
        mut command: Command,
        on_line: impl Fn(&str) + Clone + Send + 'static,
    ) -> Result<Self, HostError> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        let mut child = command.spawn().map_err(HostError::Run)?;
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        let lines = Arc::new(Lines::default());
        let mut readers = JoinSet::new();
        if let Some(output) = child.stdout.take() {
            readers.spawn(keep_lines(output, Arc::clone(&lines), on_line.clone()));
        }
        if let Some(errors) = child.stderr.take() {
            readers.spawn(keep_lines(errors, Arc::clone(&lines), on_line));
        }
        Ok(Self { child, leader, lines, readers })
    }

    /// Waits for the leader's end; `None` where the system does not say how it ended.
    pub(super) async fn ended(&mut self) -> Option<ExitStatus> {
        self.child.wait().await.ok()
    }

    /// The newest lines of the output so far.
    pub(super) fn last_lines(&self) -> String {
        self.lines.text()
    }

    /// The newest lines, once an ended leader's output is read to its end (or someone else holds it open).
    pub(super) async fn settled_lines(&mut self) -> String {
        let all_read = async { while self.readers.join_next().await.is_some() {} };
        // A process that outlived the leader may keep the pipes: its lines are not waited for.
        let _ = timeout(Duration::from_secs(1), all_read).await;
        self.last_lines()
    }

    /// Asks the leader to end, and kills the group when it is gone or its time is up.
    pub(super) async fn end(&mut self, within: Duration) {
        self.signal(Signal::TERM);
        let _ = timeout(within, self.child.wait()).await;
        self.signal(Signal::KILL);
        // Killed, so this ends; it takes the leader off the system's list.
        let _ = self.child.wait().await;
    }

    fn signal(&self, signal: Signal) {
        if let Some(leader) = self.leader {
            // A group that has no process left is what was wanted.
            let _ = kill_process_group(leader, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

#[derive(Default)]
struct Lines(Mutex<VecDeque<String>>);

impl Lines {
    fn push(&self, line: String) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT_LINES {
            kept.pop_front();
        }
        kept.push_back(line);
    }

    fn text(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

async fn keep_lines(output: impl AsyncRead + Unpin, lines: Arc<Lines>, on_line: impl Fn(&str)) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut output).take(LINE_BYTES).read_until(b'\n', &mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                on_line(&text);
                lines.push(text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::test_kill_process;

    use super::*;

    fn bash(program: &str) -> Group {
        let mut command = Command::new("bash");
        command.args(["-c", program]);
        Group::spawn(command, |_| {}).unwrap()
    }

    /// The first line, which says that the program is where the test wants it.
    async fn first_line(group: &Group) -> String {
        loop {
            let text = group.last_lines();
            if !text.is_empty() {
                return text;
            }
            tokio::task::yield_now().await;
        }
    }

    fn alive(id: &str) -> bool {
        test_kill_process(Pid::from_raw(id.trim().parse().unwrap()).unwrap()).is_ok_and(|()| {
            let state = std::fs::read_to_string(format!("/proc/{}/stat", id.trim())).unwrap_or_default();
            !state.contains(") Z ")
        })
    }

    async fn until_dead(id: &str) {
        while alive(id) {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn ending_a_group_ends_what_its_leader_started() {
        let mut group = bash("sleep 600 & echo $!; trap 'exit 0' TERM; wait");
        let grandchild = first_line(&group).await;
        group.end(Duration::from_secs(10)).await;
        until_dead(&grandchild).await;
    }

    #[tokio::test]
    async fn a_leader_that_ignores_the_request_is_killed() {
        let mut group = bash("trap '' TERM; echo $$; while :; do sleep 600; done");
        let leader = first_line(&group).await;
        group.end(Duration::from_millis(50)).await;
        until_dead(&leader).await;
    }

    #[tokio::test]
    async fn dropping_a_group_kills_it() {
        let group = bash("sleep 600 & echo $!; wait");
        let grandchild = first_line(&group).await;
        drop(group);
        until_dead(&grandchild).await;
    }

    #[tokio::test]
    async fn only_the_newest_lines_are_kept_and_of_a_line_only_so_much() {
        let mut group = bash("head -c 1000000 /dev/zero | tr '\\0' x; echo; seq 1 1000 >&2; exit 3");
        let status = group.ended().await.unwrap();
        let text = group.settled_lines().await;
        assert_eq!(status.code(), Some(3));
        assert!(text.len() <= KEPT_LINES * 2001, "{} bytes", text.len());
        assert!(text.contains("1000") || text.contains("xxx"));
    }
}
