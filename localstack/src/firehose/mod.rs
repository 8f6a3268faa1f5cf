//! Firehose.

use std::sync::Arc;

use crate::http::{Answer, AwsError, JsonCall};
use crate::world::{Setting, World};

/// The state of Firehose.
#[derive(Debug, Default)]
pub struct Firehose {}

impl Firehose {
    /// Nothing yet.
    pub fn new(_setting: &Setting) -> Self {
        Self::default()
    }
}

pub(crate) async fn serve(_world: &Arc<World>, call: &JsonCall) -> Result<Answer, AwsError> {
    Err(AwsError::unknown_operation(call.operation()))
}

/// What `GET /_pipectl/deliveries` answers: one account per delivery stream.
pub(crate) fn deliveries(_world: &World) -> serde_json::Value {
    serde_json::json!({})
}
