//! `alarms` and `dashboard`.

use super::super::code::Code;
use super::super::diagnostic::Diagnostic;
use super::super::model::Alarms;
use super::arn;
use super::fields::{Fields, Found};
use super::shape::ALARMS;

/// What an alarm takes (PutMetricAlarm).
const TOPICS_MAX: usize = 5;

/// The default set of alarms, where the file asks for it; `alarms:` alone does.
pub(crate) fn alarms(file: &Fields<'_>, found: &mut Found) -> Option<Alarms> {
    let given = file.get("alarms").or_else(|| file.empty("alarms"))?;
    let fields = Fields::open(&ALARMS, given, found)?;
    let Some(to) = fields.get("to") else { return Some(Alarms::default()) };
    let items = to.items("\"arn:aws:sns:eu-west-1:123456789012:on-call\"", found);
    if items.len() > TOPICS_MAX {
        let message = format!("there are {} topics; an alarm tells {TOPICS_MAX} at most", items.len());
        found.push(Diagnostic::error(Code::OutOfRange, to.place(), message));
    }
    let topics = items.iter().filter_map(|item| arn::of_services(item, &["sns"], found));
    Some(Alarms { to: topics.collect() })
}

/// Whether the pipeline has a dashboard.
pub(crate) fn dashboard(file: &Fields<'_>, found: &mut Found) -> bool {
    file.get("dashboard").and_then(|given| given.switch(found)).unwrap_or(false)
}
