//! Managed policies attached to roles.

use std::sync::Arc;

use super::page::Page;
use super::roles::role;
use super::{no_such_entity, required};
use crate::http::{Answer, AwsError, QueryCall};
use crate::iam::policy::is_aws_managed;
use crate::world::World;

pub(super) fn attach(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let arn = required(call, "PolicyArn")?;
    world.iam.with(|entities| {
        if !is_aws_managed(arn) && !entities.policies.contains_key(arn) {
            return Err(no_such_entity(format!("Policy {arn} does not exist or is not attachable.")));
        }
        role(entities, call)?.attached.insert(arn.to_owned());
        Ok(call.nothing())
    })
}

pub(super) fn detach(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let arn = required(call, "PolicyArn")?;
    world.iam.with(|entities| {
        if !role(entities, call)?.attached.remove(arn) {
            return Err(no_such_entity(format!("Policy {arn} was not found.")));
        }
        Ok(call.nothing())
    })
}

pub(super) fn list(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    let page = world.iam.with(|entities| {
        let arns = role(entities, call)?.attached.iter().cloned();
        Page::of(call, arns, String::clone)
    })?;
    Ok(call.result(|xml| {
        xml.list("AttachedPolicies", &page.items, |xml, arn| {
            xml.leaf("PolicyName", arn.rsplit('/').next().unwrap_or_default());
            xml.leaf("PolicyArn", arn);
        });
        page.write_end(xml);
    }))
}
