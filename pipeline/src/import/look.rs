//! Looks at what is asked for, and at what that refers to: a delivery's stream, function and buckets, a function's
//! stream, a bucket's functions.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::account::{Account, SeenFunction, SeenStream};
use super::{Failure, ImportError, Inventory, SeenCode, Wanted};
use crate::cloud::{CallError, Cloud};
use crate::resources::delivery::{DeliveryState, To};
use crate::resources::function::{HANDLER, RUNTIME};
use crate::resources::log_group::LogGroupState;
use crate::resources::names::{self, Place};
use crate::resources::tags::TagMap;
use crate::resources::{Kind, Observed};

/// How many things are looked at at once.
const LOOKS_AT_ONCE: usize = 8;

/// Looks at what is asked for.
pub(crate) async fn look(
    wanted: &Wanted,
    place: &Place,
    cloud: &Cloud,
    inventory: &dyn Inventory,
) -> Result<Account, Failure> {
    let open = wanted.prefix.is_some() || !wanted.tags.is_empty();
    let named = [&wanted.streams, &wanted.functions, &wanted.deliveries, &wanted.buckets];
    if !open && named.iter().all(|names| names.is_empty()) {
        return Err(ImportError::NothingWanted.into());
    }
    let mut looker = Looker { wanted, cloud, inventory, account: Account::new(place.clone()) };
    if open {
        looker.list().await?;
    }
    looker.asked_for().await?;
    looker.referred_to().await?;
    if looker.account.is_empty() {
        return Err(ImportError::NothingFound.into());
    }
    Ok(looker.account)
}

/// What the looking is done with.
struct Looker<'a> {
    wanted: &'a Wanted,
    cloud: &'a Cloud,
    inventory: &'a dyn Inventory,
    account: Account,
}

impl Looker<'_> {
    /// Whether a name or the tags are such as are asked for.
    fn picks(&self, tags: &TagMap) -> bool {
        self.wanted.tags.iter().all(|(key, value)| tags.get(key) == Some(value))
    }

    fn begins(&self, names: Vec<String>) -> Vec<String> {
        let Some(prefix) = &self.wanted.prefix else { return names };
        names.into_iter().filter(|name| name.starts_with(prefix.as_str())).collect()
    }

    /// Lists everything, and keeps what is asked for by prefix and tags.
    async fn list(&mut self) -> Result<(), Failure> {
        let inventory = self.inventory;
        let (streams, functions, deliveries) =
            tokio::try_join!(inventory.streams(), inventory.functions(), inventory.deliveries())?;
        let streams = self.streams(self.begins(streams)).await?;
        let functions = self.functions(self.begins(functions)).await?;
        let deliveries = self.deliveries(self.begins(deliveries)).await?;
        let picked = streams.into_iter().filter(|(_, it)| self.picks(&it.stream.tags)).collect::<Vec<_>>();
        self.account.streams.extend(picked);
        let picked =
            functions.into_iter().filter(|(_, it)| self.picks(&it.function.tags)).collect::<Vec<_>>();
        self.account.functions.extend(picked);
        let picked = deliveries.into_iter().filter(|(_, it)| self.picks(&it.tags)).collect::<Vec<_>>();
        self.account.deliveries.extend(picked);
        Ok(())
    }

    /// Looks at what is asked for by name, which has to be there.
    async fn asked_for(&mut self) -> Result<(), Failure> {
        let wanted = self.wanted;
        let missing = |kind: Kind, names: &[String], found: &dyn Fn(&String) -> bool| {
            let name = names.iter().find(|name| !found(name))?;
            Some(ImportError::Missing { kind, name: name.clone() })
        };
        let streams = self.streams(wanted.streams.clone()).await?;
        self.account.streams.extend(streams);
        let functions = self.functions(wanted.functions.clone()).await?;
        self.account.functions.extend(functions);
        let deliveries = self.deliveries(wanted.deliveries.clone()).await?;
        self.account.deliveries.extend(deliveries);
        self.add_buckets(wanted.buckets.clone()).await?;
        let there = &self.account;
        let lacking = missing(Kind::Stream, &wanted.streams, &|name| there.streams.contains_key(name))
            .or_else(|| {
                missing(Kind::Function, &wanted.functions, &|name| there.functions.contains_key(name))
            })
            .or_else(|| {
                missing(Kind::Delivery, &wanted.deliveries, &|name| there.deliveries.contains_key(name))
            })
            .or_else(|| missing(Kind::Bucket, &wanted.buckets, &|name| there.buckets.contains_key(name)));
        lacking.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Looks at what that refers to. Buckets before functions, which they may tell; functions before streams.
    async fn referred_to(&mut self) -> Result<(), Failure> {
        let states = self.account.deliveries.values().map(|it| &it.state);
        let buckets: BTreeSet<String> = states.flat_map(written).collect();
        self.add_buckets(buckets.into_iter().collect()).await?;
        let told = self.account.buckets.values().flat_map(|it| &it.bucket.state.notifications);
        let told: BTreeSet<String> =
            told.filter_map(|told| self.own(&told.function_arn, &self.account.place.function(""))).collect();
        let called = processors(&self.account);
        let others = told.union(&called).filter(|name| !self.account.functions.contains_key(*name)).cloned();
        let functions = self.functions(others.collect()).await?;
        self.account.functions.extend(functions);
        let read = self.account.functions.values().filter_map(|it| it.mapping.as_ref());
        let read = read.map(|it| &it.state.source.stream_arn);
        let sources = self.account.deliveries.values().filter_map(|it| it.state.source.as_ref());
        let arns = read.chain(sources.map(|it| &it.stream_arn));
        let streams: BTreeSet<String> =
            arns.filter_map(|arn| self.own(arn, &self.account.place.stream(""))).collect();
        let others = streams.into_iter().filter(|name| !self.account.streams.contains_key(name));
        let streams = self.streams(others.collect()).await?;
        self.account.streams.extend(streams);
        Ok(())
    }

    /// The name in an ARN of this account and region.
    fn own(&self, arn: &str, start: &str) -> Option<String> {
        arn.strip_prefix(start).map(str::to_owned)
    }

    async fn streams(&self, names: Vec<String>) -> Result<Vec<(String, SeenStream)>, CallError> {
        let look = |name: String| async move {
            let (stream, consumers) =
                tokio::join!(self.cloud.streams.observe(&name), self.inventory.consumers(&name));
            let Some(stream) = stream? else { return Ok(None) };
            Ok(Some((name, SeenStream { stream, consumers: consumers? })))
        };
        each(names, look).await
    }

    async fn deliveries(
        &self,
        names: Vec<String>,
    ) -> Result<Vec<(String, Observed<DeliveryState>)>, CallError> {
        let look = |name: String| async move {
            Ok(self.cloud.deliveries.observe(&name).await?.map(|delivery| (name, delivery)))
        };
        each(names, look).await
    }

    async fn functions(&self, names: Vec<String>) -> Result<Vec<(String, SeenFunction)>, CallError> {
        let look = |name: String| async move {
            let Some(function) = self.cloud.functions.observe(&name).await? else { return Ok(None) };
            // Code that no file can hold need not be fetched.
            let ours = function.state.runtime == RUNTIME && function.state.handler == HANDLER;
            let code = async {
                match ours {
                    true => self.inventory.code(&name).await,
                    false => Ok(SeenCode::Zip(Vec::new())),
                }
            };
            let logs = names::function_logs(&name);
            let (code, mapping, logs) = tokio::try_join!(
                code,
                self.cloud.mappings.observe(&name),
                self.cloud.log_groups.observe(&logs)
            )?;
            let log_days = logs.and_then(|it: Observed<LogGroupState>| it.state.retention_days);
            Ok(Some((name, SeenFunction { function, code, mapping, log_days })))
        };
        each(names, look).await
    }

    async fn add_buckets(&mut self, names: Vec<String>) -> Result<(), CallError> {
        let inventory = self.inventory;
        let look = |name: String| async move { Ok(inventory.bucket(&name).await?.map(|it| (name, it))) };
        let buckets = each(names, look).await?;
        self.account.buckets.extend(buckets);
        Ok(())
    }
}

/// Looks at each, some of them at once, and keeps what is there.
async fn each<T, F>(names: Vec<String>, look: impl Fn(String) -> F) -> Result<Vec<T>, CallError>
where
    F: Future<Output = Result<Option<T>, CallError>>,
{
    let seen: Vec<Option<T>> =
        stream::iter(names).map(look).buffer_unordered(LOOKS_AT_ONCE).try_collect().await?;
    Ok(seen.into_iter().flatten().collect())
}

/// The buckets that a delivery writes to.
fn written(state: &DeliveryState) -> Vec<String> {
    let Some(destination) = &state.destination else { return Vec::new() };
    destination.buckets().filter_map(|arn| arn.rsplit(':').next()).map(str::to_owned).collect()
}

/// The functions that deliveries call, those of this account and region.
fn processors(account: &Account) -> BTreeSet<String> {
    let start = account.place.function("");
    let destinations = account.deliveries.values().filter_map(|it| it.state.destination.as_ref());
    let arns = destinations.filter_map(To::processor).map(|it| &it.function_arn);
    arns.filter_map(|arn| arn.strip_prefix(&start)).map(str::to_owned).collect()
}
