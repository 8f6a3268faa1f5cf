//! Holds virtual time still while something happens that takes real time.
//!
//! A paused tokio clock jumps to the next timer whenever the runtime has nothing to do. To it, waiting for a function's
//! process is nothing to do: the function's own time-out would strike before the process has started. So an invocation
//! of a real process holds the clock. It stands still until the process has answered or until, in real time, the
//! function's time-out has passed; then it goes on, and the time-out strikes in virtual time.
//!
//! Tokio keeps a paused clock from advancing by itself while a blocking task runs; the hold is such a task. Only a
//! world whose time is virtual starts it.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;
// Real time is the point here, and nowhere else.
use std::time::Instant as RealInstant;

/// Keeps virtual time still on behalf of whoever asks. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct TimeHold(Option<Arc<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    holders: Mutex<Holders>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Holders {
    until: BTreeMap<u64, RealInstant>,
    next: u64,
    /// Whether the blocking task runs.
    holding: bool,
}

/// Holds the time until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    shared: Arc<Shared>,
    number: u64,
}

impl TimeHold {
    /// For a world whose time is virtual; the default is for real time, where nothing needs to be held.
    pub fn of_virtual_time() -> Self {
        Self(Some(Arc::default()))
    }

    /// Whether the time is virtual: then nothing may run on another thread, which would finish at its own pace.
    pub fn is_virtual(&self) -> bool {
        self.0.is_some()
    }

    /// Holds the time until the answer is dropped, `limit` of real time at most.
    pub(crate) fn hold(&self, limit: Duration) -> Option<Held> {
        let shared = Arc::clone(self.0.as_ref()?);
        let number = {
            let mut holders = shared.holders.lock().unwrap_or_else(PoisonError::into_inner);
            let number = holders.next;
            holders.next += 1;
            holders.until.insert(number, RealInstant::now() + limit);
            if !std::mem::replace(&mut holders.holding, true) {
                let shared = Arc::clone(&shared);
                drop(tokio::task::spawn_blocking(move || shared.wait()));
            }
            number
        };
        shared.changed.notify_all();
        Some(Held { shared, number })
    }

    /// Runs what takes a processor's time, such as compression: beside the runtime in real time; in virtual time right
    /// here, so that what happens does not depend on how fast another thread is.
    pub(crate) async fn offload<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, tokio::task::JoinError> {
        if self.is_virtual() { Ok(work()) } else { tokio::task::spawn_blocking(work).await }
    }
}

impl Shared {
    /// Returns when nobody holds the time any more.
    fn wait(&self) {
        let mut holders = self.holders.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = RealInstant::now();
            let last = holders.until.values().max().copied();
            let Some(left) =
                last.map(|last| last.saturating_duration_since(now)).filter(|left| !left.is_zero())
            else {
                holders.holding = false;
                return;
            };
            let woken = self.changed.wait_timeout(holders, left);
            holders = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut holders = self.shared.holders.lock().unwrap_or_else(PoisonError::into_inner);
        holders.until.remove(&self.number);
        drop(holders);
        self.shared.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// What takes real time, on no thread that tokio knows of.
    async fn outside(real: Duration) {
        let (done, waiting) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            std::thread::sleep(real);
            let _ = done.send(());
        });
        let _ = waiting.await;
    }

    #[tokio::test(start_paused = true)]
    async fn virtual_time_stands_still_while_it_is_held_and_goes_on_after() {
        let hold = TimeHold::of_virtual_time();
        let started = Instant::now();
        let mut timer = Box::pin(tokio::time::sleep(Duration::from_secs(3)));
        let (first, second) = (hold.hold(Duration::from_secs(60)), hold.hold(Duration::from_secs(60)));
        drop(first);
        tokio::select! {
            () = &mut timer => panic!("the clock went on"),
            () = outside(Duration::from_millis(50)) => {}
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
        drop(second);
        timer.await;
        assert_eq!(started.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn after_its_limit_a_hold_holds_nothing() {
        let hold = TimeHold::of_virtual_time();
        let started = Instant::now();
        let _held = hold.hold(Duration::from_millis(20));
        tokio::time::sleep(Duration::from_secs(900)).await;
        assert_eq!(started.elapsed(), Duration::from_secs(900));
    }

    #[tokio::test]
    async fn real_time_is_never_held() {
        assert!(TimeHold::default().hold(Duration::from_secs(1)).is_none());
        assert_eq!(TimeHold::default().offload(|| 7).await.ok(), Some(7));
    }
}
