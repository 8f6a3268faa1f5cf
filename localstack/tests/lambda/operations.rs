//! What is done to functions: created, read, changed, published, tagged, deleted, and every way to do it wrong.

use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, InvocationType, LastUpdateStatus, Runtime, State};
use base64::Engine as _;
use sha2::Digest as _;

use crate::local::{ROLE, code, echo_package, error_of, local, payload, slow, zip_of};

/// Long enough for a second request while the first change is still under way, on a busy machine too.
const TRANSITION: Duration = Duration::from_secs(3);

#[tokio::test]
async fn a_new_function_is_pending_then_active_and_has_what_it_was_given() {
    let local = slow(TRANSITION).await;
    let zip = echo_package();
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(&zip));
    let environment = Environment::builder().variables("A1", "b").build();
    let created = local
        .creation("f", zip.clone())
        .environment(environment)
        .memory_size(512)
        .tags("pipectl:pipeline", "p")
        .send()
        .await
        .unwrap();
    assert_eq!(created.state(), Some(&State::Pending));
    assert_eq!(created.code_sha256(), Some(hash.as_str()));
    assert_eq!(created.function_arn(), Some("arn:aws:lambda:eu-west-1:000000000000:function:f"));
    let early = error_of(local.lambda.invoke().function_name("f").send().await);
    assert_eq!(early.0, "ResourceConflictException");
    local.until_settled("f").await;
    let found = local.lambda.get_function().function_name("f").send().await.unwrap();
    let configuration = found.configuration().unwrap();
    assert_eq!(configuration.state(), Some(&State::Active));
    assert_eq!(configuration.last_update_status(), Some(&LastUpdateStatus::Successful));
    assert_eq!((configuration.memory_size(), configuration.timeout()), (Some(512), Some(30)));
    assert_eq!(found.tags().unwrap()["pipectl:pipeline"], "p");
    assert!(found.code().unwrap().location().unwrap().starts_with(&local.endpoint.url()));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn one_update_at_a_time_and_what_is_not_sent_stays() {
    let local = slow(TRANSITION).await;
    let environment = Environment::builder().variables("A1", "b").build();
    local.creation("f", echo_package()).environment(environment).send().await.unwrap();
    local.until_settled("f").await;
    let update = || local.lambda.update_function_configuration().function_name("f");
    let updated = update().timeout(9).send().await.unwrap();
    assert_eq!(updated.last_update_status(), Some(&LastUpdateStatus::InProgress));
    assert_eq!(updated.environment().unwrap().variables().unwrap()["A1"], "b");
    let (code, message) = error_of(update().timeout(10).send().await);
    assert_eq!(code, "ResourceConflictException");
    assert!(message.contains("An update is in progress for resource"), "{message}");
    local.until_settled("f").await;
    let none = Environment::builder().set_variables(Some(Default::default())).build();
    let updated = update().environment(none).send().await.unwrap();
    assert!(updated.environment().is_none());
    assert_eq!(updated.timeout(), Some(9));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn missing_and_doubled_functions_are_told_in_awss_words() {
    let local = local().await;
    local.echo("f").await;
    let doubled = error_of(local.creation("f", echo_package()).send().await);
    assert_eq!(doubled, ("ResourceConflictException".into(), "Function already exist: f".into()));
    let missing = "Function not found: arn:aws:lambda:eu-west-1:000000000000:function:nope";
    let expected = ("ResourceNotFoundException".to_owned(), missing.to_owned());
    let lambda = &local.lambda;
    assert_eq!(error_of(lambda.invoke().function_name("nope").send().await), expected);
    assert_eq!(error_of(lambda.get_function().function_name("nope").send().await), expected);
    assert_eq!(error_of(lambda.delete_function().function_name("nope").send().await), expected);
    assert_eq!(error_of(lambda.get_function_configuration().function_name("nope").send().await), expected);
    let version = error_of(lambda.invoke().function_name("f").qualifier("9").send().await);
    assert!(version.1.ends_with(":function:f:9"), "{version:?}");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn what_cannot_run_here_is_refused_by_name() {
    let local = local().await;
    let good = echo_package;
    let refused = [
        (local.creation("f", b"no zip".to_vec()), "Could not unzip"),
        (local.creation("f", zip_of(&[("../evil", "x")])), "'../evil' does not stay inside"),
        (local.creation("f", good()).runtime(Runtime::Nodejs22x), "nodejs22.x is not supported"),
        (local.creation("f", good()).layers("arn:aws:lambda:eu-west-1:000000000000:layer:l:1"), "layers"),
        (
            local.creation("f", good()).code(FunctionCode::builder().image_uri("i").build()),
            "container images",
        ),
        (local.creation("f", good()).code(FunctionCode::builder().build()), "Please provide a source"),
        (local.creation("f", good()).timeout(901), "less than or equal to 900"),
        (local.creation("f", good()).memory_size(1), "greater than or equal to 128"),
        (local.creation("f", good()).role("nobody"), "'role' failed to satisfy"),
        (local.creation("a b", good()), "'functionName' failed to satisfy"),
        (
            local
                .creation("f", good())
                .environment(Environment::builder().variables("AWS_REGION", "x").build()),
            "Reserved keys used in this request: AWS_REGION",
        ),
        (
            local.creation("f", good()).code(FunctionCode::builder().s3_bucket("none").s3_key("k").build()),
            "S3 Error Code: NoSuchBucket",
        ),
    ];
    for (request, reason) in refused {
        let (code, message) = error_of(request.send().await);
        assert!(message.contains(reason), "{code}: {message}");
    }
    assert!(local.lambda.list_functions().send().await.unwrap().functions().is_empty());
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn payloads_are_json_and_have_a_limit() {
    let local = local().await;
    local.echo("f").await;
    let invoke = |payload: Vec<u8>| local.lambda.invoke().function_name("f").payload(Blob::new(payload));
    let (code, _) = error_of(invoke(b"hello".to_vec()).send().await);
    assert_eq!(code, "InvalidRequestContentException");
    let large = format!("\"{}\"", "x".repeat(6_291_456)).into_bytes();
    let (code, message) = error_of(invoke(large).send().await);
    assert_eq!(code, "RequestTooLargeException");
    assert!(message.contains("6291458 byte payload is too large for the RequestResponse"), "{message}");
    let large = format!("\"{}\"", "x".repeat(1_048_576)).into_bytes();
    let event = invoke(large).invocation_type(InvocationType::Event);
    assert_eq!(error_of(event.send().await).0, "RequestTooLargeException");
    let dry = invoke(b"1".to_vec()).invocation_type(InvocationType::DryRun).send().await.unwrap();
    assert_eq!(dry.status_code(), 204);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn code_comes_from_s3_too_and_a_dry_run_changes_nothing() {
    let local = local().await;
    let s3 = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::config::Builder::from(&local.config).force_path_style(true).build(),
    );
    local.endpoint.world().s3.create_bucket("code", "eu-west-1").unwrap();
    let package = zip_of(&[("bootstrap", "#!/bin/sh\nexit 5\n")]);
    s3.put_object().bucket("code").key("f.zip").body(package.into()).send().await.unwrap();
    local.echo("f").await;
    let update = || local.lambda.update_function_code().function_name("f").s3_bucket("code").s3_key("f.zip");
    let before = local.lambda.get_function_configuration().function_name("f").send().await.unwrap();
    let dry = update().dry_run(true).send().await.unwrap();
    assert_ne!(dry.code_sha256(), before.code_sha256());
    assert_eq!(payload(&local.invoke("f", "1").await), "1");
    let updated = update().send().await.unwrap();
    assert_eq!(updated.code_sha256(), dry.code_sha256());
    assert!(payload(&local.invoke("f", "1").await).contains("exit status 5"));
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_published_version_stays_as_it_was() {
    let local = local().await;
    local.echo("f").await;
    let publish = || local.lambda.publish_version().function_name("f").send();
    assert_eq!(publish().await.unwrap().version(), Some("1"));
    assert_eq!(publish().await.unwrap().version(), Some("1"), "nothing changed, nothing new");
    let broken = zip_of(&[("bootstrap", "#!/bin/sh\nexit 1\n")]);
    local.lambda.update_function_code().function_name("f").zip_file(Blob::new(broken)).send().await.unwrap();
    assert_eq!(publish().await.unwrap().version(), Some("2"));
    let first =
        local.lambda.invoke().function_name("f").qualifier("1").payload(Blob::new("7")).send().await.unwrap();
    assert_eq!((first.executed_version(), payload(&first).as_str()), (Some("1"), "7"));
    assert_eq!(local.invoke("f", "7").await.function_error(), Some("Unhandled"));
    let versions = local.lambda.list_versions_by_function().function_name("f").send().await.unwrap();
    let numbers: Vec<_> = versions.versions().iter().filter_map(|version| version.version()).collect();
    assert_eq!(numbers, ["$LATEST", "1", "2"]);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn tags_permissions_and_concurrency_are_kept() {
    let local = local().await;
    local.echo("f").await;
    let (lambda, arn) = (&local.lambda, "arn:aws:lambda:eu-west-1:000000000000:function:f");
    lambda.tag_resource().resource(arn).tags("a", "1").tags("b", "2").send().await.unwrap();
    lambda.untag_resource().resource(arn).tag_keys("a").send().await.unwrap();
    let tags = lambda.list_tags().resource(arn).send().await.unwrap();
    assert_eq!(tags.tags().unwrap().keys().collect::<Vec<_>>(), ["b"]);
    let permission = || {
        let add = lambda.add_permission().function_name("f").statement_id("s");
        add.action("lambda:InvokeFunction").principal("firehose.amazonaws.com").send()
    };
    permission().await.unwrap();
    assert_eq!(error_of(permission().await).0, "ResourceConflictException");
    let policy = lambda.get_policy().function_name("f").send().await.unwrap();
    assert!(policy.policy().unwrap().contains(r#""Service":"firehose.amazonaws.com""#));
    lambda.remove_permission().function_name("f").statement_id("s").send().await.unwrap();
    assert_eq!(error_of(lambda.get_policy().function_name("f").send().await).0, "ResourceNotFoundException");
    let reserve = lambda.put_function_concurrency().function_name("f").reserved_concurrent_executions(0);
    reserve.send().await.unwrap();
    assert_eq!(error_of(lambda.invoke().function_name("f").send().await).0, "TooManyRequestsException");
    lambda.delete_function_concurrency().function_name("f").send().await.unwrap();
    assert_eq!(payload(&local.invoke("f", "1").await), "1");
    assert!(lambda.get_account_settings().send().await.unwrap().account_limit().is_some());
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn functions_are_listed_in_pages() {
    let local = local().await;
    for name in ["a", "b", "c"] {
        local.script(name, "#!/bin/sh\n").await;
    }
    let mut pages = local.lambda.list_functions().max_items(2).into_paginator().send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().functions().len());
    }
    assert_eq!(sizes, [2, 1]);
    local.lambda.delete_function().function_name("b").send().await.unwrap();
    assert_eq!(local.lambda.list_functions().send().await.unwrap().functions().len(), 2);
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn invocations_are_counted_in_cloudwatch() {
    let local = local().await;
    local.creation("f", echo_package()).role(ROLE).code(code(echo_package())).send().await.unwrap();
    local.invoke("f", "1").await;
    local.invoke("f", r#""error""#).await;
    let cloudwatch = &local.endpoint.world().cloudwatch;
    let now = local.endpoint.world().clock.now();
    let total = |name: &str| {
        let id = pipectl_localstack::cloudwatch::MetricId::new(
            "AWS/Lambda",
            name,
            [pipectl_localstack::cloudwatch::Dimension::new("FunctionName", "f")],
        );
        let hour = Duration::from_secs(3600);
        cloudwatch.total(&id, now - hour, now + hour).map(|values| values.sum)
    };
    assert_eq!(total("Invocations"), Some(2.0));
    assert_eq!(total("Errors"), Some(1.0));
    local.endpoint.shutdown().await;
}
