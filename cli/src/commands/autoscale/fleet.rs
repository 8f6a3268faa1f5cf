//! Which streams are steered, and the controller that steers them.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use pipectl_autoscaler::aws::{AwsStreams, CloudWatch};
use pipectl_autoscaler::controller::{Controller, Explained, Managed, Stepped};
use pipectl_autoscaler::execute::{Actor, StreamName};
use pipectl_autoscaler::policy::Limits;
use pipectl_pipeline::Engine;
use pipectl_pipeline::ledger::Owner;
use pipectl_pipeline::spec::model::{Autoscale, Capacity, Pipeline, Stream};
use pipectl_pipeline::spec::{Document, TakeEveryTransform};

use super::entries::Entries;
use crate::aws;
use crate::document;
use crate::error::{CommandError, Kind};
use crate::provision;
use crate::session::Session;

/// Which streams: the options that say so, the same for each command that takes them.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Chosen {
    /// Only these streams, by their names in the pipeline file; of several pipelines, `clicks/events`
    #[arg(value_name = "STREAM")]
    streams: Vec<String>,

    /// The streams of every pipeline in the ledger, as each was applied last, instead of those of the files
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
    /// One for each region that files name.
    parts: Vec<Part>,
}

/// Streams of one region, and the controller that steers them.
struct Part {
    controller: Controller,
    streams: Vec<Managed>,
    /// How each is called: by its name in the file, and with several pipelines by theirs, too.
    names: HashMap<StreamName, String>,
}

/// What a step came to, and how the stream is called.
pub(super) struct Step {
    pub(super) name: String,
    pub(super) stepped: Stepped,
}

impl Fleet {
    /// Reads the files, or the ledger, and connects; says which streams were chosen where there was a choice.
    pub(super) async fn find(
        session: &Session,
        chosen: &Chosen,
        purpose: Purpose,
    ) -> Result<Fleet, CommandError> {
        let fleet = if chosen.all {
            let engine = provision::connect_without_file(session).await?;
            let found = of_ledger(session, &engine, purpose).await?;
            Fleet { parts: vec![Part::new(&engine, found)] }
        } else {
            let documents = document::load_all_without_secrets(session)?;
            let mut parts = Vec::new();
            for (document, found) in of_files(&documents, &chosen.streams, purpose)? {
                parts.push(Part::new(&provision::connect(session, document).await?, found));
            }
            if documents.len() > 1 {
                tell(session, &parts);
            }
            Fleet { parts }
        };
        Ok(fleet)
    }

    /// How many streams there are.
    pub(super) fn count(&self) -> u64 {
        let count: usize = self.parts.iter().map(|part| part.streams.len()).sum();
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// One step for each stream.
    pub(super) async fn step(&mut self, now: Timestamp) -> Vec<Step> {
        let mut steps = Vec::new();
        for part in &mut self.parts {
            let stepped = part.controller.step(&part.streams, now).await;
            steps.extend(
                stepped.into_iter().map(|it| Step { name: part.name(it.stream.as_str()), stepped: it }),
            );
        }
        steps
    }

    /// What a step would see and do, each stream as it is called.
    pub(super) async fn look(&mut self, now: Timestamp) -> Vec<Explained> {
        let mut looks = Vec::new();
        for part in &mut self.parts {
            let seen = part.controller.look(&part.streams, now).await;
            looks.extend(seen.into_iter().map(|it| Explained { stream: part.name(&it.stream), ..it }));
        }
        looks
    }

    /// Gives the leases back.
    pub(super) async fn release(&self, now: Timestamp) {
        for part in &self.parts {
            part.controller.release(&part.streams, now).await;
        }
    }
}

impl Part {
    fn new(engine: &Engine, found: Vec<Found>) -> Self {
        let mut part = (Vec::new(), HashMap::new(), HashMap::new());
        for one in found {
            part.0.push(Managed { stream: one.stream.clone(), limits: one.limits });
            part.1.insert(one.stream.clone(), one.shown);
            part.2.insert(one.stream, one.pipeline);
        }
        let (streams, names, pipelines) = part;
        Self { controller: controller(engine, pipelines), streams, names }
    }

    fn name(&self, stream: &str) -> String {
        self.names.get(&StreamName::new(stream)).map_or_else(|| stream.to_owned(), Clone::clone)
    }
}

/// How many names of streams are told.
const TOLD: usize = 12;

/// Says which streams of several pipelines were chosen.
fn tell(session: &Session, parts: &[Part]) {
    let names: Vec<String> = parts
        .iter()
        .flat_map(|part| part.streams.iter().map(|managed| part.name(managed.stream.as_str())))
        .collect();
    let more = names.len().checked_sub(TOLD).filter(|more| *more > 0);
    let more = more.map(|more| format!(", and {more} more")).unwrap_or_default();
    let shown = names.iter().take(TOLD).map(String::as_str).collect::<Vec<_>>().join(", ");
    session.output.note(format!("chosen: {shown}{more}"));
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

/// The streams of the files with `autoscale`, or those of them that were named: by the region that the files name, each
/// region with one of its files.
fn of_files<'a>(
    documents: &'a [Document],
    named: &[String],
    purpose: Purpose,
) -> Result<Vec<(&'a Document, Vec<Found>)>, CommandError> {
    let picked = named.iter().map(|name| pick(documents, name, purpose)).collect::<Result<Vec<_>, _>>()?;
    let wanted = |pipeline: &str, stream: &str| {
        picked.is_empty() || picked.iter().any(|(of, name)| of.pipeline.name == pipeline && *name == stream)
    };
    let mut regions: Vec<(&Document, Vec<Found>)> = Vec::new();
    for document in documents {
        let pipeline = &document.pipeline;
        let streams = purpose.streams(pipeline).filter(|(name, _)| wanted(&pipeline.name, name));
        let found: Vec<Found> =
            streams.map(|one| of(pipeline, one, documents.len() > 1)).collect::<Result<_, _>>()?;
        if found.is_empty() {
            continue;
        }
        match regions.iter_mut().find(|(other, _)| other.pipeline.region == pipeline.region) {
            Some((_, streams)) => streams.extend(found),
            None => regions.push((document, found)),
        }
    }
    if !regions.is_empty() {
        return Ok(regions);
    }
    let text = match documents {
        [only] => format!("no stream of {} has `autoscale`", only.path.display()),
        several => format!("no stream of the {} pipelines has `autoscale`", several.len()),
    };
    Err(CommandError::new(Kind::Usage, text).hint(ADVICE))
}

const ADVICE: &str = "write `autoscale: { max: 16 }` under the stream: the most it may cost follows from it";

/// The stream of this name, `events` or `clicks/events`.
fn pick<'a>(
    documents: &'a [Document],
    name: &'a str,
    purpose: Purpose,
) -> Result<(&'a Document, &'a str), CommandError> {
    let usage = |text: String| CommandError::new(Kind::Usage, text);
    let (of, stream) = name.split_once('/').map_or((None, name), |(of, stream)| (Some(of), stream));
    let whose: Vec<&Document> =
        documents.iter().filter(|document| of.is_none_or(|of| document.pipeline.name == of)).collect();
    let having: Vec<&Document> =
        whose.iter().copied().filter(|document| document.pipeline.streams.contains_key(stream)).collect();
    match (&having[..], &whose[..]) {
        ([document], _) => match document.pipeline.streams.get(stream).and_then(|it| purpose.bounds(it)) {
            Some(_) => Ok((document, stream)),
            None => {
                let text = format!("the stream `{name}` has no `autoscale` in {}", document.path.display());
                Err(usage(text).hint(ADVICE))
            }
        },
        ([], [only]) => {
            let known: Vec<&str> = only.pipeline.streams.keys().map(String::as_str).collect();
            Err(usage(format!("the pipeline {} has no stream `{stream}`", only.pipeline.name))
                .hint(format!("it has: {}", known.join(", "))))
        }
        ([], _) => {
            let known = documents.iter().flat_map(|document| {
                let steered = purpose.streams(&document.pipeline);
                steered.map(|(stream, _)| format!("{}/{stream}", document.pipeline.name))
            });
            let known: Vec<String> = known.collect();
            Err(usage(format!("no pipeline has a stream `{name}`"))
                .hint(format!("with `autoscale` there are: {}", known.join(", "))))
        }
        (several, _) => {
            let names = several.iter().map(|document| format!("{}/{stream}", document.pipeline.name));
            Err(usage(format!("which stream `{name}`?"))
                .hint(format!("there are: {}", names.collect::<Vec<_>>().join(", "))))
        }
    }
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
