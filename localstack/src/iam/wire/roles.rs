//! Roles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::page::Page;
use super::tags::{tags_of, write_tags};
use super::{already_exists, conflict, date, entity_name, no_such_entity, path, required};
use crate::http::{Answer, AwsError, QueryCall, Violations, Xml};
use crate::iam::document::{self, Kind};
use crate::iam::{Entities, Role, unique_id};
use crate::world::World;

const MOST_ROLE_NAME: usize = 64;

pub(super) fn create(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let name = entity_name(call, "RoleName", MOST_ROLE_NAME)?;
    let trust = required(call, "AssumeRolePolicyDocument")?;
    document::check(trust, Kind::Trust)?;
    let path = path(call)?;
    let role = Role {
        name: name.to_owned(),
        arn: format!("arn:aws:iam::{}:role{path}{name}", world.iam.account()),
        path,
        id: unique_id(&world.dice, "AROA", name),
        created: world.clock.now(),
        trust_policy: trust.to_owned(),
        description: call.parameters.get("Description").map(str::to_owned),
        max_session: max_session(call)?.unwrap_or(3600),
        boundary: call.parameters.get("PermissionsBoundary").map(str::to_owned),
        tags: tags_of(call)?,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
    };
    world.iam.with(|entities| {
        // Names keep their case and are unique without it.
        if entities.roles.keys().any(|taken| taken.eq_ignore_ascii_case(name)) {
            return Err(already_exists(format!("Role with name {name} already exists.")));
        }
        entities.roles.insert(name.to_owned(), role.clone());
        Ok(())
    })?;
    Ok(call.result(|xml| xml.element("Role", |xml| write_role(xml, &role, true))))
}

fn max_session(call: &QueryCall) -> Result<Option<i64>, AwsError> {
    let Some(text) = call.parameters.get("MaxSessionDuration") else { return Ok(None) };
    let seconds: i64 =
        text.parse().map_err(|_| AwsError::validation("MaxSessionDuration must be a number."))?;
    let mut violations = Violations::default();
    violations.range("maxSessionDuration", Some(seconds), 3600, 43_200);
    violations.check()?;
    Ok(Some(seconds))
}

/// The role that `RoleName` names.
pub(super) fn role<'a>(entities: &'a mut Entities, call: &QueryCall) -> Result<&'a mut Role, AwsError> {
    let name = entity_name(call, "RoleName", MOST_ROLE_NAME)?;
    entities
        .roles
        .get_mut(name)
        .ok_or_else(|| no_such_entity(format!("The role with name {name} cannot be found.")))
}

fn write_role(xml: &mut Xml, role: &Role, whole: bool) {
    xml.leaf("Path", &role.path);
    xml.leaf("RoleName", &role.name);
    xml.leaf("RoleId", &role.id);
    xml.leaf("Arn", &role.arn);
    xml.leaf("CreateDate", date(role.created));
    xml.leaf("AssumeRolePolicyDocument", document::encoded(&role.trust_policy));
    xml.optional("Description", role.description.as_ref());
    xml.leaf("MaxSessionDuration", role.max_session.to_string());
    if !whole {
        return;
    }
    if let Some(boundary) = &role.boundary {
        xml.element("PermissionsBoundary", |xml| {
            xml.leaf("PermissionsBoundaryType", "Policy");
            xml.leaf("PermissionsBoundaryArn", boundary);
        });
    }
    if !role.tags.is_empty() {
        write_tags(xml, role.tags.iter());
    }
}

pub(super) fn get(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let role = world.iam.with(|entities| role(entities, call).cloned())?;
    Ok(call.result(|xml| {
        xml.element("Role", |xml| {
            write_role(xml, &role, true);
            xml.element("RoleLastUsed", |_| {});
        });
    }))
}

pub(super) fn list(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let prefix = call.parameters.get("PathPrefix").unwrap_or("/");
    let page = world.iam.with(|entities| {
        let roles = entities.roles.values().filter(|role| role.path.starts_with(prefix)).cloned();
        Page::of(call, roles, |role| role.name.clone())
    })?;
    Ok(call.result(|xml| {
        xml.list("Roles", &page.items, |xml, role| write_role(xml, role, false));
        page.write_end(xml);
    }))
}

pub(super) fn delete(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    world.iam.with(|entities| {
        let role = role(entities, call)?;
        if !role.attached.is_empty() {
            return Err(conflict("Cannot delete entity, must detach all policies first."));
        }
        if !role.inline.is_empty() {
            return Err(conflict("Cannot delete entity, must delete policies first."));
        }
        let name = role.name.clone();
        entities.roles.remove(&name);
        Ok(call.nothing())
    })
}

pub(super) fn update(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let seconds = max_session(call)?;
    world.iam.with(|entities| {
        let role = role(entities, call)?;
        role.max_session = seconds.unwrap_or(role.max_session);
        if let Some(description) = call.parameters.get("Description") {
            role.description = Some(description.to_owned());
        }
        Ok(call.result(|_| {}))
    })
}

pub(super) fn update_description(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let description = required(call, "Description")?;
    world.iam.with(|entities| {
        let role = role(entities, call)?;
        role.description = Some(description.to_owned());
        Ok(call.result(|xml| xml.element("Role", |xml| write_role(xml, role, true))))
    })
}

pub(super) fn update_trust(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let trust = required(call, "PolicyDocument")?;
    document::check(trust, Kind::Trust)?;
    world.iam.with(|entities| {
        role(entities, call)?.trust_policy = trust.to_owned();
        Ok(call.nothing())
    })
}

/// There are no instance profiles here; tools ask before they delete a role.
pub(super) fn instance_profiles(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    world.iam.with(|entities| role(entities, call).map(|_| ()))?;
    Ok(call.result(|xml| {
        xml.list("InstanceProfiles", std::iter::empty::<()>(), |_, ()| {});
        xml.leaf("IsTruncated", "false");
    }))
}
