//! Managed policies.

use std::sync::Arc;

use super::page::Page;
use super::tags::{tags_of, write_tags};
use super::{already_exists, conflict, date, entity_name, no_such_entity, path, required};
use crate::http::{Answer, AwsError, QueryCall, Xml};
use crate::iam::document::{self, Kind};
use crate::iam::policy::is_aws_managed;
use crate::iam::{Entities, ManagedPolicy, PolicyVersion, unique_id};
use crate::world::World;

pub(super) fn create(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let name = entity_name(call, "PolicyName", 128)?;
    let text = required(call, "PolicyDocument")?;
    document::check(text, Kind::Identity)?;
    let path = path(call)?;
    let now = world.clock.now();
    let policy = ManagedPolicy {
        name: name.to_owned(),
        arn: format!("arn:aws:iam::{}:policy{path}{name}", world.iam.account()),
        path,
        id: unique_id(&world.dice, "ANPA", name),
        description: call.parameters.get("Description").map(str::to_owned),
        created: now,
        updated: now,
        tags: tags_of(call)?,
        versions: vec![PolicyVersion { number: 1, document: text.to_owned(), created: now }],
        default_version: 1,
        next_version: 2,
    };
    world.iam.with(|entities| {
        // Names are unique whatever their path and case.
        if entities.policies.values().any(|taken| taken.name.eq_ignore_ascii_case(name)) {
            return Err(already_exists(format!(
                "A policy called {name} already exists. Duplicate names are not allowed."
            )));
        }
        let answer = call.result(|xml| xml.element("Policy", |xml| write_policy(xml, &policy, 0)));
        entities.policies.insert(policy.arn.clone(), policy);
        Ok(answer)
    })
}

/// The policy that `PolicyArn` names.
pub(super) fn policy<'a>(
    entities: &'a mut Entities,
    call: &QueryCall,
) -> Result<&'a mut ManagedPolicy, AwsError> {
    let arn = required(call, "PolicyArn")?;
    entities.policies.get_mut(arn).ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))
}

fn attachments(entities: &Entities, arn: &str) -> usize {
    entities.roles.values().filter(|role| role.attached.contains(arn)).count()
}

fn write_policy(xml: &mut Xml, policy: &ManagedPolicy, attachments: usize) {
    xml.leaf("PolicyName", &policy.name);
    xml.leaf("PolicyId", &policy.id);
    xml.leaf("Arn", &policy.arn);
    xml.leaf("Path", &policy.path);
    xml.leaf("DefaultVersionId", format!("v{}", policy.default_version));
    xml.leaf("AttachmentCount", attachments.to_string());
    xml.leaf("PermissionsBoundaryUsageCount", "0");
    xml.leaf("IsAttachable", "true");
    xml.optional("Description", policy.description.as_ref());
    xml.leaf("CreateDate", date(policy.created));
    xml.leaf("UpdateDate", date(policy.updated));
    if !policy.tags.is_empty() {
        write_tags(xml, policy.tags.iter());
    }
}

pub(super) fn get(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let arn = required(call, "PolicyArn")?;
    world.iam.with(|entities| {
        let count = attachments(entities, arn);
        if is_aws_managed(arn) {
            let policy = aws_managed(arn);
            return Ok(call.result(|xml| xml.element("Policy", |xml| write_policy(xml, &policy, count))));
        }
        let policy = policy(entities, call)?;
        Ok(call.result(|xml| xml.element("Policy", |xml| write_policy(xml, policy, count))))
    })
}

/// A policy of AWS's own: its name is all that is known of it.
fn aws_managed(arn: &str) -> ManagedPolicy {
    let full = arn.strip_prefix("arn:aws:iam::aws:policy").unwrap_or_default();
    let (path, name) = full.rsplit_once('/').unwrap_or(("", full));
    ManagedPolicy {
        name: name.to_owned(),
        path: format!("{path}/"),
        arn: arn.to_owned(),
        id: format!(
            "ANPA{:A<17}",
            name.to_ascii_uppercase()
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .take(17)
                .collect::<String>()
        ),
        description: None,
        created: jiff::Timestamp::UNIX_EPOCH,
        updated: jiff::Timestamp::UNIX_EPOCH,
        tags: indexmap::IndexMap::new(),
        versions: Vec::new(),
        default_version: 1,
        next_version: 2,
    }
}

pub(super) fn list(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let prefix = call.parameters.get("PathPrefix").unwrap_or("/");
    let only_attached = call.parameters.get("OnlyAttached") == Some("true");
    let aws = call.parameters.get("Scope") == Some("AWS");
    let page = world.iam.with(|entities| {
        let policies = entities.policies.values().filter(|policy| !aws && policy.path.starts_with(prefix));
        let counted = policies.map(|policy| (policy.clone(), attachments(entities, &policy.arn)));
        Page::of(call, counted.filter(|(_, count)| !only_attached || *count > 0), |(policy, _)| {
            policy.arn.clone()
        })
    })?;
    Ok(call.result(|xml| {
        xml.list("Policies", &page.items, |xml, (policy, count)| write_policy(xml, policy, *count));
        page.write_end(xml);
    }))
}

pub(super) fn delete(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    world.iam.with(|entities| {
        let found = policy(entities, call)?;
        let (arn, versions) = (found.arn.clone(), found.versions.len());
        if attachments(entities, &arn) > 0 {
            return Err(conflict("Cannot delete a policy attached to entities."));
        }
        if versions > 1 {
            return Err(conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                 versions. The default version is deleted with the policy.",
            ));
        }
        entities.policies.remove(&arn);
        Ok(call.nothing())
    })
}
