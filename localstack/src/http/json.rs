//! Calls of the JSON protocol family: an operation name and one structured body, in JSON or CBOR.

use bytes::Bytes;
use http::header::HeaderName;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::codec::Codec;
use super::context::Context;
use super::error::{AwsError, Protocol};

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

    fn codec(&self) -> Codec {
        match self.protocol {
            Protocol::AwsJson { codec, .. } => codec,
            Protocol::RpcCbor => Codec::Cbor,
            Protocol::Query { .. } | Protocol::RestJson => Codec::Json,
        }
    }

    fn answer(&self, body: Bytes) -> Answer {
        match self.protocol {
            Protocol::AwsJson { content_type, .. } => Answer::new(content_type, body),
            Protocol::RpcCbor => Answer::new("application/cbor", body)
                .with_header(HeaderName::from_static("smithy-protocol"), "rpc-v2-cbor"),
            Protocol::Query { .. } | Protocol::RestJson => Answer::new("application/json", body),
        }
    }
}
