//! Looks at everything at once: the resources of the file and the ledger's last revision, then what only the
//! ledger knows of.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use crate::apply::Outcome;
use crate::cloud::{CallError, Cloud};
use crate::ledger::{Ledger, LedgerError, Record, Revision, Standing};
use crate::plan::{Action, Plan, Purpose, Step};
use crate::resources::tags::TagMap;
use crate::resources::{Kind, Observed, ResourceId, State};

/// How many resources are looked at at once. The describing calls that are used allow ten or more a second.
const LOOKS_AT_ONCE: usize = 64;

/// What exists, by what it is.
pub(crate) type Observations = BTreeMap<ResourceId, Observed>;

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Ask for everything.
    Whole,
    /// Where reading tags is a call of its own, take those that the last revision set, if it succeeded.
    TrustTags,
}

/// What there is to plan from.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) observed: Observations,
    pub(crate) head: Option<Revision>,
    /// The resources whose tags were not read.
    assumed: BTreeSet<ResourceId>,
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

    /// Reads the tags that were taken for granted of everything that a plan changes. Says whether there was any:
    /// then the plan has to be made again.
    pub(crate) async fn read_tags(&mut self, cloud: &Cloud, plan: &Plan) -> Result<bool, CallError> {
        let acts = |step: &&Step| step.action != Action::NoChange;
        let ids = plan.steps.iter().filter(acts).map(|step| ResourceId::new(step.kind, step.name.clone()));
        // What was not picked is told as a change too, where it is one.
        let left_out = plan.left_out.iter().filter(|left| left.action != Action::NoChange);
        let ids = ids.chain(left_out.map(|left| ResourceId::new(left.kind, left.name.clone())));
        let doubtful: Vec<ResourceId> = ids.filter(|id| self.assumed.remove(id)).collect();
        let again = look(cloud, &doubtful, &Known::default(), |_| false).await?;
        for id in &doubtful {
            self.observed.remove(id);
        }
        self.observed.extend(again);
        Ok(!doubtful.is_empty())
    }
}

/// The tags that are known without asking, by resource.
type Known = BTreeMap<ResourceId, TagMap>;

/// What a revision that succeeded left is known until another one begins.
fn known(head: Option<&Revision>) -> Known {
    let good = head.filter(|head| head.outcome == Outcome::Succeeded && head.purpose == Purpose::Apply);
    let records = good.into_iter().flat_map(|head| &head.resources);
    let present = records.filter(|record| record.standing == Standing::Present);
    present.filter_map(|record| Some((record.id(), record.applied.as_ref()?.tags.clone()))).collect()
}

/// Looks at these resources, and at those that the ledger remembers beside them. Of buckets that `leaving`
/// picks it is asked too whether they hold objects, and of those that may be ours without tags.
pub(crate) async fn see(
    cloud: &Cloud,
    ledger: &Ledger,
    pipeline: &str,
    ids: &[ResourceId],
    how: Look,
    leaving: impl Fn(&ResourceId) -> bool + Sync,
) -> Result<Seen, Blind> {
    let head = async { ledger.head(pipeline).await.map_err(Blind::Ledger) };
    let leaving = &leaving;
    let looks = |known: Known| async move { look(cloud, ids, &known, leaving).await.map_err(Blind::Call) };
    let (mut observed, head, known) = match how {
        Look::Whole => {
            let (observed, head) = tokio::try_join!(looks(Known::new()), head)?;
            (observed, head, Known::new())
        }
        Look::TrustTags => {
            let head = head.await?;
            let known = known(head.as_ref());
            (looks(known.clone()).await?, head, known)
        }
    };
    let remembered = head.iter().flat_map(|head| &head.resources).map(Record::id);
    let others: Vec<ResourceId> = remembered.filter(|id| !ids.contains(id)).collect();
    observed.extend(look(cloud, &others, &Known::new(), |_| true).await.map_err(Blind::Call)?);
    let unsure = |record: &&Record| record.kind == Kind::Bucket && record.standing == Standing::Creating;
    let records = head.iter().flat_map(|head| &head.resources);
    let unsure: Vec<ResourceId> = records.filter(unsure).map(Record::id).collect();
    observed.extend(look(cloud, &unsure, &Known::new(), |_| true).await.map_err(Blind::Call)?);
    let assumed = ids.iter().filter(|id| known.contains_key(*id)).cloned().collect();
    Ok(Seen { observed, head, assumed })
}

async fn look(
    cloud: &Cloud,
    ids: &[ResourceId],
    known: &Known,
    leaving: impl Fn(&ResourceId) -> bool,
) -> Result<Observations, CallError> {
    let leaving = &leaving;
    let one = |id: &ResourceId| {
        let id = id.clone();
        async move {
            let seen = async {
                match known.get(&id) {
                    Some(tags) => cloud.observe_knowing(&id, tags).await,
                    None => cloud.observe(&id).await,
                }
            };
            if id.kind != Kind::Bucket || !leaving(&id) {
                return Ok((id.clone(), seen.await?));
            }
            let (seen, contents) = tokio::try_join!(seen, cloud.buckets.contents(&id.name))?;
            let seen = seen.map(|mut seen| {
                if let State::Bucket(bucket) = &mut seen.state {
                    bucket.contents = Some(contents);
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
