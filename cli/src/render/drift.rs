//! What is not as the last apply left it.

use std::fmt::Write as _;
use std::path::Path;

use pipectl_pipeline::plan::{Drift, Drifted, Fate, Refresh, Refused};
use pipectl_pipeline::resources::PropertyChange;

use super::plan::property;
use crate::output::style::{BAD, CHANGE, FAINT, GOOD, STRONG, paint};
use crate::output::words;

/// All of it, and the way back.
pub(crate) fn drift(drift: &Drift) -> String {
    let mut text = moved(drift);
    if drift.is_some() {
        let _ = write!(text, "\n\n`pipectl apply` changes it back to what the file says.");
    }
    text
}

/// All of it, as far as the ledger can take it.
pub(crate) fn refresh(drift: &Drift, refresh: &Refresh) -> String {
    let mut text = moved(drift);
    if !refresh.kept.is_empty() {
        let addresses: Vec<&str> = refresh.kept.iter().map(|it| it.address.as_str()).collect();
        let what = "stays drift, as the ledger cannot say it:";
        let _ = write!(text, "\n\n{} {}", paint(CHANGE, what), addresses.join(", "));
    }
    text
}

fn moved(drift: &Drift) -> String {
    let since = match drift.revision {
        0 => "the ledger has no revision; measured against the file".to_owned(),
        number => format!("since revision {number}"),
    };
    let looked_at = words::counted(drift.looked_at as u64, "resource");
    let mut text = if drift.is_some() {
        let count = drift.resources.len();
        let head = format!("Drift of {}, {since}:", drift.pipeline);
        format!("{} {count} of {looked_at}.\n\n", paint(STRONG, head))
    } else {
        format!("{} {}, {since}: {looked_at} as they were left.\n", paint(GOOD, "No drift."), drift.pipeline)
    };
    drift.resources.iter().for_each(|drifted| resource(&mut text, drifted));
    if !drift.troubles.is_empty() {
        let _ = writeln!(text, "\n{}", paint(BAD, "There, as it was left, and does not work:"));
    }
    for trouble in &drift.troubles {
        let address = paint(FAINT, format!("({})", trouble.address));
        let _ = writeln!(text, "    {} {} {address} {}", trouble.kind, trouble.name, trouble.what);
    }
    if !drift.owned_by_others.is_empty() {
        let _ = writeln!(text, "\n{}", paint(FAINT, "Moved by others, and left to them:"));
    }
    for owned in &drift.owned_by_others {
        let before = owned.applied.as_ref().map(|applied| format!("{applied} → ")).unwrap_or_default();
        let line = format!("{} {}: {before}{}, by {}", owned.address, owned.path, owned.now, owned.owner);
        let _ = writeln!(text, "    {}", paint(FAINT, line));
    }
    text.trim_end().to_owned()
}

/// What was written into the file, and what could not be.
pub(crate) fn accepted(file: &Path, before: &str, after: &str, refused: &[Refused]) -> String {
    let mut text = String::new();
    if before == after {
        let _ = writeln!(text, "{} Nothing was written.", paint(GOOD, "No drift that the file could say."));
    } else {
        let whole = |text: &str| Some(format!("{}\n", text.trim_end()));
        let path = file.display().to_string();
        property(&mut text, &PropertyChange { path, before: whole(before), after: whole(after) });
    }
    for refused in refused {
        let path = refused.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
        let _ =
            writeln!(text, "{} {}{path}: {}", paint(CHANGE, "not accepted:"), refused.address, refused.why);
    }
    text.trim_end().to_owned()
}

fn resource(text: &mut String, drifted: &Drifted) {
    let (sign, style, what) = match &drifted.fate {
        Fate::Changed => ("~", CHANGE, String::new()),
        Fate::NeedsReplacement(why) => ("-/+", BAD, format!("comes back only by making it anew: {why}")),
        Fate::Gone => ("-", BAD, "is gone".to_owned()),
        Fate::Failed(why) => ("!", BAD, format!("failed: {why}")),
        Fate::NotOurs(whose) => ("?", BAD, format!("is no longer ours: {whose}")),
    };
    let name = paint(STRONG, format!("{} {}", drifted.kind, drifted.name));
    let address = paint(FAINT, format!("({})", drifted.address));
    let what = if what.is_empty() { what } else { format!(" {}", paint(style, what)) };
    let _ = writeln!(text, "{}{} {name} {address}{what}", " ".repeat(4 - sign.len()), paint(style, sign));
    drifted.changes.iter().for_each(|change| property(text, change));
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipectl_pipeline::plan::{OwnedByOther, Trouble};
    use pipectl_pipeline::resources::{Address, Kind};

    #[test]
    fn drift_names_what_moved_and_who_moves_the_rest() {
        let drifted = |address: Address, kind, fate, changes| Drifted {
            name: format!("clicks-{}", address.as_str().rsplit('.').next().unwrap_or_default()),
            address,
            kind,
            fate,
            changes,
        };
        let moved = PropertyChange {
            path: "retention".into(),
            before: Some("24h".into()),
            after: Some("48h".into()),
        };
        let found = Drift {
            pipeline: "clicks".into(),
            revision: 4,
            resources: vec![
                drifted(Address::stream("events"), Kind::Stream, Fate::Changed, vec![moved]),
                drifted(Address::transform("parse"), Kind::Function, Fate::Gone, Vec::new()),
            ],
            owned_by_others: vec![OwnedByOther {
                address: Address::stream("orders"),
                path: "shards".into(),
                applied: Some("2".into()),
                now: "8".into(),
                owner: "the autoscaler".into(),
            }],
            troubles: vec![Trouble {
                address: Address::function("watch").mapping(),
                kind: Kind::Mapping,
                name: "clicks-watch".into(),
                what: "PROBLEM: Stream not found".into(),
            }],
            looked_at: 9,
        };
        let text: String = anstream::adapter::strip_str(&drift(&found)).to_string();
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        Drift of clicks, since revision 4: 2 of 9 resources.

           ~ Kinesis stream clicks-events (streams.events)
               ~ retention: 24h → 48h
           - Lambda function clicks-parse (transforms.parse) is gone

        There, as it was left, and does not work:
            event source mapping clicks-watch (functions.watch.from) PROBLEM: Stream not found

        Moved by others, and left to them:
            streams.orders shards: 2 → 8, by the autoscaler

        `pipectl apply` changes it back to what the file says.
        ");
    }
}
