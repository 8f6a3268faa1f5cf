//! `ListObjectsV2` and `ListObjects`.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use s3s::dto::{
    self, CommonPrefix, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input,
    ListObjectsV2Output, ObjectStorageClass,
};

use super::super::listing::{Entry, ListQuery, Page, list};
use super::super::object::Object;
use super::Wire;
use super::buckets::owner;
use super::translate::{Answer, error, etag, ok, size, timestamp, url_encode};

/// Keys of a page at most.
pub(super) const PAGE: i32 = 1000;

/// How many lines a page has.
pub(super) fn limit(max_keys: i32) -> Result<usize, s3s::S3Error> {
    usize::try_from(max_keys.min(PAGE))
        .map_err(|_| error("InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647"))
}

/// A page, and how its names are to be written.
struct Listed {
    page: Page<Arc<Object>>,
    encode: bool,
    max_keys: i32,
}

impl Listed {
    fn of(
        wire: &Wire,
        bucket: &str,
        mut query: ListQuery,
        (encoding, max_keys): (Option<&EncodingType>, Option<i32>),
    ) -> Result<Self, s3s::S3Error> {
        let max_keys = max_keys.unwrap_or(PAGE);
        query.limit = limit(max_keys)?;
        let page = wire.store.with_bucket(bucket, |bucket| Ok(list(&bucket.objects, &query)))?;
        Ok(Self { page, encode: encoding.is_some(), max_keys: max_keys.min(PAGE) })
    }

    fn name(&self, text: &str) -> String {
        if self.encode { url_encode(text) } else { text.to_owned() }
    }

    fn prefixes(&self) -> Vec<CommonPrefix> {
        let names = self.page.entries.iter().filter_map(|entry| match entry {
            Entry::CommonPrefix(name) => Some(CommonPrefix { prefix: Some(self.name(name)) }),
            Entry::Key(..) => None,
        });
        names.collect()
    }

    fn objects(&self) -> impl Iterator<Item = (String, &Arc<Object>)> {
        self.page.entries.iter().filter_map(|entry| match entry {
            Entry::Key(key, object) => Some((self.name(key), object)),
            Entry::CommonPrefix(_) => None,
        })
    }

    fn contents(&self, owner: Option<&dto::Owner>) -> Vec<dto::Object> {
        let shape = |(key, object): (String, &Arc<Object>)| dto::Object {
            e_tag: Some(etag(&object.etag)),
            key: Some(key),
            last_modified: Some(timestamp(object.modified)),
            owner: owner.cloned(),
            size: Some(size(object.size())),
            storage_class: Some(ObjectStorageClass::from(class_of(object))),
            ..dto::Object::default()
        };
        self.objects().map(shape).collect()
    }
}

/// The storage class as listings have it.
pub(super) fn class_of(object: &Object) -> String {
    object.storage_class.clone().unwrap_or_else(|| ObjectStorageClass::STANDARD.to_owned())
}

pub(super) fn v2(wire: &Wire, input: ListObjectsV2Input) -> Answer<ListObjectsV2Output> {
    let invalid = || error("InvalidArgument", "The continuation token provided is incorrect");
    let after = match &input.continuation_token {
        Some(token) => {
            let key = BASE64.decode(token).map_err(|_| invalid())?;
            Some(String::from_utf8(key).map_err(|_| invalid())?)
        }
        None => input.start_after.clone().filter(|key| !key.is_empty()),
    };
    let prefix = input.prefix.clone().unwrap_or_default();
    let query = ListQuery { prefix: prefix.clone(), delimiter: input.delimiter.clone(), after, limit: 0 };
    let listed = Listed::of(wire, &input.bucket, query, (input.encoding_type.as_ref(), input.max_keys))?;
    let named = |text: Option<String>| text.map(|text| listed.name(&text));
    let owner = input.fetch_owner.unwrap_or_default().then(|| owner(wire));
    ok(ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(listed.name(&prefix)),
        max_keys: Some(listed.max_keys),
        key_count: i32::try_from(listed.page.entries.len()).ok(),
        continuation_token: input.continuation_token,
        is_truncated: Some(listed.page.next.is_some()),
        next_continuation_token: listed.page.next.as_ref().map(|key| BASE64.encode(key)),
        contents: Some(listed.contents(owner.as_ref())),
        common_prefixes: Some(listed.prefixes()),
        delimiter: named(input.delimiter),
        encoding_type: input.encoding_type,
        start_after: named(input.start_after),
        request_charged: None,
    })
}

pub(super) fn v1(wire: &Wire, input: ListObjectsInput) -> Answer<ListObjectsOutput> {
    let prefix = input.prefix.clone().unwrap_or_default();
    let after = input.marker.clone().filter(|marker| !marker.is_empty());
    let query = ListQuery { prefix: prefix.clone(), delimiter: input.delimiter.clone(), after, limit: 0 };
    let listed = Listed::of(wire, &input.bucket, query, (input.encoding_type.as_ref(), input.max_keys))?;
    // Without a delimiter the last key says where to go on.
    let next = listed.page.next.as_ref().filter(|_| input.delimiter.is_some()).map(|key| listed.name(key));
    ok(ListObjectsOutput {
        name: Some(input.bucket),
        prefix: Some(listed.name(&prefix)),
        marker: Some(listed.name(&input.marker.unwrap_or_default())),
        max_keys: Some(listed.max_keys),
        is_truncated: Some(listed.page.next.is_some()),
        contents: Some(listed.contents(Some(&owner(wire)))),
        common_prefixes: Some(listed.prefixes()),
        delimiter: input.delimiter.map(|delimiter| listed.name(&delimiter)),
        next_marker: next,
        encoding_type: input.encoding_type,
        request_charged: None,
    })
}
