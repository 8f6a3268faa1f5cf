//! Objects that are closed: they wait here for one of the few places in which they are sent.
//!
//! The backup has places of its own, so that a destination that is down does not hold up the other. What waits is
//! bounded: the actor takes nothing in while there is no room.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio_util::task::AbortOnDropHandle;

use super::lanes::{Lane, Sealed};
use super::sender::{self, Undelivered};
use super::{Shared, writer};
use crate::firehose::settings::Target;

/// Objects of one delivery that are being written at the same time, and as many backups.
const MOST_WRITES: usize = 2;
/// Bytes of backups that may wait while the delivery goes on.
const MOST_BACKUP: usize = 64 << 20;

/// Closed objects and those being sent.
pub(super) struct Outbox {
    shared: Arc<Shared>,
    main: Queue,
    backup: Queue,
    /// The first chunks of what is being sent, and of what could not be at the end.
    under_way: Vec<u64>,
}

/// One that was sent.
struct Sent {
    undelivered: Undelivered,
    chunk: u64,
    settled: bool,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Sealed>,
    sending: FuturesUnordered<AbortOnDropHandle<Sent>>,
}

impl Outbox {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, main: Queue::default(), backup: Queue::default(), under_way: Vec::new() }
    }

    /// Takes objects.
    pub(super) fn put(&mut self, sealed: impl IntoIterator<Item = Sealed>) {
        for one in sealed {
            let queue = if one.lane == Lane::Backup { &mut self.backup } else { &mut self.main };
            queue.waiting.push_back(one);
        }
    }

    /// Sends what there are places for.
    pub(super) fn start(&mut self) {
        for queue in [&mut self.main, &mut self.backup] {
            while queue.sending.len() < MOST_WRITES
                && let Some(sealed) = queue.waiting.pop_front()
            {
                let shared = Arc::clone(&self.shared);
                let to_endpoint = matches!(sealed.lane, Lane::Data(_))
                    && matches!(sealed.under.destination.target, Target::Http(_));
                let chunk = sealed.filled.tally.chunk;
                self.under_way.push(chunk);
                let task = tokio::spawn(async move {
                    if to_endpoint {
                        let undelivered = sender::send(shared, sealed).await;
                        Sent { undelivered, chunk, settled: true }
                    } else {
                        let settled = writer::write(shared, sealed).await;
                        Sent { undelivered: Undelivered::new(), chunk, settled }
                    }
                });
                queue.sending.push(AbortOnDropHandle::new(task));
            }
        }
    }

    /// Waits until one was sent; what an endpoint did not take comes back.
    pub(super) async fn next(&mut self) -> Undelivered {
        let sent = tokio::select! {
            Some(sent) = self.main.sending.next(), if !self.main.sending.is_empty() => sent,
            Some(sent) = self.backup.sending.next(), if !self.backup.sending.is_empty() => sent,
            else => return std::future::pending().await,
        };
        match sent {
            Ok(Sent { undelivered, chunk, settled }) => {
                if settled && let Some(index) = self.under_way.iter().position(|one| *one == chunk) {
                    self.under_way.swap_remove(index);
                }
                undelivered
            }
            Err(error) => {
                tracing::error!(%error, "an object was not sent to its end; its records are lost");
                Undelivered::new()
            }
        }
    }

    /// The number of the first chunk that is here.
    pub(super) fn first_chunk(&self) -> Option<u64> {
        let waiting = self.main.waiting.iter().chain(&self.backup.waiting);
        waiting.map(|sealed| sealed.filled.tally.chunk).chain(self.under_way.iter().copied()).min()
    }

    /// Whether the delivery may go on taking records in.
    pub(super) fn has_room(&self) -> bool {
        let backup: usize = self.backup.waiting.iter().map(|sealed| sealed.filled.body.len()).sum();
        self.main.waiting.is_empty() && backup <= MOST_BACKUP
    }

    /// Whether there is nothing here.
    pub(super) fn is_idle(&self) -> bool {
        [&self.main, &self.backup].iter().all(|queue| queue.waiting.is_empty() && queue.sending.is_empty())
    }
}
