//! IAM roles, each with one inline policy that allows what its one user does and nothing else.
//!
//! Whatever uses a role depends on the whole of it, policy included: a service that assumes a role whose
//! policy is still missing fails in ways that look like something else.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::names::Place;
use super::tags::TagMap;
use super::{Difference, Facts, Properties, Readiness};

/// The name of the inline policy on every role we make.
pub const POLICY_NAME: &str = "pipectl";

/// What is wanted of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleSpec {
    /// Who may assume it: a policy document.
    pub trust: Value,
    /// What it may do: a policy document.
    pub policy: Value,
}

/// What is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleState {
    /// Who may assume it.
    pub trust: Value,
    /// What our inline policy allows; `None` when it is not there.
    pub policy: Option<Value>,
}

/// One mutation of a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoleChange {
    /// Replaces who may assume it.
    Trust(Value),
    /// Puts the inline policy.
    Policy(Value),
    /// Deletes the inline policy, which has to go before the role can.
    DeletePolicy,
}

impl Properties for RoleSpec {
    type State = RoleState;
    type Change = RoleChange;

    fn created(&self) -> RoleState {
        RoleState { trust: self.trust.clone(), policy: None }
    }

    fn compare(&self, state: &RoleState, _tags: &TagMap) -> Difference<RoleChange> {
        let mut difference = Difference::default();
        if !same_document(&state.trust, &self.trust) {
            difference.note("trust", Some(&state.trust), Some(&self.trust), |value| shown(value));
            difference.changes.push(RoleChange::Trust(self.trust.clone()));
        }
        if !state.policy.as_ref().is_some_and(|there| same_document(there, &self.policy)) {
            difference.note("policy", state.policy.as_ref(), Some(&self.policy), |value| shown(value));
            difference.changes.push(RoleChange::Policy(self.policy.clone()));
        }
        difference
    }
}

impl Facts for RoleState {
    fn readiness(&self) -> Readiness {
        Readiness::Ready
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        if self.policy.is_some() { Vec::new() } else { vec![("policy", "missing".to_owned())] }
    }
}

/// Whether two policy documents say the same: key order does not matter, nor whether a single action or
/// resource is written as a list.
fn same_document(one: &Value, other: &Value) -> bool {
    canonical(one) == canonical(other)
}

/// A policy document in lines, two that say the same alike, so that only what differs shows as different.
fn shown(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(&canonical(document)).unwrap_or_default();
    text.push('\n');
    text
}

fn canonical(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(canonical).collect();
            items.sort_by_key(Value::to_string);
            match items.len() {
                1 => items.swap_remove(0),
                _ => Value::Array(items),
            }
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> =
                fields.iter().map(|(key, value)| (key.clone(), canonical(value))).collect();
            fields.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(fields.into_iter().collect())
        }
        other => other.clone(),
    }
}

/// Lets one AWS service assume the role, on behalf of this account only.
#[must_use]
pub fn trust(service: &str, place: &Place, confused_deputy_guard: bool) -> Value {
    let mut statement = json!({
        "Effect": "Allow",
        "Principal": { "Service": service },
        "Action": "sts:AssumeRole",
    });
    if confused_deputy_guard {
        // Firehose passes its customer's account as external id ("Allow Firehose to assume an IAM role" in
        // its guide); without this condition another account's delivery could be pointed at our role.
        statement["Condition"] = json!({ "StringEquals": { "sts:ExternalId": place.account } });
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

/// What a delivery touches, by physical name.
#[derive(Clone, Debug)]
pub struct DeliveryReach<'a> {
    /// The stream it reads.
    pub stream: Option<&'a str>,
    /// The KMS key that stream is encrypted with.
    pub stream_key: Option<&'a str>,
    /// The function it calls.
    pub function: Option<&'a str>,
    /// The bucket it writes.
    pub bucket: &'a str,
    /// The bucket that records go to as they came in.
    pub backup: Option<&'a str>,
    /// The KMS keys that those buckets are encrypted with.
    pub bucket_keys: Vec<&'a str>,
    /// The secret that holds the key of its endpoint, by its ARN.
    pub secret: Option<&'a str>,
    /// The log group it reports errors to.
    pub log_group: &'a str,
}

/// What a delivery may do: read its stream, call its function, write its bucket, report its errors.
#[must_use]
pub fn delivery_policy(place: &Place, reach: &DeliveryReach<'_>) -> Value {
    let backup = reach.backup.filter(|backup| *backup != reach.bucket);
    let buckets: Vec<String> =
        [Some(reach.bucket), backup].into_iter().flatten().map(|bucket| place.bucket(bucket)).collect();
    let objects: Vec<String> = buckets.iter().map(|bucket| format!("{bucket}/*")).collect();
    let mut statements = vec![
        json!({
            "Sid": "Bucket",
            "Effect": "Allow",
            "Action": ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            "Resource": one_or_all(buckets),
        }),
        json!({
            "Sid": "Objects",
            "Effect": "Allow",
            "Action": ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            "Resource": one_or_all(objects),
        }),
        json!({
            "Sid": "Logs",
            "Effect": "Allow",
            "Action": "logs:PutLogEvents",
            "Resource": format!("{}:log-stream:*", place.log_group(reach.log_group)),
        }),
    ];
    if let Some(stream) = reach.stream {
        statements.push(json!({
            "Sid": "Stream",
            "Effect": "Allow",
            "Action": [
                "kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards",
            ],
            "Resource": place.stream(stream),
        }));
    }
    // The key that AWS manages for Kinesis needs no grant: its own key policy lets readers of the stream use it.
    if let Some(key) = reach.stream_key.filter(|key| !key.ends_with("alias/aws/kinesis")) {
        statements.push(stream_key_statement(place, key));
    }
    for (index, key) in reach.bucket_keys.iter().enumerate() {
        let mut statement = key_statement(place, key, "s3");
        statement["Sid"] = json!(format!("BucketKey{index}"));
        statement["Action"] = json!(["kms:Decrypt", "kms:GenerateDataKey"]);
        statements.push(statement);
    }
    if let Some(function) = reach.function {
        let function = place.function(function);
        statements.push(json!({
            "Sid": "Transform",
            "Effect": "Allow",
            "Action": ["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"],
            "Resource": [function, format!("{function}:*")],
        }));
    }
    if let Some(secret) = reach.secret {
        statements.push(json!({
            "Sid": "Secret",
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": secret,
        }));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// A single resource by itself, as IAM keeps it.
fn one_or_all(mut resources: Vec<String>) -> Value {
    if resources.len() == 1 { json!(resources.swap_remove(0)) } else { json!(resources) }
}

/// Decryption of the stream's records, for a key of the user's own.
pub(super) fn stream_key_statement(place: &Place, key: &str) -> Value {
    key_statement(place, key, "kinesis")
}

/// The use of a key of the user's own through one service only, to decrypt.
fn key_statement(place: &Place, key: &str, service: &str) -> Value {
    let kms =
        |resource: &str| format!("arn:{}:kms:{}:{}:{resource}", place.partition, place.region, place.account);
    let via = format!("{service}.{}.amazonaws.com", place.region);
    let mut statement = json!({ "Sid": "Key", "Effect": "Allow", "Action": "kms:Decrypt" });
    let through_it = json!({ "kms:ViaService": via });
    match key.strip_prefix("alias/") {
        // An alias cannot be a policy's resource; the condition on it can.
        Some(_) => {
            statement["Resource"] = json!(kms("key/*"));
            statement["Condition"] = json!({ "StringEquals": through_it, "ForAnyValue:StringEquals": { "kms:ResourceAliases": key } });
        }
        None => {
            let resource = if key.starts_with("arn:") { key.to_owned() } else { kms(&format!("key/{key}")) };
            statement["Resource"] = json!(resource);
            statement["Condition"] = json!({ "StringEquals": through_it });
        }
    }
    statement
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::new("eu-west-1", "000000000000")
    }

    fn reach() -> DeliveryReach<'static> {
        DeliveryReach {
            stream: Some("p-events"),
            stream_key: None,
            function: Some("p-parse"),
            bucket: "lake",
            backup: None,
            bucket_keys: Vec::new(),
            secret: None,
            log_group: "/aws/kinesisfirehose/p-lake",
        }
    }

    fn role() -> RoleSpec {
        RoleSpec {
            trust: trust("firehose.amazonaws.com", &place(), true),
            policy: delivery_policy(&place(), &reach()),
        }
    }

    #[test]
    fn a_new_role_gets_its_policy_and_nothing_more() {
        let spec = role();
        let changes = spec.compare(&spec.created(), &TagMap::new()).changes;
        assert_eq!(changes, [RoleChange::Policy(spec.policy.clone())]);
    }

    #[test]
    fn a_document_that_aws_wrote_differently_is_the_same() {
        let one = json!({"Statement": [{"Action": ["a"], "Effect": "Allow", "Resource": ["y", "x"]}]});
        let other = json!({"Statement": {"Effect": "Allow", "Resource": ["x", "y"], "Action": "a"}});
        assert!(same_document(&one, &other));
        assert!(!same_document(
            &one,
            &json!({"Statement": {"Effect": "Deny", "Resource": ["x", "y"], "Action": "a"}})
        ));
    }

    #[test]
    fn the_delivery_role_reaches_only_what_it_uses() {
        let policy = delivery_policy(&place(), &reach());
        let statements = policy["Statement"].as_array().expect("statements");
        assert!(statements.iter().all(|statement| statement["Resource"] != "*"));
        let sids: Vec<_> = statements.iter().filter_map(|statement| statement["Sid"].as_str()).collect();
        assert_eq!(sids, ["Bucket", "Objects", "Logs", "Stream", "Transform"]);
        let direct = DeliveryReach { stream: None, function: None, ..reach() };
        assert!(!delivery_policy(&place(), &direct).to_string().contains("kinesis:"));
        let backed_up = DeliveryReach { backup: Some("raw"), ..reach() };
        assert!(delivery_policy(&place(), &backed_up).to_string().contains("arn:aws:s3:::raw/*"));
    }

    #[test]
    fn a_key_of_the_users_own_may_be_used_through_kinesis_only() {
        let statement = stream_key_statement(&place(), "alias/mine");
        assert_eq!(
            statement["Condition"]["StringEquals"]["kms:ViaService"],
            "kinesis.eu-west-1.amazonaws.com"
        );
        assert_eq!(
            stream_key_statement(&place(), "abc")["Resource"],
            "arn:aws:kms:eu-west-1:000000000000:key/abc"
        );
    }
}
