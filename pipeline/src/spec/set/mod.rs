//! Several pipelines together: the documents of a file or the files of a folder, with overlays and variables.
//!
//! A set goes from texts to pipelines in four steps: `gather` reads what the command line names, `overlay` merges
//! trees, [`vars`](super::vars) fills in values, the format is checked, and `links` resolves what one pipeline says of
//! another and puts them in order. All findings of all files come together.

mod gather;
mod hidden;
mod inputs;
pub(crate) mod links;
mod overlay;
mod taken;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics, Findings, Place, Severity};
use super::model::{Architecture, Delivery, Destination, Pipeline};
use super::path::Path;
use super::position::Positions;
use super::sources::Sources;
use super::tree::Node;
use super::vars::{self, Filled, GivenValues, LEFT_OUT, Mask, Scope};
use super::{Document, check};
use crate::spec::{CheckTransform, PackageProblem, TransformProblem};

use gather::{Draft, Gathered, Overlay};
pub use inputs::{FileInputs, OverlayText, VariableInput};

/// What the command line names.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// A pipeline file, or a folder of them: every `*.yaml` and `*.yml` in it, by name.
    pub path: PathBuf,
    /// Overlays, in the order in which they are laid over.
    pub overlays: Vec<PathBuf>,
    /// Values of variables.
    pub values: GivenValues,
    /// Whether sensitive variables may lack their values, as they may for whatever deploys nothing.
    pub without_secrets: bool,
}

impl Request {
    /// A file alone.
    #[must_use]
    pub fn of(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }
}

/// Pipelines that hold.
#[derive(Clone, Debug)]
pub struct Set {
    /// Each after those whose streams it reads.
    pub documents: Vec<Document>,
    /// What holds but probably does not say what its author means, of all files.
    pub warnings: Diagnostics,
    /// What nobody may be shown.
    pub mask: Mask,
}

/// Reads and checks everything that a command line names.
///
/// # Errors
/// Everything that is wrong with any of it.
pub fn load_all(request: &Request, check: &dyn CheckTransform) -> Result<Set, Diagnostics> {
    assemble(gather::gather(request), request, check)
}

/// One pipeline of a file that has no other.
///
/// # Errors
/// Everything that is wrong with it; another pipeline in the file is.
pub(super) fn parse_one(
    request: &Request,
    bytes: &[u8],
    check: &dyn CheckTransform,
) -> Result<Document, Diagnostics> {
    only(gather::gather_bytes(request, bytes), request, check)
}

/// The same where the pipeline file is these bytes, and [`Request::path`] only what it is called: what it names lies in the
/// folder of that.
///
/// # Errors
/// As those of [`load_all`].
pub fn parse_all(request: &Request, bytes: &[u8], check: &dyn CheckTransform) -> Result<Set, Diagnostics> {
    assemble(gather::gather_bytes(request, bytes), request, check)
}

/// The same of what a revision keeps: its text, its overlays, and the values of variables but for sensitive ones.
pub(crate) fn recall(
    source: &str,
    inputs: &FileInputs,
    check: &dyn CheckTransform,
) -> Result<Document, Diagnostics> {
    let plain = inputs.variables.iter().filter(|(_, input)| !input.sensitive);
    let options = plain.map(|(name, input)| format!("{name}={}", input.value)).collect();
    let values = GivenValues { options, ..GivenValues::default() };
    let request = Request { values, without_secrets: true, ..Request::of("pipeline.yaml") };
    let overlays: Vec<(&str, &str)> =
        inputs.overlays.iter().map(|overlay| (overlay.file.as_str(), overlay.text.as_str())).collect();
    only(gather::gather_texts(&request, source, &overlays), &request, check)
}

/// A pipeline on its way.
struct Checked {
    draft: Draft,
    tree: Arc<Node>,
    pipeline: Option<Pipeline>,
    inputs: FileInputs,
    found: Vec<Diagnostic>,
    scope: Scope,
}

fn assemble(gathered: Gathered, request: &Request, check: &dyn CheckTransform) -> Result<Set, Diagnostics> {
    let Gathered { drafts, overlays, given, mut findings, broken, sources } = gathered;
    let names: Vec<&str> = drafts.iter().filter_map(|draft| overlay::name(&draft.tree)).collect();
    let nobody = overlays.iter().filter_map(|overlay| overlay::for_nobody(&overlay.tree, &names));
    findings.push(Findings { file: 0, positions: Positions::default(), items: nobody.collect() });
    let maker = Maker { overlays: &overlays, given: &given, sources: &sources, check, request };
    let mut all: Vec<Checked> = drafts.into_iter().map(|draft| maker.check(draft)).collect();
    let scopes: Vec<&Scope> = all.iter().map(|checked| &checked.scope).collect();
    let undeclared = if all.is_empty() { Vec::new() } else { vars::undeclared(&given, &scopes) };
    findings.push(Findings { file: 0, positions: Positions::default(), items: undeclared });
    let trees = all.iter().map(|checked| &checked.draft.tree).chain(overlays.iter().map(|it| &it.tree));
    let secrets = hidden::find(trees, (&scopes, &given), (&broken, &sources));
    let mask = Mask::new(secrets.values.into_iter().chain(keys(&all)));
    let sources = sources.veiled(secrets.bytes);
    let order = link(&mut all, &sources);
    finish(all, &order, findings, (sources, mask))
}

/// The keys of endpoints, made from variables or not.
fn keys(all: &[Checked]) -> Vec<String> {
    let pipelines = all.iter().filter_map(|checked| checked.pipeline.as_ref());
    pipelines
        .flat_map(Pipeline::literal_keys)
        .map(|(_, key)| key.to_owned())
        .filter(|key| key != LEFT_OUT)
        .collect()
}

/// What every pipeline of a set is made with.
struct Maker<'a> {
    overlays: &'a [Overlay],
    given: &'a vars::Assignments,
    sources: &'a Sources,
    check: &'a dyn CheckTransform,
    request: &'a Request,
}

impl Maker<'_> {
    fn check(&self, mut draft: Draft) -> Checked {
        let mut found = std::mem::take(&mut draft.found);
        let mut tree = Arc::clone(&draft.tree);
        let mut inputs = FileInputs::default();
        for overlay in self.overlays.iter().filter(|overlay| overlay::is_for(&overlay.tree, &draft.tree)) {
            tree = overlay::lay(&tree, &overlay.tree, &mut found);
            inputs.add(overlay);
        }
        let mut scope = Scope::of(&tree, self.given, self.sources, &mut found);
        if self.request.without_secrets {
            scope.leave_out_secrets();
        }
        let Filled { tree, mut secrets } = vars::fill(&tree, &mut scope, self.sources, &mut found);
        let check = InFolder { check: self.check, folder: draft.path.parent().unwrap_or(FilePath::new("")) };
        let mut pipeline = check::pipeline(&tree, &check, &mut found);
        vars::explain(&mut found, &tree, &scope);
        scope.finish(&mut found);
        secrets.retain(|secret| !secret.value.contains(LEFT_OUT));
        if let Some(pipeline) = &mut pipeline {
            let mut values = scope.values();
            values.retain(|_, (value, ..)| value != LEFT_OUT);
            inputs.variables = FileInputs::variables(&pipeline.name, values);
            pipeline.secrets = secrets;
        }
        Checked { draft, tree, pipeline, inputs, found, scope }
    }
}

/// The checker, for a file in this folder: packages are beside it.
struct InFolder<'a> {
    check: &'a dyn CheckTransform,
    folder: &'a FilePath,
}

impl CheckTransform for InFolder<'_> {
    fn check_vrl(&self, program: &str) -> Result<(), Vec<TransformProblem>> {
        self.check.check_vrl(program)
    }

    fn check_package(
        &self,
        path: &FilePath,
        architecture: Option<Architecture>,
    ) -> Result<(), PackageProblem> {
        self.check.check_package(&self.folder.join(path), architecture)
    }
}

impl FileInputs {
    /// Notes an overlay once, however many documents of it were laid over.
    fn add(&mut self, overlay: &Overlay) {
        let file = overlay.path.display().to_string();
        if !self.overlays.iter().any(|known| known.file == file) {
            self.overlays.push(OverlayText { file, text: overlay.text.to_string() });
        }
    }
}

/// Resolves what the pipelines say of each other, and finds their order. Nothing is said of pipelines that another
/// finding may hide.
fn link(all: &mut [Checked], sources: &Sources) -> Vec<usize> {
    distinct(all, sources);
    taken::find(all, sources);
    if all.iter().any(|checked| checked.pipeline.is_none()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut pipelines: Vec<&mut Pipeline> =
        all.iter_mut().filter_map(|checked| checked.pipeline.as_mut()).collect();
    links::resolve(&mut pipelines, &mut found);
    let pipelines: Vec<&Pipeline> = pipelines.into_iter().map(|pipeline| &*pipeline).collect();
    let order = links::order(&pipelines, &mut found);
    for (at, item) in found {
        all[at].found.push(item);
    }
    order
}

/// Two pipelines of one name would be one, and two of one bucket would fight for it.
fn distinct(all: &mut [Checked], sources: &Sources) {
    let mut names: HashMap<String, Range<usize>> = HashMap::new();
    let mut buckets: HashMap<String, (String, Range<usize>)> = HashMap::new();
    for checked in all {
        let Some(pipeline) = &checked.pipeline else { continue };
        let positions = Positions::new(Arc::clone(&checked.tree));
        let at = |place: &Place| positions.resolve(place, sources.text()).unwrap_or_default();
        let place = Place::Value(Path::of(["name"]));
        if let Some(first) = names.get(&pipeline.name) {
            let message = format!("there is another pipeline `{}`", pipeline.name);
            let twice = Diagnostic::error(Code::NameTaken, place, message);
            let twice = twice.related(Place::Bytes(first.clone()), "the other one");
            checked.found.push(twice.help("give one of them another name"));
            continue;
        }
        names.insert(pipeline.name.clone(), at(&place));
        for (logical, delivery) in &pipeline.deliveries {
            for (bucket, place) in buckets_of(logical, delivery) {
                match buckets.get(bucket) {
                    Some((other, first)) if *other != pipeline.name => {
                        let message = format!("the pipeline `{other}` makes the bucket `{bucket}`, too");
                        let twice = Diagnostic::error(Code::NameTaken, place, message);
                        let twice = twice.related(Place::Bytes(first.clone()), "there");
                        checked.found.push(twice.help("a bucket belongs to one pipeline: give each its own"));
                    }
                    Some(_) => {}
                    None => drop(buckets.insert(bucket.to_owned(), (pipeline.name.clone(), at(&place)))),
                }
            }
        }
    }
}

/// The buckets that a delivery writes to, and where each is named.
fn buckets_of<'a>(logical: &'a str, delivery: &'a Delivery) -> impl Iterator<Item = (&'a str, Place)> {
    delivery.to.buckets().enumerate().map(move |(index, bucket)| {
        let steps: &[&str] = match (&delivery.to, index) {
            (Destination::S3(_), 0) => &["s3", "bucket"],
            (Destination::S3(_), _) => &["s3", "backup", "bucket"],
            (Destination::Http(_), _) => &["http", "backup", "bucket"],
        };
        let to = Path::of(["deliveries", logical, "to"]);
        (bucket, Place::Value(steps.iter().fold(to, |path, step| path.key(step))))
    })
}

/// All findings together; and without an error the pipelines.
fn finish(
    all: Vec<Checked>,
    order: &[usize],
    mut findings: Vec<Findings>,
    (sources, mask): (Sources, Mask),
) -> Result<Set, Diagnostics> {
    let mut documents = Vec::new();
    for Checked { draft, tree, pipeline, inputs, mut found, .. } in all {
        found.iter_mut().for_each(|item| item.hide(&mask));
        let positions = Positions::new(tree);
        let own = |items| Findings { file: draft.file, positions: positions.clone(), items };
        let warnings = Diagnostics::new(sources.clone(), vec![own(found.clone())]);
        findings.push(own(found));
        documents.push(pipeline.map(|pipeline| Document {
            pipeline,
            path: draft.path,
            source: draft.source,
            within: draft.within,
            inputs,
            positions,
            sources: sources.clone(),
            file: draft.file,
            warnings,
        }));
    }
    let is_error = |item: &Diagnostic| item.severity == Severity::Error;
    let failed = findings.iter().any(|finding| finding.items.iter().any(is_error));
    let warnings = Diagnostics::new(sources, findings);
    if failed || documents.iter().any(Option::is_none) {
        return Err(warnings);
    }
    let documents = order.iter().filter_map(|at| documents[*at].take()).collect();
    Ok(Set { documents, warnings, mask })
}

impl Diagnostic {
    /// Takes what nobody may be shown out of its words.
    fn hide(&mut self, mask: &Mask) {
        if mask.is_empty() {
            return;
        }
        let hide = |text: &mut String| *text = mask.apply(text).into_owned();
        hide(&mut self.message);
        self.label.iter_mut().chain(&mut self.help).chain(&mut self.notes).for_each(hide);
        self.related.iter_mut().for_each(|(_, label)| hide(label));
    }
}

/// The only pipeline of what was gathered; another one is a finding.
fn only(gathered: Gathered, request: &Request, check: &dyn CheckTransform) -> Result<Document, Diagnostics> {
    if let Some(second) = gathered.drafts.get(1) {
        let start = gathered.sources.bytes(second.file).start + second.within.start;
        let items = vec![super::read::several(start)];
        let finding = Findings { file: second.file, positions: Positions::default(), items };
        return Err(Diagnostics::new(gathered.sources, vec![finding]));
    }
    let Set { mut documents, warnings, .. } = assemble(gathered, request, check)?;
    documents.pop().ok_or(warnings)
}
