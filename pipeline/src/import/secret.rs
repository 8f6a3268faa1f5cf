//! What looks like a secret, and so is not written into a file that people commit.

/// Parts of names under which secrets are kept.
const NAMES: [&str; 11] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "SECRET",
    "TOKEN",
    "CREDENTIAL",
    "APIKEY",
    "API_KEY",
    "ACCESS_KEY",
    "PRIVATE_KEY",
    "AUTH",
];

/// Beginnings of values that are secrets wherever they stand: keys of AWS, GitHub, Slack, Stripe, Google, PEM blocks.
const VALUES: [&str; 10] =
    ["AKIA", "ASIA", "ghp_", "gho_", "github_pat_", "xox", "sk_live_", "AIza", "-----BEGIN", "eyJhbGciOi"];

/// Whether an environment variable looks like one that holds a secret. A reference to where a secret is kept is none.
pub(super) fn is_secret(name: &str, value: &str) -> bool {
    if value.is_empty() || value.starts_with("arn:") {
        return false;
    }
    let name = name.to_uppercase();
    let named = NAMES.iter().any(|part| name.contains(part)) && !names_a_reference(&name);
    named || VALUES.iter().any(|start| value.starts_with(start)) || has_password(value)
}

/// `SECRET_ARN`, `TOKEN_URL`, `SECRET_NAME`: these say where a secret is.
fn names_a_reference(name: &str) -> bool {
    ["_ARN", "_NAME", "_ID", "_URL", "_URI", "_PATH", "_FILE", "_PARAMETER", "_TTL", "_TIMEOUT"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// `postgres://user:password@host/`: a URL with a password in it.
fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names_and_by_their_values() {
        for (name, value) in [
            ("DB_PASSWORD", "x"),
            ("slack_token", "x"),
            ("DATABASE_URL", "postgres://app:hunter2@db/app"),
            ("HOOK", "xoxb-1-2"),
            ("PEM", "-----BEGIN RSA PRIVATE KEY-----"),
        ] {
            assert!(is_secret(name, value), "{name}={value}");
        }
        for (name, value) in [
            ("MODE", "fast"),
            ("SECRET_ARN", "x"),
            ("DB_SECRET", "arn:aws:secretsmanager:eu-west-1:1:secret:db"),
            ("TOKEN_TTL", "60"),
            ("URL", "https://example.com/a?b=c@d:e"),
            ("API_KEY", ""),
        ] {
            assert!(!is_secret(name, value), "{name}={value}");
        }
    }
}
