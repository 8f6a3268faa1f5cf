//! What happened to an object, and how S3 writes it down.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::world::World;

use super::super::object::Object;
use super::super::version::Deleted;
use super::bucket_arn;
use super::rules::Target;

/// S3 writes this version for every event since 2026; before, it was 2.1 for those here.
const EVENT_VERSION: &str = "2.5";
/// The ETag of no bytes, which a delete marker has.
const MARKER_ETAG: &str = "d41d8cd98f00b204e9800998ecf8427e";

/// What may happen to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum EventName {
    Put,
    Copy,
    CompleteMultipartUpload,
    Delete,
    DeleteMarkerCreated,
    TaggingPut,
    TaggingDelete,
}

impl EventName {
    /// S3's name, without `s3:` before it.
    pub(in super::super) fn as_str(self) -> &'static str {
        match self {
            Self::Put => "ObjectCreated:Put",
            Self::Copy => "ObjectCreated:Copy",
            Self::CompleteMultipartUpload => "ObjectCreated:CompleteMultipartUpload",
            Self::Delete => "ObjectRemoved:Delete",
            Self::DeleteMarkerCreated => "ObjectRemoved:DeleteMarkerCreated",
            Self::TaggingPut => "ObjectTagging:Put",
            Self::TaggingDelete => "ObjectTagging:Delete",
        }
    }
}

/// Who asked for it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The id of the request; a new one for what other services do in process.
    pub request_id: Option<String>,
    /// The access key it was signed with.
    pub access_key: Option<String>,
}

/// Something that happened, and who is to hear of it.
#[derive(Debug)]
pub(in super::super) struct Happened {
    pub(in super::super) name: EventName,
    pub(in super::super) bucket: String,
    pub(in super::super) region: String,
    pub(in super::super) key: String,
    pub(in super::super) at: Timestamp,
    pub(in super::super) detail: Detail,
    /// Grows with everything that happens.
    pub(in super::super) sequencer: u64,
    pub(in super::super) caller: Caller,
    pub(in super::super) targets: Vec<Target>,
}

/// What an event says of its object.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Detail {
    size: Option<u64>,
    etag: Option<String>,
    version: Option<String>,
}

impl Detail {
    /// Of an object that was written or changed.
    pub(in super::super) fn of(object: &Object) -> Self {
        let (size, etag) = (Some(object.size()), Some(object.etag.clone()));
        Self { size, etag, version: Some(object.version.as_str().to_owned()) }
    }

    /// Of a deletion, and its name. One version that is gone is named as it was asked for.
    pub(in super::super) fn of_deleted(deleted: &Deleted, asked: Option<&str>) -> (EventName, Self) {
        let version = asked.map(str::to_owned);
        match deleted {
            Deleted::Marked(version) => {
                let (etag, version) = (Some(MARKER_ETAG.to_owned()), Some(version.as_str().to_owned()));
                (EventName::DeleteMarkerCreated, Self { size: None, etag, version })
            }
            Deleted::Object | Deleted::Version { .. } => {
                (EventName::Delete, Self { version, ..Self::default() })
            }
        }
    }
}

/// The event as a function gets it.
pub(super) fn write(world: &World, happened: &Happened, configuration_id: &str) -> Bytes {
    let Happened { name, bucket, region, key, at, detail, sequencer, caller, .. } = happened;
    let mut object = serde_json::Map::new();
    object.insert("key".to_owned(), json!(encode(key)));
    if let Some(size) = detail.size {
        object.insert("size".to_owned(), json!(size));
    }
    if let Some(etag) = &detail.etag {
        object.insert("eTag".to_owned(), json!(etag));
    }
    // Versions are told of where there are any.
    if let Some(version) = detail.version.as_ref().filter(|version| *version != "null") {
        object.insert("versionId".to_owned(), json!(version));
    }
    object.insert("sequencer".to_owned(), json!(format!("{sequencer:018X}")));
    let request_id =
        caller.request_id.clone().unwrap_or_else(|| world.dice.uuid("request", "s3").to_string());
    let principal = caller.access_key.as_deref().unwrap_or(&world.account);
    let event = json!({ "Records": [{
        "eventVersion": EVENT_VERSION,
        "eventSource": "aws:s3",
        "awsRegion": region,
        "eventTime": at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "eventName": name.as_str(),
        "userIdentity": { "principalId": format!("AWS:{principal}") },
        "requestParameters": { "sourceIPAddress": "127.0.0.1" },
        "responseElements": { "x-amz-request-id": request_id, "x-amz-id-2": request_id },
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": bucket,
                "ownerIdentity": { "principalId": format!("A{:0>13}", world.account) },
                "arn": bucket_arn(bucket),
            },
            "object": Value::Object(object),
        },
    }]});
    event.to_string().into()
}

/// A key as events have it: a form's encoding, with `+` for a space, in which slashes stay.
fn encode(key: &str) -> String {
    let mut encoded = String::with_capacity(key.len());
    for byte in key.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use crate::world::Setting;

    use super::*;

    fn happened(name: EventName, detail: Detail) -> Happened {
        Happened {
            name,
            bucket: "lake".to_owned(),
            region: "eu-west-1".to_owned(),
            key: "a b/ü+.json".to_owned(),
            at: "2026-01-02T03:04:05.678Z".parse().unwrap(),
            detail,
            sequencer: 0xabc,
            caller: Caller { request_id: Some("r".to_owned()), access_key: Some("AKID".to_owned()) },
            targets: Vec::new(),
        }
    }

    #[tokio::test]
    async fn an_event_is_written_as_s3_writes_it() {
        let world = World::new(Setting::default());
        let object = Object { etag: "e".to_owned(), ..Object::default() };
        let event = write(&world, &happened(EventName::Put, Detail::of(&object)), "rule");
        assert_eq!(
            serde_json::from_slice::<Value>(&event).unwrap(),
            json!({ "Records": [{
                "eventVersion": "2.5",
                "eventSource": "aws:s3",
                "awsRegion": "eu-west-1",
                "eventTime": "2026-01-02T03:04:05.678Z",
                "eventName": "ObjectCreated:Put",
                "userIdentity": { "principalId": "AWS:AKID" },
                "requestParameters": { "sourceIPAddress": "127.0.0.1" },
                "responseElements": { "x-amz-request-id": "r", "x-amz-id-2": "r" },
                "s3": {
                    "s3SchemaVersion": "1.0",
                    "configurationId": "rule",
                    "bucket": {
                        "name": "lake",
                        "ownerIdentity": { "principalId": "A0000000000000" },
                        "arn": "arn:aws:s3:::lake",
                    },
                    "object": {
                        "key": "a+b/%C3%BC%2B.json", "size": 0, "eTag": "e", "sequencer": "000000000000000ABC",
                    },
                },
            }]})
        );
    }

    #[tokio::test]
    async fn a_deletion_says_less_and_a_marker_says_its_version() {
        let world = World::new(Setting::default());
        let object = |deleted: Deleted, asked| {
            let (name, detail) = Detail::of_deleted(&deleted, asked);
            let event: Value =
                serde_json::from_slice(&write(&world, &happened(name, detail), "rule")).unwrap();
            let record = &event["Records"][0];
            let names: Vec<String> = record["s3"]["object"].as_object().unwrap().keys().cloned().collect();
            (record["eventName"].as_str().unwrap().to_owned(), names.join(" "))
        };
        let removed = |name: &str| format!("ObjectRemoved:{name}");
        assert_eq!(object(Deleted::Object, None), (removed("Delete"), "key sequencer".to_owned()));
        let version = object(Deleted::Version { marker: false }, Some("v"));
        assert_eq!(version, (removed("Delete"), "key versionId sequencer".to_owned()));
        let marked = object(Deleted::Marked(crate::s3::VersionId::new(Uuid::nil())), None);
        assert_eq!(marked, (removed("DeleteMarkerCreated"), "key eTag versionId sequencer".to_owned()));
    }
}
