//! Memory that many share: who finds none free waits for a while, and the others can tell that somebody does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// So many KiB.
#[derive(Debug)]
pub(super) struct Pool {
    free: Arc<Semaphore>,
    /// How many wait for some.
    waiting: AtomicUsize,
}

/// One that waits, until this is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Pool {
    pub(super) fn of(kib: usize) -> Self {
        Self { free: Arc::new(Semaphore::new(kib)), waiting: AtomicUsize::new(0) }
    }

    /// This much more, besides what is `held`; nothing where it does not come free in time.
    pub(super) async fn take(
        &self,
        kib: usize,
        held: Option<OwnedSemaphorePermit>,
        patience: Duration,
    ) -> Option<OwnedSemaphorePermit> {
        let kib = u32::try_from(kib).unwrap_or(u32::MAX);
        let more = match Arc::clone(&self.free).try_acquire_many_owned(kib) {
            Ok(permit) => permit,
            Err(_) => {
                let _waiting = Waiting::new(&self.waiting);
                timeout(patience, Arc::clone(&self.free).acquire_many_owned(kib)).await.ok()?.ok()?
            }
        };
        Some(match held {
            Some(mut held) => {
                held.merge(more);
                held
            }
            None => more,
        })
    }

    /// Whether somebody waits.
    pub(super) fn is_wanted(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    #[cfg(test)]
    pub(super) fn free_kib(&self) -> usize {
        self.free.available_permits()
    }
}
