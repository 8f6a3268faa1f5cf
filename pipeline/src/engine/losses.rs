//! Who else loses what a plan gives up. The readers of a stream that goes are asked for where they are known: in the
//! ledger of this region, of other pipelines; on AWS, of functions and consumers that no pipeline has. What cannot be
//! asked is left out: a plan is told with less rather than not made.

use std::collections::BTreeSet;

use futures::stream::{self, StreamExt as _};

use super::Engine;
use crate::cloud::StreamReader;
use crate::ledger::{Record, Revision, Standing};
use crate::plan::{Loss, Plan, Reader, reads};
use crate::resources::Kind;

/// How many other pipelines are looked at, at most, and how many at once.
const PIPELINES: usize = 500;
const READS_AT_ONCE: usize = 16;

impl Engine {
    /// Adds to what a plan gives up who else reads it, and whether anything came in of late.
    pub(super) async fn look_into_losses(&self, plan: &mut Plan, remembered: &[Record]) {
        let lost = |loss: &Loss| loss.kind == Kind::Stream && loss.goes;
        if !plan.losses.iter().any(lost) {
            return;
        }
        let others = self.other_pipelines(&plan.pipeline).await;
        for loss in plan.losses.iter_mut().filter(|loss| lost(loss)) {
            let (readers, recent) = tokio::join!(
                self.stream_use.readers(&loss.name),
                self.stream_use.records_of_a_day(&loss.name)
            );
            loss.recent = recent.inspect_err(|error| tracing::debug!(%error, "traffic is not known")).ok();
            let known = remembered.iter().chain(others.iter().flat_map(|other| &other.resources));
            let known: BTreeSet<&str> = known.map(|record| record.name.as_str()).collect();
            let in_ledger = others.iter().flat_map(|other| of_pipeline(other, &loss.name));
            loss.readers.extend(in_ledger);
            match readers {
                Ok(readers) => loss.readers.extend(of_nobody(&readers, &loss.name, &known)),
                Err(error) => tracing::debug!(%error, "the readers of a stream are not known"),
            }
        }
    }

    /// The newest revision of every other pipeline of this ledger, as far as they can be read.
    async fn other_pipelines(&self, pipeline: &str) -> Vec<Revision> {
        let names = self.ledger.pipelines().await.unwrap_or_default();
        let others = names.into_iter().filter(|name| name != pipeline).take(PIPELINES);
        let head = |name: String| async move { self.ledger.head(&name).await.ok().flatten() };
        stream::iter(others).map(head).buffered(READS_AT_ONCE).filter_map(async |head| head).collect().await
    }
}

/// What of another pipeline reads the stream.
fn of_pipeline(other: &Revision, stream: &str) -> Vec<Reader> {
    let there = other.resources.iter().filter(|record| record.standing == Standing::Present);
    let reads = there.filter(|record| reads(record, stream));
    reads
        .map(|record| Reader { pipeline: Some(other.pipeline.clone()), what: record.address.to_string() })
        .collect()
}

/// Those that no ledger has: a mapping goes by its function's name, and a consumer by its stream's and its own.
fn of_nobody(readers: &[StreamReader], stream: &str, known: &BTreeSet<&str>) -> Vec<Reader> {
    let unknown = readers.iter().filter_map(|reader| match reader {
        StreamReader::Function(name) if !known.contains(name.as_str()) => {
            Some(format!("the Lambda function {name}"))
        }
        StreamReader::Consumer(name) if !known.contains(format!("{stream}/{name}").as_str()) => {
            Some(format!("the fan-out consumer {name}"))
        }
        StreamReader::Function(_) | StreamReader::Consumer(_) => None,
    });
    unknown.map(|what| Reader { pipeline: None, what }).collect()
}
