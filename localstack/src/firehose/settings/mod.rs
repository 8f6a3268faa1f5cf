//! A destination's settings: as they stand on the wire, merged, checked and understood.
//!
//! One struct a destination, [`S3Settings`] and [`HttpSettings`], is the configuration a create sends, the change an
//! update sends and the description a describe answers, for these three differ only in what must be there.
//! [`Destination`] is what the settings mean; a delivery runs on nothing else.

mod blocks;
mod check;
mod destination;
mod endpoint;
mod http;
mod partitioning;
mod place;
mod processing;
mod wire;
mod zone;

pub(crate) use self::check::{range, role_arn};
pub(crate) use self::destination::{Destination, Target};
pub(crate) use self::endpoint::HttpTarget;
pub(crate) use self::http::HttpSettings;
pub(crate) use self::place::{LogTarget, S3Place};
pub(crate) use self::processing::{LambdaProcessor, Processing, Unpack};
pub(crate) use self::wire::S3Settings;

use super::error::FirehoseError;

/// The settings of any destination.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Settings {
    /// A bucket.
    S3(Box<S3Settings>),
    /// An HTTP endpoint.
    Http(Box<HttpSettings>),
}

impl Settings {
    /// The settings of a new destination that a client sent in block `path`: those to describe, and what they mean.
    pub(crate) fn created(self, path: &str, region: &str) -> Result<(Self, Destination), FirehoseError> {
        match self {
            Self::S3(settings) => {
                let (settings, destination) = settings.applied_to(S3Settings::defaults(), path)?;
                Ok((Self::S3(Box::new(settings)), destination))
            }
            Self::Http(settings) => {
                let (settings, destination) = settings.applied_to(HttpSettings::defaults(), path, region)?;
                Ok((Self::Http(Box::new(settings)), destination))
            }
        }
    }

    /// These settings with the `change` a client sent in block `path`. A destination of another type is not merged
    /// with the one before it: the change has to say everything.
    pub(crate) fn updated(
        &self,
        change: Self,
        path: &str,
        region: &str,
    ) -> Result<(Self, Destination), FirehoseError> {
        match (self, change) {
            (Self::S3(old), Self::S3(change)) => {
                let (settings, destination) = change.applied_to((**old).clone(), path)?;
                partitioning::check_update(old, &settings)?;
                processing::check_update(
                    old.processing_configuration.as_ref(),
                    settings.processing_configuration.as_ref(),
                )?;
                Ok((Self::S3(Box::new(settings)), destination))
            }
            (Self::Http(old), Self::Http(change)) => {
                let (settings, destination) = change.applied_to((**old).clone(), path, region)?;
                processing::check_update(
                    old.processing_configuration.as_ref(),
                    settings.processing_configuration.as_ref(),
                )?;
                Ok((Self::Http(Box::new(settings)), destination))
            }
            (_, change) => change.created(path, region),
        }
    }
}
