//! The rules of a bucket's notification configuration: which events of which keys a destination hears of, and whether
//! two rules would hear of the same.

use s3s::dto::{
    Event, EventList, LambdaFunctionConfiguration, NotificationConfiguration, NotificationConfigurationFilter,
};

use super::event::EventName;

/// A function that is to hear of something, and the rule that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Target {
    pub(super) id: String,
    pub(super) function_arn: String,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule<'a> {
    pub(super) events: &'a EventList,
    pub(super) filter: Option<&'a NotificationConfigurationFilter>,
}

impl<'a> Rule<'a> {
    /// The value of the filter's rule of a name; empty without one.
    fn part(&self, wanted: &str) -> &'a str {
        let rules = self.filter.and_then(|filter| filter.key.as_ref()?.filter_rules.as_ref());
        let named = |rule: &&s3s::dto::FilterRule| {
            rule.name.as_ref().is_some_and(|name| name.as_str().eq_ignore_ascii_case(wanted))
        };
        let rule = rules.and_then(|rules| rules.iter().find(named));
        rule.and_then(|rule| rule.value.as_deref()).unwrap_or_default()
    }

    fn prefix(&self) -> &'a str {
        self.part("prefix")
    }

    fn suffix(&self) -> &'a str {
        self.part("suffix")
    }

    /// Whether keys are not looked at.
    pub(super) fn takes_all(&self) -> bool {
        self.prefix().is_empty() && self.suffix().is_empty()
    }

    fn hears_of(&self, name: EventName, key: &str) -> bool {
        self.events.iter().any(|event| covers(event, name.as_str()))
            && key.starts_with(self.prefix())
            && key.ends_with(self.suffix())
    }

    /// Whether there is an event of a key that both rules hear of.
    pub(super) fn overlaps(&self, other: &Rule<'_>) -> bool {
        let either = |a: &str, b: &str, within: fn(&str, &str) -> bool| within(a, b) || within(b, a);
        self.events.iter().any(|a| other.events.iter().any(|b| share(a, b)))
            && either(self.prefix(), other.prefix(), |a, b| a.starts_with(b))
            && either(self.suffix(), other.suffix(), |a, b| a.ends_with(b))
    }
}

fn text(event: &Event) -> &str {
    let text: &str = event.as_ref();
    text.strip_prefix("s3:").unwrap_or(text)
}

/// Whether a configured event, such as `s3:ObjectCreated:*`, is that of this name.
fn covers(event: &Event, name: &str) -> bool {
    match text(event).strip_suffix('*') {
        Some(family) => name.starts_with(family),
        None => text(event) == name,
    }
}

fn share(a: &Event, b: &Event) -> bool {
    covers(a, text(b)) || covers(b, text(a))
}

/// The functions that hear of an event of a key.
pub(in super::super) fn targets(
    configuration: &NotificationConfiguration,
    name: EventName,
    key: &str,
) -> Vec<Target> {
    let functions = configuration.lambda_function_configurations.iter().flatten();
    let hears = |function: &&LambdaFunctionConfiguration| {
        Rule { events: &function.events, filter: function.filter.as_ref() }.hears_of(name, key)
    };
    let target = |function: &LambdaFunctionConfiguration| Target {
        id: function.id.clone().unwrap_or_default(),
        function_arn: function.lambda_function_arn.clone(),
    };
    functions.filter(hears).map(target).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use s3s::dto::{FilterRule, FilterRuleName, S3KeyFilter};

    use super::*;

    pub(in super::super) fn filter(prefix: &str, suffix: &str) -> Option<NotificationConfigurationFilter> {
        let rule = |name: &'static str, value: &str| {
            let name = Some(FilterRuleName::from_static(name));
            (!value.is_empty()).then(|| FilterRule { name, value: Some(value.to_owned()) })
        };
        let rules = [rule("prefix", prefix), rule("Suffix", suffix)].into_iter().flatten().collect();
        Some(NotificationConfigurationFilter { key: Some(S3KeyFilter { filter_rules: Some(rules) }) })
    }

    fn events(names: &[&str]) -> EventList {
        names.iter().map(|name| Event::from((*name).to_owned())).collect()
    }

    #[test]
    fn a_rule_hears_of_its_events_under_its_keys() {
        let (events, filter) = (events(&["s3:ObjectCreated:*"]), filter("in/", ".json"));
        let rule = Rule { events: &events, filter: filter.as_ref() };
        for (name, key, hears) in [
            (EventName::Put, "in/a.json", true),
            (EventName::Copy, "in/a.json", true),
            (EventName::Delete, "in/a.json", false),
            (EventName::Put, "out/a.json", false),
            (EventName::Put, "in/a.csv", false),
        ] {
            assert_eq!(rule.hears_of(name, key), hears, "{name:?} {key}");
        }
    }

    #[test]
    fn rules_overlap_when_one_event_could_go_by_both() {
        let (all, put, gone) = ("s3:ObjectCreated:*", "s3:ObjectCreated:Put", "s3:ObjectRemoved:*");
        for (a, b, overlap) in [
            ((all, "", ""), (put, "", ""), true),
            ((all, "", ""), (gone, "", ""), false),
            ((put, "", ""), ("s3:ObjectCreated:Copy", "", ""), false),
            ((all, "a/", ""), (all, "a/b/", ""), true),
            ((all, "a/", ""), (all, "b/", ""), false),
            ((all, "", "jpg"), (all, "", "pg"), true),
            ((all, "a/", ".jpg"), (all, "a/", ".png"), false),
            ((all, "a/", ".jpg"), (all, "b/", ".jpg"), false),
            ((all, "a/", ""), (all, "", ".png"), true),
        ] {
            let rule = |(name, prefix, suffix): (&str, &str, &str)| (events(&[name]), filter(prefix, suffix));
            let ((a_events, a_filter), (b_events, b_filter)) = (rule(a), rule(b));
            let a_rule = Rule { events: &a_events, filter: a_filter.as_ref() };
            let b_rule = Rule { events: &b_events, filter: b_filter.as_ref() };
            assert_eq!(a_rule.overlaps(&b_rule), overlap, "{a:?} {b:?}");
            assert_eq!(b_rule.overlaps(&a_rule), overlap, "{b:?} {a:?}");
        }
    }
}
