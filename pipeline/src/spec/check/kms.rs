//! KMS keys: an alias, a key id, or an ARN of either.

use super::super::code::Code;
use super::super::diagnostic::Diagnostic;
use super::fields::{Found, Given};

/// A key that StartStreamEncryption takes, by shape.
pub(crate) fn key(given: &Given<'_>, region: Option<&str>, found: &mut Found) -> Option<String> {
    let text = &*given.scalar("a KMS key", found)?.text;
    let problem = match text.starts_with("arn:") {
        true => arn_problem(text, region),
        false if alias(text) || id(text) => None,
        false => Some(format!("`{text}` is neither a KMS alias nor a key id nor an ARN")),
    };
    let Some(problem) = problem else { return Some(text.to_owned()) };
    let help = "for the key that AWS keeps for Kinesis write `encryption: alias/aws/kinesis`";
    found.push(Diagnostic::error(Code::InvalidKey, given.place(), problem).help(help));
    None
}

fn alias(text: &str) -> bool {
    text.strip_prefix("alias/").is_some_and(|name| {
        !name.is_empty()
            && text.len() <= 256
            && name.chars().all(|c| c.is_ascii_alphanumeric() || "/_-:".contains(c))
    })
}

fn id(text: &str) -> bool {
    let hex = |part: &str| part.chars().all(|c| c.is_ascii_hexdigit());
    match text.strip_prefix("mrk-") {
        Some(rest) => rest.len() == 32 && hex(rest),
        None => {
            let parts: Vec<&str> = text.split('-').collect();
            parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.into_iter().all(hex)
        }
    }
}

fn arn_problem(text: &str, region: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [_, partition, "kms", key_region, account, resource] = parts[..] else {
        return Some(format!("`{text}` is not the ARN of a KMS key"));
    };
    let resource_fits = alias(resource) || resource.strip_prefix("key/").is_some_and(id);
    let account_fits = account.len() == 12 && account.chars().all(|c| c.is_ascii_digit());
    if !partition.starts_with("aws") || !resource_fits || !account_fits {
        return Some(format!("`{text}` is not the ARN of a KMS key"));
    }
    region
        .filter(|region| *region != key_region)
        .map(|region| format!("the key is in {key_region}, but the pipeline is in {region}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_ids_and_arns_are_keys() {
        let uuid = "1234abcd-12ab-34cd-56ef-1234567890ab";
        assert!(alias("alias/aws/kinesis") && id(uuid) && id(&format!("mrk-{}", "a".repeat(32))));
        assert_eq!(arn_problem(&format!("arn:aws:kms:eu-west-1:123456789012:key/{uuid}"), None), None);
        assert_eq!(arn_problem("arn:aws-cn:kms:cn-north-1:123456789012:alias/a", Some("cn-north-1")), None);
    }

    #[test]
    fn other_texts_are_not() {
        assert!(!alias("alias/") && !alias("alias/a b") && !id("kinesis") && !id("1234-1"));
        assert!(arn_problem("arn:aws:s3:::bucket", None).is_some());
        assert!(arn_problem("arn:aws:kms:eu-west-1:12:alias/a", None).is_some());
        let elsewhere = arn_problem("arn:aws:kms:eu-west-1:123456789012:alias/a", Some("us-east-1"));
        assert!(elsewhere.is_some_and(|problem| problem.contains("us-east-1")));
    }
}
