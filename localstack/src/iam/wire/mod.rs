//! The operations of IAM as clients call them, one file per group.

mod attached;
mod inline;
mod page;
mod policies;
mod roles;
mod tags;
mod versions;

use std::sync::Arc;

use crate::http::{Answer, AwsError, QueryCall, Violations};
use crate::world::World;

/// Answers one call.
pub(crate) async fn serve(world: &Arc<World>, call: &QueryCall) -> Result<Answer, AwsError> {
    match call.operation() {
        "CreateRole" => roles::create(world, call),
        "GetRole" => roles::get(world, call),
        "ListRoles" => roles::list(world, call),
        "DeleteRole" => roles::delete(world, call),
        "UpdateRole" => roles::update(world, call),
        "UpdateRoleDescription" => roles::update_description(world, call),
        "UpdateAssumeRolePolicy" => roles::update_trust(world, call),
        "ListInstanceProfilesForRole" => roles::instance_profiles(world, call),
        "PutRolePolicy" => inline::put(world, call),
        "GetRolePolicy" => inline::get(world, call),
        "ListRolePolicies" => inline::list(world, call),
        "DeleteRolePolicy" => inline::delete(world, call),
        "AttachRolePolicy" => attached::attach(world, call),
        "DetachRolePolicy" => attached::detach(world, call),
        "ListAttachedRolePolicies" => attached::list(world, call),
        "CreatePolicy" => policies::create(world, call),
        "GetPolicy" => policies::get(world, call),
        "ListPolicies" => policies::list(world, call),
        "DeletePolicy" => policies::delete(world, call),
        "CreatePolicyVersion" => versions::create(world, call),
        "GetPolicyVersion" => versions::get(world, call),
        "ListPolicyVersions" => versions::list(world, call),
        "DeletePolicyVersion" => versions::delete(world, call),
        "TagRole" => tags::tag_role(world, call),
        "UntagRole" => tags::untag_role(world, call),
        "ListRoleTags" => tags::list_role_tags(world, call),
        operation => Err(AwsError::unknown_operation(operation)),
    }
}

/// A parameter that must be there and hold something.
fn required<'a>(call: &'a QueryCall, name: &str) -> Result<&'a str, AwsError> {
    let value = call.parameters.get(name);
    let member = lower_first(name);
    let mut violations = Violations::default();
    violations.required(&member, value.as_ref());
    violations.length(&member, value, 1, usize::MAX);
    violations.check()?;
    Ok(value.unwrap_or_default())
}

/// The name of a role or policy, within IAM's constraints.
fn entity_name<'a>(call: &'a QueryCall, name: &str, most: usize) -> Result<&'a str, AwsError> {
    let value = required(call, name)?;
    let allowed = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c));
    if !allowed(value) {
        return Err(AwsError::validation(format!(
            "The specified value for {} is invalid. It must contain only alphanumeric characters and/or the following: \
             +=,.@_-",
            lower_first(name)
        )));
    }
    let mut violations = Violations::default();
    violations.length(&lower_first(name), Some(value), 1, most);
    violations.check()?;
    Ok(value)
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|c| c.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

fn no_such_entity(message: String) -> AwsError {
    AwsError::new(http::StatusCode::NOT_FOUND, "NoSuchEntity", message)
}

fn already_exists(message: String) -> AwsError {
    AwsError::new(http::StatusCode::CONFLICT, "EntityAlreadyExists", message)
}

fn conflict(message: &str) -> AwsError {
    AwsError::new(http::StatusCode::CONFLICT, "DeleteConflict", message)
}

/// A time as the query protocol writes it, to the second.
fn date(time: jiff::Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A path parameter: begins and ends with a slash.
fn path(call: &QueryCall) -> Result<String, AwsError> {
    let path = call.parameters.get("Path").unwrap_or("/");
    if path.starts_with('/') && path.ends_with('/') && path.len() <= 512 {
        return Ok(path.to_owned());
    }
    Err(AwsError::validation(
        "The specified value for path is invalid. It must begin and end with / and contain only \
         alphanumeric characters and/or / characters.",
    ))
}
