//! `StartDeliveryStreamEncryption` and `StopDeliveryStreamEncryption`.

use std::sync::Arc;

use serde::Deserialize;

use super::super::encryption::{EncryptionStatus, KeyChoice};
use super::super::error::FirehoseError;
use super::super::stream::{Origin, Status};
use super::wire::{NameOnly, Nothing};
use crate::http::Context;
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct StartInput {
    delivery_stream_name: Option<String>,
    delivery_stream_encryption_configuration_input: Option<KeyInput>,
}

/// Which key to encrypt with.
#[derive(Debug, Deserialize)]
pub(super) struct KeyInput {
    #[serde(rename = "KeyARN")]
    key_arn: Option<String>,
    #[serde(rename = "KeyType")]
    key_type: Option<String>,
}

/// Switches encryption on, or changes the key.
pub(super) fn start(
    world: &Arc<World>,
    context: &Context,
    input: StartInput,
) -> Result<Nothing, FirehoseError> {
    let owned = KeyInput { key_arn: None, key_type: Some("AWS_OWNED_CMK".to_owned()) };
    let wanted = input.delivery_stream_encryption_configuration_input.unwrap_or(owned);
    change(world, context, input.delivery_stream_name, Some(&wanted))
}

/// Switches encryption off.
pub(super) fn stop(world: &Arc<World>, context: &Context, input: NameOnly) -> Result<Nothing, FirehoseError> {
    change(world, context, input.delivery_stream_name, None)
}

fn change(
    world: &Arc<World>,
    context: &Context,
    name: Option<String>,
    input: Option<&KeyInput>,
) -> Result<Nothing, FirehoseError> {
    let key = super::key(context, name)?;
    let now = world.clock.elapsed();
    world.firehose.with(&key, |stream, status| {
        if status != Status::Active {
            let status = status.as_str();
            return Err(FirehoseError::InUse(format!(
                "Firehose {} is not in ACTIVE state; it is {status}",
                key.name
            )));
        }
        refuse_source(&stream.origin)?;
        let choice = wanted(input, &stream.origin, &key.region)?;
        let status = stream.encryption.status(now);
        if matches!(status, EncryptionStatus::Enabling | EncryptionStatus::Disabling) {
            // That a change under way refuses another is documented; these words are not AWS's (?).
            let status = status.as_str();
            return Err(FirehoseError::InUse(format!(
                "Encryption of Firehose {} is in {status} state",
                key.name
            )));
        }
        if world.firehose.limits.enforced() && !stream.encryption.admits_call(now) {
            return Err(FirehoseError::LimitExceeded(format!(
                "Firehose {} under account {} cannot start or stop encryption more than 25 times in 24 hours",
                key.name, context.account
            )));
        }
        stream.encryption.change(choice, now, world.firehose.transition);
        Ok(Nothing {})
    })
}

/// The key a caller asks for; none when nothing is asked.
pub(super) fn wanted(
    input: Option<&KeyInput>,
    origin: &Origin,
    region: &str,
) -> Result<Option<KeyChoice>, FirehoseError> {
    const KEY_TYPE: &str = "deliveryStreamEncryptionConfigurationInput.keyType";
    const KEY_ARN: &str = "deliveryStreamEncryptionConfigurationInput.keyARN";
    let Some(input) = input else { return Ok(None) };
    let key_type = input.key_type.as_deref().ok_or_else(|| FirehoseError::missing(KEY_TYPE))?;
    let refused = match (key_type, input.key_arn.as_deref()) {
        ("AWS_OWNED_CMK", Some(_)) => "KeyARN cannot be specified when KeyType is AWS_OWNED_CMK",
        ("CUSTOMER_MANAGED_CMK", None) => "KeyARN has to be specified when KeyType is CUSTOMER_MANAGED_CMK",
        ("AWS_OWNED_CMK", None) => {
            refuse_source(origin)?;
            return Ok(Some(KeyChoice { key_type: key_type.to_owned(), key_arn: None }));
        }
        ("CUSTOMER_MANAGED_CMK", Some(arn)) => match key_region(arn) {
            Some(found) if found == region => {
                refuse_source(origin)?;
                return Ok(Some(KeyChoice { key_type: key_type.to_owned(), key_arn: Some(arn.to_owned()) }));
            }
            Some(_) => {
                "Cross-region keys are not allowed for SSE. Please provide CMKs in the same region as firehose"
            }
            None => {
                let pattern = r"arn:.*:kms:[a-zA-Z0-9\-]+:\d{12}:(key|alias)/[a-zA-Z_0-9+=,.@\-_/]+";
                let constraint = format!("Member must satisfy regular expression pattern: {pattern}");
                return Err(FirehoseError::constraint(KEY_ARN, arn, &constraint));
            }
        },
        (other, _) => {
            let set = "Member must satisfy enum value set: [CUSTOMER_MANAGED_CMK, AWS_OWNED_CMK]";
            return Err(FirehoseError::constraint(KEY_TYPE, other, set));
        }
    };
    Err(FirehoseError::InvalidArgument(refused.to_owned()))
}

/// The region of a key; `None` when the ARN is none of a key.
fn key_region(arn: &str) -> Option<&str> {
    let (_, rest) = arn.strip_prefix("arn:")?.split_once(":kms:")?;
    let (region, rest) = rest.split_once(':')?;
    let (account, key) = rest.split_once(':')?;
    let name = key.strip_prefix("key/").or_else(|| key.strip_prefix("alias/"))?;
    let valid = account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte));
    valid.then_some(region)
}

fn refuse_source(origin: &Origin) -> Result<(), FirehoseError> {
    match origin {
        Origin::DirectPut { .. } => Ok(()),
        Origin::Kinesis { .. } => Err(FirehoseError::InvalidArgument(
            "Server side encryption from firehose is only allowed for direct put delivery streams and database as a \
             source delivery streams"
                .to_owned(),
        )),
    }
}
