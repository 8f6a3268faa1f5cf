//! `StartDeliveryStreamEncryption` and `StopDeliveryStreamEncryption`.

use std::sync::Arc;

use serde::Deserialize;

use super::super::error::FirehoseError;
use super::super::stream::{Encryption, Origin, Status};
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
    let key = super::key(context, input.delivery_stream_name)?;
    let owned = KeyInput { key_arn: None, key_type: Some("AWS_OWNED_CMK".to_owned()) };
    let input = input.delivery_stream_encryption_configuration_input.unwrap_or(owned);
    world.firehose.with(&key, |stream, status| {
        refuse_inactive(status, &key.name)?;
        stream.encryption = wanted(Some(&input), &stream.origin)?;
        Ok(Nothing {})
    })
}

/// Switches encryption off.
pub(super) fn stop(world: &Arc<World>, context: &Context, input: NameOnly) -> Result<Nothing, FirehoseError> {
    let key = super::key(context, input.delivery_stream_name)?;
    world.firehose.with(&key, |stream, status| {
        refuse_inactive(status, &key.name)?;
        refuse_source(&stream.origin)?;
        stream.encryption = Encryption::default();
        Ok(Nothing {})
    })
}

/// The encryption a caller asks for; none when nothing is asked.
pub(super) fn wanted(input: Option<&KeyInput>, origin: &Origin) -> Result<Encryption, FirehoseError> {
    const KEY_TYPE: &str = "deliveryStreamEncryptionConfigurationInput.keyType";
    let Some(input) = input else { return Ok(Encryption::default()) };
    refuse_source(origin)?;
    let key_type = input.key_type.as_deref().ok_or_else(|| FirehoseError::missing(KEY_TYPE))?;
    let refused = match (key_type, &input.key_arn) {
        ("AWS_OWNED_CMK", None) | ("CUSTOMER_MANAGED_CMK", Some(_)) => {
            let key_type = Some(key_type.to_owned());
            return Ok(Encryption { enabled: true, key_type, key_arn: input.key_arn.clone() });
        }
        ("AWS_OWNED_CMK", Some(_)) => "KeyARN must not be specified when KeyType is AWS_OWNED_CMK",
        ("CUSTOMER_MANAGED_CMK", None) => "KeyARN must be specified when KeyType is CUSTOMER_MANAGED_CMK",
        (other, _) => {
            let set = "Member must satisfy enum value set: [CUSTOMER_MANAGED_CMK, AWS_OWNED_CMK]";
            return Err(FirehoseError::constraint(KEY_TYPE, other, set));
        }
    };
    Err(FirehoseError::InvalidArgument(refused.to_owned()))
}

fn refuse_source(origin: &Origin) -> Result<(), FirehoseError> {
    match origin {
        Origin::DirectPut => Ok(()),
        Origin::Kinesis { .. } => Err(FirehoseError::InvalidArgument(
            "Server-side encryption can only be enabled for a delivery stream that uses DirectPut as its source."
                .to_owned(),
        )),
    }
}

fn refuse_inactive(status: Status, name: &str) -> Result<(), FirehoseError> {
    if status == Status::Active {
        return Ok(());
    }
    Err(FirehoseError::InUse(format!("Firehose {name} is not in ACTIVE state; it is {}", status.as_str())))
}
