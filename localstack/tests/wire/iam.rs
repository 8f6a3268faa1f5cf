//! IAM and STS over the wire, as the AWS SDK for Rust speaks them.

use std::net::{Ipv4Addr, SocketAddr};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_iam::Client;
use aws_sdk_iam::error::ProvideErrorMetadata;
use aws_sdk_iam::types::Tag;
use pipectl_localstack::{Endpoint, Options};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::a b/*"}]}"#;

async fn start() -> (Endpoint, SdkConfig) {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let endpoint = Endpoint::start(Options { bind, ..Options::default() }).await.expect("port 0 is free");
    let config = config(&endpoint, "test");
    (endpoint, config)
}

fn config(endpoint: &Endpoint, access_key: &str) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint.url())
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            access_key, "test", None, None, "test",
        )))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build()
}

async fn create_role(client: &Client, name: &str) {
    let tag = Tag::builder().key("team").value("a&b").build().expect("it is complete");
    let create = client.create_role().role_name(name).assume_role_policy_document(TRUST).tags(tag);
    create.description("<for tests>").send().await.expect("the name is free");
}

#[tokio::test]
async fn a_role_is_read_back_with_everything_it_was_given() {
    let (endpoint, config) = start().await;
    let client = Client::new(&config);
    create_role(&client, "r").await;
    let role = client.get_role().role_name("r").send().await.expect("it exists").role.expect("it is there");
    assert_eq!(role.arn, "arn:aws:iam::000000000000:role/r");
    assert_eq!(role.description.as_deref(), Some("<for tests>"));
    assert_eq!(role.tags().iter().map(|tag| tag.value.as_str()).collect::<Vec<_>>(), ["a&b"]);
    let trust = role.assume_role_policy_document.expect("it is there");
    assert!(trust.starts_with("%7B%22Version%22%3A%222012-10-17%22"), "{trust}");
    let again = client.create_role().role_name("r").assume_role_policy_document(TRUST).send().await;
    assert!(again.expect_err("it exists").into_service_error().is_entity_already_exists_exception());
    let missing = client.get_role().role_name("none").send().await.expect_err("it does not exist");
    assert!(missing.into_service_error().is_no_such_entity_exception());
    let broken = client.create_role().role_name("b").assume_role_policy_document("{").send().await;
    assert!(broken.expect_err("it is no JSON").into_service_error().is_malformed_policy_document_exception());
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_role_is_deleted_only_when_its_policies_are_gone() {
    let (endpoint, config) = start().await;
    let client = Client::new(&config);
    create_role(&client, "r").await;
    let managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
    client.attach_role_policy().role_name("r").policy_arn(managed).send().await.expect("AWS's own exist");
    client
        .put_role_policy()
        .role_name("r")
        .policy_name("p")
        .policy_document(POLICY)
        .send()
        .await
        .expect("it is valid");
    let listed = client.list_attached_role_policies().role_name("r").send().await.expect("it exists");
    let names: Vec<_> =
        listed.attached_policies().iter().filter_map(|policy| policy.policy_name.as_deref()).collect();
    assert_eq!(names, ["AWSLambdaBasicExecutionRole"]);
    let delete = || client.delete_role().role_name("r").send();
    assert!(delete().await.expect_err("one is attached").into_service_error().is_delete_conflict_exception());
    client.detach_role_policy().role_name("r").policy_arn(managed).send().await.expect("it is attached");
    assert!(delete().await.expect_err("one is inline").into_service_error().is_delete_conflict_exception());
    let inline = client.get_role_policy().role_name("r").policy_name("p").send().await.expect("it is there");
    assert!(inline.policy_document.contains("a%20b%2F%2A"), "{}", inline.policy_document);
    client.delete_role_policy().role_name("r").policy_name("p").send().await.expect("it is there");
    delete().await.expect("nothing is left");
    endpoint.shutdown().await;
}

#[tokio::test]
async fn lists_come_in_pages() {
    let (endpoint, config) = start().await;
    let client = Client::new(&config);
    for name in ["c", "a", "b"] {
        create_role(&client, name).await;
    }
    let first = client.list_roles().max_items(2).send().await.expect("page one");
    let names =
        |roles: &[aws_sdk_iam::types::Role]| roles.iter().map(|r| r.role_name.clone()).collect::<Vec<_>>();
    assert_eq!((names(first.roles()), first.is_truncated), (vec!["a".to_owned(), "b".to_owned()], true));
    let second = client.list_roles().marker(first.marker.expect("more")).send().await.expect("page two");
    assert_eq!((names(second.roles()), second.is_truncated), (vec!["c".to_owned()], false));
    endpoint.shutdown().await;
}

#[tokio::test]
async fn tags_are_added_replaced_and_removed() {
    let (endpoint, config) = start().await;
    let client = Client::new(&config);
    create_role(&client, "r").await;
    let tag = |key, value| Tag::builder().key(key).value(value).build().expect("it is complete");
    client
        .tag_role()
        .role_name("r")
        .tags(tag("team", "new"))
        .tags(tag("b", ""))
        .send()
        .await
        .expect("it exists");
    let list = async || {
        let tags = client.list_role_tags().role_name("r").send().await.expect("it exists").tags;
        tags.into_iter().map(|tag| (tag.key, tag.value)).collect::<Vec<_>>()
    };
    assert_eq!(list().await, [("b".into(), String::new()), ("team".into(), "new".into())]);
    client.untag_role().role_name("r").tag_keys("b").send().await.expect("it exists");
    assert_eq!(list().await, [("team".into(), "new".into())]);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_managed_policy_has_versions_and_is_kept_while_attached() {
    let (endpoint, config) = start().await;
    let client = Client::new(&config);
    create_role(&client, "r").await;
    let created =
        client.create_policy().policy_name("p").policy_document(POLICY).send().await.expect("it is valid");
    let arn = created.policy.and_then(|policy| policy.arn).expect("it has an ARN");
    client.attach_role_policy().role_name("r").policy_arn(&arn).send().await.expect("both exist");
    let update = client.create_policy_version().policy_arn(&arn).policy_document(POLICY).set_as_default(true);
    update.send().await.expect("there is room");
    let policy =
        client.get_policy().policy_arn(&arn).send().await.expect("it exists").policy.expect("it is there");
    assert_eq!((policy.attachment_count, policy.default_version_id.as_deref()), (Some(1), Some("v2")));
    let delete = || client.delete_policy().policy_arn(&arn).send();
    assert!(delete().await.expect_err("it is attached").into_service_error().is_delete_conflict_exception());
    client.detach_role_policy().role_name("r").policy_arn(&arn).send().await.expect("it is attached");
    assert!(delete().await.expect_err("two versions").into_service_error().is_delete_conflict_exception());
    client
        .delete_policy_version()
        .policy_arn(&arn)
        .version_id("v1")
        .send()
        .await
        .expect("it is not the default");
    delete().await.expect("nothing holds it");
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_session_of_a_role_is_known_by_its_key() {
    let (endpoint, config) = start().await;
    create_role(&Client::new(&config), "r").await;
    let sts = aws_sdk_sts::Client::new(&config);
    let identity = sts.get_caller_identity().send().await.expect("anyone may ask");
    assert_eq!(identity.account.as_deref(), Some("000000000000"));
    let assume = |arn| sts.assume_role().role_arn(arn).role_session_name("session").send();
    let assumed = assume("arn:aws:iam::000000000000:role/r").await.expect("the role exists");
    let key = assumed.credentials.expect("they are there").access_key_id;
    let session = aws_sdk_sts::Client::new(&self::config(&endpoint, &key));
    let arn = async || session.get_caller_identity().send().await.expect("anyone may ask").arn;
    assert_eq!(arn().await.as_deref(), Some("arn:aws:sts::000000000000:assumed-role/r/session"));
    let denied = assume("arn:aws:iam::000000000000:role/none").await.expect_err("it does not exist");
    assert_eq!(denied.code(), Some("AccessDenied"));
    endpoint.world().reset().await.expect("there is no folder");
    assert_eq!(arn().await.as_deref(), Some("arn:aws:iam::000000000000:root"), "no session outlives a reset");
    endpoint.shutdown().await;
}

#[tokio::test]
async fn names_are_unique_whatever_their_case() {
    let (endpoint, config) = start().await;
    let client = Client::new(&config);
    create_role(&client, "Role").await;
    let role = client.create_role().role_name("rOLE").assume_role_policy_document(TRUST).send().await;
    assert!(role.expect_err("it is taken").into_service_error().is_entity_already_exists_exception());
    let policy =
        |name, path| client.create_policy().policy_name(name).path(path).policy_document(POLICY).send();
    policy("p", "/").await.expect("it is new");
    let taken = policy("P", "/team/").await.expect_err("it is taken").into_service_error();
    assert!(taken.is_entity_already_exists_exception());
    endpoint.shutdown().await;
}
