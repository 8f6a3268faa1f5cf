//! The resource policy of a function: who may invoke it. It is stored and returned; it is not enforced.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{Answer, AwsError};

use super::super::error::LambdaError;
use super::{Request, no_content};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PermissionInput {
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
}

impl PermissionInput {
    fn statement(&self, arn: &str) -> Value {
        let account = self.principal.len() == 12 && self.principal.bytes().all(|b| b.is_ascii_digit());
        let principal = match self.principal.as_str() {
            "*" => json!("*"),
            id if account => json!({ "AWS": format!("arn:aws:iam::{id}:root") }),
            arn if arn.starts_with("arn:") => json!({ "AWS": arn }),
            service => json!({ "Service": service }),
        };
        let mut statement = json!({
            "Sid": self.statement_id,
            "Effect": "Allow",
            "Principal": principal,
            "Action": self.action,
            "Resource": arn,
        });
        let mut condition = serde_json::Map::new();
        if let Some(account) = &self.source_account {
            condition.insert("StringEquals".to_owned(), json!({ "AWS:SourceAccount": account }));
        }
        if let Some(arn) = &self.source_arn {
            condition.insert("ArnLike".to_owned(), json!({ "AWS:SourceArn": arn }));
        }
        if !condition.is_empty() {
            statement["Condition"] = Value::Object(condition);
        }
        statement
    }
}

/// `AddPermission`.
pub(super) fn add(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let input: PermissionInput = request.call.input()?;
    let named = request.function(name)?;
    let statement = request.world.lambda.with_function(&named, &request.here(), |function| {
        if function.policy.contains_key(&input.statement_id) {
            return Err(LambdaError::Conflict(format!(
                "The statement id ({}) provided already exists. Please provide a new statement id, or remove the \
                 existing statement.",
                input.statement_id
            )));
        }
        if function.policy.len() >= 100 {
            return Err(LambdaError::InvalidParameter("The policy has too many statements".to_owned()));
        }
        let statement = input.statement(&function.latest.arn);
        function.policy.insert(input.statement_id.clone(), statement.clone());
        Ok(statement)
    })?;
    request.created(&json!({ "Statement": statement.to_string() }))
}

/// `GetPolicy`.
pub(super) fn read(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let (statements, revision) = request.world.lambda.with_function(&named, &request.here(), |function| {
        if function.policy.is_empty() {
            return Err(LambdaError::NotFound("The resource you requested does not exist.".to_owned()));
        }
        Ok((function.policy.values().cloned().collect::<Vec<_>>(), function.latest.revision))
    })?;
    let policy = json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements });
    request.output(&json!({ "Policy": policy.to_string(), "RevisionId": revision.to_string() }))
}

/// `RemovePermission`.
pub(super) fn remove(request: &Request<'_>, name: &str, statement_id: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    request.world.lambda.with_function(&named, &request.here(), |function| {
        let removed = function.policy.remove(statement_id);
        removed.map(drop).ok_or_else(|| {
            LambdaError::NotFound(format!("Statement {statement_id} is not found in resource policy."))
        })
    })?;
    Ok(no_content())
}
