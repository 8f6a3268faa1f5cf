//! Which pipeline reads whose streams: references are resolved within the set, and the set is put in order. Pure.

use std::collections::HashMap;

use super::super::check::suggest;
use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::{FoundStream, Pipeline, Stream};
use super::super::path::Path;

/// A finding about one of the pipelines, by its place in the set.
type Found = Vec<(usize, Diagnostic)>;

/// What others have to know of a pipeline: its region, and its streams.
type Known = (Option<String>, HashMap<String, FoundStream>);

/// Resolves the references from one pipeline of the set to another. Those to pipelines outside the set stay open.
pub(super) fn resolve(pipelines: &mut [&mut Pipeline], found: &mut Found) {
    let known: HashMap<String, Known> = pipelines
        .iter()
        .map(|pipeline| {
            let found = |(logical, stream): (&String, &Stream)| {
                let found = FoundStream {
                    name: pipeline.stream_name(logical),
                    encryption: stream.encryption.clone(),
                };
                (logical.clone(), found)
            };
            let streams = pipeline.streams.iter().map(found).collect();
            (pipeline.name.clone(), (pipeline.region.clone(), streams))
        })
        .collect();
    for (at, pipeline) in pipelines.iter_mut().enumerate() {
        let region = pipeline.region.clone();
        for (path, other) in pipeline.others_mut() {
            let Some((there, streams)) = known.get(&other.pipeline) else { continue };
            match streams.get(&other.stream) {
                Some(stream) => other.found = Some(stream.clone()),
                None => {
                    let names = streams.keys().map(String::as_str).collect::<Vec<_>>();
                    found.push((at, unknown_stream(&path, &other.pipeline, &other.stream, &names)));
                }
            }
            if let (Some(here), Some(there)) = (&region, there)
                && here != there
            {
                let message = format!("`{}` is in {there}, and this pipeline in {here}", other.pipeline);
                let conflict = Diagnostic::error(Code::Conflict, Place::Value(path), message);
                found.push((at, conflict.help("a stream is read in its own region only")));
            }
        }
    }
}

/// A pipeline has no such stream.
pub(crate) fn unknown_stream(path: &Path, pipeline: &str, stream: &str, names: &[&str]) -> Diagnostic {
    let message = format!("the pipeline `{pipeline}` has no stream `{stream}`");
    let mut names = names.to_vec();
    names.sort_unstable();
    let help = match suggest::nearest(stream, names.iter().copied()) {
        Some(meant) => format!("did you mean `{pipeline}/{meant}`?"),
        None if names.is_empty() => "it has no streams at all".to_owned(),
        None => format!("it has {}", suggest::listed(names.iter().copied())),
    };
    Diagnostic::error(Code::UnknownReference, Place::Value(path.clone()), message).help(help)
}

/// There is no such pipeline, neither here nor in the ledger.
pub(crate) fn unknown_pipeline(path: &Path, pipeline: &str, ledger: &str, names: &[&str]) -> Diagnostic {
    let message = format!("there is no pipeline `{pipeline}`, neither among these files nor in {ledger}");
    let help = match suggest::nearest(pipeline, names.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("apply `{pipeline}` first, or give its file along: `-f FOLDER`"),
    };
    Diagnostic::error(Code::UnknownReference, Place::Value(path.clone()), message).help(help)
}

/// The pipeline was there, and was taken down.
pub(crate) fn destroyed_pipeline(path: &Path, pipeline: &str, ledger: &str) -> Diagnostic {
    let message = format!("the pipeline `{pipeline}` was destroyed, says {ledger}: its streams are gone");
    let help =
        format!("apply `{pipeline}` again, give its file along with `-f FOLDER`, or read another stream");
    Diagnostic::error(Code::UnknownReference, Place::Value(path.clone()), message).help(help)
}

/// An order in which each pipeline comes after those whose streams it reads, and as in the files where nothing else
/// is asked. A circle is a finding.
pub(super) fn order(pipelines: &[&Pipeline], found: &mut Found) -> Vec<usize> {
    let by_name: HashMap<&str, usize> =
        pipelines.iter().enumerate().map(|(at, pipeline)| (pipeline.name.as_str(), at)).collect();
    let mut walk = Walk {
        pipelines,
        by_name,
        state: vec![State::New; pipelines.len()],
        way: Vec::new(),
        order: Vec::new(),
    };
    for at in 0..pipelines.len() {
        if let Err(cycle) = walk.visit(at) {
            found.push(self::cycle(pipelines, &cycle));
            break;
        }
    }
    walk.order
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    New,
    OnTheWay,
    Done,
}

struct Walk<'a> {
    pipelines: &'a [&'a Pipeline],
    by_name: HashMap<&'a str, usize>,
    state: Vec<State>,
    way: Vec<usize>,
    order: Vec<usize>,
}

impl Walk<'_> {
    /// Puts a pipeline behind what it reads. As deep as the longest chain of pipelines, of which there are hundreds at
    /// most. A circle is the error: the pipelines on it.
    fn visit(&mut self, at: usize) -> Result<(), Vec<usize>> {
        match self.state[at] {
            State::Done => return Ok(()),
            State::OnTheWay => {
                let start = self.way.iter().position(|on| *on == at).unwrap_or_default();
                return Err(self.way[start..].to_vec());
            }
            State::New => {}
        }
        self.state[at] = State::OnTheWay;
        self.way.push(at);
        let pipeline = self.pipelines[at];
        let mut read: Vec<usize> = pipeline
            .others()
            .filter_map(|other| self.by_name.get(other.pipeline.as_str()).copied())
            .collect();
        read.sort_unstable();
        for other in read {
            self.visit(other)?;
        }
        self.way.pop();
        self.state[at] = State::Done;
        self.order.push(at);
        Ok(())
    }
}

fn cycle(pipelines: &[&Pipeline], cycle: &[usize]) -> (usize, Diagnostic) {
    let (first, next) = (cycle[0], cycle.get(1).copied().unwrap_or(cycle[0]));
    let names: Vec<&str> = cycle.iter().chain([&first]).map(|at| pipelines[*at].name.as_str()).collect();
    let message = format!("these pipelines read each other in a circle: {}", names.join(" → "));
    let mut reader = pipelines[first].clone();
    let path =
        reader.others_mut().find(|(_, other)| other.pipeline == pipelines[next].name).map(|(path, _)| path);
    let place = Place::Value(path.unwrap_or_default());
    let help =
        "each pipeline is applied after those that it reads: put the streams into a pipeline of their own";
    (first, Diagnostic::error(Code::Cycle, place, message).help(help))
}
