//! Who may invoke a function: the statements of its resource policy, and whether they let a service in.
//!
//! Only services of this endpoint that call functions for someone else are asked for permission, for that is where a
//! missing statement shows on AWS: S3's notifications. Firehose uses a role, and IAM is not enforced here; a user's own
//! calls pass.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// A statement as `AddPermission` was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Statement {
    pub(super) sid: String,
    pub(super) action: String,
    pub(super) principal: String,
    pub(super) source_arn: Option<String>,
    pub(super) source_account: Option<String>,
    pub(super) principal_org: Option<String>,
    pub(super) event_source_token: Option<String>,
    pub(super) url_auth_type: Option<String>,
}

/// The statements of one function, version or alias.
#[derive(Debug, Clone, Default)]
pub(super) struct Policy {
    /// By their ids.
    pub(super) statements: BTreeMap<String, Statement>,
    /// A new one for each change.
    pub(super) revision: Uuid,
}

/// A service that wants to invoke a function, and for what.
#[derive(Debug, Clone, Copy)]
pub struct ServiceCaller<'a> {
    /// `s3.amazonaws.com`.
    pub principal: &'a str,
    /// The resource that is the source, such as `arn:aws:s3:::lake`.
    pub source_arn: &'a str,
    /// The account the resource belongs to.
    pub source_account: &'a str,
}

impl Policy {
    /// Whether a statement lets the service invoke the function.
    pub(super) fn allows(&self, caller: &ServiceCaller<'_>) -> bool {
        self.statements.values().any(|statement| statement.allows(caller))
    }
}

impl Statement {
    fn allows(&self, caller: &ServiceCaller<'_>) -> bool {
        let action = ["lambda:InvokeFunction", "lambda:*", "*"].contains(&self.action.as_str());
        let principal = self.principal == caller.principal || self.principal == "*";
        let arn = self.source_arn.as_ref().is_none_or(|pattern| arn_like(pattern, caller.source_arn));
        let account = self.source_account.as_ref().is_none_or(|account| account == caller.source_account);
        // A service has no organization and brings no token or function URL.
        let nothing_else =
            self.principal_org.is_none() && self.event_source_token.is_none() && self.url_auth_type.is_none();
        action && principal && arn && account && nothing_else
    }

    /// The statement as policies are written.
    pub(super) fn document(&self, resource: &str) -> Value {
        let account = self.principal.len() == 12 && self.principal.bytes().all(|b| b.is_ascii_digit());
        let principal = match self.principal.as_str() {
            "*" => json!("*"),
            id if account => json!({ "AWS": format!("arn:aws:iam::{id}:root") }),
            arn if arn.starts_with("arn:") => json!({ "AWS": arn }),
            service => json!({ "Service": service }),
        };
        let mut statement = json!({
            "Sid": self.sid,
            "Effect": "Allow",
            "Principal": principal,
            "Action": self.action,
            "Resource": resource,
        });
        let mut equals = serde_json::Map::new();
        for (key, value) in [
            ("AWS:SourceAccount", &self.source_account),
            ("lambda:EventSourceToken", &self.event_source_token),
            ("lambda:FunctionUrlAuthType", &self.url_auth_type),
            ("aws:PrincipalOrgID", &self.principal_org),
        ] {
            if let Some(value) = value {
                equals.insert(key.to_owned(), json!(value));
            }
        }
        let mut condition = serde_json::Map::new();
        if !equals.is_empty() {
            condition.insert("StringEquals".to_owned(), Value::Object(equals));
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

/// IAM's `ArnLike`: part by part between the first five colons, with `*` and `?` in each.
fn arn_like(pattern: &str, arn: &str) -> bool {
    let (patterns, parts): (Vec<_>, Vec<_>) =
        (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    patterns.len() == 6
        && parts.len() == 6
        && patterns.iter().zip(&parts).all(|(pattern, part)| glob(pattern.as_bytes(), part.as_bytes()))
}

/// Whether a text fits a pattern with `*` and `?`; in time proportional to both lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                (p, t) = (at + 1, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> Statement {
        Statement {
            sid: "s".to_owned(),
            action: "lambda:InvokeFunction".to_owned(),
            principal: "s3.amazonaws.com".to_owned(),
            source_arn: None,
            source_account: None,
            principal_org: None,
            event_source_token: None,
            url_auth_type: None,
        }
    }

    #[test]
    fn a_service_is_let_in_by_a_statement_all_of_whose_conditions_hold() {
        let caller = ServiceCaller {
            principal: "s3.amazonaws.com",
            source_arn: "arn:aws:s3:::lake",
            source_account: "000000000000",
        };
        let text = |text: &str| Some(text.to_owned());
        for (allowed, statement) in [
            (true, statement()),
            (true, Statement { action: "lambda:*".to_owned(), ..statement() }),
            (true, Statement { principal: "*".to_owned(), ..statement() }),
            (true, Statement { source_arn: text("arn:aws:s3:::lake"), ..statement() }),
            (true, Statement { source_arn: text("arn:aws:s3:::l*"), ..statement() }),
            (true, Statement { source_arn: text("arn:*:s3:*:*:l?ke"), ..statement() }),
            (true, Statement { source_account: text("000000000000"), ..statement() }),
            (false, Statement { action: "lambda:GetFunction".to_owned(), ..statement() }),
            (false, Statement { principal: "sns.amazonaws.com".to_owned(), ..statement() }),
            (false, Statement { principal: "000000000000".to_owned(), ..statement() }),
            (false, Statement { source_arn: text("arn:aws:s3:::other"), ..statement() }),
            (false, Statement { source_arn: text("arn:aws:s3:::lake/*"), ..statement() }),
            (false, Statement { source_arn: text("*"), ..statement() }),
            (false, Statement { source_account: text("111111111111"), ..statement() }),
            (false, Statement { principal_org: text("o-0123456789"), ..statement() }),
        ] {
            assert_eq!(statement.allows(&caller), allowed, "{statement:?}");
        }
        assert!(!Policy::default().allows(&caller));
    }

    #[test]
    fn a_glob_of_many_stars_is_no_trap() {
        let pattern = "*a".repeat(200);
        assert!(!glob(pattern.as_bytes(), "a".repeat(199).as_bytes()));
        assert!(glob(pattern.as_bytes(), "a".repeat(5000).as_bytes()));
    }

    #[test]
    fn a_statement_is_written_as_aws_writes_it() {
        let statement = Statement {
            source_arn: Some("arn:aws:s3:::lake".to_owned()),
            source_account: Some("000000000000".to_owned()),
            ..statement()
        };
        assert_eq!(
            statement.document("arn:aws:lambda:us-east-1:000000000000:function:f").to_string(),
            r#"{"Sid":"s","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"arn:aws:lambda:us-east-1:000000000000:function:f","Condition":{"StringEquals":{"AWS:SourceAccount":"000000000000"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::lake"}}}"#
        );
    }
}
