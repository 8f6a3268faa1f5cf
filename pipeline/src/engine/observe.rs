//! Looks at everything at once: the resources of the file and the ledger's last revision, then what only the
//! ledger knows of.

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::cloud::{CallError, Cloud};
use crate::ledger::{Ledger, LedgerError, Record, Revision, Standing};
use crate::resources::{Kind, Observed, ResourceId, State};

/// How many resources are looked at at once. The describing calls that are used allow ten or more a second.
const LOOKS_AT_ONCE: usize = 64;

/// What exists, by what it is.
pub(crate) type Observations = BTreeMap<ResourceId, Observed>;

/// What there is to plan from.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) observed: Observations,
    pub(crate) head: Option<Revision>,
}

/// Why it could not be seen.
#[derive(Debug)]
pub(crate) enum Blind {
    Call(CallError),
    Ledger(LedgerError),
}

impl Seen {
    /// What the ledger remembers.
    pub(crate) fn remembered(&self) -> &[Record] {
        self.head.as_ref().map_or(&[], |head| &head.resources)
    }

    /// The number of the last revision; 0 when there is none.
    pub(crate) fn revision(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.number)
    }
}

/// Looks at these resources, and at those that the ledger remembers beside them. Of buckets that `leaving`
/// picks it is asked too whether they hold objects, and of those that may be ours without tags.
pub(crate) async fn see(
    cloud: &Cloud,
    ledger: &Ledger,
    pipeline: &str,
    ids: &[ResourceId],
    leaving: impl Fn(&ResourceId) -> bool + Sync,
) -> Result<Seen, Blind> {
    let looks = async { look(cloud, ids, &leaving).await.map_err(Blind::Call) };
    let head = async { ledger.head(pipeline).await.map_err(Blind::Ledger) };
    let (mut observed, head) = tokio::try_join!(looks, head)?;
    let remembered = head.iter().flat_map(|head| &head.resources).map(Record::id);
    let others: Vec<ResourceId> = remembered.filter(|id| !ids.contains(id)).collect();
    observed.extend(look(cloud, &others, |_| true).await.map_err(Blind::Call)?);
    let unsure = |record: &&Record| record.kind == Kind::Bucket && record.standing == Standing::Creating;
    let records = head.iter().flat_map(|head| &head.resources);
    let unsure: Vec<ResourceId> = records.filter(unsure).map(Record::id).collect();
    observed.extend(look(cloud, &unsure, |_| true).await.map_err(Blind::Call)?);
    Ok(Seen { observed, head })
}

async fn look(
    cloud: &Cloud,
    ids: &[ResourceId],
    leaving: impl Fn(&ResourceId) -> bool,
) -> Result<Observations, CallError> {
    let leaving = &leaving;
    let one = |id: &ResourceId| {
        let id = id.clone();
        async move {
            let seen = cloud.observe(&id);
            if id.kind != Kind::Bucket || !leaving(&id) {
                return Ok((id.clone(), seen.await?));
            }
            let (seen, holds) = tokio::try_join!(seen, cloud.buckets.holds_objects(&id.name))?;
            let seen = seen.map(|mut seen| {
                if let State::Bucket(bucket) = &mut seen.state {
                    bucket.holds_objects = Some(holds);
                }
                seen
            });
            Ok((id, seen))
        }
    };
    let looks: Vec<(ResourceId, Option<Observed>)> =
        stream::iter(ids).map(one).buffer_unordered(LOOKS_AT_ONCE).try_collect().await?;
    Ok(looks.into_iter().filter_map(|(id, seen)| Some((id, seen?))).collect())
}
