//! `AddPermission`, `RemovePermission`, `GetPolicy`: the resource policy of a function, a version or an alias.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::{Answer, AwsError, Violations};

use super::super::error::LambdaError;
use super::super::function::Function;
use super::super::name::{FunctionRef, LATEST};
use super::super::policy::Statement;
use super::{Request, no_content};

/// Statements of a policy; AWS bounds its text to 20 KB.
const MAX_STATEMENTS: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PermissionInput {
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org: Option<String>,
    event_source_token: Option<String>,
    function_url_auth_type: Option<String>,
    revision_id: Option<String>,
}

fn words(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn action(text: &str) -> bool {
    let verb = text.strip_prefix("lambda:");
    text == "*"
        || verb.is_some_and(|verb| {
            verb == "*" || !verb.is_empty() && verb.bytes().all(|b| b.is_ascii_alphabetic())
        })
}

fn account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

impl PermissionInput {
    fn check(&self) -> Result<(), AwsError> {
        let mut violations = Violations::default();
        violations.length("statementId", Some(&self.statement_id), 1, 100);
        violations.pattern("statementId", Some(&self.statement_id), "([a-zA-Z0-9-_]+)", words);
        violations.pattern("action", Some(&self.action), "(lambda:[*]|lambda:[a-zA-Z]+|[*])", action);
        violations.pattern("principal", Some(&self.principal), "[^\\s]+", |text| {
            !text.is_empty() && !text.contains(char::is_whitespace)
        });
        violations.pattern("sourceAccount", self.source_account.as_deref(), "\\d{12}", account);
        let pattern = "arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1})?:(\\d{12})?:(.*)";
        violations.pattern("sourceArn", self.source_arn.as_deref(), pattern, |arn| {
            arn.starts_with("arn:") && arn.splitn(6, ':').count() == 6
        });
        violations.check()
    }

    fn statement(self) -> Statement {
        Statement {
            sid: self.statement_id,
            action: self.action,
            principal: self.principal,
            source_arn: self.source_arn,
            source_account: self.source_account,
            principal_org: self.principal_org,
            event_source_token: self.event_source_token,
            url_auth_type: self.function_url_auth_type,
        }
    }
}

/// The qualifier that a policy is kept under, and the ARN its statements name.
fn resource(
    request: &Request<'_>,
    named: &FunctionRef,
    function: &Function,
) -> Result<(String, String), LambdaError> {
    function.version(named.version()).ok_or_else(|| request.here().not_found(named))?;
    let arn = &function.latest.arn;
    Ok(match named.qualifier.as_deref() {
        None => (LATEST.to_owned(), arn.clone()),
        Some(qualifier) => (qualifier.to_owned(), format!("{arn}:{qualifier}")),
    })
}

/// `AddPermission`.
pub(super) fn add(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let input: PermissionInput = request.call.input()?;
    input.check()?;
    let named = request.function(name)?;
    if named.qualifier.as_deref() == Some(LATEST) {
        let message = "We currently do not support adding policies for $LATEST.";
        return Err(LambdaError::InvalidParameter(message.to_owned()).into());
    }
    let statement = request.world.lambda.with_function(&named, &request.here(), |function| {
        let (qualifier, arn) = resource(request, &named, function)?;
        let policy = function.policies.entry(qualifier).or_default();
        if input.revision_id.as_ref().is_some_and(|revision| *revision != policy.revision.to_string()) {
            return Err(LambdaError::RevisionMismatch);
        }
        if policy.statements.contains_key(&input.statement_id) {
            return Err(LambdaError::Conflict(format!(
                "The statement id ({}) provided already exists. Please provide a new statement id, or remove the \
                 existing statement.",
                input.statement_id
            )));
        }
        if policy.statements.len() >= MAX_STATEMENTS {
            return Err(LambdaError::InvalidParameter("The policy has too many statements".to_owned()));
        }
        let statement = input.statement();
        let document = statement.document(&arn);
        policy.statements.insert(statement.sid.clone(), statement);
        policy.revision = request.revision();
        Ok(document)
    })?;
    request.created(&json!({ "Statement": statement.to_string() }))
}

/// `GetPolicy`.
pub(super) fn read(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let (statements, revision) = request.world.lambda.with_function(&named, &request.here(), |function| {
        let (qualifier, arn) = resource(request, &named, function)?;
        let policy = function.policies.get(&qualifier).filter(|policy| !policy.statements.is_empty());
        let policy = policy
            .ok_or_else(|| LambdaError::NotFound("The resource you requested does not exist.".to_owned()))?;
        let statements: Vec<Value> =
            policy.statements.values().map(|statement| statement.document(&arn)).collect();
        Ok((statements, policy.revision))
    })?;
    let policy = json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements });
    request.output(&json!({ "Policy": policy.to_string(), "RevisionId": revision.to_string() }))
}

/// `RemovePermission`.
pub(super) fn remove(request: &Request<'_>, name: &str, statement_id: &str) -> Result<Answer, AwsError> {
    let named = request.function(name)?;
    let expected = request.call.query("RevisionId");
    request.world.lambda.with_function(&named, &request.here(), |function| {
        let (qualifier, _) = resource(request, &named, function)?;
        let policy = function.policies.get_mut(&qualifier).filter(|policy| !policy.statements.is_empty());
        let policy = policy.ok_or_else(|| {
            LambdaError::NotFound("No policy is associated with the given resource.".to_owned())
        })?;
        if expected.is_some_and(|revision| revision != policy.revision.to_string()) {
            return Err(LambdaError::RevisionMismatch);
        }
        let removed = policy.statements.remove(statement_id);
        policy.revision = request.revision();
        removed.map(drop).ok_or_else(|| {
            LambdaError::NotFound(format!("Statement {statement_id} is not found in resource policy."))
        })
    })?;
    Ok(no_content())
}
