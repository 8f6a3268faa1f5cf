//! What a call is about: the name or ARN in its path, form or body, as far as the layers need to know.
//!
//! A fault plan counts calls by resource, so that what happens to one stream does not depend on the calls for another.

use serde::Deserialize;

use crate::http::{JsonCall, Parameters, RestCall};

/// The members that name the resource of a structured call, over all services.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Named {
    stream_name: Option<String>,
    #[serde(rename = "StreamARN")]
    stream_arn: Option<String>,
    #[serde(rename = "ConsumerARN")]
    consumer_arn: Option<String>,
    #[serde(rename = "ResourceARN")]
    resource_arn: Option<String>,
    delivery_stream_name: Option<String>,
    #[serde(rename = "logGroupName")]
    log_group_name: Option<String>,
    namespace: Option<String>,
    shard_iterator: Option<String>,
}

/// Of a JSON or CBOR call. The name is the last part of an ARN, so that a stream is the same by either.
pub(crate) fn of_body(call: &JsonCall) -> String {
    let Ok(named) = call.input::<Named>() else { return String::new() };
    let arn = named.stream_arn.or(named.consumer_arn).or(named.resource_arn);
    let arn = arn.map(|arn| arn.split('/').nth(1).unwrap_or_default().to_owned());
    let name = named.stream_name.or(named.delivery_stream_name).or(arn);
    let other = || named.log_group_name.or(named.namespace).or(named.shard_iterator);
    name.or_else(other).unwrap_or_default()
}

/// Of a query call: a role, a policy, a namespace.
pub(crate) fn of_form(parameters: &Parameters) -> String {
    let named = ["RoleName", "PolicyName", "PolicyArn", "RoleArn", "Namespace"];
    named.iter().find_map(|name| parameters.get(name)).unwrap_or_default().to_owned()
}

/// Of a Lambda call: what stands behind the kind of resource in its path.
pub(crate) fn of_path(call: &RestCall) -> String {
    call.segments().into_iter().nth(2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_names_its_role_before_its_policy() {
        let form = b"Action=PutRolePolicy&PolicyName=p&RoleName=r";
        assert_eq!(of_form(&Parameters::parse(form).unwrap()), "r");
        assert_eq!(of_form(&Parameters::parse(b"Action=ListRoles").unwrap()), "");
    }
}
