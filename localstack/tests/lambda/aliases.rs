//! Aliases, permissions, concurrency and asynchronous settings over the wire.

use std::collections::HashMap;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    AliasRoutingConfiguration, DeadLetterConfig, DestinationConfig, InvocationType, LogFormat, LoggingConfig,
    OnFailure, OnSuccess,
};

use crate::local::{Local, error_of, local, payload, zip_of};

/// A function `f` with versions 1 and 2.
async fn versions() -> Local {
    let local = local().await;
    local.echo("f").await;
    let publish = || local.lambda.publish_version().function_name("f").send();
    publish().await.unwrap();
    let broken = zip_of(&[("bootstrap", "#!/bin/sh\nexit 1\n")]);
    local.lambda.update_function_code().function_name("f").zip_file(Blob::new(broken)).send().await.unwrap();
    assert_eq!(publish().await.unwrap().version(), Some("2"));
    local
}

#[tokio::test]
async fn an_alias_names_a_version_until_it_is_moved() {
    let local = versions().await;
    let lambda = &local.lambda;
    let create = || lambda.create_alias().function_name("f").name("live").function_version("1");
    let alias = create().description("what users see").send().await.unwrap();
    assert_eq!(alias.alias_arn(), Some("arn:aws:lambda:eu-west-1:000000000000:function:f:live"));
    let expected = "Alias already exists: arn:aws:lambda:eu-west-1:000000000000:function:f:live";
    assert_eq!(error_of(create().send().await), ("ResourceConflictException".into(), expected.into()));
    let invoke = || lambda.invoke().function_name("f:live").payload(Blob::new("7")).send();
    let first = invoke().await.unwrap();
    assert_eq!((first.executed_version(), payload(&first).as_str()), (Some("1"), "7"));
    let get = lambda.get_function().function_name("f").qualifier("live").send().await.unwrap();
    assert_eq!(get.configuration().unwrap().version(), Some("1"));

    let delete = error_of(lambda.delete_function().function_name("f").qualifier("1").send().await);
    assert!(delete.1.ends_with("aliases reference it: [live]"), "{delete:?}");
    let stale = lambda.update_alias().function_name("f").name("live").revision_id("old").send().await;
    assert_eq!(error_of(stale).0, "PreconditionFailedException");
    let moved = lambda.update_alias().function_name("f").name("live").function_version("2").send();
    let moved = moved.await.unwrap();
    assert_ne!(moved.revision_id(), alias.revision_id());
    assert_eq!(moved.description(), Some("what users see"));
    assert_eq!(invoke().await.unwrap().function_error(), Some("Unhandled"));

    let listed = lambda.list_aliases().function_name("f").function_version("2").send().await.unwrap();
    assert_eq!(listed.aliases().len(), 1);
    lambda.delete_alias().function_name("f").name("live").send().await.unwrap();
    let gone = error_of(lambda.get_alias().function_name("f").name("live").send().await);
    assert!(gone.1.starts_with("Cannot find alias arn: "), "{gone:?}");
    assert_eq!(error_of(invoke().await).0, "ResourceNotFoundException");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn an_alias_shares_invocations_out_and_bad_ones_are_refused() {
    let local = versions().await;
    let lambda = &local.lambda;
    let weights = |version: &str, weight| {
        let weights = HashMap::from([(version.to_owned(), weight)]);
        AliasRoutingConfiguration::builder().set_additional_version_weights(Some(weights)).build()
    };
    let create = |name: &str, version: &str| {
        lambda.create_alias().function_name("f").name(name).function_version(version)
    };
    create("half", "1").routing_config(weights("2", 0.5)).send().await.unwrap();
    let mut ran = Vec::new();
    for _ in 0..4 {
        let output = lambda.invoke().function_name("f").qualifier("half").payload(Blob::new("1")).send();
        ran.push(output.await.unwrap().executed_version().unwrap().to_owned());
    }
    assert_eq!(ran, ["1", "2", "1", "2"]);
    for (request, reason) in [
        (create("1", "1"), "at 'name' failed to satisfy"),
        (create("a", "x"), "at 'functionVersion' failed to satisfy"),
        (create("a", "9"), "Function not found: "),
        (create("a", "1").routing_config(weights("1", 0.5)), "already included in routing"),
        (create("a", "$LATEST").routing_config(weights("1", 0.5)), "$LATEST is not supported for an alias"),
        (create("a", "1").routing_config(weights("2", 1.5)), "less than or equal to 1.0"),
        (create("a", "1").routing_config(weights("9", 0.5)), "Function not found: "),
    ] {
        let (code, message) = error_of(request.send().await);
        assert!(message.contains(reason), "{code}: {message}");
    }
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn asynchronous_settings_are_put_whole_and_updated_in_part() {
    let local = local().await;
    local.echo("f").await;
    local.echo("told").await;
    let lambda = &local.lambda;
    let arn = "arn:aws:lambda:eu-west-1:000000000000:function";
    let get = || lambda.get_function_event_invoke_config().function_name("f").send();
    let none = error_of(get().await);
    assert_eq!(none.1, format!("The function {arn}:f:$LATEST doesn't have an EventInvokeConfig"));
    let put = || lambda.put_function_event_invoke_config().function_name("f");
    let update = || lambda.update_function_event_invoke_config().function_name("f");
    assert_eq!(error_of(update().maximum_retry_attempts(1).send().await).0, "ResourceNotFoundException");
    let success = |arn: &str| {
        let to = OnSuccess::builder().destination(arn).build();
        DestinationConfig::builder().on_success(to).build()
    };
    let failure = |arn: &str| {
        let to = OnFailure::builder().destination(arn).build();
        DestinationConfig::builder().on_failure(to).build()
    };
    let first = put().maximum_retry_attempts(0).maximum_event_age_in_seconds(60);
    let first = first.send().await.unwrap();
    assert_eq!(first.function_arn(), Some(format!("{arn}:f:$LATEST").as_str()));
    update().destination_config(success(&format!("{arn}:told"))).send().await.unwrap();
    let config = get().await.unwrap();
    assert_eq!((config.maximum_retry_attempts(), config.maximum_event_age_in_seconds()), (Some(0), Some(60)));
    let on_success = config.destination_config().unwrap().on_success().unwrap();
    assert_eq!(on_success.destination(), Some(format!("{arn}:told").as_str()));
    let replaced = put().maximum_retry_attempts(2).send().await.unwrap();
    assert_eq!(replaced.maximum_event_age_in_seconds(), None);
    local.endpoint.world().s3.create_bucket("failures", "eu-west-1").unwrap();
    put().destination_config(failure("arn:aws:s3:::failures")).send().await.unwrap();
    put().destination_config(failure("arn:aws:sqs:eu-west-1:000000000000:q")).send().await.unwrap();
    for (request, reason) in [
        (put(), "You must specify at least one"),
        (put().maximum_retry_attempts(3), "less than or equal to 2"),
        (put().maximum_event_age_in_seconds(59), "greater than or equal to 60"),
        (put().maximum_event_age_in_seconds(21_601), "less than or equal to 21600"),
        (put().qualifier("9").maximum_retry_attempts(1), "The function doesn't exist."),
        (put().destination_config(success("f")), "'destinationConfig.onSuccess.destination' failed"),
        (put().destination_config(success(&format!("{arn}:f"))), "as a destination for itself"),
        (put().destination_config(success(&format!("{arn}:nope"))), "nope is invalid."),
        (put().destination_config(success("arn:aws:s3:::failures")), "onFailure=null) is invalid."),
        (put().destination_config(failure("arn:aws:s3:::nope")), "The destination ARN arn:aws:s3:::nope"),
        (put().destination_config(failure("arn:aws:kinesis:eu-west-1:000000000000:stream/s")), "is invalid."),
    ] {
        let (code, message) = error_of(request.send().await);
        assert!(message.contains(reason), "{code}: {message}");
    }
    let listed = lambda.list_function_event_invoke_configs().function_name("f").send().await.unwrap();
    assert_eq!(listed.function_event_invoke_configs().len(), 1);
    lambda.delete_function_event_invoke_config().function_name("f").send().await.unwrap();
    assert!(get().await.is_err());
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn a_success_is_told_to_another_function() {
    let local = local().await;
    let lambda = &local.lambda;
    local.echo("f").await;
    let (sender, mut records) = tokio::sync::mpsc::unbounded_channel();
    let world = local.endpoint.world();
    let code = pipectl_localstack::lambda::InProcess::new(move |event| {
        sender.send(event.clone()).unwrap();
        std::future::ready(Ok(event))
    });
    world.lambda.install(world, "told", code).unwrap();
    let to = "arn:aws:lambda:eu-west-1:000000000000:function:told";
    let to = DestinationConfig::builder().on_success(OnSuccess::builder().destination(to).build()).build();
    let put = lambda.put_function_event_invoke_config().function_name("f").destination_config(to);
    put.send().await.unwrap();
    let event = lambda.invoke().function_name("f").invocation_type(InvocationType::Event);
    let accepted = event.payload(Blob::new(r#"{"n":1}"#)).send().await.unwrap();
    assert_eq!(accepted.status_code(), 202);
    let record: serde_json::Value = serde_json::from_slice(&records.recv().await.unwrap()).unwrap();
    assert_eq!(record["requestContext"]["condition"], "Success");
    assert_eq!(record["responsePayload"], serde_json::json!({ "n": 1 }));
    use aws_sdk_lambda::operation::RequestId as _;
    assert_eq!(record["requestContext"]["requestId"].as_str(), accepted.request_id());
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn concurrency_is_reserved_within_the_accounts() {
    let local = local().await;
    let lambda = &local.lambda;
    local.script("a", "#!/bin/sh\n").await;
    local.script("b", "#!/bin/sh\n").await;
    let reserve = |name: &str, n| {
        lambda.put_function_concurrency().function_name(name).reserved_concurrent_executions(n).send()
    };
    reserve("a", 800).await.unwrap();
    let (code, message) = error_of(reserve("b", 101).await);
    assert_eq!(code, "InvalidParameterValueException");
    assert!(message.ends_with("below its minimum value of [100]."), "{message}");
    reserve("b", 100).await.unwrap();
    reserve("a", 700).await.unwrap();
    let settings = lambda.get_account_settings().send().await.unwrap();
    assert_eq!(settings.account_limit().unwrap().unreserved_concurrent_executions(), Some(200));
    assert!(
        error_of(reserve("a:1", 1).await)
            .1
            .starts_with("This operation is permitted on Lambda functions only")
    );

    reserve("b", 0).await.unwrap();
    let refused = lambda.invoke().function_name("b").send().await.unwrap_err();
    assert_eq!(refused.raw_response().unwrap().headers().get("retry-after"), Some("1"));
    let error = refused.into_service_error();
    let aws_sdk_lambda::operation::invoke::InvokeError::TooManyRequestsException(error) = error else {
        panic!("{error:?}")
    };
    assert_eq!(error.reason().unwrap().as_str(), "ReservedFunctionConcurrentInvocationLimitExceeded");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn provisioned_concurrency_is_described_as_ready() {
    let local = versions().await;
    let lambda = &local.lambda;
    let put = |qualifier: &str, n| {
        let put = lambda.put_provisioned_concurrency_config().function_name("f").qualifier(qualifier);
        put.provisioned_concurrent_executions(n).send()
    };
    assert_eq!(put("1", 5).await.unwrap().status().unwrap().as_str(), "IN_PROGRESS");
    let get = || lambda.get_provisioned_concurrency_config().function_name("f").qualifier("1").send();
    let ready = get().await.unwrap();
    assert_eq!(ready.available_provisioned_concurrent_executions(), Some(5));
    assert!(error_of(put("$LATEST", 5).await).1.contains("unpublished function versions"));
    assert!(error_of(put("1", 901).await).1.contains("minimum value of [100]"));
    let listed = lambda.list_provisioned_concurrency_configs().function_name("f").send().await.unwrap();
    assert_eq!(listed.provisioned_concurrency_configs().len(), 1);
    lambda.delete_provisioned_concurrency_config().function_name("f").qualifier("1").send().await.unwrap();
    assert_eq!(error_of(get().await).0, "ProvisionedConcurrencyConfigNotFoundException");
    local.endpoint.shutdown().await;
}

#[tokio::test]
async fn logging_tracing_and_dead_letters_are_checked_and_shown() {
    let local = local().await;
    local.script("f", "#!/bin/sh\n").await;
    let update = || local.lambda.update_function_configuration().function_name("f");
    let json = LoggingConfig::builder().log_format(LogFormat::Json).log_group("/mine").build();
    let shown = update().logging_config(json).send().await.unwrap();
    let logging = shown.logging_config().unwrap();
    assert_eq!(logging.application_log_level().unwrap().as_str(), "INFO");
    assert_eq!(logging.log_group(), Some("/mine"));
    let dead = |arn: &str| DeadLetterConfig::builder().target_arn(arn).build();
    let queue = "arn:aws:sqs:eu-west-1:000000000000:q";
    let shown = update().dead_letter_config(dead(queue)).send().await.unwrap();
    assert_eq!(shown.dead_letter_config().unwrap().target_arn(), Some(queue));
    let shown = update().dead_letter_config(dead("")).send().await.unwrap();
    assert!(shown.dead_letter_config().is_none());
    let wrong = error_of(update().dead_letter_config(dead("arn:aws:s3:::b")).send().await);
    assert!(wrong.1.contains("arn:aws:s3:::b"), "{wrong:?}");
    let mode = aws_sdk_lambda::types::TracingMode::from("Often");
    let tracing = aws_sdk_lambda::types::TracingConfig::builder().mode(mode).build();
    let wrong = error_of(update().tracing_config(tracing).send().await);
    assert!(wrong.1.contains("[Active, PassThrough]"), "{wrong:?}");
    let url = local.lambda.create_function_url_config().function_name("f");
    let url = url.auth_type(aws_sdk_lambda::types::FunctionUrlAuthType::None).send().await;
    assert!(error_of(url).1.contains("does not support function URLs"));
    local.endpoint.shutdown().await;
}
