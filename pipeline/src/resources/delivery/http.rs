//! An HTTP endpoint as a destination, and what becomes of its access key.
//!
//! Firehose never describes an access key, so that what was set is known by a fingerprint in a tag of the delivery, put
//! after the key. The key itself is in no plan and in no ledger: the adapter is handed it when it makes the call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DeliveryChange, LambdaProcessor};
use crate::resources::Difference;
use crate::resources::tags::{KEY, TagMap};

/// An HTTP endpoint, and what happens to the records on the way there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpSettings {
    /// Its address.
    pub url: String,
    /// What the endpoint is called in consoles and metrics.
    pub name: Option<String>,
    /// What it knows the sender by.
    pub key: EndpointKey,
    /// Whether bodies are gzipped.
    pub gzip: bool,
    /// Sent along with every request.
    pub attributes: BTreeMap<String, String>,
    /// A request is sent at this size …
    pub buffer_mib: u32,
    /// … or after this many seconds.
    pub buffer_seconds: u32,
    /// How long a request that failed is sent again.
    pub retry_seconds: u32,
    /// Whether every record goes to the bucket too, and not only what failed.
    pub keeps_all: bool,
    /// ARN of the role it works under.
    pub role_arn: String,
    /// Where errors are reported; `None` is nowhere.
    pub log_group: Option<String>,
    /// The transform.
    pub processor: Option<LambdaProcessor>,
    /// Where records go that could not be delivered.
    pub kept: KeptSettings,
}

/// What an endpoint knows the sender by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointKey {
    /// Nothing; of what is there, nothing that is described.
    None,
    /// A key of this fingerprint.
    Literal(String),
    /// A secret in Secrets Manager, by its ARN.
    Secret(String),
}

/// The bucket beside an HTTP endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSettings {
    /// The bucket's ARN.
    pub bucket_arn: String,
    /// Prefix expression; empty means AWS's own `YYYY/MM/dd/HH/`.
    pub prefix: String,
    /// Prefix expression for what failed; empty means none.
    pub error_prefix: String,
    /// Objects are written at this size …
    pub buffer_mib: u32,
    /// … or after this many seconds.
    pub buffer_seconds: u32,
    /// UNCOMPRESSED, GZIP, ZIP, Snappy or HADOOP_SNAPPY.
    pub compression: String,
}

impl HttpSettings {
    /// Notes what differs from `there`, and says whether anything does.
    pub(super) fn note_changes(
        &self,
        there: &HttpSettings,
        tags: &TagMap,
        difference: &mut Difference<DeliveryChange>,
    ) -> bool {
        let before = difference.properties.len();
        let text = String::clone;
        difference.note_arn("role", Some(&there.role_arn), Some(&self.role_arn));
        difference.note("to.http.url", Some(there.url.clone()), Some(self.url.clone()), text);
        difference.note("to.http.name", there.name.clone(), self.name.clone(), text);
        self.note_key(there, tags, difference);
        let encoding = |gzip: &bool| if *gzip { "gzip" } else { "none" }.to_owned();
        difference.note("to.http.encoding", Some(there.gzip), Some(self.gzip), encoding);
        self.note_attributes(there, difference);
        let mib = |mib: &u32| format!("{mib}MiB");
        difference.note("to.http.buffer.size", Some(there.buffer_mib), Some(self.buffer_mib), mib);
        let seconds = |seconds: &u32| format!("{seconds}s");
        for (path, there, wanted) in [
            ("to.http.buffer.interval", there.buffer_seconds, self.buffer_seconds),
            ("to.http.retry", there.retry_seconds, self.retry_seconds),
        ] {
            difference.note(path, Some(there), Some(wanted), seconds);
        }
        let records = |all: &bool| if *all { "all" } else { "failed" }.to_owned();
        difference.note("to.http.backup.records", Some(there.keeps_all), Some(self.keeps_all), records);
        difference.note("to.http.backup", Some(there.kept.shown()), Some(self.kept.shown()), text);
        difference.note("logs", there.log_group.clone(), self.log_group.clone(), text);
        let function = |side: &HttpSettings| side.processor.as_ref().map(|it| it.function_arn.clone());
        let (called, wanted) = (function(there), function(self));
        if !difference.note_arn("transform", called.as_deref(), wanted.as_deref()) {
            let batch =
                |side: &HttpSettings| side.processor.as_ref().map(|processor| processor.buffer_seconds);
            difference.note("transform.buffer", batch(there), batch(self), seconds);
        }
        difference.properties.len() > before
    }

    /// Says that the key differs, never what it is.
    fn note_key(&self, there: &HttpSettings, tags: &TagMap, difference: &mut Difference<DeliveryChange>) {
        let secret = |key: &EndpointKey| match key {
            EndpointKey::Secret(arn) => Some(arn.clone()),
            EndpointKey::None | EndpointKey::Literal(_) => None,
        };
        difference.note("to.http.secret", secret(&there.key), secret(&self.key), String::clone);
        let (set, wanted) = (tags.get(KEY), self.fingerprint());
        if set != wanted {
            difference.properties.push(crate::resources::PropertyChange {
                path: "to.http.access-key".to_owned(),
                before: set.map(|_| "(a key)".to_owned()),
                after: wanted.map(|_| if set.is_some() { "(another key)" } else { "(a key)" }.to_owned()),
            });
        }
    }

    fn note_attributes(&self, there: &HttpSettings, difference: &mut Difference<DeliveryChange>) {
        let names: std::collections::BTreeSet<&String> =
            there.attributes.keys().chain(self.attributes.keys()).collect();
        for name in names {
            let path = format!("to.http.attributes.{name}");
            let (before, after) = (there.attributes.get(name), self.attributes.get(name));
            difference.note(&path, before.cloned(), after.cloned(), String::clone);
        }
    }

    /// The fingerprint of the key that is wanted.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&String> {
        match &self.key {
            EndpointKey::Literal(fingerprint) => Some(fingerprint),
            EndpointKey::None | EndpointKey::Secret(_) => None,
        }
    }
}

impl KeptSettings {
    fn shown(&self) -> String {
        let bucket = self.bucket_arn.rsplit(':').next().unwrap_or_default();
        let Self { prefix, error_prefix, buffer_mib, buffer_seconds, compression, .. } = self;
        format!(
            "s3://{bucket}/{prefix} (errors {error_prefix}), {buffer_mib}MiB or {buffer_seconds}s, {}",
            compression.to_lowercase()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DeliverySpec, To};
    use super::*;
    use crate::resources::{Properties as _, Spec};

    fn spec(key: EndpointKey) -> DeliverySpec {
        DeliverySpec {
            source: None,
            destination: To::Http(HttpSettings {
                url: "https://example.com/in".into(),
                name: None,
                key,
                gzip: false,
                attributes: BTreeMap::new(),
                buffer_mib: 5,
                buffer_seconds: 60,
                retry_seconds: 300,
                keeps_all: false,
                role_arn: "r".into(),
                log_group: None,
                processor: None,
                kept: KeptSettings {
                    bucket_arn: "arn:aws:s3:::kept".into(),
                    prefix: String::new(),
                    error_prefix: String::new(),
                    buffer_mib: 5,
                    buffer_seconds: 300,
                    compression: "GZIP".into(),
                },
            }),
            encryption: None,
        }
    }

    fn literal(fingerprint: &str) -> DeliverySpec {
        spec(EndpointKey::Literal(fingerprint.into()))
    }

    /// What is described of it: never a key.
    fn there(wanted: &DeliverySpec) -> super::super::DeliveryState {
        let mut state = wanted.created();
        if let Some(To::Http(http)) = &mut state.destination
            && matches!(http.key, EndpointKey::Literal(_))
        {
            http.key = EndpointKey::None;
        }
        state
    }

    #[test]
    fn a_key_is_known_by_its_tag_and_put_before_it() {
        let (one, other) = (literal("1"), literal("2"));
        let tags = Spec::Delivery(one.clone()).created_tags(&TagMap::new());
        assert_eq!(tags.get(KEY).map(String::as_str), Some("1"));
        assert!(one.compare(&there(&one), &tags).is_empty());
        let difference = other.compare(&there(&one), &tags);
        let [DeliveryChange::Destination(_), DeliveryChange::Seal(Some(sealed))] = &difference.changes[..]
        else {
            panic!("{difference:?}")
        };
        assert_eq!(sealed, "2");
        assert_eq!(difference.properties[0].after.as_deref(), Some("(another key)"));
    }

    #[test]
    fn a_key_that_goes_takes_its_tag_along_and_a_secret_takes_its_place() {
        let (key, tags) = (literal("1"), TagMap::from([(KEY.to_owned(), "1".to_owned())]));
        let none = spec(EndpointKey::None).compare(&there(&key), &tags);
        assert!(matches!(none.changes[..], [DeliveryChange::Destination(_), DeliveryChange::Seal(None)]));
        let secret = spec(EndpointKey::Secret("arn:aws:secretsmanager:r:1:secret:k".into()));
        let difference = secret.compare(&there(&key), &tags);
        assert!(matches!(
            difference.changes[..],
            [DeliveryChange::Destination(_), DeliveryChange::Seal(None)]
        ));
        assert!(secret.compare(&there(&secret), &TagMap::new()).is_empty());
    }

    #[test]
    fn a_ledger_that_was_written_before_there_were_endpoints_is_read() {
        let s3 = serde_json::json!({
            "role_arn": "r", "bucket_arn": "arn:aws:s3:::lake", "prefix": "", "error_prefix": "", "buffer_mib": 5,
            "buffer_seconds": 60, "compression": "GZIP", "log_group": null, "processor": null, "partitioning": null,
            "backup": null,
        });
        assert!(matches!(serde_json::from_value(s3), Ok(To::S3(_))));
        let http = serde_json::to_value(literal("1").destination).expect("plain data");
        assert!(matches!(serde_json::from_value(http), Ok(To::Http(_))));
    }
}
