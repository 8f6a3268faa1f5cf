//! Runs what may recurse deeply on a stack of its own.

use std::sync::mpsc;
use std::time::Duration;

/// The stack: address space, of which only what is used takes memory.
pub(super) const STACK: usize = 128 << 20;
/// How long anything may take. Budgets end an evaluation long before; this is for what they do not see, the matching
/// of a long text with a large regular expression.
const LONGEST: Duration = Duration::from_secs(20);

/// Runs `work` on a thread with a large stack and waits for it; `None` when it failed or took too long.
pub(super) fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name("jq".to_owned()).stack_size(STACK);
    let spawned = thread.spawn(move || {
        let _nobody_waits_any_more = sender.send(work());
    });
    match spawned {
        Ok(_) => receiver.recv_timeout(LONGEST).ok(),
        Err(error) => {
            tracing::error!(%error, "no thread for a metadata extraction query");
            None
        }
    }
}
