//! A record that could not be processed or delivered: why, and the line of JSON that keeps it.
//!
//! The line goes to an object under the error prefix. Its members and their order are those of objects AWS
//! wrote; note `lambdaARN`, where the guide says `lambdaArn`. Times are milliseconds since the epoch.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Why a record failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// `errorCode`.
    pub(crate) code: &'static str,
    /// `errorMessage`.
    pub(crate) message: Cow<'static, str>,
}

impl Failure {
    const fn new(code: &'static str, message: &'static str) -> Self {
        Self { code, message: Cow::Borrowed(message) }
    }

    /// The function ended with an error, on every attempt.
    pub(crate) const fn function_error() -> Self {
        Self::new(
            "Lambda.FunctionError",
            "The Lambda function was successfully invoked but it returned an error result.",
        )
    }

    /// The function ran into its time-out, on every attempt.
    pub(crate) const fn timed_out() -> Self {
        Self::new(
            "Lambda.FunctionTimedOut",
            "The Lambda function invocation timed out. Increase the Timeout setting in the Lambda function.",
        )
    }

    /// There is no such function.
    pub(crate) const fn not_found() -> Self {
        Self::new(
            "Lambda.ResourceNotFound",
            "The specified Lambda function does not exist. Use a different function that does exist.",
        )
    }

    /// No concurrency was left.
    pub(crate) const fn limit_exceeded() -> Self {
        Self::new(
            "Lambda.InvokeLimitExceeded",
            "The Lambda concurrent execution limit is exceeded. Increase the concurrent execution limit.",
        )
    }

    /// The service answered anything else.
    pub(crate) const fn internal() -> Self {
        Self::new(
            "Lambda.InternalServerError",
            "An internal error occurred while attempting to invoke the Lambda function.",
        )
    }

    /// One record alone is more than an invocation may carry. (The code AWS gives could not be found; this is
    /// the one Lambda's own API answers.)
    pub(crate) const fn too_large() -> Self {
        Self::new(
            "Lambda.RequestTooLarge",
            "The record is too large for the payload of a Lambda invocation, which is limited to 6 MB.",
        )
    }

    /// The answer is not JSON.
    pub(crate) const fn not_json() -> Self {
        Self::new(
            "Lambda.JsonProcessingException",
            "There was an error parsing returned records from the Lambda function. Ensure that the returned \
             records follow the status model required by Kinesis Data Firehose.",
        )
    }

    /// The answer is JSON of another shape.
    pub(crate) const fn invalid_format() -> Self {
        Self::new(
            "Lambda.FunctionError",
            "Check your function and make sure the output is in required format. In addition to that, make sure \
             the processed records contain valid result status of Dropped, Ok, or ProcessingFailed",
        )
    }

    /// The record did not come back.
    pub(crate) const fn missing_record_id() -> Self {
        Self::new(
            "Lambda.MissingRecordId",
            "One or more record Ids were not returned. Ensure that the Lambda function returns all received \
             record Ids.",
        )
    }

    /// The record came back more than once.
    pub(crate) const fn duplicated_record_id() -> Self {
        Self::new(
            "Lambda.DuplicatedRecordId",
            "Multiple records were returned with the same record Id. Ensure that the Lambda function returns a \
             unique record Id for each record.",
        )
    }

    /// The function said so.
    pub(crate) const fn processing_failed() -> Self {
        Self::new("Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record")
    }

    /// The record has no partition.
    pub(crate) const fn no_partition(message: &'static str) -> Self {
        Self::new("DynamicPartitioning.MetadataExtractionFailed", message)
    }

    /// The record's partition keys make a key that S3 does not take. AWS's words are not known (?).
    pub(crate) const fn key_too_long() -> Self {
        Self::no_partition("The S3 object key exceeds the maximum length of 1024 bytes")
    }

    /// The record would open a partition more than there may be. The guide says that such records go to the error
    /// output; neither code nor message could be found (?).
    pub(crate) const fn too_many_partitions() -> Self {
        Self::new(
            "DynamicPartitioning.ActivePartitionLimitExceeded",
            "The active partition count of the delivery stream has reached its limit of 500.",
        )
    }

    /// The record is not what CloudWatch Logs sends. The code was seen; the message was not (?).
    pub(crate) const fn not_decompressed() -> Self {
        Self::new("Decompression failed.", "The record could not be decompressed.")
    }

    /// An HTTP endpoint did not take the record.
    pub(crate) fn of_endpoint(code: &'static str, message: String) -> Self {
        Self { code, message: Cow::Owned(message) }
    }
}

/// One failed record, as it is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FailedRecord<'a> {
    /// The record as it arrived.
    pub(crate) data: &'a [u8],
    /// Why it failed.
    pub(crate) failure: &'a Failure,
    /// Invocations made for its batch.
    pub(crate) attempts: u32,
    /// When it arrived.
    pub(crate) arrived_ms: i64,
    /// When the last attempt ended.
    pub(crate) ended_ms: i64,
    /// The function; `None` where none was involved.
    pub(crate) lambda_arn: Option<&'a str>,
    /// Sequence number and subsequence number of a record that an HTTP endpoint did not take.
    pub(crate) place: Option<(&'a str, usize)>,
}

impl FailedRecord<'_> {
    /// The line of JSON, its line feed included.
    pub(crate) fn line(&self) -> String {
        let json = |text: &str| serde_json::Value::from(text).to_string();
        let mut out = String::with_capacity(self.data.len() / 3 * 4 + 512);
        out.push_str(r#"{"rawData":""#);
        STANDARD.encode_string(self.data, &mut out);
        let _infallible = write!(
            out,
            r#"","errorCode":{},"errorMessage":{},"attemptsMade":{},"arrivalTimestamp":{},"attemptEndingTimestamp":{}"#,
            json(self.failure.code),
            json(&self.failure.message),
            self.attempts,
            self.arrived_ms,
            self.ended_ms,
        );
        if let Some(arn) = self.lambda_arn {
            let _infallible = write!(out, r#","lambdaARN":{}"#, json(arn));
        }
        if let Some((sequence, subsequence)) = self.place {
            let id = json(&format!("{sequence}.{subsequence}"));
            let _infallible = write!(out, r#","subsequenceNumber":{subsequence},"dataId":{id}"#);
        }
        out.push_str("}\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_line_has_the_members_aws_writes() {
        let line = FailedRecord {
            data: b"bad record",
            failure: &Failure::function_error(),
            attempts: 4,
            arrived_ms: 1_627_921_286_181,
            ended_ms: 1_627_921_366_634,
            lambda_arn: Some("arn:aws:lambda:us-east-1:000000000000:function:parse"),
            place: None,
        }
        .line();
        assert!(line.ends_with("}\n") && line.matches('\n').count() == 1);
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap(),
            json!({
                "rawData": "YmFkIHJlY29yZA==",
                "errorCode": "Lambda.FunctionError",
                "errorMessage": "The Lambda function was successfully invoked but it returned an error result.",
                "attemptsMade": 4,
                "arrivalTimestamp": 1_627_921_286_181_i64,
                "attemptEndingTimestamp": 1_627_921_366_634_i64,
                "lambdaARN": "arn:aws:lambda:us-east-1:000000000000:function:parse",
            })
        );
    }

    #[test]
    fn a_record_an_endpoint_refused_says_which_it_was() {
        let message =
            "Received the following response from the endpoint destination. {\"errorMessage\": \"no\"}";
        let line = FailedRecord {
            data: b"sample raw data",
            failure: &Failure::of_endpoint("HttpEndpoint.DestinationException", message.to_owned()),
            attempts: 5,
            arrived_ms: 1_594_265_943_615,
            ended_ms: 1_594_266_081_318,
            lambda_arn: None,
            place: Some(("49607357361271740811418664280693044274821622880012337186", 0)),
        }
        .line();
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap(),
            json!({
                "attemptsMade": 5,
                "arrivalTimestamp": 1_594_265_943_615_i64,
                "errorCode": "HttpEndpoint.DestinationException",
                "errorMessage": message,
                "attemptEndingTimestamp": 1_594_266_081_318_i64,
                "rawData": "c2FtcGxlIHJhdyBkYXRh",
                "subsequenceNumber": 0,
                "dataId": "49607357361271740811418664280693044274821622880012337186.0",
            })
        );
    }
}
