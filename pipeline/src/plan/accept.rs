//! Drift that is wanted: which edits of the pipeline file make it say what is there. Pure.

use super::{Drift, Drifted, Fate};
use crate::resources::{Address, Kind, PropertyChange};
use crate::spec::Path;
use crate::spec::edit::{Edit, Scalar};

/// How drift is taken into the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acceptance {
    /// The edits.
    pub edits: Vec<Edit>,
    /// What the file cannot say, and why.
    pub refused: Vec<Refused>,
}

/// Drift that the file cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The resource.
    pub address: Address,
    /// The property; `None` when it is the resource as a whole.
    pub path: Option<String>,
    /// Why.
    pub why: String,
}

impl Drift {
    /// The edits that take this drift into the file; only that of `targets`, unless there are none.
    #[must_use]
    pub fn acceptance(&self, targets: &[String]) -> Acceptance {
        let mut acceptance = Acceptance::default();
        let picked = |drifted: &&Drifted| {
            targets.is_empty() || targets.iter().any(|target| target == drifted.address.as_str())
        };
        for drifted in self.resources.iter().filter(picked) {
            match &drifted.fate {
                Fate::Changed => {
                    let mode = drifted.changes.iter().any(|change| change.path == "mode");
                    // Another mode says how many shards there are, too.
                    let told = drifted.changes.iter().filter(|change| !(mode && change.path == "shards"));
                    told.for_each(|change| acceptance.take(drifted, change));
                }
                Fate::Gone => acceptance.refuse(drifted, None, "it is gone: take it out of the file by hand"),
                Fate::NeedsReplacement(_) | Fate::Failed(_) | Fate::NotOurs(_) => {
                    acceptance.refuse(drifted, None, "only making it anew, or leaving it, ends this");
                }
            }
        }
        acceptance
    }
}

impl Acceptance {
    fn take(&mut self, drifted: &Drifted, change: &PropertyChange) {
        match edit(drifted, change) {
            Ok(edit) => self.edits.push(edit),
            Err(why) => self.refuse(drifted, Some(change.path.clone()), why),
        }
    }

    fn refuse(&mut self, drifted: &Drifted, path: Option<String>, why: &str) {
        let address = drifted.address.clone();
        self.refused.push(Refused { address, path, why: why.to_owned() });
    }
}

/// The edit that has the file say what is there.
fn edit(drifted: &Drifted, change: &PropertyChange) -> Result<Edit, &'static str> {
    let text = || change.after.clone().map(Scalar::Text);
    let (path, value) = match (drifted.kind, change.path.as_str()) {
        (Kind::Stream, "shards") => (change.path.as_str(), number(change)),
        (Kind::Stream, "mode") if change.after.as_deref() == Some("on-demand") => ("shards", text()),
        (Kind::Stream, "retention" | "encryption")
        | (Kind::Function, "memory" | "timeout")
        | (Kind::Delivery, "to.s3.prefix" | "to.s3.errors" | "to.s3.buffer.size" | "to.s3.buffer.interval") => {
            (change.path.as_str(), text())
        }
        (Kind::Delivery, "to.s3.compression") => {
            (change.path.as_str(), change.after.as_deref().map(compression).map(Scalar::Text))
        }
        (Kind::Delivery, "to.s3.newline") => {
            (change.path.as_str(), change.after.as_ref().map(|_| Scalar::Switch(true)))
        }
        (_, path) if path.starts_with("tags.") => return Err("tags in the file are those of every resource"),
        (_, path) if path.starts_with("environment.") => {
            return Err("its value is not shown, and so not copied");
        }
        _ => return Err("no field of the file says it"),
    };
    let keys = drifted.address.as_str().split('.').chain(path.split('.'));
    Ok(Edit { path: Path::of(keys), value })
}

fn number(change: &PropertyChange) -> Option<Scalar> {
    change.after.as_deref().and_then(|after| after.parse().ok()).map(Scalar::Number)
}

/// The file's word for Firehose's name of a compression.
fn compression(name: &str) -> String {
    match name {
        "UNCOMPRESSED" => "none".to_owned(),
        other => other.to_lowercase().replace('_', "-"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::edit::edit;

    fn drifted(address: Address, kind: Kind, changes: &[(&str, Option<&str>)]) -> Drifted {
        let change = |(path, after): &(&str, Option<&str>)| PropertyChange {
            path: (*path).to_owned(),
            before: None,
            after: after.map(str::to_owned),
        };
        let name = address.to_string();
        Drifted { address, kind, name, fate: Fate::Changed, changes: changes.iter().map(change).collect() }
    }

    #[test]
    fn what_moved_is_written_in_the_files_words_and_the_rest_is_named() {
        let stream = [("shards", Some("8")), ("encryption", None), ("tags.team", Some("x"))];
        let delivery = [
            ("to.s3.compression", Some("HADOOP_SNAPPY")),
            ("to.s3.newline", Some("true")),
            ("role", Some("r")),
        ];
        let drift = Drift {
            resources: vec![
                drifted(Address::stream("events"), Kind::Stream, &stream),
                drifted(Address::delivery("lake"), Kind::Delivery, &delivery),
            ],
            ..Drift::default()
        };
        let acceptance = drift.acceptance(&[]);
        let file = "streams:\n  events:\n    shards: 2 # few\n    encryption: k\ndeliveries:\n  lake: { to: { s3: { bucket: b } } }\n";
        let text = edit(file, &acceptance.edits).expect("it can be edited");
        assert_eq!(
            text,
            "streams:\n  events:\n    shards: 8 # few\ndeliveries:\n  lake: { to: { s3: { bucket: b, compression: hadoop-snappy, newline: true } } }\n"
        );
        let refused: Vec<_> = acceptance.refused.iter().map(|it| it.path.as_deref()).collect();
        assert_eq!(refused, [Some("tags.team"), Some("role")]);
        assert_eq!(drift.acceptance(&["streams.other".to_owned()]), Acceptance::default());
    }
}
