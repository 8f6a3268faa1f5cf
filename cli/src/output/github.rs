//! Annotations of GitHub Actions: a line `::error file=…,line=…::…` in a job's log becomes a remark at that line of
//! the pull request. The runner reads them from stderr as from stdout.
//!
//! The form and its escapes: docs.github.com, "Workflow commands for GitHub Actions", and the runner's
//! `ActionCommand.cs`. Paths are told from the root of the repository, whatever folder the command runs in.

use std::path::{Path, PathBuf};

use pipectl_pipeline::spec::{Report, Severity};

/// How loud an annotation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Something is wrong.
    Error,
    /// Something wants attention.
    Warning,
    /// Something is worth knowing.
    Notice,
}

/// A remark, at a place in a file or about the run as such.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Annotation {
    /// How loud it is.
    pub(crate) level: Level,
    /// What it is about, in a few words.
    pub(crate) title: String,
    /// What it says; it may have several lines.
    pub(crate) message: String,
    /// Where it stands.
    pub(crate) spot: Option<Spot>,
}

/// A place in a file; lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The file, as the user named it.
    pub(crate) file: PathBuf,
    /// Its line and column.
    pub(crate) start: (usize, usize),
    /// Where it ends, where that is on the same line.
    pub(crate) end: Option<(usize, usize)>,
}

impl Annotation {
    /// A finding in a pipeline file.
    pub(crate) fn of(report: &Report) -> Self {
        let help = report.help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        let end = (report.end.line == report.line).then_some((report.end.line, report.end.column));
        Self {
            level: match report.severity {
                Severity::Error => Level::Error,
                Severity::Warning => Level::Warning,
            },
            title: report.code.to_string(),
            message: format!("{}{help}", report.message),
            spot: Some(Spot { file: PathBuf::from(&report.file), start: (report.line, report.column), end }),
        }
    }

    /// The line that GitHub reads, with paths below `workspace`.
    pub(crate) fn command(&self, workspace: Option<&Path>) -> String {
        let level = match self.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Notice => "notice",
        };
        let mut properties = Vec::new();
        if let Some(spot) = &self.spot {
            properties.push(format!("file={}", property(&below(workspace, &spot.file))));
            properties.push(format!("line={}", spot.start.0));
            properties.extend(spot.end.map(|(line, _)| format!("endLine={line}")));
            properties.push(format!("col={}", spot.start.1));
            properties.extend(spot.end.map(|(_, column)| format!("endColumn={column}")));
        }
        properties.push(format!("title={}", property(&self.title)));
        format!("::{level} {}::{}", properties.join(","), data(&self.message))
    }
}

/// The path below the root of the repository; one that is elsewhere stays as it is.
fn below(workspace: Option<&Path>, file: &Path) -> String {
    let whole = std::path::absolute(file).ok();
    let inside = whole.as_deref().zip(workspace).and_then(|(file, root)| file.strip_prefix(root).ok());
    inside.unwrap_or(file).to_string_lossy().replace('\\', "/")
}

/// What follows the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property, which also ends at `:` and `,`.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(file: &str) -> Annotation {
        Annotation {
            level: Level::Error,
            title: "a, b: 50%".to_owned(),
            message: "50 %\r\nof a: b, c".to_owned(),
            spot: Some(Spot { file: PathBuf::from(file), start: (3, 5), end: Some((3, 9)) }),
        }
    }

    #[test]
    fn signs_that_end_a_property_or_the_line_are_escaped() {
        assert_eq!(
            at("a:b,c.yaml").command(None),
            "::error file=a%3Ab%2Cc.yaml,line=3,endLine=3,col=5,endColumn=9,title=a%2C b%3A 50%25\
             ::50 %25%0D%0Aof a: b, c"
        );
    }

    #[test]
    fn an_annotation_without_a_place_has_its_title_alone() {
        let annotation = Annotation { level: Level::Notice, spot: None, ..at("") };
        assert!(annotation.command(None).starts_with("::notice title=a%2C b%3A 50%25::50 "));
    }

    #[test]
    fn paths_start_at_the_root_of_the_repository() {
        let here = std::env::current_dir().expect("a folder");
        let root = here.parent().expect("a folder above");
        let name = here.file_name().expect("a name").to_string_lossy();
        let told = at("x/pipeline.yaml").command(Some(root));
        assert!(told.starts_with(&format!("::error file={name}/x/pipeline.yaml,")), "{told}");
        let elsewhere = at("/elsewhere/p.yaml").command(Some(root));
        assert!(elsewhere.starts_with("::error file=/elsewhere/p.yaml,"), "{elsewhere}");
    }
}
