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
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Sealed>,
    sending: FuturesUnordered<AbortOnDropHandle<Undelivered>>,
}

impl Outbox {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, main: Queue::default(), backup: Queue::default() }
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
                let task = if to_endpoint {
                    tokio::spawn(sender::send(shared, sealed))
                } else {
                    tokio::spawn(async move {
                        writer::write(shared, sealed).await;
                        Undelivered::new()
                    })
                };
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
        sent.unwrap_or_else(|error| {
            tracing::error!(%error, "an object was not sent to its end; its records are lost");
            Undelivered::new()
        })
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
