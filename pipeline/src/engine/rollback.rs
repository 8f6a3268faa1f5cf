//! Back to an earlier revision: to what it really deployed, whatever the file says now.

use indexmap::IndexMap;

use super::observe::Look;
use super::{Engine, Error, PlanOptions};
use crate::access_key;
use crate::apply::Outcome;
use crate::ledger::{Record, Revision, is_closed};
use crate::plan::{self, Inputs, Plan, Purpose};
use crate::resources::{Graph, Outline, Spec};
use crate::spec::Secret;

/// Why a revision cannot be gone back to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RollbackError {
    /// No earlier apply succeeded.
    #[error("{0} has no earlier revision that succeeded")]
    NothingGood(String),
    /// The revision was a destroy, or did not succeed.
    #[error("revision {number} {why}")]
    NotGood {
        /// Its number.
        number: u64,
        /// Why it is no goal.
        why: &'static str,
    },
    /// The ledger keeps only a seal of a sensitive value, and nothing that is known now fits it.
    #[error("revision {number} gave {address} a sensitive value that is not the one of now")]
    Sealed {
        /// The revision's number.
        number: u64,
        /// The resource.
        address: String,
    },
    /// The ledger keeps only a fingerprint of an access key, and no key that is known now has it.
    #[error(
        "revision {number} gave {address} another access key (`to.http.access-key`) than the file has now"
    )]
    Key {
        /// The revision's number.
        number: u64,
        /// The delivery.
        address: String,
    },
    /// The ledger does not say what a resource of it was brought to.
    #[error("revision {number} does not say what {address} was brought to")]
    Unknown {
        /// The revision's number.
        number: u64,
        /// The resource.
        address: String,
    },
}

impl RollbackError {
    /// The way out.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            RollbackError::NothingGood(_) => "mend the file and apply, or `pipectl destroy`",
            RollbackError::NotGood { .. } => {
                "`pipectl history` shows which applies succeeded; `pipectl destroy` takes everything down"
            }
            RollbackError::Sealed { .. } => {
                "give the variable the value that it had then: `pipectl rollback --var NAME=…`; the ledger keeps only a hash of it"
            }
            RollbackError::Key { .. } => {
                "put the key that it had then into the file, or give its variable that value (`pipectl rollback --var NAME=…`): \
                 the ledger keeps only a fingerprint of it; a new key needs no way back: `pipectl apply` sets it"
            }
            RollbackError::Unknown { .. } => {
                "another pipectl wrote it: `pipectl history show REV --file` prints its file, which can be applied"
            }
        }
    }
}

impl Engine {
    /// Plans the way back to a revision; to the last one that succeeded before the newest when none is named.
    ///
    /// # Errors
    /// There is no such revision, it cannot be gone back to, or as [`Engine::plan`].
    pub async fn rollback_plan(
        &self,
        pipeline: &str,
        to: Option<u64>,
        options: &PlanOptions,
    ) -> Result<Plan, Error> {
        let goal = match to {
            Some(number) => self.revision(pipeline, number).await?,
            None => self.last_good(pipeline).await?,
        };
        check(&goal)?;
        let mut graph = graph(&goal, |_| options.secrets.clone())?;
        let outline: Vec<Outline> = graph
            .resources
            .values()
            .map(|wanted| Outline {
                address: wanted.address.clone(),
                id: wanted.id(),
                depends_on: wanted.depends_on.clone(),
            })
            .collect();
        let place = async { self.identity.place().await.map_err(|error| self.call(error)) };
        let (place, seen) = tokio::try_join!(place, self.see(pipeline, &outline, Look::Whole, |_| false))?;
        if goal.resources.iter().any(Record::is_sealed) {
            graph = self::graph(&goal, |record| {
                let seen = record.seen_secrets(seen.observed.get(&record.id()));
                options.secrets.iter().cloned().chain(seen).collect()
            })?;
            opened(&goal, &graph)?;
        }
        self.renew_code(&mut graph).await?;
        let mut plan = plan::build(&Inputs {
            pipeline,
            source: &goal.source,
            place,
            graph: &graph,
            observed: &seen.observed,
            remembered: seen.remembered(),
            based_on: seen.revision(),
            bucket_data: options.bucket_data,
            delete_consumers: options.delete_consumers,
            selection: &options.selection,
            returns_to: Some(goal.number),
        })?;
        self.keys_at_hand(goal.number, &plan)?;
        plan.inputs = goal.inputs;
        self.look_into_losses(&mut plan, seen.remembered()).await;
        Ok(plan.checked()?)
    }

    /// Fails where a key would have to be sent that nobody knows any more: before anything is changed.
    fn keys_at_hand(&self, number: u64, plan: &Plan) -> Result<(), RollbackError> {
        let lost = access_key::sent(plan).find(|(_, fingerprint)| self.keys.find(fingerprint).is_none());
        lost.map_or(Ok(()), |(address, _)| Err(RollbackError::Key { number, address: address.to_string() }))
    }

    async fn last_good(&self, pipeline: &str) -> Result<Revision, Error> {
        let history = self.ledger.history(pipeline).await;
        let history = history.map_err(|error| Error::of_ledger(error, self.endpoint()))?;
        let good = history.into_iter().skip(1).find(|revision| check(revision).is_ok());
        good.ok_or_else(|| RollbackError::NothingGood(pipeline.to_owned()).into())
    }

    /// A VRL function is the program and the bootstrap of this pipectl, which may be another than then.
    async fn renew_code(&self, graph: &mut Graph) -> Result<(), Error> {
        for wanted in graph.resources.values_mut() {
            if let Spec::Function(spec) = &mut wanted.spec {
                self.packages.renew(spec).await?;
            }
        }
        Ok(())
    }
}

fn check(revision: &Revision) -> Result<(), RollbackError> {
    let number = revision.number;
    match (revision.purpose, revision.outcome) {
        (Purpose::Destroy, _) => Err(RollbackError::NotGood { number, why: "was a destroy" }),
        (_, Outcome::Succeeded) => Ok(()),
        _ => Err(RollbackError::NotGood { number, why: "did not succeed" }),
    }
}

/// Fails where a sensitive value is not known.
fn opened(revision: &Revision, graph: &Graph) -> Result<(), RollbackError> {
    match graph.resources.values().find(|wanted| is_closed(wanted)) {
        None => Ok(()),
        Some(wanted) => {
            let address = wanted.address.to_string();
            Err(RollbackError::Sealed { number: revision.number, address })
        }
    }
}

/// What a revision left, as what is wanted, with the sensitive values that are known of each resource.
fn graph(revision: &Revision, known: impl Fn(&Record) -> Vec<Secret>) -> Result<Graph, RollbackError> {
    let wanted = revision.resources.iter().map(|record| {
        let unknown = |record: &Record| RollbackError::Unknown {
            number: revision.number,
            address: record.address.to_string(),
        };
        let desired = record.desired_knowing(&known(record)).ok_or_else(|| unknown(record))?;
        Ok((desired.address.clone(), desired))
    });
    Ok(Graph { resources: wanted.collect::<Result<IndexMap<_, _>, RollbackError>>()? })
}
