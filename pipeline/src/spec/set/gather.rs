//! From what the command line names to trees: pipeline files, overlays and values, each a text among the sources.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Findings, Place};
use super::super::position::Positions;
use super::super::read::{Root, Text};
use super::super::sources::{Gathering, Sources};
use super::super::tree::{Node, Value};
use super::super::vars::Assignments;
use super::Request;

/// Most files of one folder.
const MOST_FILES: usize = 500;
/// Most bytes of all files together.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// One pipeline as it is written, before overlays and variables.
#[derive(Debug)]
pub(super) struct Draft {
    /// Which text it is in.
    pub(super) file: usize,
    /// That file.
    pub(super) path: PathBuf,
    /// Where its own text begins and ends, among the bytes of its file.
    pub(super) within: std::ops::Range<usize>,
    /// Its own text: all of the file, or one document of it.
    pub(super) source: Arc<str>,
    /// What it holds.
    pub(super) tree: Arc<Node>,
    /// What is wrong with its file, when it is the first of it.
    pub(super) found: Vec<Diagnostic>,
}

/// One document of an overlay.
#[derive(Debug)]
pub(super) struct Overlay {
    /// Its file.
    pub(super) path: PathBuf,
    /// The text of the file, all of it.
    pub(super) text: Arc<str>,
    /// What it holds.
    pub(super) tree: Arc<Node>,
}

/// All that a set is made from.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) drafts: Vec<Draft>,
    pub(super) overlays: Vec<Overlay>,
    pub(super) given: Assignments,
    /// What is wrong with files of which nothing else is known.
    pub(super) findings: Vec<Findings>,
    /// The texts that are not YAML, or not all of them.
    pub(super) broken: Vec<usize>,
    pub(super) sources: Sources,
}

/// Reads everything that is named.
pub(super) fn gather(request: &Request) -> Gathered {
    let mut gathered = Gathered::default();
    let mut gathering = Gathering::default();
    if request.path.is_dir() {
        let mut listed = Vec::new();
        let problem = list(request, &mut listed).err();
        for path in &listed {
            gathered.pipelines(path, Text::of(path), &mut gathering);
        }
        if let Some(problem) = problem {
            gathered.problem(&request.path, *problem, &mut gathering);
        }
    } else {
        gathered.pipelines(&request.path, Text::of(&request.path), &mut gathering);
    }
    gathered.beside(request, gathering)
}

/// The same where the pipeline file is these bytes.
pub(super) fn gather_bytes(request: &Request, bytes: &[u8]) -> Gathered {
    let mut gathered = Gathered::default();
    let mut gathering = Gathering::default();
    gathered.pipelines(&request.path, Text::of_bytes(bytes), &mut gathering);
    gathered.beside(request, gathering)
}

/// The same where overlays are texts, too, and what they are called.
pub(super) fn gather_texts(request: &Request, source: &str, overlays: &[(&str, &str)]) -> Gathered {
    let mut gathered = Gathered::default();
    let mut gathering = Gathering::default();
    gathered.pipelines(&request.path, Text::of_bytes(source.as_bytes()), &mut gathering);
    for (name, text) in overlays {
        gathered.overlay(FilePath::new(name), Text::of_bytes(text.as_bytes()), &mut gathering);
    }
    gathered.beside(request, gathering)
}

/// The pipeline files of a folder, by name; those that are named as something else are none.
fn list(request: &Request, listed: &mut Vec<PathBuf>) -> Result<(), Box<Diagnostic>> {
    let shown = request.path.display();
    let unreadable = |cause: std::io::Error| {
        Box::new(Diagnostic::error(Code::Unreadable, Place::File, format!("{shown} cannot be read: {cause}")))
    };
    let others: Vec<PathBuf> = request
        .overlays
        .iter()
        .chain(&request.values.files)
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    for entry in request.path.read_dir().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_yaml = path.extension().is_some_and(|it| it == "yaml" || it == "yml");
        let is_other = path.canonicalize().is_ok_and(|path| others.contains(&path));
        if is_yaml && path.is_file() && !is_other {
            listed.push(path);
        }
    }
    listed.sort();
    if listed.len() > MOST_FILES {
        listed.truncate(MOST_FILES);
        let message = format!("{shown} has more than {MOST_FILES} files, the most that are taken together");
        return Err(Box::new(Diagnostic::error(Code::TooBig, Place::File, message)));
    }
    if listed.is_empty() {
        let message = format!("the folder {shown} has no pipeline file: none ends in .yaml or .yml");
        let help = format!("`pipectl init --dir {shown}` writes one");
        return Err(Box::new(Diagnostic::error(Code::NoSuchFile, Place::File, message).help(help)));
    }
    Ok(())
}

impl Gathered {
    /// Takes the pipelines of one file in.
    fn pipelines(&mut self, path: &FilePath, read: Text, gathering: &mut Gathering) {
        if gathering.len() + read.text.len() > MOST_BYTES {
            let message = format!("together the files are bigger than {} MiB", MOST_BYTES >> 20);
            return self.problem(path, Diagnostic::error(Code::TooBig, Place::File, message), gathering);
        }
        let text = Arc::clone(&read.text);
        let (file, start) = gathering.add(path, &text);
        let (roots, mut problems) = read.at(start);
        if !problems.is_empty() {
            self.broken.push(file);
        }
        if roots.is_empty() {
            return self.findings.push(Findings { file, positions: Positions::default(), items: problems });
        }
        let alone = roots.len() == 1;
        for Root { node, start: from, end } in roots {
            let within = from - start..end.map_or(text.len(), |end| end - start);
            let source = if alone { Arc::clone(&text) } else { Arc::from(&text[within.clone()]) };
            let within = if alone { 0..text.len() } else { within };
            let (path, tree) = (path.to_owned(), Arc::new(node));
            let found = std::mem::take(&mut problems);
            self.drafts.push(Draft { file, path, within, source, tree, found });
        }
    }

    /// Takes the overlays and the values in, which come after every pipeline file.
    fn beside(mut self, request: &Request, mut gathering: Gathering) -> Self {
        for path in &request.overlays {
            self.overlay(path, Text::of(path), &mut gathering);
        }
        let mut problems = Vec::new();
        self.given = Assignments::read(&request.values, &mut gathering, &mut problems);
        self.broken.extend(problems.iter().filter(|(_, items)| !items.is_empty()).map(|(file, _)| *file));
        let finding = |(file, items)| Findings { file, positions: Positions::default(), items };
        self.findings.extend(problems.into_iter().map(finding));
        self.sources = gathering.finish();
        self
    }

    fn overlay(&mut self, path: &FilePath, read: Text, gathering: &mut Gathering) {
        let text = Arc::clone(&read.text);
        let (file, start) = gathering.add(path, &text);
        let (roots, mut items) = read.at(start);
        items.retain(|problem| problem.code != Code::Empty);
        if !items.is_empty() {
            self.broken.push(file);
        }
        for Root { node, .. } in roots {
            if let Value::Mapping(_) = &node.value {
                let (path, text) = (path.to_owned(), Arc::clone(&text));
                self.overlays.push(Overlay { path, text, tree: Arc::new(node) });
            } else if !matches!(node.value, Value::Broken) {
                let message = format!("an overlay is a mapping, but this one is {}", node.describe());
                let place = Place::Bytes(node.span.clone());
                items.push(
                    Diagnostic::error(Code::WrongType, place, message)
                        .help("it has the fields of a pipeline file, those that differ"),
                );
            }
        }
        self.findings.push(Findings { file, positions: Positions::default(), items });
    }

    fn problem(&mut self, path: &FilePath, problem: Diagnostic, gathering: &mut Gathering) {
        let (file, _) = gathering.add(path, "");
        self.findings.push(Findings { file, positions: Positions::default(), items: vec![problem] });
    }
}
