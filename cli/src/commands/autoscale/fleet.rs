//! Which streams are steered, and the controller that steers them.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use pipectl_autoscaler::aws::{AwsStreams, CloudWatch};
use pipectl_autoscaler::controller::{Controller, Managed};
use pipectl_autoscaler::execute::{Actor, StreamName};
use pipectl_autoscaler::policy::Limits;
use pipectl_pipeline::Engine;
use pipectl_pipeline::ledger::Owner;
use pipectl_pipeline::spec::TakeEveryTransform;
use pipectl_pipeline::spec::model::{Autoscale, Capacity, Pipeline, Stream};

use super::entries::Entries;
use crate::aws;
use crate::document;
use crate::error::{CommandError, Kind};
use crate::provision;
use crate::session::Session;

/// Which streams: the options that say so, the same for each command that takes them.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Chosen {
    /// Only these streams, by their names in the pipeline file
    #[arg(value_name = "STREAM")]
    streams: Vec<String>,

    /// The streams of every pipeline in the ledger, as each was applied last, instead of those of the file
    #[arg(long, conflicts_with = "streams")]
    all: bool,
}

/// What is to be done with the streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Those with `autoscale` are steered.
    Steer,
    /// Those that AWS sizes are looked at too: there may be advice on them.
    Look,
}

/// The streams that are steered, and what steers them.
pub(super) struct Fleet {
    pub(super) controller: Controller,
    pub(super) streams: Vec<Managed>,
    /// How each is called in its file; with several pipelines, by pipeline and name.
    names: HashMap<StreamName, String>,
}

impl Fleet {
    /// Reads the file, or the ledger, and connects.
    pub(super) async fn find(
        session: &Session,
        chosen: &Chosen,
        purpose: Purpose,
    ) -> Result<Fleet, CommandError> {
        let (engine, found) = if chosen.all {
            let engine = provision::connect_without_file(session).await?;
            let found = of_ledger(session, &engine, purpose).await?;
            (engine, found)
        } else {
            let document = document::load_without_secrets(session)?;
            let found = of_file(&document.pipeline, &document.path, &chosen.streams, purpose)?;
            (provision::connect(session, &document).await?, found)
        };
        let mut fleet = (Vec::new(), HashMap::new(), HashMap::new());
        for one in found {
            fleet.0.push(Managed { stream: one.stream.clone(), limits: one.limits });
            fleet.1.insert(one.stream.clone(), one.shown);
            fleet.2.insert(one.stream, one.pipeline);
        }
        let (streams, names, pipelines) = fleet;
        Ok(Fleet { controller: controller(&engine, pipelines), streams, names })
    }

    /// How a stream is called.
    pub(super) fn name<'name>(&'name self, stream: &'name str) -> &'name str {
        self.names.get(&StreamName::new(stream)).map_or(stream, String::as_str)
    }
}

/// A stream that was found.
struct Found {
    stream: StreamName,
    limits: Limits,
    shown: String,
    pipeline: String,
}

fn controller(engine: &Engine, pipelines: HashMap<StreamName, String>) -> Controller {
    let config = engine.sdk_config();
    let owner = Owner::this_process("");
    let actor = Actor { name: owner.to_string(), id: owner.id };
    Controller::new(
        Arc::new(AwsStreams::new(aws::kinesis(config), aws::lambda(config))),
        Arc::new(CloudWatch::new(aws::cloudwatch(config))),
        Arc::new(Entries { ledger: engine.ledger().clone(), pipelines }),
        actor,
    )
}

/// The streams of the file with `autoscale`, or those of them that were named.
fn of_file(
    pipeline: &Pipeline,
    path: &Path,
    named: &[String],
    purpose: Purpose,
) -> Result<Vec<Found>, CommandError> {
    let usage = |text: String| CommandError::new(Kind::Usage, text);
    let advice = "write `autoscale: { max: 16 }` under the stream: the most it may cost follows from it";
    for name in named {
        let known = pipeline.streams.get(name).ok_or_else(|| {
            let known: Vec<&str> = pipeline.streams.keys().map(String::as_str).collect();
            usage(format!("the pipeline {} has no stream `{name}`", pipeline.name))
                .hint(format!("it has: {}", known.join(", ")))
        })?;
        if purpose.bounds(known).is_none() {
            let text = format!("the stream `{name}` has no `autoscale` in {}", path.display());
            return Err(usage(text).hint(advice));
        }
    }
    let wanted = |name: &str| named.is_empty() || named.iter().any(|other| other == name);
    let found: Vec<Found> = purpose
        .streams(pipeline)
        .filter(|(name, _)| wanted(name))
        .map(|one| of(pipeline, one, false))
        .collect::<Result<_, _>>()?;
    if found.is_empty() {
        let text = format!("no stream of {} has `autoscale`", path.display());
        return Err(usage(text).hint(advice));
    }
    Ok(found)
}

/// The streams of all pipelines that the ledger knows, as each was applied last. One whose file cannot be read any more
/// is told and left out.
async fn of_ledger(session: &Session, engine: &Engine, purpose: Purpose) -> Result<Vec<Found>, CommandError> {
    let ledger = engine.ledger();
    let failed = |cause| CommandError::wrap(Kind::Aws, "the ledger cannot be read", cause);
    let mut found = Vec::new();
    for name in ledger.pipelines().await.map_err(failed)? {
        let Some(head) = ledger.head(&name).await.map_err(failed)? else { continue };
        match head.document(&TakeEveryTransform) {
            Ok(document) => {
                for one in purpose.streams(&document.pipeline) {
                    found.push(of(&document.pipeline, one, true)?);
                }
            }
            Err(_) => session.output.note(format!(
                "the pipeline {name} is left out: its last revision was applied with a file that this pipectl does not read"
            )),
        }
    }
    if found.is_empty() {
        let text = format!("no pipeline in {} has a stream with `autoscale`", ledger.describe());
        return Err(CommandError::new(Kind::Usage, text)
            .hint("`pipectl apply` puts a pipeline there; --state DIR and --region say which ledger"));
    }
    Ok(found)
}

impl Purpose {
    /// The streams that it concerns, each with its bounds.
    fn streams(self, pipeline: &Pipeline) -> impl Iterator<Item = (&str, Autoscale)> {
        pipeline.streams.iter().filter_map(move |(name, stream)| Some((name.as_str(), self.bounds(stream)?)))
    }

    /// The bounds within which a stream is steered; those of a stream that AWS sizes bind nobody.
    fn bounds(self, stream: &Stream) -> Option<Autoscale> {
        let looked_at = self == Self::Look && stream.capacity == Capacity::OnDemand;
        stream.autoscale.or_else(|| looked_at.then_some(Autoscale { min: 1, max: 1, target_percent: None }))
    }
}

fn of(pipeline: &Pipeline, (name, bounds): (&str, Autoscale), several: bool) -> Result<Found, CommandError> {
    let stream = StreamName::new(pipeline.stream_name(name));
    let invalid = |cause| CommandError::wrap(Kind::Invalid, format!("`autoscale` of {name}"), cause);
    let limits = Limits::new(bounds.min, bounds.max).map_err(invalid)?;
    let limits = match bounds.target_percent {
        Some(percent) => limits.with_target(f64::from(percent) / 100.0).map_err(invalid)?,
        None => limits,
    };
    let shown = if several { format!("{}/{name}", pipeline.name) } else { name.to_owned() };
    Ok(Found { stream, limits, shown, pipeline: pipeline.name.clone() })
}
