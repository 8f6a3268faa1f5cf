//! The way in: what callers hand over waits here until the producer's task takes all of it at once.
//!
//! A record costs a lock that is hardly ever contended and a push, and the task is woken for the first of many only. What
//! waits is bounded by those who push: records by the memory budget, flushes by a number of their own.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::Command;

/// Room that is kept for what comes next, in commands; more than that is given back.
const ROOM_KEPT: usize = 16 * 1024;

/// What was handed over and not yet taken.
#[derive(Debug, Default)]
pub(super) struct Intake {
    queue: Mutex<Queue>,
    news: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    commands: VecDeque<Command>,
    is_closed: bool,
}

/// Nobody takes anything any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Closed;

impl Intake {
    /// Hands over a command.
    pub(super) fn push(&self, command: Command) -> Result<(), Closed> {
        let mut queue = self.queue();
        if queue.is_closed {
            return Err(Closed);
        }
        queue.commands.push_back(command);
        let is_first = queue.commands.len() == 1;
        drop(queue);
        if is_first {
            self.news.notify_one();
        }
        Ok(())
    }

    /// Waits until there is something to take; it may be gone by then.
    pub(super) async fn news(&self) {
        self.news.notified().await;
    }

    /// Takes all there is, in exchange for the room that `taken`, which is empty, has for what comes next.
    pub(super) fn take(&self, taken: &mut VecDeque<Command>) {
        debug_assert!(taken.is_empty(), "what was taken before is lost");
        taken.shrink_to(ROOM_KEPT);
        std::mem::swap(&mut self.queue().commands, taken);
    }

    /// From now on nothing is taken in.
    pub(super) fn close(&self) {
        self.queue().is_closed = true;
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        // A push is done or not: who panics meanwhile leaves nothing half done.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(intake: &Intake) -> usize {
        let mut taken = VecDeque::new();
        intake.take(&mut taken);
        taken.len()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_is_woken_for_the_first_of_many_and_again_after_it_took_them() {
        let intake = Intake::default();
        for _ in 0..2 {
            (0..3).for_each(|_| intake.push(Command::Close).unwrap());
            intake.news().await;
            assert_eq!((take(&intake), take(&intake)), (3, 0));
        }
        assert!(tokio::time::timeout(std::time::Duration::from_secs(1), intake.news()).await.is_err());
    }

    #[test]
    fn what_came_before_the_end_can_be_taken_and_nothing_comes_after_it() {
        let intake = Intake::default();
        intake.push(Command::Close).unwrap();
        intake.close();
        assert_eq!(intake.push(Command::Close), Err(Closed));
        assert_eq!(take(&intake), 1);
    }
}
