//! Tags of roles.

use std::sync::Arc;

use indexmap::IndexMap;

use super::page::Page;
use super::roles::role;
use crate::http::{Answer, AwsError, QueryCall, Violations, Xml};
use crate::world::World;

/// Tags of one role or policy.
const MOST_TAGS: usize = 50;

/// The call's `Tags` parameter.
pub(super) fn tags_of(call: &QueryCall) -> Result<IndexMap<String, String>, AwsError> {
    let members = call.parameters.members("Tags.member");
    let mut violations = Violations::default();
    let mut tags = IndexMap::new();
    for (index, member) in members.iter().enumerate() {
        let (key, value) = (member.get("Key"), member.get("Value"));
        let name = |field: &str| format!("tags.{}.member.{field}", index + 1);
        violations.required(&name("key"), key.as_ref());
        violations.length(&name("key"), key, 1, 128);
        violations.required(&name("value"), value.as_ref());
        violations.length(&name("value"), value, 0, 256);
        let (key, value) = (key.unwrap_or_default().to_owned(), value.unwrap_or_default().to_owned());
        if tags.insert(key, value).is_some() {
            return Err(AwsError::bad_request(
                "InvalidInput",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
    }
    violations.check()?;
    within_limit(tags.len())?;
    Ok(tags)
}

fn within_limit(count: usize) -> Result<(), AwsError> {
    if count <= MOST_TAGS {
        return Ok(());
    }
    Err(AwsError::new(
        http::StatusCode::CONFLICT,
        "LimitExceeded",
        format!("The number of tags has reached the maximum limit of {MOST_TAGS}."),
    ))
}

pub(super) fn write_tags<'a>(xml: &mut Xml, tags: impl Iterator<Item = (&'a String, &'a String)>) {
    xml.list("Tags", tags, |xml, (key, value)| {
        xml.leaf("Key", key);
        xml.leaf("Value", value);
    });
}

pub(super) fn tag_role(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let tags = tags_of(call)?;
    world.iam.with(|entities| {
        let role = role(entities, call)?;
        let kept = role.tags.keys().filter(|key| !tags.contains_key(*key)).count();
        within_limit(kept + tags.len())?;
        role.tags.extend(tags);
        Ok(call.nothing())
    })
}

pub(super) fn untag_role(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let keys = call.parameters.values("TagKeys.member");
    world.iam.with(|entities| {
        role(entities, call)?.tags.retain(|key, _| !keys.contains(key));
        Ok(call.nothing())
    })
}

pub(super) fn list_role_tags(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let page = world.iam.with(|entities| {
        let mut tags: Vec<_> = role(entities, call)?.tags.clone().into_iter().collect();
        tags.sort();
        Page::of(call, tags.into_iter(), |(key, _)| key.clone())
    })?;
    Ok(call.result(|xml| {
        write_tags(xml, page.items.iter().map(|(key, value)| (key, value)));
        page.write_end(xml);
    }))
}
