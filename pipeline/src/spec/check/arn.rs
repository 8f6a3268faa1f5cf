//! ARNs of what is not in the file: queues, topics, layers.

use super::super::code::Code;
use super::super::diagnostic::Diagnostic;
use super::fields::{Found, Given};
use super::suggest;

/// The ARN of a resource of one of these services.
pub(crate) fn of_services(given: &Given<'_>, services: &[&str], found: &mut Found) -> Option<String> {
    let text = given.text(found)?;
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let fits = match parts.as_slice() {
        ["arn", partition, service, region, account, resource] => {
            partition.starts_with("aws")
                && services.contains(service)
                && !resource.is_empty()
                // The names of buckets are unique by themselves.
                && (*service == "s3" || (!region.is_empty() && account.len() == 12))
        }
        _ => false,
    };
    if fits {
        return Some(text.to_owned());
    }
    let message = format!("`{text}` is not an ARN of {}", suggest::either(services.iter().copied()));
    let example = match services {
        ["secretsmanager"] => "arn:aws:secretsmanager:eu-west-1:123456789012:secret:collector-AbCdEf",
        ["sns"] => "arn:aws:sns:eu-west-1:123456789012:on-call",
        ["lambda"] => "arn:aws:lambda:eu-west-1:123456789012:layer:shared:3",
        _ => "arn:aws:sqs:eu-west-1:123456789012:failed-records",
    };
    found.push(
        Diagnostic::error(Code::InvalidArn, given.place(), message).help(format!("for example `{example}`")),
    );
    None
}
