//! All delivery streams of the endpoint.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use super::delivery::Account;
use super::error::FirehoseError;
use super::stream::{DeliveryStream, Status};
use crate::clock::Clock;
use crate::limits::Limits;
use crate::lock::Lock;
use crate::persist::firehose::{Backlog, Ledger};
use crate::world::Setting;

/// Delivery streams an account may have in a region.
pub(super) const QUOTA: usize = 5_000;

/// Names a delivery stream: names are unique within a region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The region.
    pub(super) region: String,
    /// The name.
    pub(super) name: String,
}

/// The delivery streams by region and name.
pub(super) type Streams = BTreeMap<Key, DeliveryStream>;

/// The state of Firehose.
pub struct Firehose {
    clock: Clock,
    account: String,
    /// How long a delivery stream is created and deleted.
    pub(super) transition: Duration,
    /// Whether quotas and throughput are enforced.
    pub(super) limits: Limits,
    streams: Lock<Streams>,
    /// What the data folder holds of deliveries, until they are started.
    ledgers: Lock<HashMap<PathBuf, (Ledger, Backlog)>>,
}

impl Firehose {
    /// No delivery streams.
    pub fn new(setting: &Setting) -> Self {
        Self {
            clock: setting.clock,
            account: setting.account.clone(),
            transition: setting.timings.delivery,
            limits: setting.limits,
            streams: Lock::default(),
            ledgers: Lock::default(),
        }
    }

    /// Keeps what the data folder holds for the deliveries that are about to be started.
    pub(crate) fn go_on_with(&self, ledgers: Vec<(PathBuf, Ledger, Backlog)>) {
        let mut known = self.ledgers.lock();
        known.extend(ledgers.into_iter().map(|(folder, ledger, backlog)| (folder, (ledger, backlog))));
    }

    /// What the data folder holds of the delivery whose folder it is.
    pub(super) fn take_ledger(&self, folder: &Path) -> Option<(Ledger, Backlog)> {
        self.ledgers.lock().remove(folder)
    }

    /// Removes what belongs to no delivery: one that was deleted as its process was killed.
    pub(super) fn forget_ledgers(&self) {
        for (ledger, _) in std::mem::take(&mut *self.ledgers.lock()).into_values() {
            if let Err(error) = ledger.remove() {
                tracing::warn!(%error, "what a deleted delivery left could not be removed");
            }
        }
    }

    /// The time since the endpoint's start.
    pub(super) fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    /// Runs `on` over all delivery streams, those that are gone by now taken away.
    pub(super) fn with_all<T>(&self, on: impl FnOnce(&mut Streams) -> T) -> T {
        let elapsed = self.clock.elapsed();
        let mut streams = self.streams.lock();
        streams.retain(|_, stream| stream.life.status(elapsed) != Status::Gone);
        on(&mut streams)
    }

    /// Runs `on` over one delivery stream.
    pub(super) fn with<T>(
        &self,
        key: &Key,
        on: impl FnOnce(&mut DeliveryStream, Status) -> Result<T, FirehoseError>,
    ) -> Result<T, FirehoseError> {
        let elapsed = self.clock.elapsed();
        let mut streams = self.streams.lock();
        let found = streams.get_mut(key).map(|stream| (stream.life.status(elapsed), stream));
        match found {
            Some((status, stream)) if status != Status::Gone => on(stream, status),
            _ => Err(FirehoseError::NotFound(format!(
                "Firehose {} under account {} not found.",
                key.name, self.account
            ))),
        }
    }

    /// The accounts of all deliveries by name, and by region and name where a name is taken in several regions.
    pub fn accounts(&self) -> serde_json::Value {
        let accounts: Vec<(Key, Account)> = self.with_all(|streams| {
            let running = streams.iter().filter_map(|(key, stream)| Some((key, stream.delivery.as_ref()?)));
            running.map(|(key, delivery)| (key.clone(), delivery.account())).collect()
        });
        let mut regions: BTreeMap<&str, usize> = BTreeMap::new();
        for (key, _) in &accounts {
            *regions.entry(&key.name).or_default() += 1;
        }
        let name = |key: &Key| match regions.get(key.name.as_str()) {
            Some(1) | None => key.name.clone(),
            Some(_) => format!("{}/{}", key.region, key.name),
        };
        let named: BTreeMap<String, Account> =
            accounts.iter().map(|(key, account)| (name(key), *account)).collect();
        serde_json::json!(named)
    }

    /// Writes out what every delivery has buffered, without waiting for it.
    pub fn flush(&self) {
        self.with_all(|streams| {
            for delivery in streams.values().filter_map(|stream| stream.delivery.as_ref()) {
                delivery.flush();
            }
        });
    }

    /// Takes no more records and writes out everything that was accepted, `limit` at most. Has to come before
    /// the functions and the stores that deliveries need are shut down.
    pub async fn drain(&self, limit: Duration) {
        let deliveries: Vec<CancellationToken> = self.with_all(|streams| {
            streams
                .values()
                .filter_map(|stream| stream.delivery.as_ref())
                .map(|running| running.drain())
                .collect()
        });
        let all = join_all(deliveries.iter().map(CancellationToken::cancelled));
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!(
                "deliveries still had records after the shutdown's limit: they are lost, unless a data folder keeps them"
            );
            self.with_all(|streams| {
                for stream in streams.values_mut() {
                    stream.delivery = None;
                }
            });
        }
    }
}

impl fmt::Debug for Firehose {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Firehose").field("account", &self.account).finish_non_exhaustive()
    }
}
