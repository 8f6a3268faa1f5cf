//! Runs what may recurse deeply on a stack of its own, and leaves behind what takes too long.

use std::sync::mpsc;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::lock::Lock;

/// The stack: address space, of which only what is used takes memory.
pub(super) const STACK: usize = 128 << 20;
/// How long anything may take. Budgets end an evaluation long before; this is for what they do not see, the matching
/// of a long text with a large regular expression.
pub(super) const LONGEST: Duration = Duration::from_secs(20);
/// Threads that may be left behind and still run; with as many, nothing is begun.
const MOST_ASTRAY: usize = 8;

/// The threads nobody waits for any more.
static ASTRAY: Lock<Vec<Weak<()>>> = Lock::new(Vec::new());

/// Runs `work` on a thread with a large stack and waits for it; `None` when it failed or took too long.
pub(super) fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let running = spawned(move || {
        let _nobody_waits_any_more = sender.send(work());
    })?;
    let result = receiver.recv_timeout(LONGEST);
    if result.is_err() {
        ASTRAY.lock().push(running);
    }
    result.ok()
}

/// Runs `work` on each item in turn, on such a thread, and waits `longest` for each; `None` for one that failed or took
/// too long. Those after it are worked on by another thread, and the one that was left behind ends with its item.
pub(super) fn each<I, T>(
    items: Vec<I>,
    longest: Duration,
    work: impl Fn(&I) -> T + Send + Sync + 'static,
) -> Vec<Option<T>>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
{
    let (items, work) = (Arc::new(items), Arc::new(work));
    let mut results = Vec::with_capacity(items.len());
    while results.len() < items.len() {
        let (sender, receiver) = mpsc::sync_channel(0);
        let (shared, work, done) = (Arc::clone(&items), Arc::clone(&work), results.len());
        let running = spawned(move || {
            let left = shared.iter().skip(done);
            // A result that nobody takes: the thread was left behind.
            let _ = left.map(|item| sender.send(work(item))).find(Result::is_err);
        });
        let Some(running) = running else {
            results.resize_with(items.len(), || None);
            break;
        };
        while results.len() < items.len() {
            let result = receiver.recv_timeout(longest).ok();
            let is_late = result.is_none();
            results.push(result);
            if is_late {
                ASTRAY.lock().push(running);
                break;
            }
        }
    }
    results
}

/// A thread with a large stack, and what lives as long as it does.
fn spawned(work: impl FnOnce() + Send + 'static) -> Option<Weak<()>> {
    let astray = {
        let mut astray = ASTRAY.lock();
        astray.retain(|running| running.strong_count() > 0);
        astray.len()
    };
    if astray >= MOST_ASTRAY {
        tracing::error!(
            astray,
            "metadata extraction queries do not come to an end; none is begun until they do"
        );
        return None;
    }
    let alive = Arc::new(());
    let running = Arc::downgrade(&alive);
    let thread = std::thread::Builder::new().name("jq".to_owned()).stack_size(STACK);
    let spawned = thread.spawn(move || {
        work();
        drop(alive);
    });
    if let Err(error) = spawned {
        tracing::error!(%error, "no thread for a metadata extraction query");
        return None;
    }
    Some(running)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_item_that_takes_too_long_costs_only_itself() {
        let gate = Arc::new(Lock::new(()));
        let closed = gate.lock();
        let waiting = Arc::clone(&gate);
        let results = each(vec![1, 2, 3, 4], Duration::from_millis(100), move |number| {
            if *number == 2 {
                drop(waiting.lock());
            }
            number * 10
        });
        assert_eq!(results, [Some(10), None, Some(30), Some(40)]);
        assert!(!ASTRAY.lock().is_empty());
        drop(closed);
    }

    #[test]
    fn one_item_that_fails_costs_only_itself() {
        let results = each(vec![1, 0, 2], LONGEST, |number| 10 / number);
        assert_eq!(results, [Some(10), None, Some(5)]);
    }
}
