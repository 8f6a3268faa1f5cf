//! The policies a role holds itself.

use std::sync::Arc;

use super::page::Page;
use super::roles::role;
use super::{entity_name, no_such_entity, required};
use crate::http::{Answer, AwsError, QueryCall};
use crate::iam::document::{self, Kind};
use crate::world::World;

const MOST_POLICY_NAME: usize = 128;

/// Characters of all inline policies of a role together, white space not counted.
const MOST_CHARACTERS: usize = 10_240;

pub(super) fn put(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let name = entity_name(call, "PolicyName", MOST_POLICY_NAME)?;
    let policy = required(call, "PolicyDocument")?;
    document::check(policy, Kind::Identity)?;
    world.iam.with(|entities| {
        let role = role(entities, call)?;
        let others =
            role.inline.iter().filter(|(other, _)| *other != name).map(|(_, other)| characters(other));
        if others.sum::<usize>() + characters(policy) > MOST_CHARACTERS {
            return Err(AwsError::new(
                http::StatusCode::CONFLICT,
                "LimitExceeded",
                format!("Maximum policy size of {MOST_CHARACTERS} bytes exceeded for role {}", role.name),
            ));
        }
        role.inline.insert(name.to_owned(), policy.to_owned());
        Ok(call.nothing())
    })
}

fn characters(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

pub(super) fn get(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let name = entity_name(call, "PolicyName", MOST_POLICY_NAME)?;
    world.iam.with(|entities| {
        let role = role(entities, call)?;
        let policy = role.inline.get(name).ok_or_else(|| no_such_policy(name))?;
        Ok(call.result(|xml| {
            xml.leaf("RoleName", &role.name);
            xml.leaf("PolicyName", name);
            xml.leaf("PolicyDocument", document::encoded(policy));
        }))
    })
}

pub(super) fn list(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let page = world.iam.with(|entities| {
        let names = role(entities, call)?.inline.keys().cloned();
        Page::of(call, names, String::clone)
    })?;
    Ok(call.result(|xml| {
        xml.list("PolicyNames", &page.items, |xml, name| xml.content(name));
        page.write_end(xml);
    }))
}

pub(super) fn delete(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let name = entity_name(call, "PolicyName", MOST_POLICY_NAME)?;
    world.iam.with(|entities| {
        role(entities, call)?.inline.remove(name).ok_or_else(|| no_such_policy(name))?;
        Ok(call.nothing())
    })
}

fn no_such_policy(name: &str) -> AwsError {
    no_such_entity(format!("The role policy with name {name} cannot be found."))
}
