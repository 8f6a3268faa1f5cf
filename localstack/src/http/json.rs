//! Calls of the JSON protocol family: an operation name and one structured body, in JSON or CBOR.

use bytes::Bytes;
use futures::stream::BoxStream;
use http::header::HeaderName;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::codec::Codec;
use super::context::Context;
use super::error::{AwsError, Protocol};
use super::event_stream;
use super::shape::{self, Input};

/// One call. A service matches on [`operation`](Self::operation) and reads and writes typed structures:
/// `"DescribeStream" => call.output(&streams::describe(world, &call.context, call.input()?)?)`.
#[derive(Debug)]
pub(crate) struct JsonCall {
    pub(crate) context: Context,
    operation: String,
    protocol: Protocol,
    body: Bytes,
}

impl JsonCall {
    pub(crate) fn new(context: Context, operation: String, protocol: Protocol, body: Bytes) -> Self {
        Self { context, operation, protocol, body }
    }

    /// The operation's name, such as `PutRecords`.
    pub(crate) fn operation(&self) -> &str {
        &self.operation
    }

    /// The operation's input.
    pub(crate) fn input<T: DeserializeOwned>(&self) -> Result<T, AwsError> {
        self.codec().decode(&self.body)
    }

    /// The operation's input, after a check of its types and bounds with AWS's words for what is wrong.
    pub(crate) fn checked<T: DeserializeOwned>(&self, input: Input) -> Result<T, AwsError> {
        let value = shape::checked(input, self.codec(), &self.body)?;
        serde_json::from_value(value).map_err(|_| AwsError::bad_request("SerializationException", ""))
    }

    /// As [`checked`](Self::checked), for the calls that everything waits for: the body is read straight into its type,
    /// and only if that fails, or `is_fine` has a doubt, is it looked at again to say what is wrong with it.
    pub(crate) fn quickly<T: DeserializeOwned>(
        &self,
        input: Input,
        is_fine: impl Fn(&T) -> bool,
    ) -> Result<T, AwsError> {
        match self.input::<T>() {
            Ok(value) if !self.body.is_empty() && is_fine(&value) => Ok(value),
            _ => self.checked(input),
        }
    }

    /// Refuses a call whose signature has not even the form of one; what cannot be read is told first.
    pub(crate) fn signed(&self) -> Result<(), AwsError> {
        let Some(refused) = &self.context.unsigned else { return Ok(()) };
        shape::readable(self.codec(), &self.body)?;
        Err(refused.clone())
    }

    /// An answer that goes on for as long as the client listens: a stream of events.
    pub(crate) fn events(&self, events: BoxStream<'static, Bytes>) -> Answer {
        Answer::new(event_stream::CONTENT_TYPE, Bytes::new()).followed_by(events)
    }

    /// The content type of structures in this call's encoding.
    pub(crate) fn content_type(&self) -> &'static str {
        match self.protocol {
            Protocol::AwsJson { content_type, .. } => content_type,
            Protocol::RpcCbor => "application/cbor",
            Protocol::Query { .. } | Protocol::RestJson => "application/json",
        }
    }

    /// An answer with this output.
    pub(crate) fn output<T: Serialize>(&self, output: &T) -> Result<Answer, AwsError> {
        let body = self.codec().encode(output)?;
        Ok(self.answer(body))
    }

    /// The answer of an operation that has no output.
    pub(crate) fn nothing(&self, _done: ()) -> Result<Answer, AwsError> {
        match self.protocol {
            // RPC v2 always has a body, if only the empty map.
            Protocol::RpcCbor => Ok(self.answer(Bytes::from_static(&[0xa0]))),
            _ => Ok(self.answer(Bytes::new())),
        }
    }

    /// The encoding of this call.
    pub(crate) fn codec(&self) -> Codec {
        match self.protocol {
            Protocol::AwsJson { codec, .. } => codec,
            Protocol::RpcCbor => Codec::Cbor,
            Protocol::Query { .. } | Protocol::RestJson => Codec::Json,
        }
    }

    fn answer(&self, body: Bytes) -> Answer {
        let answer = Answer::new(self.content_type(), body);
        match self.protocol {
            Protocol::RpcCbor => {
                answer.with_header(HeaderName::from_static("smithy-protocol"), "rpc-v2-cbor")
            }
            _ => answer,
        }
    }
}
