//! What a function may do: write its log, read its stream, tell of what it gave up. Nothing else.

use serde_json::{Value, json};

use super::names::Place;
use super::role::stream_key_statement;

/// What a function touches.
#[derive(Clone, Debug, Default)]
pub struct FunctionReach<'a> {
    /// The log group it writes.
    pub log_group: &'a str,
    /// The stream it reads, by physical name.
    pub stream: Option<&'a str>,
    /// The KMS key that stream is encrypted with.
    pub stream_key: Option<&'a str>,
    /// The enhanced fan-out consumer it reads by.
    pub consumer: Option<&'a str>,
    /// ARNs of queues, topics and buckets that its failures go to.
    pub failures_to: Vec<&'a str>,
    /// Whether it is attached to a network.
    pub network: bool,
}

/// The policy of a function.
#[must_use]
pub fn function_policy(place: &Place, reach: &FunctionReach<'_>) -> Value {
    let mut statements = vec![json!({
        "Sid": "Logs",
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": format!("{}:*", place.log_group(reach.log_group)),
    })];
    if let Some(stream) = reach.stream {
        let arn = place.stream(stream);
        // What the Lambda developer guide lists under "Process Kinesis Data Streams records".
        statements.push(json!({
            "Sid": "Stream",
            "Effect": "Allow",
            "Action": [
                "kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:GetRecords",
                "kinesis:GetShardIterator", "kinesis:ListShards",
            ],
            "Resource": arn,
        }));
        if let Some(consumer) = reach.consumer {
            statements.push(json!({
                "Sid": "FanOut",
                "Effect": "Allow",
                "Action": ["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"],
                // The end is the time of its registration.
                "Resource": format!("{arn}/consumer/{consumer}:*"),
            }));
        }
    }
    // The key that AWS manages for Kinesis needs no grant: its own key policy lets readers of the stream use it.
    if let Some(key) = reach.stream_key.filter(|key| !key.ends_with("alias/aws/kinesis")) {
        statements.push(stream_key_statement(place, key));
    }
    if reach.network {
        // Lambda makes the interfaces under the function's role; these actions know no narrower resource
        // ("Giving Lambda functions access to resources in an Amazon VPC").
        statements.push(json!({
            "Sid": "Network",
            "Effect": "Allow",
            "Action": [
                "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
            ],
            "Resource": "*",
        }));
    }
    let mut told: Vec<&str> = reach.failures_to.clone();
    told.sort_unstable();
    told.dedup();
    for (index, arn) in told.into_iter().enumerate() {
        statements.extend(telling(arn, index));
    }
    json!({ "Version": "2012-10-17", "Statement": statements })
}

/// Lets the function tell this queue, topic or bucket.
fn telling(arn: &str, index: usize) -> Vec<Value> {
    let statement = |sid: &str, action: &str, resource: String| json!({ "Sid": format!("{sid}{index}"), "Effect": "Allow", "Action": action, "Resource": resource });
    match arn.split(':').nth(2) {
        Some("sqs") => vec![statement("Failures", "sqs:SendMessage", arn.to_owned())],
        Some("sns") => vec![statement("Failures", "sns:Publish", arn.to_owned())],
        Some("s3") => vec![
            statement("Failures", "s3:PutObject", format!("{arn}/*")),
            statement("FailuresBucket", "s3:ListBucket", arn.to_owned()),
        ],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sids(reach: &FunctionReach<'_>) -> Vec<String> {
        let policy = function_policy(&Place::new("eu-west-1", "000000000000"), reach);
        let statements = policy["Statement"].as_array().expect("statements").clone();
        let narrow = |statement: &Value| statement["Resource"] != "*" || statement["Sid"] == "Network";
        assert!(statements.iter().all(narrow), "{policy}");
        statements.iter().filter_map(|it| it["Sid"].as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn a_function_reaches_only_what_it_uses() {
        let mut reach = FunctionReach { log_group: "/aws/lambda/p-f", ..FunctionReach::default() };
        assert_eq!(sids(&reach), ["Logs"]);
        reach.stream = Some("p-events");
        reach.stream_key = Some("alias/aws/kinesis");
        assert_eq!(sids(&reach), ["Logs", "Stream"]);
        reach.stream_key = Some("alias/own");
        reach.consumer = Some("p-f.function");
        reach.network = true;
        reach.failures_to = vec!["arn:aws:sqs:eu-west-1:000000000000:q", "arn:aws:s3:::b"];
        assert_eq!(
            sids(&reach),
            ["Logs", "Stream", "FanOut", "Key", "Network", "Failures0", "FailuresBucket0", "Failures1"]
        );
    }
}
