//! What a function writes to its standard output and error: lines for CloudWatch Logs and for the tail of an
//! invocation's log.
//!
//! One task per sandbox reads both pipes. An invocation that ends asks it to [`OutputTap::settle`]: whatever the
//! process wrote before it sent its answer is in the pipes by then, so once both are empty the log is complete. No
//! waiting by the clock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::{mpsc, oneshot};

use crate::lock::Lock;
use crate::logs::{GroupId, Logs};

/// What an invocation's log tail holds at most: AWS's 4 KB.
const TAIL: usize = 4096;
/// Longest line kept in one piece: CloudWatch's limit of an event.
const MAX_LINE: usize = 262_144 - 26;

/// Where a sandbox's lines go.
#[derive(Debug)]
pub(super) struct LogSink {
    logs: Arc<Logs>,
    group: GroupId,
    stream: String,
    tail: Lock<VecDeque<u8>>,
    /// Set when the function is deleted: its log group may be next, and a late line must not bring it back.
    muted: Arc<AtomicBool>,
}

impl LogSink {
    pub(super) fn new(logs: Arc<Logs>, group: GroupId, stream: String, muted: Arc<AtomicBool>) -> Self {
        Self { logs, group, stream, tail: Lock::default(), muted }
    }

    pub(super) fn stream(&self) -> &str {
        &self.stream
    }

    /// Writes one line, given without its end.
    pub(super) fn write(&self, line: &str) {
        if self.muted.load(Ordering::Relaxed) {
            return;
        }
        let line = format!("{line}\n");
        self.logs.put(&self.group, &self.stream, &line);
        let mut tail = self.tail.lock();
        tail.extend(line.bytes());
        let excess = tail.len().saturating_sub(TAIL);
        tail.drain(..excess);
    }

    /// The last bytes written since the last call.
    pub(super) fn take_tail(&self) -> Vec<u8> {
        std::mem::take(&mut *self.tail.lock()).into()
    }
}

/// Lines of one pipe, each at most [`MAX_LINE`] bytes. Dropping the future of [`next`](Self::next) loses nothing.
struct Lines<R> {
    pipe: Option<BufReader<R>>,
    partial: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    fn new(pipe: Option<R>) -> Self {
        Self { pipe: pipe.map(BufReader::new), partial: Vec::new() }
    }

    fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// The next whole line; `None` once when the pipe has ended.
    async fn next(&mut self) -> Option<String> {
        loop {
            let pipe = self.pipe.as_mut()?;
            let chunk = match pipe.fill_buf().await {
                Ok(chunk) if !chunk.is_empty() => chunk,
                _ => {
                    self.pipe = None;
                    let rest = std::mem::take(&mut self.partial);
                    return (!rest.is_empty()).then(|| lossy(&rest));
                }
            };
            let room = MAX_LINE - self.partial.len();
            let (taken, whole) = match chunk.iter().take(room).position(|byte| *byte == b'\n') {
                Some(end) => (end + 1, true),
                None => (chunk.len().min(room), chunk.len() >= room),
            };
            self.partial.extend_from_slice(&chunk[..taken]);
            pipe.consume(taken);
            if whole {
                let line = std::mem::take(&mut self.partial);
                return Some(lossy(&line));
            }
        }
    }
}

fn lossy(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line)).into_owned()
}

/// The running reader of a sandbox's pipes.
#[derive(Debug)]
pub(super) struct OutputTap {
    settle: mpsc::Sender<oneshot::Sender<()>>,
}

impl OutputTap {
    /// Starts reading; the task ends when both pipes have.
    pub(super) fn start(sink: Arc<LogSink>, out: Option<ChildStdout>, err: Option<ChildStderr>) -> Self {
        let (settle, requests) = mpsc::channel(1);
        tokio::spawn(read(sink, Lines::new(out), Lines::new(err), requests));
        Self { settle }
    }

    /// Waits until everything that is in the pipes now has become lines.
    pub(super) async fn settle(&self) {
        let (done, settled) = oneshot::channel();
        if self.settle.send(done).await.is_ok() {
            // An error means that the pipes have ended: settled as well.
            let _ = settled.await;
        }
    }
}

async fn read(
    sink: Arc<LogSink>,
    mut out: Lines<ChildStdout>,
    mut err: Lines<ChildStderr>,
    mut requests: mpsc::Receiver<oneshot::Sender<()>>,
) {
    while out.is_open() || err.is_open() {
        // Biased: a request to settle is seen only when neither pipe has anything.
        tokio::select! {
            biased;
            line = out.next(), if out.is_open() => line.iter().for_each(|line| sink.write(line)),
            line = err.next(), if err.is_open() => line.iter().for_each(|line| sink.write(line)),
            Some(done) = requests.recv() => drop(done.send(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn lines_of(bytes: &[u8]) -> Vec<String> {
        let mut lines = Lines::new(Some(bytes));
        let mut all = Vec::new();
        while lines.is_open() {
            all.extend(lines.next().await);
        }
        all
    }

    #[tokio::test]
    async fn lines_end_at_newlines_and_the_last_one_needs_none() {
        assert_eq!(lines_of(b"a\n\nb\r\nlast").await, ["a", "", "b", "last"]);
        assert!(lines_of(b"").await.is_empty());
    }

    #[tokio::test]
    async fn a_line_without_end_comes_in_bounded_pieces() {
        let flood = vec![b'x'; MAX_LINE * 2 + 10];
        let lines = lines_of(&flood).await;
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [MAX_LINE, MAX_LINE, 10]);
    }

    #[tokio::test]
    async fn bytes_that_are_not_text_are_shown_as_replacements() {
        assert_eq!(lines_of(b"\xff\n").await, ["\u{fffd}"]);
    }
}
