//! IAM roles and their inline policy.

use async_trait::async_trait;
use aws_sdk_iam::Client;
use aws_sdk_iam::types::{Role, Tag};
use serde_json::Value;

use super::error::failed;
use crate::cloud::{CallError, Control, Meaning};
use crate::resources::Observed;
use crate::resources::role::{POLICY_NAME, RoleChange, RoleSpec, RoleState};
use crate::resources::tags::{TagChange, TagMap};

pub(super) struct Roles {
    pub(super) client: Client,
}

impl Roles {
    async fn role(&self, name: &str) -> Result<Option<Role>, CallError> {
        let answer = self.client.get_role().role_name(name).send().await;
        match answer.map_err(|error| failed("iam:GetRole", error)) {
            Ok(answer) => Ok(answer.role),
            Err(error) if error.meaning == Meaning::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn policy(&self, name: &str) -> Result<Option<Value>, CallError> {
        let request = self.client.get_role_policy().role_name(name).policy_name(POLICY_NAME);
        match request.send().await.map_err(|error| failed("iam:GetRolePolicy", error)) {
            Ok(answer) => Ok(Some(document(answer.policy_document()))),
            Err(error) if error.meaning == Meaning::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A policy document as IAM answers it: JSON in percent-encoding. One that cannot be read is no document that
/// we wrote, and so differs from any.
fn document(text: &str) -> Value {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&decode(text))).unwrap_or(Value::Null)
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let escaped = (first == b'%').then(|| tail.get(..2)).flatten();
        let value = escaped
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(value.unwrap_or(first));
        rest = if value.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn tags(map: &TagMap) -> Result<Vec<Tag>, CallError> {
    let tag = |(key, value): (&String, &String)| Tag::builder().key(key).value(value).build();
    let built: Result<Vec<Tag>, _> = map.iter().map(tag).collect();
    built.map_err(|error| CallError::local("iam:TagRole", Meaning::Invalid, error.to_string()))
}

#[async_trait]
impl Control<RoleSpec> for Roles {
    async fn observe(&self, name: &str) -> Result<Option<Observed<RoleState>>, CallError> {
        let (role, policy) = tokio::join!(self.role(name), self.policy(name));
        let Some(role) = role? else { return Ok(None) };
        let tags = role.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
        let trust = document(role.assume_role_policy_document().unwrap_or_default());
        Ok(Some(Observed { id: role.arn().to_owned(), tags, state: RoleState { trust, policy: policy? } }))
    }

    async fn create(&self, name: &str, spec: &RoleSpec, wanted: &TagMap) -> Result<(), CallError> {
        let request = self.client.create_role().role_name(name);
        let request = request.assume_role_policy_document(spec.trust.to_string());
        let sent = request.set_tags(Some(tags(wanted)?)).send().await;
        sent.map(drop).map_err(|error| failed("iam:CreateRole", error))
    }

    async fn change(&self, name: &str, change: &RoleChange) -> Result<(), CallError> {
        match change {
            RoleChange::Trust(trust) => {
                let request = self.client.update_assume_role_policy().role_name(name);
                let sent = request.policy_document(trust.to_string()).send().await;
                sent.map(drop).map_err(|error| failed("iam:UpdateAssumeRolePolicy", error))
            }
            RoleChange::Policy(policy) => {
                let request = self.client.put_role_policy().role_name(name).policy_name(POLICY_NAME);
                let sent = request.policy_document(policy.to_string()).send().await;
                sent.map(drop).map_err(|error| failed("iam:PutRolePolicy", error))
            }
            RoleChange::DeletePolicy => {
                let request = self.client.delete_role_policy().role_name(name).policy_name(POLICY_NAME);
                match request.send().await.map_err(|error| failed("iam:DeleteRolePolicy", error)) {
                    Err(error) if error.meaning != Meaning::NotFound => Err(error),
                    _ => Ok(()),
                }
            }
        }
    }

    async fn tag(&self, name: &str, change: &TagChange) -> Result<(), CallError> {
        if !change.set.is_empty() {
            let sent = self.client.tag_role().role_name(name).set_tags(Some(tags(&change.set)?)).send().await;
            sent.map_err(|error| failed("iam:TagRole", error))?;
        }
        if !change.remove.is_empty() {
            let keys = Some(change.remove.clone());
            let sent = self.client.untag_role().role_name(name).set_tag_keys(keys).send().await;
            sent.map_err(|error| failed("iam:UntagRole", error))?;
        }
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), CallError> {
        let sent = self.client.delete_role().role_name(name).send().await;
        sent.map(drop).map_err(|error| failed("iam:DeleteRole", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_encoded_or_plain() {
        assert_eq!(document("%7B%22a%22%3A%20%22%C3%A4%22%7D"), serde_json::json!({"a": "ä"}));
        assert_eq!(document(r#"{"a": "100%"}"#), serde_json::json!({"a": "100%"}));
        assert_eq!(document("nonsense%2"), Value::Null);
    }
}
