//! `ListObjectVersions`, and whether versions are kept.

use s3s::dto::{
    BucketVersioningStatus, CommonPrefix, DeleteMarkerEntry, GetBucketVersioningInput,
    GetBucketVersioningOutput, ListObjectVersionsInput, ListObjectVersionsOutput, ObjectVersion,
    ObjectVersionStorageClass, PutBucketVersioningInput, PutBucketVersioningOutput,
};

use super::super::listing::{Entry, ListQuery};
use super::super::version::Older;
use super::super::version_listing::{Line, VersionPage, list_versions};
use super::Wire;
use super::buckets::owner;
use super::listings::{PAGE, class_of, limit};
use super::settings::with;
use super::translate::{Answer, error, etag, ok, size, timestamp, url_encode};

/// `GetBucketVersioning`.
pub(super) fn configuration(
    wire: &Wire,
    input: &GetBucketVersioningInput,
) -> Answer<GetBucketVersioningOutput> {
    let kept = with(wire, &input.bucket, |settings| settings.versioning.clone())?;
    let status = kept.and_then(|versioning| versioning.status);
    ok(GetBucketVersioningOutput { status, ..Default::default() })
}

/// Switches versions on, or off for what comes.
pub(super) fn configure(wire: &Wire, input: PutBucketVersioningInput) -> Answer<PutBucketVersioningOutput> {
    let configuration = input.versioning_configuration;
    let known = [BucketVersioningStatus::ENABLED, BucketVersioningStatus::SUSPENDED];
    if !configuration.status.as_ref().is_some_and(|status| known.contains(&status.as_str())) {
        let message = "The Versioning element must be specified";
        return Err(error("IllegalVersioningConfigurationException", message));
    }
    if configuration.mfa_delete.as_ref().is_some_and(|mfa| mfa.as_str() == "Enabled") {
        return Err(error("NotImplemented", "This endpoint has no MFA delete"));
    }
    with(wire, &input.bucket, |settings| settings.versioning = Some(configuration))?;
    ok(PutBucketVersioningOutput::default())
}

/// The lines of a page, sorted into what the answer has lists for.
#[derive(Default)]
struct Sorted {
    versions: Vec<ObjectVersion>,
    markers: Vec<DeleteMarkerEntry>,
    prefixes: Vec<CommonPrefix>,
}

impl Sorted {
    fn add(&mut self, wire: &Wire, entry: Entry<Line>, name: impl Fn(&str) -> String) {
        let (key, line) = match entry {
            Entry::CommonPrefix(prefix) => {
                return self.prefixes.push(CommonPrefix { prefix: Some(name(&prefix)) });
            }
            Entry::Key(key, line) => (Some(name(&key)), line),
        };
        let (is_latest, owner) = (Some(line.latest), Some(owner(wire)));
        let version_id = Some(line.version.version().as_str().to_owned());
        match line.version {
            Older::Object(object) => self.versions.push(ObjectVersion {
                e_tag: Some(etag(&object.etag)),
                is_latest,
                key,
                last_modified: Some(timestamp(object.modified)),
                owner,
                size: Some(size(object.size())),
                storage_class: Some(ObjectVersionStorageClass::from(class_of(&object))),
                version_id,
                ..ObjectVersion::default()
            }),
            Older::Marker(marker) => self.markers.push(DeleteMarkerEntry {
                is_latest,
                key,
                last_modified: Some(timestamp(marker.modified)),
                owner,
                version_id,
            }),
        }
    }
}

/// One page of all versions and markers.
pub(super) fn list(wire: &Wire, input: ListObjectVersionsInput) -> Answer<ListObjectVersionsOutput> {
    let marker = |text: &Option<String>| text.clone().filter(|marker| !marker.is_empty());
    let (after, version) = (marker(&input.key_marker), marker(&input.version_id_marker));
    if version.is_some() && after.is_none() {
        let message = "A version-id marker cannot be specified without a key marker.";
        return Err(error("InvalidArgument", message));
    }
    let max_keys = input.max_keys.unwrap_or(PAGE);
    let prefix = input.prefix.clone().unwrap_or_default();
    let (delimiter, limit) = (input.delimiter.clone(), limit(max_keys)?);
    let query = ListQuery { prefix: prefix.clone(), delimiter, after, limit };
    let page = wire.store.with_bucket(&input.bucket, |bucket| {
        Ok(if limit == 0 {
            VersionPage::default()
        } else {
            list_versions(bucket, &query, version.as_deref())
        })
    })?;
    let encode = input.encoding_type.is_some();
    let name = |text: &str| if encode { url_encode(text) } else { text.to_owned() };
    let mut sorted = Sorted::default();
    for entry in page.entries {
        sorted.add(wire, entry, name);
    }
    let (next_key, next_version) = page.next.unzip();
    ok(ListObjectVersionsOutput {
        name: Some(input.bucket),
        prefix: Some(name(&prefix)),
        key_marker: Some(name(&input.key_marker.unwrap_or_default())),
        version_id_marker: Some(input.version_id_marker.unwrap_or_default()),
        max_keys: Some(max_keys.min(PAGE)),
        is_truncated: Some(next_key.is_some()),
        next_key_marker: next_key.map(|key| name(&key)),
        next_version_id_marker: next_version.flatten(),
        versions: Some(sorted.versions),
        delete_markers: Some(sorted.markers),
        common_prefixes: Some(sorted.prefixes),
        delimiter: input.delimiter.map(|delimiter| name(&delimiter)),
        encoding_type: input.encoding_type,
        ..ListObjectVersionsOutput::default()
    })
}
