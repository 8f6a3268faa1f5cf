//! S3 over the wire, as the AWS SDK for Rust speaks it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod notifications;
mod versions;

use std::net::{Ipv4Addr, SocketAddr};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart,
    CreateBucketConfiguration, Delete, ObjectIdentifier, Tag, Tagging,
};
use pipectl_localstack::{Endpoint, Options};

pub(crate) struct Local {
    pub(crate) endpoint: Endpoint,
    pub(crate) s3: Client,
}

async fn local(region: &'static str) -> Local {
    started(region, Options::default()).await
}

pub(crate) async fn started(region: &'static str, options: Options) -> Local {
    let options = Options { bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), ..options };
    let endpoint = Endpoint::start(options).await.unwrap();
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .endpoint_url(endpoint.url())
        .credentials_provider(Credentials::new("any", "any", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .force_path_style(true)
        .build();
    Local { endpoint, s3: Client::from_conf(config) }
}

pub(crate) async fn with_bucket() -> Local {
    let local = local("us-east-1").await;
    local.s3.create_bucket().bucket("lake").send().await.unwrap();
    local
}

impl Local {
    pub(crate) async fn put(&self, key: &str, body: &'static str) -> String {
        let put = self.s3.put_object().bucket("lake").key(key).body(ByteStream::from_static(body.as_bytes()));
        put.send().await.unwrap().e_tag().unwrap().to_owned()
    }

    pub(crate) async fn text(&self, key: &str) -> String {
        let got = self.s3.get_object().bucket("lake").key(key).send().await.unwrap();
        String::from_utf8(got.body.collect().await.unwrap().to_vec()).unwrap()
    }
}

pub(crate) fn code_of<T: std::fmt::Debug, E, R>(result: Result<T, SdkError<E, R>>) -> (u16, String)
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    SdkError<E, R>: std::error::Error,
    R: std::fmt::Debug + HasStatus,
{
    let error = result.unwrap_err();
    let status = error.raw_response().map_or(0, HasStatus::status);
    (status, error.code().unwrap_or_default().to_owned())
}

pub(crate) trait HasStatus {
    fn status(&self) -> u16;
}

impl HasStatus for aws_smithy_runtime_api::client::orchestrator::HttpResponse {
    fn status(&self) -> u16 {
        self.status().as_u16()
    }
}

#[tokio::test]
async fn an_object_comes_back_with_all_that_was_said_about_it() {
    let local = with_bucket().await;
    let key = "a b/c+d=é?#%.json";
    local
        .s3
        .put_object()
        .bucket("lake")
        .key(key)
        .body(ByteStream::from_static(b"hello"))
        .content_type("application/json")
        .content_encoding("gzip")
        .metadata("origin", "test")
        .tagging("a=1&b=2")
        .send()
        .await
        .unwrap();
    let got = local.s3.get_object().bucket("lake").key(key).send().await.unwrap();
    assert_eq!(got.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    assert_eq!((got.content_type(), got.content_encoding()), (Some("application/json"), Some("gzip")));
    assert_eq!(got.metadata().unwrap()["origin"], "test");
    assert_eq!(got.tag_count(), Some(2));
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"hello");
    let head = local.s3.head_object().bucket("lake").key(key).send().await.unwrap();
    assert_eq!(head.content_length(), Some(5));
    let world = local.endpoint.world();
    assert_eq!(world.s3.keys("lake", "").unwrap(), [key], "the key is stored as it was meant");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn checksums_of_every_kind_are_verified_and_returned() {
    let local = with_bucket().await;
    for algorithm in [
        ChecksumAlgorithm::Crc32,
        ChecksumAlgorithm::Crc32C,
        ChecksumAlgorithm::Crc64Nvme,
        ChecksumAlgorithm::Sha1,
        ChecksumAlgorithm::Sha256,
    ] {
        let key = algorithm.as_str().to_owned();
        let put = local.s3.put_object().bucket("lake").key(&key).checksum_algorithm(algorithm);
        put.body(ByteStream::from_static(b"hello")).send().await.unwrap();
        let get = local.s3.get_object().bucket("lake").key(&key).checksum_mode(ChecksumMode::Enabled);
        let got = get.send().await.unwrap();
        // The SDK compares the checksum with the bytes and fails when they differ.
        assert_eq!(got.body.collect().await.unwrap().to_vec(), b"hello", "{key}");
    }
    let wrong = local.s3.put_object().bucket("lake").key("wrong").checksum_crc32("AAAAAA==");
    let refused = wrong.body(ByteStream::from_static(b"hello")).send().await;
    assert_eq!(code_of(refused), (400, "BadDigest".to_owned()));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_streamed_body_loses_its_framing() {
    let local = with_bucket().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("big");
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    std::fs::write(&file, &bytes).unwrap();
    let body = ByteStream::from_path(&file).await.unwrap();
    local.s3.put_object().bucket("lake").key("big").body(body).send().await.unwrap();
    let got = local.s3.get_object().bucket("lake").key("big").send().await.unwrap();
    assert_eq!(got.content_encoding(), None);
    assert!(got.body.collect().await.unwrap().to_vec() == bytes, "the bytes are the same");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn what_is_not_there_is_told_in_s3s_words() {
    let local = with_bucket().await;
    let get = |bucket: &str, key: &str| local.s3.get_object().bucket(bucket).key(key).send();
    assert_eq!(code_of(get("lake", "nope").await), (404, "NoSuchKey".to_owned()));
    assert_eq!(code_of(get("nolake", "nope").await), (404, "NoSuchBucket".to_owned()));
    let head = local.s3.head_object().bucket("lake").key("nope").send().await.unwrap_err();
    assert!(head.into_service_error().is_not_found());
    let head = local.s3.head_bucket().bucket("nolake").send().await.unwrap_err();
    assert!(head.into_service_error().is_not_found());
    let put = local.s3.put_object().bucket("nolake").key("k").send().await;
    assert_eq!(code_of(put), (404, "NoSuchBucket".to_owned()));
    local
        .s3
        .delete_object()
        .bucket("lake")
        .key("nope")
        .send()
        .await
        .expect("what is gone may be deleted again");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn ranges_are_cut_out_and_impossible_ones_refused() {
    let local = with_bucket().await;
    local.put("k", "0123456789").await;
    for (range, expected, header) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let got = local.s3.get_object().bucket("lake").key("k").range(range).send().await.unwrap();
        assert_eq!(got.content_range(), Some(header));
        assert_eq!(got.body.collect().await.unwrap().to_vec(), expected.as_bytes(), "{range}");
    }
    let beyond = local.s3.get_object().bucket("lake").key("k").range("bytes=10-").send().await;
    assert_eq!(code_of(beyond), (416, "InvalidRange".to_owned()));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn conditional_writes_hold_a_lock_and_lose_no_update() {
    let local = with_bucket().await;
    let absent = |body: &'static str| {
        let put = local.s3.put_object().bucket("lake").key("lock").if_none_match("*");
        put.body(ByteStream::from_static(body.as_bytes())).send()
    };
    let first = absent("one").await.unwrap().e_tag().unwrap().to_owned();
    assert_eq!(code_of(absent("two").await), (412, "PreconditionFailed".to_owned()));
    let swap = |etag: &str, key: &str| {
        local
            .s3
            .put_object()
            .bucket("lake")
            .key(key)
            .if_match(etag)
            .body(ByteStream::from_static(b"new"))
            .send()
    };
    assert_eq!(code_of(swap("\"0\"", "lock").await), (412, "PreconditionFailed".to_owned()));
    assert_eq!(code_of(swap(&first, "other").await), (404, "NoSuchKey".to_owned()));
    let second = swap(&first, "lock").await.unwrap().e_tag().unwrap().to_owned();
    let delete = |etag: &str| local.s3.delete_object().bucket("lake").key("lock").if_match(etag).send();
    assert_eq!(code_of(delete(&first).await), (412, "PreconditionFailed".to_owned()));
    delete(&second).await.unwrap();
    absent("three").await.unwrap();
    let unchanged = local.s3.get_object().bucket("lake").key("lock").if_none_match("*").send().await;
    assert_eq!(code_of(unchanged).0, 304);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn of_many_writers_who_want_to_be_first_one_is() {
    let local = with_bucket().await;
    let tries = (0..16).map(|_| local.s3.put_object().bucket("lake").key("lock").if_none_match("*").send());
    let results = futures::future::join_all(tries).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn listings_fold_page_and_start_where_they_are_told() {
    let local = with_bucket().await;
    for key in ["a/1", "a/2", "b", "c/1", "d"] {
        local.put(key, "x").await;
    }
    let mut pages =
        local.s3.list_objects_v2().bucket("lake").delimiter("/").max_keys(2).into_paginator().send();
    let (mut keys, mut prefixes, mut sizes) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.key_count().unwrap());
        keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
        prefixes
            .extend(page.common_prefixes().iter().filter_map(|prefix| prefix.prefix().map(str::to_owned)));
    }
    assert_eq!(
        (keys, prefixes, sizes),
        (vec!["b".into(), "d".into()], vec!["a/".into(), "c/".into()], vec![2, 2])
    );
    let after = local.s3.list_objects_v2().bucket("lake").start_after("b").send().await.unwrap();
    assert_eq!(after.contents().iter().filter_map(|o| o.key()).collect::<Vec<_>>(), ["c/1", "d"]);
    let old = local.s3.list_objects().bucket("lake").prefix("a/").max_keys(1).send().await.unwrap();
    assert_eq!((old.contents().len(), old.is_truncated()), (1, Some(true)));
    let wrong = local.s3.list_objects_v2().bucket("lake").continuation_token("?").send().await;
    assert_eq!(code_of(wrong), (400, "InvalidArgument".to_owned()));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn buckets_are_created_once_and_deleted_empty() {
    let local = local("eu-west-1").await;
    let create = |region: Option<BucketLocationConstraint>| {
        let place = region.map(|r| CreateBucketConfiguration::builder().location_constraint(r).build());
        local.s3.create_bucket().bucket("lake").set_create_bucket_configuration(place).send()
    };
    assert_eq!(code_of(create(None).await).1, "IllegalLocationConstraintException");
    create(Some(BucketLocationConstraint::EuWest1)).await.unwrap();
    let again = create(Some(BucketLocationConstraint::EuWest1)).await;
    assert_eq!(code_of(again), (409, "BucketAlreadyOwnedByYou".to_owned()));
    let head = local.s3.head_bucket().bucket("lake").send().await.unwrap();
    assert_eq!(head.bucket_region(), Some("eu-west-1"));
    let place = local.s3.get_bucket_location().bucket("lake").send().await.unwrap();
    assert_eq!(place.location_constraint(), Some(&BucketLocationConstraint::EuWest1));
    local.put("k", "x").await;
    let delete = || local.s3.delete_bucket().bucket("lake").send();
    assert_eq!(code_of(delete().await), (409, "BucketNotEmpty".to_owned()));
    let identifiers = ["k", "never"].map(|key| ObjectIdentifier::builder().key(key).build().unwrap());
    let request = Delete::builder().set_objects(Some(identifiers.into())).build().unwrap();
    let deleted = local.s3.delete_objects().bucket("lake").delete(request).send().await.unwrap();
    assert_eq!((deleted.deleted().len(), deleted.errors().len()), (2, 0));
    delete().await.unwrap();
    assert!(local.s3.list_buckets().send().await.unwrap().buckets().is_empty());
    let bad = local.s3.create_bucket().bucket("Bad_Name").send().await.unwrap_err();
    assert_eq!(
        (bad.code(), bad.message()),
        (Some("InvalidBucketName"), Some("The specified bucket is not valid."))
    );
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn parts_become_an_object_and_an_upload_given_up_leaves_nothing() {
    let local = with_bucket().await;
    let create = || local.s3.create_multipart_upload().bucket("lake").key("big").content_type("x/y").send();
    let id = create().await.unwrap().upload_id().unwrap().to_owned();
    let mut parts = Vec::new();
    for (number, body) in [(1, vec![b'a'; 5 * 1024 * 1024]), (2, vec![b'b'; 10])] {
        let upload = local.s3.upload_part().bucket("lake").key("big").upload_id(&id).part_number(number);
        let part = upload.body(body.into()).send().await.unwrap();
        parts.push(CompletedPart::builder().part_number(number).e_tag(part.e_tag().unwrap()).build());
    }
    let listed = local.s3.list_parts().bucket("lake").key("big").upload_id(&id).send().await.unwrap();
    assert_eq!(listed.parts().len(), 2);
    let complete = |parts: Vec<CompletedPart>| {
        let upload = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        local
            .s3
            .complete_multipart_upload()
            .bucket("lake")
            .key("big")
            .upload_id(&id)
            .multipart_upload(upload)
            .send()
    };
    let reversed = parts.iter().rev().cloned().collect();
    assert_eq!(code_of(complete(reversed).await).1, "InvalidPartOrder");
    let done = complete(parts).await.unwrap();
    assert!(done.e_tag().unwrap().ends_with("-2\""));
    let got =
        local.s3.get_object().bucket("lake").key("big").range("bytes=5242878-5242881").send().await.unwrap();
    assert_eq!(got.content_type(), Some("x/y"));
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"aabb");
    let id = create().await.unwrap().upload_id().unwrap().to_owned();
    let abort = || local.s3.abort_multipart_upload().bucket("lake").key("big").upload_id(&id).send();
    abort().await.unwrap();
    assert_eq!(code_of(abort().await), (404, "NoSuchUpload".to_owned()));
    assert!(local.s3.list_multipart_uploads().bucket("lake").send().await.unwrap().uploads().is_empty());
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_copy_takes_the_bytes_and_new_words_when_asked() {
    let local = with_bucket().await;
    local.put("from", "x").await;
    local.s3.copy_object().bucket("lake").key("to").copy_source("lake/from").send().await.unwrap();
    assert_eq!(local.text("to").await, "x");
    let itself = local.s3.copy_object().bucket("lake").key("to").copy_source("lake/to").send().await;
    assert_eq!(code_of(itself).1, "InvalidRequest");
    let missing = local.s3.copy_object().bucket("lake").key("to").copy_source("lake/nope").send().await;
    assert_eq!(code_of(missing).1, "NoSuchKey");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn settings_are_missing_until_they_are_put() {
    let local = with_bucket().await;
    let read = || local.s3.get_bucket_tagging().bucket("lake").send();
    assert_eq!(code_of(read().await), (404, "NoSuchTagSet".to_owned()));
    let tag = Tag::builder().key("pipectl:pipeline").value("p").build().unwrap();
    let tagging = Tagging::builder().tag_set(tag).build().unwrap();
    local.s3.put_bucket_tagging().bucket("lake").tagging(tagging).send().await.unwrap();
    assert_eq!(read().await.unwrap().tag_set()[0].value(), "p");
    local.s3.delete_bucket_tagging().bucket("lake").send().await.unwrap();
    assert!(read().await.is_err());
    let policy = || local.s3.get_bucket_policy().bucket("lake").send();
    assert_eq!(code_of(policy().await), (404, "NoSuchBucketPolicy".to_owned()));
    local.s3.put_bucket_policy().bucket("lake").policy("{}").send().await.unwrap();
    assert_eq!(policy().await.unwrap().policy(), Some("{}"));
    let block = local.s3.get_public_access_block().bucket("lake").send().await.unwrap();
    assert_eq!(block.public_access_block_configuration().unwrap().block_public_acls(), Some(true));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_presigned_request_needs_no_client() {
    let local = with_bucket().await;
    local.put("k", "hello").await;
    let expiry = PresigningConfig::expires_in(std::time::Duration::from_secs(60)).unwrap();
    let presigned = local.s3.get_object().bucket("lake").key("k").presigned(expiry).await.unwrap();
    let path = presigned.uri().strip_prefix(&local.endpoint.url()).unwrap();
    assert_eq!(get(local.endpoint.address(), "localhost", path).await, "hello");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_bucket_may_be_named_by_the_host() {
    let local = with_bucket().await;
    local.put("folder/k", "hello").await;
    for host in
        ["lake.localhost:4566", "lake.s3.localhost", "lake.s3.eu-west-1.localhost.localstack.cloud:4566"]
    {
        assert_eq!(get(local.endpoint.address(), host, "/folder/k").await, "hello", "{host}");
    }
    local.endpoint.shutdown().await;
}

/// A plain HTTP request; answers the body.
async fn get(address: SocketAddr, host: &str, path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}
