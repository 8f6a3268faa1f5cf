//! Policy documents: what IAM checks of them, and how answers carry them.

use serde_json::Value;

use crate::http::AwsError;

/// Which policy a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Who may assume a role: names principals, no resources.
    Trust,
    /// What a role may do: names resources, no principals.
    Identity,
}

/// Checks a document as IAM does when it takes one.
pub(crate) fn check(document: &str, kind: Kind) -> Result<(), AwsError> {
    let value: Value =
        serde_json::from_str(document).map_err(|_| malformed("This policy contains invalid Json"))?;
    let Some(policy) = value.as_object() else { return Err(malformed("Syntax errors in policy.")) };
    if policy.get("Version").is_some_and(|version| version != "2012-10-17" && version != "2008-10-17") {
        return Err(malformed("The policy must contain a valid version string: 2012-10-17."));
    }
    let statements = statements(&value);
    if statements.is_empty() {
        return Err(malformed("Syntax errors in policy."));
    }
    for statement in statements {
        check_statement(statement, kind)?;
    }
    Ok(())
}

fn check_statement(statement: &Value, kind: Kind) -> Result<(), AwsError> {
    let has = |name: &str| statement.get(name).is_some();
    if !statement.get("Effect").is_some_and(|effect| effect == "Allow" || effect == "Deny") {
        return Err(malformed("Syntax errors in policy."));
    }
    if !has("Action") && !has("NotAction") {
        return Err(malformed("Policy statement must contain actions."));
    }
    match kind {
        Kind::Trust if !has("Principal") && !has("NotPrincipal") => {
            Err(malformed("AssumeRole policy must contain principals."))
        }
        Kind::Trust if has("Resource") => Err(malformed("Has prohibited field Resource")),
        Kind::Identity if has("Principal") || has("NotPrincipal") => {
            Err(malformed("Policy document should not specify a principal."))
        }
        Kind::Identity if !has("Resource") && !has("NotResource") => {
            Err(malformed("Policy statement must contain resources."))
        }
        _ => Ok(()),
    }
}

fn statements(policy: &Value) -> Vec<&Value> {
    match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(statement @ Value::Object(_)) => vec![statement],
        _ => Vec::new(),
    }
}

fn malformed(message: &str) -> AwsError {
    AwsError::bad_request("MalformedPolicyDocument", message)
}

/// A trust policy, for the one question services ask of it.
#[derive(Debug)]
pub(crate) struct TrustPolicy(Value);

impl TrustPolicy {
    pub(crate) fn of(document: &str) -> Self {
        Self(serde_json::from_str(document).unwrap_or_default())
    }

    /// Whether a statement allows this service to assume the role.
    pub(crate) fn trusts_service(&self, service: &str) -> bool {
        let is_service = |principal: &Value| match principal.get("Service") {
            Some(Value::Array(services)) => services.iter().any(|name| name == service),
            Some(name) => name == service,
            None => principal == "*",
        };
        statements(&self.0).into_iter().any(|statement| {
            statement.get("Effect").is_some_and(|effect| effect == "Allow")
                && statement.get("Principal").is_some_and(is_service)
        })
    }
}

/// A document as answers carry it: percent-encoded, all but RFC 3986's unreserved characters.
pub(crate) fn encoded(document: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = String::with_capacity(document.len() * 2);
    for byte in document.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
        "Principal":{"Service":["lambda.amazonaws.com"]},"Action":"sts:AssumeRole"}]}"#;
    const IDENTITY: &str =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;

    #[test]
    fn good_documents_pass_as_what_they_are() {
        assert!(check(TRUST, Kind::Trust).is_ok());
        assert!(check(IDENTITY, Kind::Identity).is_ok());
    }

    #[test]
    fn documents_of_the_other_kind_and_broken_ones_are_refused() {
        for (document, kind) in [
            (IDENTITY, Kind::Trust),
            (TRUST, Kind::Identity),
            ("", Kind::Trust),
            ("{", Kind::Trust),
            ("[]", Kind::Identity),
            (r#"{"Statement":[]}"#, Kind::Identity),
            (r#"{"Statement":[{"Effect":"Maybe","Action":"a","Resource":"*"}]}"#, Kind::Identity),
        ] {
            assert_eq!(check(document, kind).unwrap_err().code, "MalformedPolicyDocument", "{document}");
        }
    }

    #[test]
    fn a_trust_policy_says_which_services_may_assume_the_role() {
        let policy = TrustPolicy::of(TRUST);
        assert!(policy.trusts_service("lambda.amazonaws.com"));
        assert!(!policy.trusts_service("firehose.amazonaws.com"));
        assert!(!TrustPolicy::of("no json").trusts_service("lambda.amazonaws.com"));
    }

    #[test]
    fn documents_are_encoded_as_aws_does() {
        assert_eq!(encoded(r#"{"a": "b*ü"}"#), "%7B%22a%22%3A%20%22b%2A%C3%BC%22%7D");
    }
}
