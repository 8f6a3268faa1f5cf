//! Who may call a function: the statements of its policy that are ours.

use std::collections::BTreeSet;

use aws_sdk_lambda::Client;
use serde_json::Value;

use super::error::failed;
use crate::cloud::{CallError, Meaning};

/// What the ids of our statements begin with.
const OUR_IDS: &str = "pipectl-s3-";
const CALL: &str = "lambda:AddPermission";

/// The id of the statement for a bucket: statement ids take no dots.
fn statement_id(bucket_arn: &str) -> String {
    let bucket = bucket_arn.rsplit(':').next().unwrap_or_default();
    format!("{OUR_IDS}{}", bucket.replace('.', "_"))
}

/// ARNs of the buckets that may call a function by statements of ours.
pub(super) async fn callers(client: &Client, function: &str) -> Result<BTreeSet<String>, CallError> {
    let answer = client.get_policy().function_name(function).send().await;
    match answer.map_err(|error| failed("lambda:GetPolicy", error)) {
        Ok(answer) => Ok(sources(answer.policy().unwrap_or_default())),
        Err(error) if error.meaning == Meaning::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(error),
    }
}

/// The sources of our statements in a policy.
fn sources(policy: &str) -> BTreeSet<String> {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = policy["Statement"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ours = statements.iter().filter(|it| it["Sid"].as_str().is_some_and(|id| id.starts_with(OUR_IDS)));
    ours.filter_map(|it| {
        let conditions = it["Condition"].as_object()?.values().filter_map(Value::as_object);
        let source = conditions.flatten().find(|(key, _)| key.eq_ignore_ascii_case("aws:SourceArn"))?.1;
        Some(source.as_str()?.to_owned())
    })
    .collect()
}

/// Lets a bucket of this account call a function.
pub(super) async fn permit(
    client: &Client,
    function: &str,
    bucket_arn: &str,
    account: &str,
) -> Result<(), CallError> {
    let request = client.add_permission().function_name(function).statement_id(statement_id(bucket_arn));
    let request = request.action("lambda:InvokeFunction").principal("s3.amazonaws.com");
    // With the account as well as the ARN: a bucket's name may be someone else's once it is deleted.
    let sent = request.source_arn(bucket_arn).source_account(account).send().await;
    match sent.map_err(|error| failed(CALL, error)) {
        // A kill between the call and the next look leaves it there.
        Err(error) if error.meaning == Meaning::Busy && error.message.contains("already exists") => Ok(()),
        other => other.map(drop),
    }
}

/// Lets it call the function no more.
pub(super) async fn forbid(client: &Client, function: &str, bucket_arn: &str) -> Result<(), CallError> {
    let request = client.remove_permission().function_name(function).statement_id(statement_id(bucket_arn));
    match request.send().await.map_err(|error| failed("lambda:RemovePermission", error)) {
        Err(error) if error.meaning != Meaning::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_statements_are_read() {
        let policy = r#"{"Version":"2012-10-17","Statement":[
            {"Sid":"pipectl-s3-a_b","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},
             "Condition":{"StringEquals":{"AWS:SourceAccount":"1"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::a.b"}}},
            {"Sid":"theirs","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::c"}}}]}"#;
        assert_eq!(sources(policy), BTreeSet::from(["arn:aws:s3:::a.b".to_owned()]));
        assert_eq!(sources(""), BTreeSet::new());
        assert_eq!(statement_id("arn:aws:s3:::a.b"), "pipectl-s3-a_b");
    }
}
