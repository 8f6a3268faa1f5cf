//! `encryption` of a delivery: what it holds is encrypted, which is Firehose's own affair only with direct put.

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::{DeliveryKey, StreamRef};
use super::fields::{Found, Given};
use super::kms;

/// A key that StartDeliveryStreamEncryption takes.
pub(crate) fn read(given: &Given<'_>, from: Option<&StreamRef>, found: &mut Found) -> Option<DeliveryKey> {
    if let Some(stream) = from {
        let message = "records are encrypted in the stream that the delivery reads";
        found.push(
            Diagnostic::error(Code::Conflict, Place::Key(given.path.clone()), message)
                .help(format!("write `encryption` at the stream `{stream}`")),
        );
        return None;
    }
    let text = &*given.scalar("a KMS key", found)?.text;
    if text == "aws-owned" {
        return Some(DeliveryKey::AwsOwned);
    }
    let key = kms::key(given, None, found)?;
    if key.starts_with("arn:") && key.contains(":key/") {
        return Some(DeliveryKey::Customer(key));
    }
    let message = format!("Firehose takes a key by its ARN only, and `{key}` is none");
    found.push(
        Diagnostic::error(Code::InvalidKey, given.place(), message)
            .help("write `encryption: aws-owned`, or `arn:aws:kms:…:key/…`"),
    );
    None
}
