//! The versions of managed policies.

use std::sync::Arc;

use super::page::Page;
use super::policies::policy;
use super::{conflict, date, no_such_entity, required};
use crate::http::{Answer, AwsError, QueryCall, Xml};
use crate::iam::document::{self, Kind};
use crate::iam::policy::MOST_VERSIONS;
use crate::iam::{ManagedPolicy, PolicyVersion};
use crate::world::World;

pub(super) fn create(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let text = required(call, "PolicyDocument")?;
    document::check(text, Kind::Identity)?;
    let now = world.clock.now();
    world.iam.with(|entities| {
        let policy = policy(entities, call)?;
        if policy.versions.len() >= MOST_VERSIONS {
            return Err(AwsError::new(
                http::StatusCode::CONFLICT,
                "LimitExceeded",
                "A managed policy can have up to 5 versions. Before you create a new version, you must delete an \
                 existing version.",
            ));
        }
        let version = PolicyVersion { number: policy.next_version, document: text.to_owned(), created: now };
        policy.next_version += 1;
        policy.updated = now;
        if call.parameters.get("SetAsDefault") == Some("true") {
            policy.default_version = version.number;
        }
        policy.versions.push(version.clone());
        Ok(call.result(|xml| xml.element("PolicyVersion", |xml| write_version(xml, policy, &version, false))))
    })
}

fn version<'a>(policy: &'a ManagedPolicy, call: &QueryCall) -> Result<&'a PolicyVersion, AwsError> {
    let id = required(call, "VersionId")?;
    let number = id.strip_prefix('v').and_then(|number| number.parse::<u32>().ok());
    policy.versions.iter().find(|version| Some(version.number) == number).ok_or_else(|| {
        no_such_entity(format!("Policy {} version {id} does not exist or is not attachable.", policy.arn))
    })
}

fn write_version(xml: &mut Xml, policy: &ManagedPolicy, version: &PolicyVersion, whole: bool) {
    if whole {
        xml.leaf("Document", document::encoded(&version.document));
    }
    xml.leaf("VersionId", format!("v{}", version.number));
    xml.leaf("IsDefaultVersion", (version.number == policy.default_version).to_string());
    xml.leaf("CreateDate", date(version.created));
}

pub(super) fn get(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    world.iam.with(|entities| {
        let policy = policy(entities, call)?;
        let version = version(policy, call)?;
        Ok(call.result(|xml| xml.element("PolicyVersion", |xml| write_version(xml, policy, version, true))))
    })
}

pub(super) fn list(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    world.iam.with(|entities| {
        let policy = policy(entities, call)?;
        let page = Page::of(call, policy.versions.iter(), |version| format!("v{:010}", version.number))?;
        Ok(call.result(|xml| {
            xml.list("Versions", &page.items, |xml, version| write_version(xml, policy, version, false));
            page.write_end(xml);
        }))
    })
}

pub(super) fn delete(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    world.iam.with(|entities| {
        let policy = policy(entities, call)?;
        let number = version(policy, call)?.number;
        if number == policy.default_version {
            return Err(conflict("Cannot delete the default version of a policy."));
        }
        policy.versions.retain(|version| version.number != number);
        Ok(call.nothing())
    })
}
