//! What a request passes on its way to a service and back: added latency, faults, observation, the log.
//!
//! A layer sees which operation is called, never its body, so that services stay free of all of this.

mod faults;
mod latency;
mod log;
mod observe;
mod recent;

use std::time::Duration;

pub use faults::{FaultPlan, Faults, Lag, NoFaults, NoSuchProfile, Profile, Share, Verdict};
pub(crate) use latency::delay;
pub(crate) use log::log;
pub(crate) use observe::Observers;
pub use observe::{Moment, Observer};
pub(crate) use recent::Recent;
pub use recent::{Request, Watcher};

use crate::http::BodyRoom;
use crate::http::signature::Keys;
use crate::route::Service;

/// Bytes of a resource's name that the layers see: more than any name or ARN has.
const LONGEST_RESOURCE: usize = 512;

/// Which operation a request calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The service, by its endpoint's name: `kinesis`, `firehose`, `lambda`, `s3`, `iam`, `sts`, `monitoring`, `logs`.
    pub service: &'static str,
    /// The operation: `CreateStream`; for Lambda and S3 derived from method and path: `CreateFunction`, `PutObject`.
    pub operation: String,
    /// What it is about, where the request says so plainly: the stream's, function's, bucket's or role's name or ARN.
    /// Read from the bodies of JSON and CBOR calls only where there is a fault plan; empty otherwise.
    pub resource: String,
    /// Whether it may change anything.
    pub mutating: bool,
}

impl Call {
    pub(crate) fn new(service: Service, operation: String, resource: String) -> Self {
        let mutating = !["Describe", "Get", "List", "Head", "Filter", "Simulate"]
            .iter()
            .any(|prefix| operation.starts_with(prefix));
        let mut call = Self { service: service.name(), operation, resource: String::new(), mutating };
        call.set_resource(resource);
        call
    }

    /// Says what it is about, as far as the layers want to know.
    pub(crate) fn set_resource(&mut self, mut resource: String) {
        resource.truncate(resource.floor_char_boundary(LONGEST_RESOURCE));
        self.resource = resource;
    }
}

/// The layers of one endpoint.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    pub(crate) latency: Option<Duration>,
    pub(crate) faults: Option<std::sync::Arc<dyn Faults>>,
    pub(crate) observers: Observers,
    /// Where signatures are verified: the access keys.
    pub(crate) keys: Option<Keys>,
    pub(crate) bodies: BodyRoom,
    pub(crate) recent: Recent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resources_name_has_a_bound() {
        let call = Call::new(Service::Iam, "GetRole".to_owned(), "ü".repeat(1 << 20));
        assert_eq!(call.resource, "ü".repeat(LONGEST_RESOURCE / 2));
    }

    #[test]
    fn reads_are_told_from_changes_by_their_names() {
        for (operation, mutating) in [
            ("DescribeStream", false),
            ("GetObject", false),
            ("ListRoles", false),
            ("PutRecords", true),
            ("TagRole", true),
        ] {
            assert_eq!(
                Call::new(Service::Kinesis, operation.to_owned(), String::new()).mutating,
                mutating,
                "{operation}"
            );
        }
    }
}
