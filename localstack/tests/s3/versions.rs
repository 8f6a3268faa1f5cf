//! Versions, delete markers, parts and attributes.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketVersioningStatus, CompletedMultipartUpload, CompletedPart, Delete, ObjectAttributes,
    ObjectIdentifier, StorageClass, VersioningConfiguration,
};

use pipectl_localstack::Options;

use crate::{Local, code_of, started, with_bucket};

async fn versioning(local: &Local, status: BucketVersioningStatus) {
    let configuration = VersioningConfiguration::builder().status(status).build();
    let put = local.s3.put_bucket_versioning().bucket("lake").versioning_configuration(configuration);
    put.send().await.unwrap();
}

async fn write(local: &Local, key: &str, body: &'static str) -> Option<String> {
    let put = local.s3.put_object().bucket("lake").key(key).body(ByteStream::from_static(body.as_bytes()));
    put.send().await.unwrap().version_id().map(str::to_owned)
}

async fn text_of(local: &Local, key: &str, version: &str) -> String {
    let got = local.s3.get_object().bucket("lake").key(key).version_id(version).send().await.unwrap();
    assert_eq!(got.version_id(), Some(version));
    String::from_utf8(got.body.collect().await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn versions_are_kept_and_a_marker_hides_them() {
    let local = with_bucket().await;
    assert_eq!(write(&local, "k", "null").await, None, "versions are not named where there are none");
    versioning(&local, BucketVersioningStatus::Enabled).await;
    let status = local.s3.get_bucket_versioning().bucket("lake").send().await.unwrap();
    assert_eq!(status.status(), Some(&BucketVersioningStatus::Enabled));
    let first = write(&local, "k", "first").await.unwrap();
    let second = write(&local, "k", "second").await.unwrap();
    assert_eq!(local.text("k").await, "second");
    assert_eq!(text_of(&local, "k", &first).await, "first");
    assert_eq!(text_of(&local, "k", "null").await, "null");

    let deleted = local.s3.delete_object().bucket("lake").key("k").send().await.unwrap();
    assert_eq!(deleted.delete_marker(), Some(true));
    let marker = deleted.version_id().unwrap().to_owned();
    let gone = local.s3.get_object().bucket("lake").key("k").send().await.unwrap_err();
    assert_eq!(gone.raw_response().unwrap().headers().get("x-amz-delete-marker"), Some("true"));
    assert_eq!(gone.raw_response().unwrap().headers().get("x-amz-version-id"), Some(marker.as_str()));
    assert_eq!(code_of::<(), _, _>(Err(gone)), (404, "NoSuchKey".to_owned()));
    let get = |version: &str| local.s3.get_object().bucket("lake").key("k").version_id(version).send();
    assert_eq!(code_of(get(&marker).await), (405, "MethodNotAllowed".to_owned()));
    assert_eq!(code_of(get("nope").await), (404, "NoSuchVersion".to_owned()));
    assert!(local.s3.list_objects_v2().bucket("lake").send().await.unwrap().contents().is_empty());
    assert_eq!(text_of(&local, "k", &second).await, "second");

    let undo = local.s3.delete_object().bucket("lake").key("k").version_id(&marker).send().await.unwrap();
    assert_eq!((undo.delete_marker(), undo.version_id()), (Some(true), Some(marker.as_str())));
    assert_eq!(local.text("k").await, "second");
    let identifiers = [first.as_str(), second.as_str(), "null"]
        .map(|id| ObjectIdentifier::builder().key("k").version_id(id).build().unwrap());
    let delete = local.s3.delete_bucket().bucket("lake").send().await;
    assert_eq!(code_of(delete), (409, "BucketNotEmpty".to_owned()));
    let all = Delete::builder().set_objects(Some(identifiers.into())).build().unwrap();
    let deleted = local.s3.delete_objects().bucket("lake").delete(all).send().await.unwrap();
    assert_eq!((deleted.deleted().len(), deleted.errors().len()), (3, 0));
    local.s3.delete_bucket().bucket("lake").send().await.unwrap();
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn versions_are_listed_in_pages_the_newest_of_a_key_first() {
    let local = with_bucket().await;
    versioning(&local, BucketVersioningStatus::Enabled).await;
    for (key, body) in [("a", "1"), ("b", "1"), ("a", "2")] {
        write(&local, key, body).await.unwrap();
    }
    local.s3.delete_object().bucket("lake").key("b").send().await.unwrap();
    let (mut keys, mut markers, mut latest) = (Vec::new(), Vec::new(), 0);
    let (mut key, mut version) = (None, None);
    loop {
        let list = local.s3.list_object_versions().bucket("lake").max_keys(1);
        let page = list.set_key_marker(key).set_version_id_marker(version).send().await.unwrap();
        assert_eq!(page.versions().len() + page.delete_markers().len(), 1);
        keys.extend(page.versions().iter().map(|one| (one.key().unwrap().to_owned(), one.size().unwrap())));
        markers.extend(page.delete_markers().iter().filter_map(|one| one.key().map(str::to_owned)));
        latest += page.versions().iter().filter(|one| one.is_latest() == Some(true)).count();
        latest += page.delete_markers().iter().filter(|one| one.is_latest() == Some(true)).count();
        key = page.next_key_marker().map(str::to_owned);
        version = page.next_version_id_marker().map(str::to_owned);
        if page.is_truncated() != Some(true) {
            break;
        }
    }
    assert_eq!(keys, [("a".to_owned(), 1), ("a".to_owned(), 1), ("b".to_owned(), 1)]);
    assert_eq!((markers, latest), (vec!["b".to_owned()], 2));
    let wrong = local.s3.list_object_versions().bucket("lake").version_id_marker("v").send().await;
    assert_eq!(code_of(wrong), (400, "InvalidArgument".to_owned()));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_suspended_bucket_writes_its_null_version_over() {
    let local = with_bucket().await;
    versioning(&local, BucketVersioningStatus::Enabled).await;
    let kept = write(&local, "k", "kept").await.unwrap();
    versioning(&local, BucketVersioningStatus::Suspended).await;
    assert_eq!(write(&local, "k", "one").await.as_deref(), Some("null"));
    assert_eq!(write(&local, "k", "two").await.as_deref(), Some("null"));
    assert_eq!(text_of(&local, "k", "null").await, "two");
    assert_eq!(text_of(&local, "k", &kept).await, "kept");
    let listed = local.s3.list_object_versions().bucket("lake").send().await.unwrap();
    assert_eq!(listed.versions().len(), 2);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn an_old_version_is_brought_back_by_a_copy() {
    let local = with_bucket().await;
    versioning(&local, BucketVersioningStatus::Enabled).await;
    let first = write(&local, "k", "first").await.unwrap();
    write(&local, "k", "second").await.unwrap();
    let copy = local.s3.copy_object().bucket("lake").key("k");
    let copied = copy.copy_source(format!("lake/k?versionId={first}")).send().await.unwrap();
    assert_eq!(copied.copy_source_version_id(), Some(first.as_str()));
    assert_ne!(copied.version_id(), Some(first.as_str()));
    assert_eq!(local.text("k").await, "first");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_part_is_read_by_its_number_and_attributes_are_those_asked_for() {
    let local = with_bucket().await;
    let s3 = &local.s3;
    let create =
        s3.create_multipart_upload().bucket("lake").key("big").storage_class(StorageClass::StandardIa);
    let id = create.send().await.unwrap().upload_id().unwrap().to_owned();
    let mut parts = Vec::new();
    for (number, body) in [(1, vec![b'a'; 5 * 1024 * 1024]), (2, b"the end".to_vec())] {
        let upload = s3.upload_part().bucket("lake").key("big").upload_id(&id).part_number(number);
        let part = upload.body(body.into()).send().await.unwrap();
        parts.push(CompletedPart::builder().part_number(number).e_tag(part.e_tag().unwrap()).build());
    }
    let upload = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let complete = s3.complete_multipart_upload().bucket("lake").key("big").upload_id(&id);
    complete.multipart_upload(upload).send().await.unwrap();
    let part = s3.get_object().bucket("lake").key("big").part_number(2).send().await.unwrap();
    assert_eq!(part.content_range(), Some("bytes 5242880-5242886/5242887"));
    assert_eq!((part.parts_count(), part.storage_class()), (Some(2), Some(&StorageClass::StandardIa)));
    assert_eq!(part.body.collect().await.unwrap().to_vec(), b"the end");
    let none = s3.get_object().bucket("lake").key("big").part_number(3).send().await;
    assert_eq!(code_of(none), (416, "InvalidPartNumber".to_owned()));
    let attributes = s3.get_object_attributes().bucket("lake").key("big");
    let asked = attributes.object_attributes(ObjectAttributes::ObjectSize).send().await.unwrap();
    assert_eq!((asked.object_size(), asked.e_tag(), asked.storage_class()), (Some(5_242_887), None, None));
    let attributes = s3.get_object_attributes().bucket("lake").key("big");
    let asked = attributes.object_attributes(ObjectAttributes::ObjectParts);
    let asked = asked.object_attributes(ObjectAttributes::StorageClass).send().await.unwrap();
    assert_eq!(asked.object_parts().unwrap().total_parts_count(), Some(2));
    assert_eq!(asked.storage_class(), Some(&StorageClass::StandardIa));
    let listed = s3.list_objects_v2().bucket("lake").send().await.unwrap();
    assert_eq!(listed.contents()[0].storage_class().unwrap().as_str(), "STANDARD_IA");
    let wrong = s3.put_object().bucket("lake").key("k").storage_class("COLD".into()).send().await;
    assert_eq!(code_of(wrong), (400, "InvalidStorageClass".to_owned()));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn versions_and_markers_outlive_the_endpoint_in_a_data_folder() {
    let folder = tempfile::tempdir().unwrap();
    let options = || Options { data_dir: Some(folder.path().to_owned()), ..Options::default() };
    let local = started("us-east-1", options()).await;
    local.s3.create_bucket().bucket("lake").send().await.unwrap();
    versioning(&local, BucketVersioningStatus::Enabled).await;
    let first = write(&local, "k", "first").await.unwrap();
    let second = write(&local, "k", "second").await.unwrap();
    let gone = write(&local, "k", "gone").await.unwrap();
    local.s3.delete_object().bucket("lake").key("k").version_id(&gone).send().await.unwrap();
    local.s3.delete_object().bucket("lake").key("k").send().await.unwrap();
    write(&local, "other", "current").await.unwrap();
    local.endpoint.shutdown().await;

    let local = started("us-east-1", options()).await;
    assert_eq!(local.text("other").await, "current");
    assert_eq!(text_of(&local, "k", &first).await, "first");
    assert_eq!(text_of(&local, "k", &second).await, "second");
    let get = local.s3.get_object().bucket("lake").key("k").send().await;
    assert_eq!(code_of(get), (404, "NoSuchKey".to_owned()));
    let listed = local.s3.list_object_versions().bucket("lake").prefix("k").send().await.unwrap();
    assert_eq!((listed.versions().len(), listed.delete_markers().len()), (2, 1));
    local.endpoint.shutdown().await;
}
