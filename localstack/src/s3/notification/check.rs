//! What S3 checks of a notification configuration, with its messages.

use s3s::dto::{Event, NotificationConfiguration, NotificationConfigurationFilter};
use uuid::Uuid;

use crate::world::World;

use super::permitted;
use super::rules::Rule;

/// Configurations of a bucket.
const MAX_CONFIGURATIONS: usize = 100;

/// The events S3 knows, each family with its members; every family may end in `*` as well.
const EVENTS: [(&str, &[&str]); 9] = [
    ("ObjectCreated", &["Put", "Post", "Copy", "CompleteMultipartUpload"]),
    ("ObjectRemoved", &["Delete", "DeleteMarkerCreated"]),
    ("ObjectRestore", &["Post", "Completed", "Delete"]),
    (
        "Replication",
        &[
            "OperationFailedReplication",
            "OperationMissedThreshold",
            "OperationReplicatedAfterThreshold",
            "OperationNotTracked",
        ],
    ),
    ("LifecycleExpiration", &["Delete", "DeleteMarkerCreated"]),
    ("ObjectTagging", &["Put", "Delete"]),
    ("ObjectAcl", &["Put"]),
    ("LifecycleTransition", &[]),
    ("IntelligentTiering", &[]),
];

/// Why S3 refuses a configuration: all of it is `InvalidArgument`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in super::super) enum Refused {
    #[error("The ARN is not well formed")]
    Arn,
    #[error("A specified event is not supported for notifications.")]
    Event,
    #[error("filter rule name must be either prefix or suffix")]
    FilterName,
    #[error("Cannot specify more than one {0} rule in a filter.")]
    FilterTwice(&'static str),
    #[error("Size of filter rule value cannot exceed 1024 bytes in UTF-8 representation")]
    FilterLength,
    #[error("Same ID used for multiple configurations. IDs must be unique")]
    SameId,
    #[error("Configurations overlap. Configurations on the same bucket cannot share a common event type.")]
    Overlap,
    #[error(
        "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type."
    )]
    Ambiguous,
    #[error("The number of notification configurations exceeds the limit of {MAX_CONFIGURATIONS}")]
    TooMany,
    #[error("Unable to validate the following destination configurations")]
    Destination,
    #[error("The notification destination service region is not valid for the bucket location constraint")]
    Region,
}

/// A configuration of any kind: what all of them have.
struct Configuration<'a> {
    service: &'static str,
    arn: &'a str,
    rule: Rule<'a>,
}

fn all(configuration: &NotificationConfiguration) -> Vec<Configuration<'_>> {
    let functions = configuration.lambda_function_configurations.iter().flatten().map(|one| Configuration {
        service: "lambda",
        arn: &one.lambda_function_arn,
        rule: Rule { events: &one.events, filter: one.filter.as_ref() },
    });
    let queues = configuration.queue_configurations.iter().flatten().map(|one| Configuration {
        service: "sqs",
        arn: &one.queue_arn,
        rule: Rule { events: &one.events, filter: one.filter.as_ref() },
    });
    let topics = configuration.topic_configurations.iter().flatten().map(|one| Configuration {
        service: "sns",
        arn: &one.topic_arn,
        rule: Rule { events: &one.events, filter: one.filter.as_ref() },
    });
    functions.chain(queues).chain(topics).collect()
}

/// Gives every configuration that has none an id, and checks that they differ.
pub(in super::super) fn name(configuration: &mut NotificationConfiguration) -> Result<(), Refused> {
    let functions = configuration.lambda_function_configurations.iter_mut().flatten().map(|one| &mut one.id);
    let queues = configuration.queue_configurations.iter_mut().flatten().map(|one| &mut one.id);
    let topics = configuration.topic_configurations.iter_mut().flatten().map(|one| &mut one.id);
    let mut names = std::collections::BTreeSet::new();
    for id in functions.chain(queues).chain(topics) {
        let id = match id.as_ref().filter(|id| !id.is_empty()) {
            Some(id) => id,
            None => id.insert(Uuid::new_v4().to_string()),
        };
        if !names.insert(id.clone()) {
            return Err(Refused::SameId);
        }
    }
    Ok(())
}

/// Checks the rules, each for itself and all against each other.
pub(in super::super) fn rules(configuration: &NotificationConfiguration) -> Result<(), Refused> {
    let all = all(configuration);
    if all.len() > MAX_CONFIGURATIONS {
        return Err(Refused::TooMany);
    }
    for Configuration { service, arn, rule } in &all {
        let mut parts = arn.splitn(6, ':');
        if parts.next() != Some("arn") || parts.nth(1) != Some(service) || parts.nth(2).is_none() {
            return Err(Refused::Arn);
        }
        if rule.events.is_empty() || !rule.events.iter().all(is_known) {
            return Err(Refused::Event);
        }
        rule.filter.map_or(Ok(()), check_filter)?;
    }
    for (at, one) in all.iter().enumerate() {
        for other in &all[at + 1..] {
            if one.rule.overlaps(&other.rule) {
                let whole = one.rule.takes_all() && other.rule.takes_all();
                return Err(if whole { Refused::Overlap } else { Refused::Ambiguous });
            }
        }
    }
    Ok(())
}

fn is_known(event: &Event) -> bool {
    let text: &str = event.as_ref();
    let Some(text) = text.strip_prefix("s3:") else { return false };
    EVENTS.iter().any(|(family, members)| match text.strip_prefix(family) {
        // Two families are one event each.
        Some("") => members.is_empty(),
        Some(member) => member
            .strip_prefix(':')
            .is_some_and(|member| members.contains(&member) || member == "*" && !members.is_empty()),
        None => false,
    }) || text == "ReducedRedundancyLostObject"
}

fn check_filter(filter: &NotificationConfigurationFilter) -> Result<(), Refused> {
    let (mut prefixes, mut suffixes) = (0, 0);
    for rule in filter.key.iter().flat_map(|key| key.filter_rules.iter().flatten()) {
        match rule.name.as_ref().map(|name| name.as_str().to_ascii_lowercase()).as_deref() {
            Some("prefix") => prefixes += 1,
            Some("suffix") => suffixes += 1,
            _ => return Err(Refused::FilterName),
        }
        if rule.value.as_ref().is_some_and(|value| value.len() > 1024) {
            return Err(Refused::FilterLength);
        }
    }
    match (prefixes, suffixes) {
        (2.., _) => Err(Refused::FilterTwice("prefix")),
        (_, 2..) => Err(Refused::FilterTwice("suffix")),
        _ => Ok(()),
    }
}

/// Checks that every destination is in the bucket's region.
pub(in super::super) fn regions(
    region: &str,
    configuration: &NotificationConfiguration,
) -> Result<(), Refused> {
    let is_here = |one: &Configuration<'_>| one.arn.split(':').nth(3) == Some(region);
    if all(configuration).iter().all(is_here) { Ok(()) } else { Err(Refused::Region) }
}

/// Checks that every destination takes the bucket's events. Functions may; queues and topics do not exist here.
pub(in super::super) fn destinations(
    world: &World,
    bucket: &str,
    configuration: &NotificationConfiguration,
) -> Result<(), Refused> {
    for Configuration { service, arn, .. } in all(configuration) {
        if service != "lambda" || !permitted(world, arn, bucket) {
            tracing::info!(
                bucket,
                arn,
                "a notification's destination is refused: it is not there or does not let S3 in"
            );
            return Err(Refused::Destination);
        }
    }
    Ok(())
}

/// Says which of the configurations nobody will hear of.
pub(in super::super) fn warn_of_the_undeliverable(bucket: &str, configuration: &NotificationConfiguration) {
    for Configuration { service, arn, .. } in all(configuration) {
        if service != "lambda" {
            tracing::warn!(bucket, arn, "notifications go nowhere: this endpoint has no SQS and no SNS");
        }
    }
    if configuration.event_bridge_configuration.is_some() {
        tracing::warn!(bucket, "events go nowhere: this endpoint has no EventBridge");
    }
}

#[cfg(test)]
mod tests {
    use s3s::dto::{LambdaFunctionConfiguration, QueueConfiguration};

    use super::super::rules::tests::filter;
    use super::*;

    fn function(event: &str, prefix: &str) -> LambdaFunctionConfiguration {
        LambdaFunctionConfiguration {
            events: vec![Event::from(event.to_owned())],
            filter: filter(prefix, ""),
            id: None,
            lambda_function_arn: "arn:aws:lambda:us-east-1:000000000000:function:f".to_owned(),
        }
    }

    fn of(functions: Vec<LambdaFunctionConfiguration>) -> NotificationConfiguration {
        NotificationConfiguration {
            lambda_function_configurations: Some(functions),
            ..NotificationConfiguration::default()
        }
    }

    #[test]
    fn what_s3_refuses_is_refused() {
        let created = "s3:ObjectCreated:*";
        let mut elsewhere = function(created, "");
        elsewhere.lambda_function_arn = "arn:aws:sqs:us-east-1:000000000000:q".to_owned();
        let mut named = function(created, "");
        let filters = named.filter.as_mut().unwrap().key.as_mut().unwrap().filter_rules.as_mut().unwrap();
        filters.push(s3s::dto::FilterRule { name: None, value: None });
        let twice = {
            let mut twice = function(created, "a");
            let filters = twice.filter.as_mut().unwrap().key.as_mut().unwrap().filter_rules.as_mut().unwrap();
            filters.push(filters[0].clone());
            twice
        };
        for (functions, expected) in [
            (vec![function(created, "a/"), function(created, "b/")], Ok(())),
            (vec![function("s3:ObjectRemoved:Delete", ""), function(created, "")], Ok(())),
            (vec![function("s3:ObjectCreated:Often", "")], Err(Refused::Event)),
            (vec![function("ObjectCreated:*", "")], Err(Refused::Event)),
            (vec![elsewhere], Err(Refused::Arn)),
            (vec![named], Err(Refused::FilterName)),
            (vec![twice], Err(Refused::FilterTwice("prefix"))),
            (vec![function(created, ""), function(created, "")], Err(Refused::Overlap)),
            (vec![function(created, "a"), function(created, "ab")], Err(Refused::Ambiguous)),
            (vec![function(created, ""), function("s3:ObjectCreated:Put", "ab")], Err(Refused::Ambiguous)),
        ] {
            let configuration = of(functions);
            assert_eq!(rules(&configuration), expected, "{configuration:?}");
        }
        let mut both = of(vec![function(created, "a")]);
        both.queue_configurations = Some(vec![QueueConfiguration {
            events: vec![Event::from(created.to_owned())],
            filter: filter("a", ""),
            id: None,
            queue_arn: "arn:aws:sqs:us-east-1:000000000000:q".to_owned(),
        }]);
        assert_eq!(rules(&both), Err(Refused::Ambiguous), "kinds of destinations make no difference");
    }

    #[test]
    fn a_destination_in_another_region_than_the_bucket_is_refused() {
        let configuration = of(vec![function("s3:ObjectCreated:*", "")]);
        assert_eq!(regions("us-east-1", &configuration), Ok(()));
        assert_eq!(regions("eu-west-1", &configuration), Err(Refused::Region));
        assert_eq!(regions("eu-west-1", &NotificationConfiguration::default()), Ok(()));
    }

    #[test]
    fn ids_are_made_where_there_are_none_and_must_differ() {
        let mut configuration =
            of(vec![function("s3:ObjectCreated:*", ""), function("s3:ObjectRemoved:*", "")]);
        assert_eq!(name(&mut configuration), Ok(()));
        let ids: Vec<_> =
            configuration.lambda_function_configurations.iter().flatten().map(|one| one.id.clone()).collect();
        assert!(ids.iter().all(Option::is_some) && ids[0] != ids[1]);
        for one in configuration.lambda_function_configurations.iter_mut().flatten() {
            one.id = Some("same".to_owned());
        }
        assert_eq!(name(&mut configuration), Err(Refused::SameId));
    }
}
